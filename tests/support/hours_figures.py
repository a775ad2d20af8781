"""Hours in three zones over many days: what they ask for, and the figures of what came of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from model_operator.active_hours import ActiveHours

A_DAY = timedelta(days=1)
LEAD = timedelta(minutes=15)
AFTER_AN_EDGE = timedelta(minutes=10)
"""So long the provider may take to stop or start one; what is asked after it is asked for nothing."""
HOURS = (
    ("Europe/Berlin", ("Mon-Fri 08:00-20:00",)),
    ("America/New_York", ("Mon-Thu 09:00-18:00", "Fri 09:00-01:30")),
    ("Australia/Lord_Howe", ("Mon-Sun 22:00-02:15", "Sun 01:00-06:00")),
)
PARSED = tuple(ActiveHours.parse(zone, active, LEAD) for zone, active in HOURS)


def edges(hours: ActiveHours, begin: datetime, end: datetime) -> Iterator[datetime]:
    edge = hours.at(begin).until
    while edge is not None and edge < end:
        yield edge
        edge = hours.at(edge).until


def ideal(hours: ActiveHours, begin: datetime, end: datetime) -> float:
    """Seconds for which it is meant to run, the lead time with them."""
    at, total = begin, 0.0
    for edge in [*edges(hours, begin, end), end]:
        total += (edge - at).total_seconds() * hours.at(at).is_active
        at = edge
    return total


def openings(hours: ActiveHours, begin: datetime, end: datetime) -> int:
    """How often it is woken, and has its lead time, in that span."""
    return sum(hours.at(edge).is_active and edge + LEAD <= end for edge in edges(hours, begin, end))


@dataclass(kw_only=True)
class Figures:
    """What came of it."""

    objects: int
    days: int
    kills: int = 0
    made: int = 0
    """Deployments that there ever were at the provider."""
    ideal: float = 0.0
    """Replica-seconds."""
    billed: float = 0.0
    worst: float = 0.0
    """The largest part by which the bill of one object differs from its ideal."""
    wakes: int = 0
    missed: int = 0
    """Hours that began without it."""
    slowest: float = 0.0
    """Seconds from the beginning of the lead time until an object was Ready, at most."""
    lists: int = 0
    at_edges: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    """Requests of the first ten minutes, in which objects are made."""
    odd: list[Mapping[str, Any]] = field(default_factory=list)
    """All others. A kill explains none."""
    strays: dict[str, str] = field(default_factory=dict)
    """Objects whose phase at the end is not that of the hour."""

    def __add__(self, other: "Figures") -> "Figures":
        """Of other objects in the same days."""
        return Figures(
            objects=self.objects + other.objects,
            days=self.days,
            kills=self.kills + other.kills,
            made=self.made + other.made,
            ideal=self.ideal + other.ideal,
            billed=self.billed + other.billed,
            worst=max(self.worst, other.worst),
            wakes=self.wakes + other.wakes,
            missed=self.missed + other.missed,
            slowest=max(self.slowest, other.slowest),
            lists=self.lists + other.lists,
            at_edges=self.at_edges + other.at_edges,
            first=self.first + other.first,
            odd=self.odd + other.odd,
            strays=self.strays | other.strays,
        )

    @override
    def __str__(self) -> str:
        first, edge = (sum(one.values()) for one in (self.first, self.at_edges))
        return (
            f"{self.objects} objects, {self.days} days, {self.kills} times kill -9, {self.made} deployments\n"
            f"replica-hours: {self.ideal / 3600:,.1f} ideal, {self.billed / 3600:,.1f} billed"
            f" ({self.billed / self.ideal - 1:+.4%}; of one object at most {self.worst:.4%})\n"
            f"wake-ups: {self.wakes:,}, {self.missed} missed; the slowest was Ready {self.slowest:,.1f} s after the edge,"
            f" of {LEAD.total_seconds():,.0f} s of lead time\n"
            f"requests: {self.lists:,} LISTs, {first:,} at first, {edge:,} at edges {dict(self.at_edges)},"
            f" {len(self.odd):,} between edges"
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """So many objects, in turn with the hours of three zones, for so many days."""

    objects: int
    days: int
    zones: tuple[int, ...] = (0, 1, 2)
    """Only the objects with those of `HOURS`."""
    poll: str = "1h"
    start_s: int = 8
    """Of a model, until it serves."""
    seed: int = 1

    def hours(self) -> dict[str, ActiveHours]:
        zones = ((f"m{number}", number % len(PARSED)) for number in range(self.objects))
        return {name: PARSED[zone] for name, zone in zones if zone in self.zones}


def problems(figures: Figures) -> list[str]:
    """What is not as promised, in words."""
    off = abs(figures.billed / figures.ideal - 1)
    asked = (
        (figures.made == figures.objects, "each was made once"),
        (off <= 0.005 and figures.worst <= 0.005, "billed within 0.5 % of the ideal, all together and each"),
        (figures.missed == 0 and figures.slowest <= LEAD.total_seconds(), "awake before its hours begin"),
        (not figures.odd, "nothing but LISTs between the edges"),
        (not figures.strays, "at the end each is what it is meant to be"),
    )
    return [promise for is_kept, promise in asked if not is_kept]
