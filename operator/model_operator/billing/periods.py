"""Months, weeks and days as a budget counts them: from midnight to midnight in a time zone. Pure.

Where a clock skips midnight, the period begins with the first minute that there is; where it shows midnight twice, with
the first of the two.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from model_operator.active_hours import moment_of, zone_of
from model_operator.models.budget import Period

SLIP: Final = timedelta(hours=1)
"""So far a clock may go back over a period's beginning. What is dated later was dated by a clock that was wrong."""
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bounds:
    """One period: `start` belongs to it, `end` to the next. In UTC."""

    start: datetime
    end: datetime


def bounds_at(period: Period, zone: str, now: datetime) -> Bounds:
    """The period that `now` lies in. Raises `ValueError` for a zone that there is not."""
    first = _first(period, now.astimezone(zone_of(zone)).date())
    bounds = _bounds(period, zone, first)
    # A clock that was set over midnight shows the other day.
    while bounds.end <= now:
        first = _next(period, first)
        bounds = _bounds(period, zone, first)
    while now < bounds.start:
        first = _first(period, first - _A_DAY)
        bounds = _bounds(period, zone, first)
    return bounds


@lru_cache(maxsize=1024)  # asked for in every pass
def _bounds(period: Period, zone: str, first: date) -> Bounds:
    place = zone_of(zone)
    start, end = (
        moment_of(datetime.combine(day, time()), place, fold=0) for day in (first, _next(period, first))
    )
    return Bounds(start, end)


def _first(period: Period, day: date) -> date:
    """The day on which its period begins; weeks begin on Monday."""
    match period:
        case Period.MONTH:
            return day.replace(day=1)
        case Period.WEEK:
            return day - day.weekday() * _A_DAY
        case Period.DAY:
            return day


def _next(period: Period, first: date) -> date:
    match period:
        case Period.MONTH:
            return (first + 31 * _A_DAY).replace(day=1)
        case Period.WEEK:
            return first + 7 * _A_DAY
        case Period.DAY:
            return first + _A_DAY
