"""Objects with hours in three zones, day after day, by a process that is killed each night: what comes of it, counted.

`python -m support.hours_year` (`make year`) lives a whole year with 200 of them, zone by zone, and prints the figures.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import click

from model_operator.active_hours import ActiveHours
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.engine.garbage import search_rarely
from support.manifests import parasail_deployment
from support.memory_schema import Object
from support.mortal_world import MortalWorld, live
from support.virtual_time import START

A_DAY = timedelta(days=1)
LEAD = timedelta(minutes=15)
AFTER_AN_EDGE = timedelta(minutes=10)
"""So long the provider may take to stop or start one; what is asked after it is asked for nothing."""
SETTINGS: Mapping[str, Any] = {
    "full_read_interval": timedelta(days=2_000_000),
    "secret_refresh": timedelta(hours=1),
}
"""No object is read in full for its own sake: each would be at a moment drawn from that span."""
HOURS = (
    ("Europe/Berlin", ("Mon-Fri 08:00-20:00",)),
    ("America/New_York", ("Mon-Thu 09:00-18:00", "Fri 09:00-01:30")),
    ("Australia/Lord_Howe", ("Mon-Sun 22:00-02:15", "Sun 01:00-06:00")),
)
PARSED = tuple(ActiveHours.parse(zone, active, LEAD) for zone, active in HOURS)
KNOBS = {"parasail": {"gpu_quota": None, "start_s": 300}, "http": {"journal_size": 50_000}}
"""A model takes five minutes to come up."""


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
    strays: Mapping[str, str] = field(default_factory=dict)
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
    seed: int = 1

    def hours(self) -> dict[str, ActiveHours]:
        zones = ((f"m{number}", number % len(PARSED)) for number in range(self.objects))
        return {name: PARSED[zone] for name, zone in zones if zone in self.zones}


Tell = Callable[[int, Figures], None]
"""Told of each day that is over."""


class Year:
    """One process after the other, for all days of a plan."""

    def __init__(self, world: MortalWorld, plan: Plan) -> None:
        self.world = world
        self.poll = plan.poll
        self.hours = plan.hours()
        self.kinds = tuple(PARSED[zone] for zone in plan.zones)
        self.figures = Figures(objects=len(self.hours), days=plan.days)
        self.begin = world.wall()
        self.last = 0
        self.ready: set[str] = set()
        self.woken: Counter[str] = Counter()

    async def live(self, tell: Tell) -> None:
        await self.world.simulator.control("PATCH", "/knobs", KNOBS)
        self.world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"pollInterval": self.poll}})
        self.world.server.watchers.append(self._note)
        for name, hours in self.hours.items():
            zone, active = HOURS[PARSED.index(hours)]
            schedule = {"timeZone": zone, "active": list(active), "outside": "Pause", "leadTime": "15m"}
            self.world.apply(parasail_deployment(name, schedule=schedule))
        for day in range(1, self.figures.days + 1):
            end = self.begin + day * A_DAY
            await self._until(self._night(day))
            await self._kill()
            await self._until(end)
            await self._look_back()
            await self._count()
            tell(day, self.figures)
        self.figures.strays = self._strays()

    def _night(self, day: int) -> datetime:
        """When it is killed: at any time, or (every other day) close to an edge."""
        begin, dice = self.begin + (day - 1) * A_DAY, self.world.dice
        found = [edge for hours in self.kinds for edge in edges(hours, begin, begin + A_DAY)]
        at = begin + dice.random() * A_DAY
        if found and day % 2 == 0:
            at = dice.choice(found) + timedelta(seconds=dice.uniform(-30, 360))
        return min(max(at, begin), begin + A_DAY - timedelta(minutes=1))

    async def _kill(self) -> None:
        self.world.kill()
        self.figures.kills += 1
        await asyncio.sleep(self.world.dice.uniform(1, 30))
        self.world.boot()
        await self.world.work()

    async def _until(self, end: datetime) -> None:
        """The API server keeps an Event for an hour."""
        while (left := (end - self.world.wall()).total_seconds()) > 0:
            await asyncio.sleep(min(left, 3600))
            for key in [key for key in self.world.server.objects if key.kind == "Event"]:
                self.world.server.delete(key)

    def _note(self, _type: str, key: Key, body: Object) -> None:
        """An object that has come up: after which edge, and how long after it."""
        if key.kind != DEPLOYMENT:
            return
        is_ready = body.get("status", {}).get("phase") == "Ready"
        if is_ready and key.name not in self.ready:
            edge = self.hours[key.name].at(self.world.wall()).since
            if edge is not None and edge >= self.begin:
                self.woken[key.name] += 1
                self.figures.wakes += 1
                self.figures.slowest = max(self.figures.slowest, (self.world.wall() - edge).total_seconds())
        (self.ready.add if is_ready else self.ready.discard)(key.name)

    async def _look_back(self) -> None:
        """At a day's requests: a LIST, or one that an edge explains."""
        found = await self.world.simulator.control("GET", f"/requests?since={self.last}")
        assert found["last"] - self.last == len(found["requests"]), "the journal keeps a day"
        self.last, now = found["last"], self.world.wall()
        spans = [
            (edge, edge + AFTER_AN_EDGE)
            for hours in self.kinds
            for edge in edges(hours, now - 2 * A_DAY, now)
        ]
        for entry in found["requests"]:
            at = datetime.fromtimestamp(entry["at"], START.tzinfo)
            if entry["operation"] == "list":
                self.figures.lists += 1
            elif at <= self.begin + AFTER_AN_EDGE:
                self.figures.first[entry["operation"]] += 1
            elif any(begin <= at <= end for begin, end in spans):
                self.figures.at_edges[entry["operation"]] += 1
            else:
                self.figures.odd.append(entry)

    async def _count(self) -> None:
        """What was billed until now, and what was meant to be."""
        now, figures = self.world.wall(), self.figures
        rows = (await self.world.simulator.control("GET", "/ledger"))["deployments"]
        meant = {hours: ideal(hours, self.begin, now) for hours in self.kinds}
        due = {hours: openings(hours, self.begin, now) for hours in self.kinds}
        billed = {row["name"].rsplit("-", 1)[0]: row["billed_replica_seconds"] for row in rows}
        figures.made = len(rows)
        figures.billed = sum(row["billed_replica_seconds"] for row in rows)
        figures.ideal = sum(meant[hours] for hours in self.hours.values())
        figures.worst = max(abs(billed.get(n, 0.0) / (meant[h] or 1.0) - 1) for n, h in self.hours.items())
        figures.missed = sum(max(due[hours] - self.woken[name], 0) for name, hours in self.hours.items())

    def _strays(self) -> dict[str, str]:
        now = self.world.wall()
        phases = {n: self.world.server.get(Key(DEPLOYMENT, "team", n))["status"]["phase"] for n in self.hours}
        meant = {name: "Ready" if hours.at(now).is_active else "Paused" for name, hours in self.hours.items()}
        return {name: phase for name, phase in phases.items() if phase != meant[name]}


def lived(plan: Plan, tell: Tell = lambda _day, _figures: None) -> Figures:
    found: list[Figures] = []

    async def story(world: MortalWorld) -> None:
        year = Year(world, plan)
        await year.live(tell)
        found.append(year.figures)

    live(story, seed=plan.seed, **SETTINGS)
    return found[0]


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


def _lived_aloud(plan: Plan) -> Figures:
    """In a process of its own, with a word each week."""
    zones = ", ".join(HOURS[zone][0] for zone in plan.zones)
    told = 0

    def tell(day: int, figures: Figures) -> None:
        nonlocal told
        for entry in figures.odd[told:]:
            at = datetime.fromtimestamp(entry["at"], START.tzinfo)
            click.echo(f"{zones}: between edges at {at}: {entry['method']} {entry['path']}")
        told = len(figures.odd)
        if day % 7 == 0:
            click.echo(f"--- {zones}: day {day}, {time.process_time():.0f} s of CPU\n{figures}")
            sys.stdout.flush()

    search_rarely()
    return lived(plan, tell)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make year", description=__doc__)
    parser.add_argument("--objects", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--poll", default="1h", help="pollInterval of the ModelProvider, default 1h")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--together", action="store_true", help="one process for all zones, not one for each")
    asked = parser.parse_args()
    parts = [(0, 1, 2)] if asked.together else [(0,), (1,), (2,)]
    common = {"objects": asked.objects, "days": asked.days, "poll": asked.poll, "seed": asked.seed}
    with ProcessPoolExecutor(len(parts)) as pool:
        first, *rest = pool.map(_lived_aloud, [Plan(zones=zones, **common) for zones in parts])
    figures = sum(rest, first)
    click.echo(f"=== all zones\n{figures}")
    broken = problems(figures)
    for promise in broken:
        click.echo(f"NOT KEPT: {promise}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
