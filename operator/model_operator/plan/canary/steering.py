"""What steers a rollout: another destination in the spec, or a person's command by annotation.

A new destination begins a rollout from the last good split, whatever is in force; a failed one is not tried again by
itself. A command `promote|advance|abort|pause|resume|retry:<rolloutID>[/<step>]` is compare-and-set: it counts once,
for the rollout and step that it names, and is refused with a reason otherwise.
"""

from collections.abc import Callable
from typing import Final

from model_operator.conditions import CanaryPhase, Reason
from model_operator.models.canary_status import LastAction, LastGood, RolloutFailure, RolloutStatus, Share
from model_operator.plan.canary import transitions
from model_operator.plan.canary.course import Shares, describe, identity, is_whole
from model_operator.plan.canary.situation import AT_ONCE, Decision, Notice, Situation, State
from model_operator.plan.canary.words import at, notice, step_of, under_way

_UNDER_WAY: Final = frozenset({State.APPLYING, State.HOLDING})
_TOKEN_LIMIT: Final = 253


def mend_state(s: Situation) -> Decision | None:
    """A rollout in the status that makes no sense: hold at what was acknowledged, until a person has looked."""
    rollout = s.status.rollout
    if rollout is None or is_consistent(rollout):
        return None
    acked = tuple(Share(**share.model_dump(include=set(Share.model_fields))) for share in s.status.traffic)
    if not is_whole(acked):
        return _begun(
            _begin(s.with_status(s.status.with_(rollout=None)), _origin(s)), Reason.STATE_INCONSISTENT
        )
    good = s.status.last_good or LastGood(traffic=acked, since=s.now)
    without = s.with_status(s.status.with_(rollout=None, last_good=good))
    begun = transitions.begin(without, s.desired.destination, acked, is_direct=False)
    held = begun.with_rollout(begun.rollout.with_(is_paused=True, step_percent=0))
    message = (
        f"status.rollout is inconsistent, so the rollout holds at {describe(acked)} until it is resumed."
        f" Check status.traffic, then annotate with modeloperator.dev/action: resume:{held.rollout.id}."
    )
    return Decision(
        status=held.status,
        outlook=under_way(CanaryPhase.PAUSED, Reason.STATE_INCONSISTENT, message),
        notices=(notice(Reason.STATE_INCONSISTENT, message, is_warning=True),),
        look_again=AT_ONCE,
    )


def is_consistent(rollout: RolloutStatus) -> bool:
    """Whether a status, which anybody may have edited, can be gone by."""
    return (
        rollout.state in set(State)
        and is_whole(rollout.to)
        and (not rollout.origin or is_whole(rollout.origin))
        and 0 <= rollout.step_percent <= 100
        and (bool(rollout.origin) or rollout.state not in {State.ROLLING_BACK, State.ROLLED_BACK})
    )


def follow_destination(s: Situation) -> Decision | None:
    """Begin a rollout where the spec wants another split than the one that is under way or was reached."""
    rollout = s.status.rollout
    if rollout is None:
        return _begun(_begin(s, _origin(s)), Reason.ROLLOUT_STARTED)
    if s.observed.refusal is not None:
        return None  # the wish is refused, not what is under way
    wanted = identity(s.desired.destination)
    if wanted == identity(rollout.to):
        return _retried(s, rollout)
    if rollout.state in {State.COMPLETED, State.ROLLED_BACK}:
        return _begun(_begin(s, _origin(s)), Reason.ROLLOUT_STARTED)
    return _begun(_begin(s, _origin(s)), Reason.ROLLOUT_SUPERSEDED)


def _retried(s: Situation, rollout: RolloutStatus) -> Decision | None:
    """A changed spec.rollout.retry lets a destination be tried again that was rolled back."""
    if rollout.state != State.ROLLED_BACK or s.course.retry == rollout.retry:
        return None
    return _begun(_begin(s, _origin(s)), Reason.ROLLOUT_STARTED)


def _origin(s: Situation) -> Shares:
    return s.status.last_good.traffic if s.status.last_good else ()


def _begin(s: Situation, origin: Shares) -> Situation:
    """Without steps: a first split, a static one, and the way back to the last good one."""
    to = s.desired.destination
    is_back = bool(origin) and identity(origin) == identity(to)
    origin = origin if not origin or is_whole(origin) else ()
    return transitions.begin(s, to, origin, is_direct=s.course.is_static or not origin or is_back)


def _begun(after: Situation, reason: Reason) -> Decision:
    rollout = after.rollout
    message = f"Rollout {rollout.id} from {describe(rollout.origin) or 'nothing'} to {describe(rollout.to)}."
    return Decision(
        status=after.status,
        outlook=under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Moving traffic to {at(after)}."),
        notices=(notice(reason, message),) if rollout.origin else (),
        look_again=AT_ONCE,
    )


class _Refused(Exception):
    """`str()` says why."""


def is_told(s: Situation) -> bool:
    """Whether the annotation has a command that was not handled yet, for a rollout that can be understood."""
    token, last, rollout = s.desired.command[:_TOKEN_LIMIT], s.status.last_action, s.status.rollout
    is_new = bool(token) and (last is None or last.token != token)
    return is_new and rollout is not None and is_consistent(rollout)


def obey(s: Situation) -> tuple[Situation, tuple[Notice, ...]]:
    """The situation after the annotation's command."""
    token = s.desired.command[:_TOKEN_LIMIT]
    try:
        after, message = _carry_out(s, token), ""
    except _Refused as refused:
        after, message = s, str(refused)
    result = "Rejected" if message else "Accepted"
    handled = LastAction(token=token, result=result, message=message, at=s.now)
    said = f"{token}: {message}" if message else f"{token} at {step_of(s)}"
    reason = Reason.ACTION_REJECTED if message else Reason.ACTION_ACCEPTED
    news = notice(reason, said, is_warning=bool(message))
    return after.with_status(after.status.with_(last_action=handled)), (news,)


def _carry_out(s: Situation, token: str) -> Situation:
    verb, _, rest = token.partition(":")
    id, _, step = rest.partition("/")
    if verb not in _VERBS:
        raise _Refused(f"{verb!r} is not an action; the actions are {', '.join(_VERBS)}")
    if id != s.rollout.id:
        raise _Refused(f"the current rollout is {s.rollout.id}; use {verb}:{s.rollout.id}")
    here = step_of(s).partition("/")[0]
    if step and step != here:
        raise _Refused(f"the rollout is at step {here}, not {step}")
    return _VERBS[verb](s)


def _promote(s: Situation) -> Situation:
    _need(s, _UNDER_WAY)
    _need_freedom(s)
    if s.course.limit < 100:
        raise _Refused(f"spec.rollout.limit is {s.course.limit}")
    promoted = transitions.go_to(s, 100)
    return promoted.with_rollout(promoted.rollout.with_(is_promoted=True, failure=None))


def _advance(s: Situation) -> Situation:
    _need(s, {State.HOLDING})
    _need_freedom(s)
    following = s.course.after(s.rollout.step_percent, s.rollout.origin, s.rollout.to)
    if following is not None and following.percent > s.course.limit:
        raise _Refused(f"spec.rollout.limit is {s.course.limit}")
    return s.with_rollout(s.rollout.with_(approved_percent=s.rollout.step_percent))


def _abort(s: Situation) -> Situation:
    _need(s, _UNDER_WAY)
    if not s.rollout.origin:
        raise _Refused("there is no last good split to roll back to")
    failure = RolloutFailure(reason=Reason.ABORTED, message="A person aborted the rollout.", at=s.now)
    return transitions.roll_back(s, failure)


def _pause(s: Situation) -> Situation:
    _need(s, _UNDER_WAY)
    return s.with_rollout(s.rollout.with_(is_paused=True))


def _resume(s: Situation) -> Situation:
    _need(s, _UNDER_WAY)
    if not s.rollout.is_paused:
        raise _Refused("it is not paused by an action")
    analysis = s.rollout.analysis
    fresh = analysis.with_(consecutive_fails=0) if analysis else None
    return s.with_rollout(s.rollout.with_(is_paused=False, failure=None, analysis=fresh))


def _retry(s: Situation) -> Situation:
    _need(s, {State.ROLLED_BACK})
    _need_acceptance(s)
    destination = s.desired.destination
    if s.status.failed_destination != identity(destination):
        raise _Refused("the target split has changed meanwhile")
    return transitions.begin(s, destination, s.rollout.origin, is_direct=s.course.is_static)


def _need(s: Situation, states: frozenset[State] | set[State]) -> None:
    if s.state not in states:
        raise _Refused(f"the rollout is {s.state}")


def _need_freedom(s: Situation) -> None:
    _need_acceptance(s)
    if s.course.is_paused:
        raise _Refused("spec.rollout.paused is true")
    if s.rollout.is_paused:
        raise _Refused(f"it is paused; use resume:{s.rollout.id} first")


def _need_acceptance(s: Situation) -> None:
    if s.observed.refusal is not None:
        raise _Refused("the spec is not accepted; see the condition Accepted")


_VERBS: Final[dict[str, Callable[[Situation], Situation]]] = {
    "promote": _promote,
    "advance": _advance,
    "abort": _abort,
    "pause": _pause,
    "resume": _resume,
    "retry": _retry,
}
