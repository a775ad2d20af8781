"""Objects with hours in three zones, day after day, by a process that is killed each night: what comes of it, counted.

`python -m support.hours_year` (`make year`) lives a whole year with 200 of them, zone by zone, and prints the figures.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import click

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.engine.garbage import search_rarely
from support.hours_figures import (
    A_DAY,
    AFTER_AN_EDGE,
    HOURS,
    LEAD,
    PARSED,
    Figures,
    Plan,
    edges,
    ideal,
    openings,
    problems,
)
from support.manifests import parasail_deployment
from support.memory_schema import Object
from support.mortal_world import MortalWorld, live
from support.virtual_time import START

SETTINGS: Mapping[str, Any] = {
    "full_read_interval": timedelta(days=2_000_000),
    "secret_refresh": timedelta(hours=1),
}
"""No object is read in full for its own sake: each would be at a moment drawn from that span."""
Tell = Callable[[int, Figures], None]
"""Told of each day that is over."""


class Year:
    """One process after the other, for all days of a plan."""

    def __init__(self, world: MortalWorld, plan: Plan) -> None:
        self.world = world
        self.plan = plan
        self.hours = plan.hours()
        self.kinds = tuple(PARSED[zone] for zone in plan.zones)
        self.figures = Figures(objects=len(self.hours), days=plan.days)
        self.begin = world.wall()
        self.last = 0
        self.ready: set[str] = set()
        self.woken: set[tuple[str, datetime]] = set()

    async def live(self, tell: Tell) -> None:
        knobs = {
            "parasail": {"gpu_quota": None, "start_s": self.plan.start_s},
            "http": {"journal_size": 50_000},
        }
        await self.world.simulator.control("PATCH", "/knobs", knobs)
        self.world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"pollInterval": self.plan.poll}})
        self.world.server.watchers.append(self._note)
        for name, hours in self.hours.items():
            zone, active = HOURS[PARSED.index(hours)]
            schedule = {"timeZone": zone, "active": list(active), "outside": "Pause", "leadTime": "15m"}
            self.world.apply(parasail_deployment(name, schedule=schedule))
        for day in range(1, self.plan.days + 1):
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
                self.woken.add((key.name, edge))
                self.figures.wakes = len(self.woken)
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
        figures.missed = sum(due[hours] for hours in self.hours.values()) - self._woken_in_time(now)

    def _woken_in_time(self, now: datetime) -> int:
        """Objects and edges whose lead time is over."""
        return sum(edge + LEAD <= now for _, edge in self.woken)

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
    parser.add_argument("--start", type=int, default=300, help="seconds until a model serves, default 300")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the kills")
    parser.add_argument("--together", action="store_true", help="one process for all zones, not one for each")
    asked = parser.parse_args()
    parts = [(0, 1, 2)] if asked.together else [(0,), (1,), (2,)]
    plan = Plan(objects=asked.objects, days=asked.days, poll=asked.poll, start_s=asked.start, seed=asked.seed)
    with ProcessPoolExecutor(len(parts)) as pool:
        first, *rest = pool.map(_lived_aloud, [replace(plan, zones=zones) for zones in parts])
    figures = sum(rest, first)
    click.echo(f"=== all zones\n{figures}")
    broken = problems(figures)
    for promise in broken:
        click.echo(f"NOT KEPT: {promise}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
