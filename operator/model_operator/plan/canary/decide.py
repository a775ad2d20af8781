"""What to do next about one CanaryEndpoint: the first rule that speaks decides.

a command      steering    obey                                          compare-and-set; before the rules
no endpoint    creating    adopt → stop_when_outcome_unknown → create    intent, then POST, once
destination    steering    mend_state → follow_destination               begin, supersede, retry
a rollout      stepping    apply | hold                                  Applying → Holding → … → Completed
               ending      roll_back | keep                              RollingBack → RolledBack
any of them    resync, hold_back                                         send it again; wait for a retry
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.conditions import CanaryPhase
from model_operator.errors import RateLimited
from model_operator.plan.canary import creating, ending, steering, stepping
from model_operator.plan.canary.situation import AT_ONCE, Decision, Notice, Outlook, Situation, State
from model_operator.plan.canary.words import failing
from model_operator.plan.verdict import Progress

Rule = Callable[[Situation], Decision | None]

_SETTLED: Final = frozenset({State.HOLDING, State.COMPLETED, State.ROLLED_BACK})


def refuse(s: Situation) -> Decision | None:
    """The spec cannot be acted on. A rollback that was decided goes on all the same."""
    refusal = s.observed.refusal
    if refusal is None:
        return None
    rollout = s.status.rollout
    if rollout is not None and rollout.state == State.ROLLING_BACK and s.observed.has_account:
        return None
    outlook = Outlook(
        phase=CanaryPhase.BLOCKED if s.status.external_id else CanaryPhase.PENDING,
        message=refusal.message,
        complete=refusal,
        accepted=refusal,
        progress=Progress.MOVING,
    )
    return Decision(status=s.status, outlook=outlook)


RULES: tuple[Rule, ...] = (
    creating.record_created,
    refuse,
    creating.adopt,
    creating.stop_when_outcome_unknown,
    steering.mend_state,
    steering.follow_destination,
    creating.create,
    ending.roll_back,
    stepping.apply,
    stepping.hold,
    ending.keep,
)


def decide(s: Situation) -> Decision:
    """The next step for a CanaryEndpoint. Pure."""
    written, notices = s.status, tuple[Notice, ...]()
    if written.rollout is not None and steering.is_consistent(written.rollout):
        s, notices = steering.obey(s)
    made = next(decision for rule in RULES if (decision := rule(s)) is not None)
    decision = resync(s, replace(made, notices=(*notices, *made.notices)))
    if decision.action is not None and decision.status != written:
        return replace(decision, action=None, look_again=AT_ONCE)  # what is sent is written down already
    return hold_back(s, decision)


def resync(s: Situation, decision: Decision) -> Decision:
    """A split that is held for long is sent again: the provider shows none, so nothing else mends one."""
    rollout = decision.status.rollout
    if decision.action is not None or rollout is None or rollout.state not in _SETTLED:
        return decision
    if s.observed.refusal is not None or decision.look_again == AT_ONCE or not s.status.external_id:
        return decision
    left = _until_resync(s)
    if left > timedelta():
        again = left if decision.look_again is None else min(left, decision.look_again)
        return replace(decision, look_again=again)
    return replace(decision, action=s.update)


def _until_resync(s: Situation) -> timedelta:
    """How long until the split is sent again."""
    since = s.synced_at or s.status.traffic_acked_at
    return AT_ONCE if since is None else since + s.course.resync - s.now


def hold_back(s: Situation, decision: Decision) -> Decision:
    """An action that just failed waits for its time, and none is tried while the account rests."""
    action, failure = decision.action, s.failure
    if action is None:
        return decision
    if failure is not None and failure.action == action and s.now < failure.until:
        outlook = failing(s, decision.outlook, action, failure.error)
        return replace(decision, action=None, outlook=outlook, look_again=failure.until - s.now)
    if s.paused_until is not None and s.now < s.paused_until:
        limited = RateLimited("The provider asked for fewer requests; the account rests as long as it said.")
        outlook = failing(s, decision.outlook, action, limited)
        return replace(decision, action=None, outlook=outlook, look_again=s.paused_until - s.now)
    return decision
