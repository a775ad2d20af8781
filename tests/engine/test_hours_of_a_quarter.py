"""Deployments with hours, day after day, by a process that is killed each night: what is paid is what was asked for."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from model_operator.active_hours import ActiveHours
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from support.engine_world import World, play
from support.manifests import parasail_deployment
from support.virtual_time import START

A_DAY = timedelta(days=1)
NEVER = timedelta(days=2_000_000)
"""Each object is read in full at a moment drawn from this span: no read of 200 falls into nine days."""
LONG = [pytest.mark.long, pytest.mark.timeout(1500)]
LEAD = timedelta(minutes=15)
AFTER_AN_EDGE = timedelta(minutes=10)
"""So long the provider may take to stop or start one; what is asked after it is asked for nothing."""
HOURS = (
    ("Europe/Berlin", ("Mon-Fri 08:00-20:00",)),
    ("America/New_York", ("Mon-Thu 09:00-18:00", "Fri 09:00-01:30")),
    ("Australia/Lord_Howe", ("Mon-Sun 22:00-02:15", "Sun 01:00-06:00")),
)


class Year:
    """So many objects, in turn with the hours of three zones, for so many days."""

    def __init__(self, world: World, objects: int, days: int) -> None:
        self.world = world
        self.zones = {f"m{number}": HOURS[number % len(HOURS)] for number in range(objects)}
        self.days = days
        self.dice = random.Random(days)
        self.last = 0
        self.odd: list[Mapping[str, Any]] = []
        self.excused: list[tuple[datetime, datetime]] = []

    def hours(self, name: str) -> ActiveHours:
        return ActiveHours.parse(*self.zones[name], LEAD)

    def edges(self, hours: ActiveHours, begin: datetime, end: datetime) -> Iterator[datetime]:
        edge = hours.at(begin).until
        while edge is not None and edge < end:
            yield edge
            edge = hours.at(edge).until

    def ideal(self, name: str, begin: datetime, end: datetime) -> float:
        """Seconds for which it is meant to run."""
        hours, at, total = self.hours(name), begin, 0.0
        for edge in [*self.edges(hours, begin, end), end]:
            total += (edge - at).total_seconds() * hours.at(at).is_active
            at = edge
        return total

    async def live(self) -> None:
        knobs = {"parasail": {"gpu_quota": None}, "http": {"journal_size": 100_000}}
        await self.world.simulator.control("PATCH", "/knobs", knobs)
        self.world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"pollInterval": "1h"}})
        for name, (zone, active) in self.zones.items():
            schedule = {"timeZone": zone, "active": list(active), "outside": "Pause", "leadTime": "15m"}
            self.world.apply(parasail_deployment(name, schedule=schedule))
        self._excuse(timedelta(minutes=5))
        for _ in range(self.days):
            night = self.dice.uniform(0, 86_000)
            await asyncio.sleep(night)
            await self.world.restart()  # kill -9
            self._excuse(timedelta(minutes=10))
            await asyncio.sleep(86_400 - night)
            await self._look_back()

    def _excuse(self, span: timedelta) -> None:
        now = self.world.wall()
        self.excused.append((now, now + span))

    async def _look_back(self) -> None:
        """At a day's requests: a LIST, or one that an edge or a new process explains."""
        found = await self.world.simulator.control("GET", f"/requests?since={self.last}")
        self.last = found["last"]
        now = self.world.wall()
        spans = [span for span in self.excused if span[1] > now - 2 * A_DAY]
        for zone, active in HOURS:
            hours = ActiveHours.parse(zone, active, LEAD)
            spans += [(edge, edge + AFTER_AN_EDGE) for edge in self.edges(hours, now - 2 * A_DAY, now)]
        for entry in found["requests"]:
            at = datetime.fromtimestamp(entry["at"], START.tzinfo)
            if entry["operation"] != "list" and not any(begin <= at <= end for begin, end in spans):
                self.odd.append(entry)


@pytest.mark.parametrize(
    ("objects", "days"),
    [
        pytest.param(3, 5, id="three for five days"),
        pytest.param(6, 9, id="six for nine days", marks=LONG),
        pytest.param(200, 9, id="two hundred for nine days", marks=LONG),
        pytest.param(6, 92, id="six for a quarter, with its nights of clocks set forward", marks=LONG),
    ],
)
def test_what_is_billed_is_the_hours_and_nothing_is_asked_between_the_edges(objects: int, days: int) -> None:
    async def story(world: World) -> None:
        year = Year(world, objects, days)
        begin = world.wall()
        await year.live()
        rows = (await world.simulator.control("GET", "/ledger"))["deployments"]
        ideal = sum(year.ideal(name, begin, world.wall()) for name in year.zones)
        billed = sum(row["billed_replica_seconds"] for row in rows)
        assert len(rows) == objects, "each was made once"
        assert abs(billed - ideal) <= 0.005 * ideal
        assert year.odd == []
        for name in year.zones:
            status = world.server.get(Key(DEPLOYMENT, "team", name))["status"]
            assert status["phase"] == ("Ready" if year.hours(name).at(world.wall()).is_active else "Paused")

    play(story, is_served=False, full_read_interval=NEVER, secret_refresh=timedelta(hours=1))
