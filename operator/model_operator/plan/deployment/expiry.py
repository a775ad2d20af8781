"""What becomes of a deployment whose time is over. Its object stays: Git would apply a deleted one again.

Noticed first, and for a minute nothing comes of it: a clock that was set for a moment, or an edit by mistake. Then it is
recorded as final, and only after that the rules of a deletion take the deployment away, with their guards and their
proof of absence. What they would end with, to let the object go, is `stand_down` here.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from model_operator.conditions import Phase, Reason
from model_operator.models.deployment_status import UNCHANGED, Expired, StatusChange
from model_operator.models.wire import to_the_second
from model_operator.modes import Mode
from model_operator.plan.deployment import announcing, idle, marks
from model_operator.plan.deployment.situation import Decision, Release, Situation
from model_operator.plan.verdict import Progress, Verdict

NOTICE: Final = timedelta(minutes=1)
"""From the moment at which it is noticed to the deletion."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_AT_ONCE: Final = timedelta()
_EXTEND: Final = "set spec.expiresAt or spec.expiresAfter to a later time, or remove it"
_USE: Final = "edit the spec (kubectl models extend does)"


def noted(due: datetime | None, before: Expired | None, now: datetime) -> Expired | None:
    """What the status has to say of an expiry that has passed. None: it has not, or the deployment was extended.

    What is final stays so until the spec names another time, however far the clock goes back.
    """
    if due is None:
        return None
    if before is not None and before.at == due and (before.is_final or now >= due):
        return before if before.since <= now else before.with_(since=now)
    return Expired(at=due, since=now) if now >= due else None


def is_expired(s: Situation) -> bool:
    """Nothing is created, or created again, from here on."""
    return noted(s.desired.expires_at, s.status.expired, s.now) is not None


def over(s: Situation) -> Situation:
    """What is there is to be deleted, once that is recorded."""
    expired = noted(s.desired.expires_at, s.status.expired, s.now)
    is_over = expired is not None and expired.is_final and not s.desired.orphans
    if s.mode is not Mode.MANAGE or marks.is_lost(s):
        return s
    return replace(s, wanted=False, stays=True) if s.wanted and is_over else s


def note(s: Situation, step: Decision) -> Decision:
    """That it is over is written before anything is deleted: whoever comes later, and by whichever clock, knows it."""
    if not s.wanted or s.desired.orphans or s.guard is not None or step.keeps_status:
        return step
    if s.mode is not Mode.MANAGE or marks.is_lost(s):
        return step  # it is not this process that deletes anything
    expired = noted(s.desired.expires_at, s.status.expired, s.now)
    if expired is None or expired.is_final or s.now - expired.since < NOTICE:
        return step
    if step.change.external_id is not UNCHANGED or not idle.may_end(s):
        return step  # an id is recorded first, and metrics are read once more
    change = replace(
        step.change,
        pending=UNCHANGED,
        pending_endpoint=UNCHANGED,
        expired=expired.with_(is_final=True),
    )
    return replace(step, action=None, change=change, look_again=_AT_ONCE)


def stay(s: Situation, step: Decision) -> Decision:
    """The rules of a deletion have come to their end: the deployment is gone, the object stays."""
    if not s.stays or not isinstance(step.action, Release):
        return step
    return marks.refuse_lost(replace(s, wanted=True, stays=False)) or stand_down(s)


def stand_down(s: Situation) -> Decision:
    """Nothing is at the provider, and nothing is said of what was."""
    text = f"The deployment has expired{_at(s)}. To have a new one created, {_extend(s)}."
    if s.desired.external_id is not None:
        text = f"The deployment has expired{_at(s)}. It was adopted by spec.externalID, so no new one is created."
    nothing = StatusChange(
        external_id=None,
        external_alias=None,
        endpoint_url=None,
        endpoint=None,
        provider_state=None,
        last_applied=None,
        pending=None,
        last_power_action=None,
        recreated_generation=None,
    )
    return Decision(
        synced=Verdict(True, Reason.SYNCED, text),
        progress=Progress.SETTLED,
        phase=Phase.EXPIRED,
        serving=Verdict(False, Reason.MISSING, text),
        change=nothing,
    )


def _at(s: Situation) -> str:
    if s.desired.expires_at is None:
        return ""
    why = ", since nobody used it" if idle.is_cause(s) else ""
    return f" at {to_the_second(s.desired.expires_at)}{why}"


def _extend(s: Situation) -> str:
    return _USE if idle.is_cause(s) else _EXTEND


def expiring_of(s: Situation, step: Decision) -> Verdict | None:
    """The condition. None: it does not expire."""
    due, unused = s.desired.expires_at, idle.ends_at(s)
    if is_expired(s):
        return _expired(s, step)
    why = "deletionPolicy Orphan" if s.desired.orphans else marks.why_left(s)
    what = "it is then deleted" if why is None else f"it is then left as it is ({why})"
    if unused is not None and s.desired.idle is not None and (due is None or unused < due):
        return announcing.expiring(s.desired.idle, unused, s.now, what)
    if due is None:
        return None
    left, text = due - s.now, f"The deployment expires{_at(s)}; {what}."
    if left > _DAY:
        return Verdict(False, Reason.NOT_EXPIRING, text)
    reason = Reason.EXPIRES_WITHIN_HOUR if left <= _HOUR else Reason.EXPIRES_WITHIN_DAY
    return Verdict(True, reason, f"{text} To keep it, {_extend(s)}.")


def _expired(s: Situation, step: Decision) -> Verdict:
    text = f"The deployment has expired{_at(s)}"
    if step.phase is Phase.EXPIRED:
        return Verdict(True, Reason.EXPIRED, f"{text}, and does not exist at the provider.")
    if s.desired.orphans:
        left = f"{text}. It is not deleted, because deletionPolicy is Orphan. Delete it at the provider, or {_extend(s)}."
        return Verdict(True, Reason.EXPIRED, left)
    why = marks.why_left(s)
    if why is not None:
        return Verdict(True, Reason.EXPIRED, f"{text}. It is not deleted, because {why}.")
    if s.guard is not None:
        kept = (
            f"{text}. It is kept as long as {s.guard} sends traffic to it, or would on a rollback. Remove it from"
            f" spec.traffic of the CanaryEndpoint, or {_extend(s)}."
        )
        return Verdict(True, Reason.IN_USE, kept)
    return Verdict(True, Reason.EXPIRED, f"{text}, and is deleted at the provider. To keep it, {_extend(s)}.")


def next_turn(s: Situation) -> datetime | None:
    """When time alone makes a difference next."""
    due = s.desired.expires_at
    if due is None:
        return None
    expired = noted(due, s.status.expired, s.now)
    if expired is None:
        left = due - s.now
        return s.now + next(wait for wait in (left - _DAY, left - _HOUR, left) if wait > _AT_ONCE)
    if expired.is_final or s.desired.orphans or s.mode is not Mode.MANAGE:
        return None
    end = expired.since + NOTICE
    return end if s.guard is None and end > s.now else s.now + s.timing.poll_interval
