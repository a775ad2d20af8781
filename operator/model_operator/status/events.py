"""Which Kubernetes Events a new status is worth: transitions only, never repetitions. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from model_operator.conditions import ConditionType, Reason
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.status import Condition, Status
from model_operator.plan.canary.situation import Notice

_QUIET = frozenset({Reason.PENDING, Reason.CREATING, Reason.STARTING})
"""Stations of every create; the id that appears and the end of it are Events enough."""

_AS_INTENDED = frozenset(
    {
        Reason.ACCEPTED,
        Reason.AVAILABLE,
        Reason.UPDATING,
        Reason.PAUSING,
        Reason.PAUSED,
        Reason.RESUMING,
        Reason.SCALED_DOWN,
        Reason.OUTSIDE_ACTIVE_HOURS,
        Reason.OBSERVED,
        Reason.SUSPENDED,
        Reason.EXPIRED,
        Reason.DELETING,
        Reason.IN_USE,
        *_QUIET,
    }
)
"""Reasons of Ready that are on the way of what somebody has asked for. Any other is a Warning from its first moment:
whoever looks for the cause filters by that."""

_MESSAGE_LIMIT = 1024
"""Of core/v1 Event, in bytes; our messages are mostly ASCII and cut well before."""

_MAY_PASS = _AS_INTENDED | {Reason.TARGET_NOT_READY}
"""Their first moment warns of nothing."""

_OF_ROLLOUTS = frozenset({Reason.UPDATING, Reason.ROLLED_BACK, Reason.STATE_INCONSISTENT})
"""Told by a rollout's own notices: each new split, and where it ended."""


@dataclass(frozen=True, slots=True)
class Event:
    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def of_transition(before: Status, after: Status) -> tuple[Event, ...]:
    """One Event when Ready's status or reason has changed, or it is Stalled and that is news."""
    old, new = before.condition(ConditionType.READY), after.condition(ConditionType.READY)
    if new is None:
        return ()
    stalled, was = after.condition(ConditionType.STALLED), before.condition(ConditionType.STALLED)
    has_moved = old is None or (old.status, old.reason) != (new.status, new.reason)
    if stalled is not None and stalled.is_true:
        is_new = has_moved or was is None or not was.is_true
        is_told = not has_moved and stalled.reason == new.reason and new.reason not in _MAY_PASS
        return () if is_told or not is_new else (_event("Warning", stalled),)
    if not has_moved or _is_station(old, new):
        return ()
    return (_event("Normal" if new.reason in _AS_INTENDED else "Warning", new),)


def _is_station(old: Condition | None, new: Condition) -> bool:
    """One of every create: a canary endpoint's begins with the wait for its deployments."""
    is_first_wait = new.reason == Reason.TARGET_NOT_READY and (old is None or not old.is_true)
    return is_first_wait or new.reason in _QUIET


def _event(type: Literal["Normal", "Warning"], condition: Condition) -> Event:
    return Event(type, condition.reason, condition.message[:_MESSAGE_LIMIT])


def of_canary(before: Status, after: Status, notices: Iterable[Notice]) -> tuple[Event, ...]:
    """The stations of a rollout, and of what of_transition says the rest."""
    told = [Event("Warning" if n.is_warning else "Normal", n.reason, n.message) for n in notices]
    return (*told, *(event for event in of_transition(before, after) if event.reason not in _OF_ROLLOUTS))


def of_deployment(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> tuple[Event, ...]:
    """What of_transition says, the ids that appear or are left behind, and what carries our UID besides."""
    events = list(of_transition(before, after))
    if after.external_id is not None and before.external_id != after.external_id:
        events.insert(
            0, Event("Normal", Reason.CREATED, f"The deployment at the provider is {after.external_id}.")
        )
    events.extend(_duplicate(before, after))
    events.extend(_expiring(before, after))
    events.extend(_idle(before, after))
    if before.endpoint is not None and after.endpoint is None:
        message = (
            f"Endpoint {before.endpoint.id} stays at the provider, because the provider's API can neither"
            " delete it nor point it elsewhere."
        )
        events.append(Event("Warning", Reason.ENDPOINT_ORPHANED, message))
    return tuple(events)


def _expiring(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> tuple[Event, ...]:
    """A day and an hour before, and when it has expired."""
    old, new = before.condition(ConditionType.EXPIRING), after.condition(ConditionType.EXPIRING)
    if new is None or not new.is_true or (old is not None and old.reason == new.reason):
        return ()
    return (_event("Normal" if new.reason == Reason.EXPIRES_WITHIN_DAY else "Warning", new),)


def _idle(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> tuple[Event, ...]:
    """Found, used again, and that its metrics cannot be read."""
    old, new = before.condition(ConditionType.IDLE), after.condition(ConditionType.IDLE)
    if new is None or (old is not None and old.reason == new.reason):
        return ()
    was_idle = old is not None and old.is_true
    is_news = new.is_true or was_idle or new.reason == Reason.METRICS_UNAVAILABLE
    return (
        (_event("Warning" if new.reason == Reason.METRICS_UNAVAILABLE else "Normal", new),) if is_news else ()
    )


def _duplicate(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> tuple[Event, ...]:
    """It is no reason not to be Ready, and costs money all the same."""
    old, new = before.condition(ConditionType.SYNCED), after.condition(ConditionType.SYNCED)
    if new is None or new.reason != Reason.DUPLICATE_FOUND:
        return ()
    is_told = old is not None and (old.reason, old.message) == (new.reason, new.message)
    return () if is_told else (Event("Warning", new.reason, new.message[:_MESSAGE_LIMIT]),)
