"""Which deployments a ModelBudget with `onExceeded: Pause` stops once its limit is spent, and what runs on. Pure.

Once it is spent, nothing fits into it any more: so all that costs is to be stopped, the youngest first, one in each `STEP`.
Whoever raises the limit meanwhile keeps the older ones running.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from model_operator.models.budget import Running, StopMeans, Stopped

NOTICE: Final = timedelta(minutes=1)
"""From the moment at which the limit is noticed to be spent to the first stop: a clock may be wrong for a moment."""
STEP: Final = timedelta(seconds=10)
MOST: Final = 400
"""Of one budget at a time: all of them have room in its status."""
_MOST_NAMED: Final = 20


class Why(StrEnum):
    """Why something costs beyond the limit."""

    NO_PAUSE = "NoPause"
    MIN_REPLICAS = "MinReplicas"
    IN_USE = "InUse"
    OBSERVED = "Observed"
    SUSPENDED = "Suspended"
    RESUMED = "Resumed"
    NO_PRICE = "NoPrice"
    OTHER_CURRENCY = "OtherCurrency"
    TOO_MANY = "TooMany"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """A deployment that costs, or may cost, in the budget: it can be stopped, or it cannot be."""

    name: str
    uid: str
    created: datetime
    how: StopMeans | None = None
    why: Why | None = None
    """It runs on all the same, stopped or not."""


@dataclass(frozen=True, slots=True)
class Found:
    """The objects of a budget."""

    counted: frozenset[str] = frozenset()
    """UIDs of all that are there."""
    runners: tuple[Runner, ...] = ()


def stopped_after(before: Sequence[Stopped], found: Found, now: datetime) -> tuple[Stopped, ...]:
    """What is stopped while the limit is spent: at most one more than before."""
    kept = tuple(one for one in before if one.uid in found.counted)
    following = next_to_stop(kept, found)
    if following is None or following.how is None or _is_too_soon(kept, now):
        return kept
    at = now.replace(microsecond=0)
    return (*kept, Stopped(name=following.name, uid=following.uid, how=following.how, at=at))


def next_to_stop(stopped: Sequence[Stopped], found: Found) -> Runner | None:
    """The youngest of those that can be stopped and are not."""
    known = {one.uid for one in stopped}
    left = [one for one in found.runners if one.how is not None and one.uid not in known]
    if len(stopped) >= MOST:
        return None
    return max(left, key=lambda one: (one.created, one.name), default=None)


def runs_on(stopped: Sequence[Stopped], found: Found) -> tuple[Running, ...]:
    """What keeps costing although the limit is spent, by name."""
    rows = sorted(_runs_on(stopped, found), key=lambda one: one.name)
    return tuple(rows[:_MOST_NAMED])


def _runs_on(stopped: Sequence[Stopped], found: Found) -> Iterator[Running]:
    known = {one.uid for one in stopped}
    for one in found.runners:
        why = one.why
        if why is None and one.uid not in known and len(stopped) >= MOST:
            why = Why.TOO_MANY
        if why is not None:
            yield Running(name=one.name, reason=why)


def _is_too_soon(stopped: Sequence[Stopped], now: datetime) -> bool:
    """One was stopped a moment ago; not if that was by a clock that was ahead."""
    return any(timedelta() <= now - one.at < STEP for one in stopped)


def is_noticed(since: datetime | None, now: datetime) -> bool:
    """Whether the limit has been spent for long enough; a clock that was ahead does not make it wait for that time."""
    return since is not None and not timedelta() <= now - since < NOTICE


def was_meant(stop: datetime, paused_for: datetime | None, now: datetime) -> bool:
    """Whether the pause for the stop of `paused_for` was for this one, too: it was recorded by then. A time that is still
    to come is of a clock that was ahead, and stands for itself alone."""
    return paused_for is not None and (stop == paused_for or stop <= paused_for <= now)
