"""What to do next about one CanaryEndpoint: the first rule that speaks decides.

not Manage     modes       hold                                          nothing moves
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
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.plan.canary import creating, ending, modes, steering, stepping
from model_operator.plan.canary.situation import AT_ONCE, Decision, Notice, Outlook, Situation, State
from model_operator.plan.canary.words import failing, under_way, why_not
from model_operator.plan.verdict import Progress

Rule = Callable[[Situation], Decision | None]

_SETTLED: Final = frozenset({State.HOLDING, State.COMPLETED, State.ROLLED_BACK})


def refuse(s: Situation) -> Decision | None:
    """The spec cannot be acted on, and nothing is under way that has to be looked after."""
    refusal = s.observed.refusal
    if refusal is None or _is_looked_after(s):
        return None
    phase = CanaryPhase.BLOCKED if s.status.external_id else CanaryPhase.PENDING
    outlook = replace(under_way(phase, refusal.reason, refusal.message), progress=Progress.MOVING)
    return Decision(status=s.status, outlook=replace(outlook, accepted=refusal))


def _is_looked_after(s: Situation) -> bool:
    """An endpoint with a rollout: a refused wish stops nothing that protects what is in force."""
    rollout = s.status.rollout
    is_known = rollout is not None and steering.is_consistent(rollout)
    return is_known and s.status.external_id is not None and s.observed.has_account


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
    held = modes.hold(s)
    if held is not None:
        return held
    written, notices = s.status, tuple[Notice, ...]()
    if steering.is_told(s):
        s, notices = steering.obey(s)
    made = next(decision for rule in RULES if (decision := rule(s)) is not None)
    made = replace(made, outlook=beside_refusal(s, made.outlook), notices=(*notices, *made.notices))
    made = replace(made, status=with_course(s, made.status))
    decision = resync(s, made)
    if decision.action is not None and decision.status != written:
        return replace(decision, action=None, look_again=AT_ONCE)  # what is sent is written down already
    return hold_back(s, decision)


def beside_refusal(s: Situation, outlook: Outlook) -> Outlook:
    """What is said of a rollout that goes on while the spec's new wish is refused."""
    refusal = s.observed.refusal
    if refusal is None or outlook.accepted is not None:
        return outlook
    is_going = outlook.phase in {CanaryPhase.ROLLING_BACK, CanaryPhase.APPLYING}
    return replace(
        outlook,
        phase=outlook.phase if is_going else CanaryPhase.BLOCKED,
        message=f"{refusal.message} Until then: {outlook.message}",
        complete=refusal,
        accepted=refusal,
        progress=outlook.progress if outlook.progress is Progress.STUCK else Progress.MOVING,
    )


def with_course(s: Situation, status: CanaryEndpointStatus) -> CanaryEndpointStatus:
    """A rollout that is under way remembers by what it is judged, for a process that finds nothing but a refused spec."""
    rollout = status.rollout
    is_under_way = rollout is not None and rollout.state in {State.APPLYING, State.HOLDING}
    if rollout is None or not is_under_way or s.observed.refusal is not None or not s.desired.path:
        return status
    return status.with_(rollout=rollout.with_(course=s.desired.path))


def resync(s: Situation, decision: Decision) -> Decision:
    """A split that is held for long is sent again: the provider shows none, so nothing else mends one."""
    rollout = decision.status.rollout
    if decision.action is not None or rollout is None or rollout.state not in _SETTLED:
        return decision
    is_refused = s.is_intended_refused or not s.observed.has_account
    if is_refused or decision.look_again == AT_ONCE or not s.status.external_id:
        return decision
    left = _until_resync(s)
    if left > timedelta():
        again = left if decision.look_again is None else min(left, decision.look_again)
        return replace(decision, look_again=again)
    return replace(decision, action=s.update)


def _until_resync(s: Situation) -> timedelta:
    """How long until the split is sent again."""
    since = s.synced_at or s.status.traffic_acked_at
    left = AT_ONCE if since is None else since + s.course.resync - s.now
    return left if left <= s.course.resync else AT_ONCE  # a clock was set back since


def hold_back(s: Situation, decision: Decision) -> Decision:
    """An action that just failed waits for its time, and none is tried while the account rests."""
    action, failure = decision.action, s.failure
    if action is None:
        return decision
    if failure is not None and failure.action == action and s.now < failure.until:
        outlook = why_not(s, decision.outlook, failure)
        return replace(decision, action=None, outlook=outlook, look_again=failure.until - s.now)
    if s.paused_until is not None and s.now < s.paused_until:
        limited = RateLimited(
            "The provider's rate limit was reached. All requests of this account are paused until"
            " the provider's Retry-After has passed."
        )
        outlook = failing(s, decision.outlook, action, limited)
        return replace(decision, action=None, outlook=outlook, look_again=s.paused_until - s.now)
    return decision
