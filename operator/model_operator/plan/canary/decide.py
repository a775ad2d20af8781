"""What to do next about one CanaryEndpoint: the first rule that speaks decides.

no endpoint    adopt → stop_when_outcome_unknown → create          intent, then POST, once
destination    mend_state → follow_destination                     begin, supersede, retry
a person       take_action                                         compare-and-set
a rollout      roll_back | apply | hold | keep                     Applying → Holding → … → Completed
                                                                   RollingBack → RolledBack
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import CanaryPhase, Reason
from model_operator.errors import RateLimited
from model_operator.plan.canary import destination, endpoint, keeping, stepping
from model_operator.plan.canary.actions import answer
from model_operator.plan.canary.outcome import answered, failing
from model_operator.plan.canary.situation import (
    AT_ONCE,
    CreateCanary,
    Decision,
    Notice,
    Outlook,
    Scene,
    State,
)
from model_operator.plan.canary.words import verdict
from model_operator.plan.verdict import Progress

Rule = Callable[[Scene], Decision | None]

_SETTLED = frozenset({State.HOLDING, State.COMPLETED, State.ROLLED_BACK})


def refuse(scene: Scene) -> Decision | None:
    """The spec cannot be acted on. A rollback that was decided goes on all the same."""
    refusal = scene.seen.refusal
    if refusal is None:
        return None
    rollout = scene.status.rollout
    if rollout is not None and rollout.state == State.ROLLING_BACK and scene.seen.can_call:
        return None
    outlook = Outlook(
        phase=CanaryPhase.BLOCKED if scene.status.external_id else CanaryPhase.PENDING,
        message=refusal.message,
        complete=refusal,
        accepted=refusal,
        progress=Progress.MOVING,
    )
    return Decision(status=scene.status, outlook=outlook)


def record_created(scene: Scene) -> Decision | None:
    """Our POST was answered, and its id did not reach the status."""
    created, rollout = scene.seen.created, scene.status.rollout
    if created is None or scene.status.external_id is not None or rollout is None:
        return None
    split = scene.ids(scene.intended) or {}
    outlook = Outlook(
        phase=CanaryPhase.APPLYING, message="Created.", complete=verdict(Reason.PROGRESSING, "Created.")
    )
    call = CreateCanary(scene.wish.endpoint_name, split)
    return answered(scene, Decision(status=scene.status, outlook=outlook), call, created)


RULES: tuple[Rule, ...] = (
    refuse,
    record_created,
    endpoint.adopt,
    endpoint.stop_when_outcome_unknown,
    destination.mend_state,
    destination.follow_destination,
    endpoint.create,
    keeping.roll_back,
    stepping.apply,
    stepping.hold,
    keeping.keep,
)


def decide(scene: Scene) -> Decision:
    """The next step for a CanaryEndpoint. Pure."""
    written, notices = scene.status, tuple[Notice, ...]()
    if written.rollout is not None and destination.is_consistent(written.rollout):
        scene, notices = answer(scene)
    made = next(decision for rule in RULES if (decision := rule(scene)) is not None)
    decision = resync(scene, replace(made, notices=(*notices, *made.notices)))
    if decision.call is not None and decision.status != written:
        return replace(decision, call=None, look_again=AT_ONCE)  # a call is of what is written down already
    return hold_back(scene, decision)


def resync(scene: Scene, decision: Decision) -> Decision:
    """A split that is held for long is sent again, too."""
    rollout = decision.status.rollout
    if decision.call is not None or rollout is None or rollout.state not in _SETTLED:
        return decision
    if scene.seen.refusal is not None or decision.look_again == AT_ONCE or not scene.status.external_id:
        return decision
    left = keeping.until_resync(scene)
    if left > timedelta():
        again = left if decision.look_again is None else min(left, decision.look_again)
        return replace(decision, look_again=again)
    return replace(decision, call=keeping.call_of(scene))


def hold_back(scene: Scene, decision: Decision) -> Decision:
    """A call that just failed waits for its time, and none is made while the account rests."""
    call, failure = decision.call, scene.seen.failure
    if call is None:
        return decision
    if failure is not None and failure.call == call and scene.now < failure.until:
        outlook = failing(scene, decision.outlook, call, failure.error)
        return replace(decision, call=None, outlook=outlook, look_again=failure.until - scene.now)
    if scene.seen.rests_until is not None and scene.now < scene.seen.rests_until:
        limited = RateLimited("The provider asked for fewer requests; the account rests as long as it said.")
        outlook = failing(scene, decision.outlook, call, limited)
        return replace(decision, call=None, outlook=outlook, look_again=scene.seen.rests_until - scene.now)
    return decision
