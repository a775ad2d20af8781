"""What a schedule says of a ModelDeployment now. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from model_operator.active_hours import Hours, OffHours
from model_operator.domain import ACTION
from model_operator.models.deployment import ModelDeployment
from model_operator.models.schedule import ACTIVE_UNTIL_NEXT_EDGE

_LAST_WAIT: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Not `off`: it is meant to run, or has no schedule. The times are for the status; that an annotation has counted is
    known without a schedule, too, so that one which is removed and comes back does not let it count again.
    """

    off: OffHours | None = None
    next_edge: datetime | None = None
    active_until: datetime | None = None
    is_active: bool = True
    """Inside its hours, whatever a person allows for outside."""
    active_since: datetime | None = None


def scheduled(resource: ModelDeployment, now: datetime) -> Scheduled:
    """`spec.paused` is not for the hours to explain."""
    schedule = resource.spec.schedule
    if schedule is None:
        return Scheduled(active_until=resource.status.active_until if _is_let_run(resource) else None)
    hours = schedule.hours.at(now)
    until = _let_run_until(resource, hours)
    runs = hours.is_active or resource.spec.paused or (until is not None and now < until)
    off = None if runs else OffHours(hours.since, hours.until)
    since = hours.since if hours.is_active else None
    return Scheduled(off, hours.until, until, hours.is_active, since)


def before_edge(edge: datetime | None, now: datetime) -> timedelta | None:
    """When to look again. An edge is an appointment: the queue waits up to a tenth longer than it is asked to, and the
    wall clock may be set meanwhile, so a long wait ends early and is followed by a shorter one."""
    if edge is None:
        return None
    left = max(edge - now, timedelta())
    return left if left <= _LAST_WAIT else left * 0.9


def _let_run_until(resource: ModelDeployment, hours: Hours) -> datetime | None:
    """The annotation counts until the first edge after it was seen, and once: it may stay on the object for ever."""
    return resource.status.active_until or hours.until if _is_let_run(resource) else None


def _is_let_run(resource: ModelDeployment) -> bool:
    return resource.metadata.annotations.get(ACTION) == ACTIVE_UNTIL_NEXT_EDGE
