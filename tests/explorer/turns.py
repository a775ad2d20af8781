"""What time alone brings: edges of hours and ends, also while the rest is watched."""

from datetime import datetime, timedelta
from typing import Final

from explorer.looks import End, condition, expiry
from explorer.world import World
from model_operator.active_hours import ActiveHours, Hours
from model_operator.domain import DEPLOYMENT
from support.memory_schema import Object

_REST: Final = timedelta(minutes=15)
"""So long at most an end is watched."""


def hours_of(body: Object, now: datetime) -> Hours | None:
    schedule = body["spec"].get("schedule")
    if schedule is None:
        return None
    return ActiveHours.parse(schedule["timeZone"], tuple(schedule["active"])).at(now)


def was_an_edge(body: Object, now: datetime, *, within: timedelta) -> bool:
    hours = hours_of(body, now)
    return hours is not None and hours.since is not None and now - hours.since < within


def had_a_turn(end: End, bodies: list[Object]) -> bool:
    """An edge or an end has come lately, or may have: a clock that is set is followed slowly, to times unknown here."""
    if "clock" in end.world.marks and any(map(_has_times, bodies)):
        return True
    now = end.world.process.wall() if end.world.process is not None else None
    return now is not None and any(
        was_an_edge(body, now, within=_REST) or _expires_near(body, now) for body in bodies
    )


def _has_times(body: Object) -> bool:
    return body["kind"] == DEPLOYMENT and ("schedule" in body["spec"] or expiry(body) is not None)


def is_turning(world: World) -> bool:
    """An edge of its hours, or its end, has come while it was watched, and is under way."""
    now = world.process.wall() if world.process is not None else None
    return now is not None and any(
        condition(body, "Reconciling")["status"] == "True" and _turned(body, now, "clock" in world.marks)
        for _, body in world.deployments()
    )


def _turned(body: Object, now: datetime, has_clock: bool) -> bool:
    due = expiry(body)
    is_over = due is not None and timedelta() <= now - due < _REST
    return is_over or was_an_edge(body, now, within=_REST) or (has_clock and _has_times(body))


def _expires_near(body: Object, now: datetime) -> bool:
    """Or may just be found idle: its metrics are read."""
    if "idle" in body["spec"]:
        return True
    due = expiry(body) if body["kind"] == DEPLOYMENT else None
    return due is not None and abs(now - due) < _REST
