"""Which Kubernetes Events a new status is worth: transitions only, never repetitions. Pure."""

from dataclasses import dataclass
from typing import Literal

from model_operator.conditions import ConditionType, Reason
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.status import Status

_QUIET = frozenset({Reason.PENDING, Reason.CREATING, Reason.STARTING})
"""Stations of every create; the id that appears and the end of it are Events enough."""

_WORRYING = frozenset({Reason.PROVIDER_UNAVAILABLE, Reason.OUTCOME_UNKNOWN, Reason.PROBE_FAILED})
"""Nobody needs to act, and yet it is not as it should be."""

_MESSAGE_LIMIT = 1024
"""Of core/v1 Event, in bytes; our messages are mostly ASCII and cut well before."""


@dataclass(frozen=True, slots=True)
class Event:
    type: Literal["Normal", "Warning"]
    reason: str
    message: str


def of_transition(before: Status, after: Status) -> tuple[Event, ...]:
    """One Event when Ready's status or reason, or Stalled, has changed."""
    old, new = before.condition(ConditionType.READY), after.condition(ConditionType.READY)
    stalled = after.condition(ConditionType.STALLED)
    if new is None:
        return ()
    is_stalled = stalled is not None and stalled.is_true
    was = before.condition(ConditionType.STALLED)
    was_stalled = was is not None and was.is_true
    has_moved = old is None or (old.status, old.reason) != (new.status, new.reason)
    if not has_moved and is_stalled == was_stalled:
        return ()
    if not is_stalled and (not has_moved or new.reason in _QUIET):
        return ()
    source = stalled if is_stalled and stalled is not None else new
    kind: Literal["Normal", "Warning"] = "Warning" if is_stalled or new.reason in _WORRYING else "Normal"
    return (Event(kind, source.reason, source.message[:_MESSAGE_LIMIT]),)


def of_deployment(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> tuple[Event, ...]:
    """What of_transition says, the ids that appear or are left behind, and what carries our UID besides."""
    events = list(of_transition(before, after))
    if after.external_id is not None and before.external_id != after.external_id:
        events.insert(
            0, Event("Normal", "Created", f"The deployment at the provider is {after.external_id}.")
        )
    events.extend(_duplicate(before, after))
    if before.endpoint is not None and after.endpoint is None:
        message = (
            f"Endpoint {before.endpoint.id} stays at the provider, because the provider's API can neither"
            " delete it nor point it elsewhere."
        )
        events.append(Event("Warning", "EndpointOrphaned", message))
    return tuple(events)


def _duplicate(before: ModelDeploymentStatus, after: ModelDeploymentStatus) -> tuple[Event, ...]:
    """It is no reason not to be Ready, and costs money all the same."""
    old, new = before.condition(ConditionType.SYNCED), after.condition(ConditionType.SYNCED)
    if new is None or new.reason != Reason.DUPLICATE_FOUND:
        return ()
    is_told = old is not None and (old.reason, old.message) == (new.reason, new.message)
    return () if is_told else (Event("Warning", new.reason, new.message[:_MESSAGE_LIMIT]),)
