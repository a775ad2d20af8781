"""A whole year of hours, by the edges alone: what is paid for is what the clocks on the walls say, whoever wakes when.

The simulation of some days, with the ledger and every request, is tests/engine/test_hours_of_a_quarter.py.
"""

import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from model_operator.active_hours import DAYS, ActiveHours
from model_operator.reconcile.deployment.hours import before_edge

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=365)
LEAD = timedelta(minutes=15)
STEP = timedelta(minutes=15)
A_WEEK = 7 * 24 * 4
JITTER = 1.1
"""The queue's, at its most."""
OFFICE = {"Mon-Fri": ("08:00", "20:00")}
BARS = {"Thu-Sat": ("18:00", "02:15"), "Sun": ("11:00", "24:00")}
NIGHTS = {"Mon-Sun": ("22:30", "05:45"), "Sat,Sun": ("00:00", "09:00")}
Windows = dict[str, tuple[str, str]]


def hours_of(zone: str, windows: Windows, lead: timedelta = LEAD) -> ActiveHours:
    active = tuple(f"{days} {begin}-{end}" for days, (begin, end) in windows.items())
    return ActiveHours.parse(zone, active, lead)


def edges_of(hours: ActiveHours) -> list[datetime]:
    found, edge = [BEGIN], hours.at(BEGIN).until
    while edge is not None and edge < END:
        found.append(edge)
        edge = hours.at(edge).until
    return [*found, END]


def on_the_wall(windows: Windows) -> list[bool]:
    """Of each quarter of an hour of a week, from Monday on, whether it is meant to run, without a lead time."""
    week = [False] * A_WEEK
    for days, (begin, end) in windows.items():
        for day in _days(days):
            first, last = (day * 96 + int(t[:2]) * 4 + int(t[3:]) // 15 for t in (begin, end))
            for quarter in range(first, last if last > first else last + 96):
                week[quarter % A_WEEK] = True
    return week


def _days(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(DAYS.index(first), DAYS.index(last or first) + 1))
    return found


def quarters(zone: str, week: list[bool]) -> tuple[int, int]:
    """Quarters of an hour of the year in which a clock there shows a time to run at, and how often that begins."""
    place, at, total, begins, was_on = ZoneInfo(zone), BEGIN, 0, 0, True
    while at < END:
        wall = at.astimezone(place)
        is_on = week[wall.weekday() * 96 + wall.hour * 4 + wall.minute // 15]
        total, begins = total + is_on, begins + (is_on and not was_on)
        at, was_on = at + STEP, is_on
    return total, begins


YEAR = pytest.mark.parametrize(
    ("zone", "windows"),
    [
        pytest.param("Europe/Berlin", OFFICE, id="office hours in Berlin"),
        pytest.param("America/New_York", BARS, id="evenings in New York, over midnight"),
        pytest.param("Australia/Lord_Howe", NIGHTS, id="nights on Lord Howe, whose clocks are set by half an hour"),
    ],
)  # fmt: skip


@YEAR
def test_a_year_s_hours_are_those_on_the_wall(zone: str, windows: Windows) -> None:
    hours = hours_of(zone, windows)
    edges, (total, begins) = edges_of(hours), quarters(zone, on_the_wall(windows))
    spans = list(pairwise(edges))
    paid = sum((end - begin for begin, end in spans if hours.at(begin).is_active), timedelta())
    ideal = total * STEP + begins * LEAD
    assert abs(paid - ideal) <= timedelta(hours=1), "two nights on which clocks are set"
    assert abs(paid - ideal) <= 0.005 * ideal


@YEAR
def test_whoever_wakes_in_the_night_finds_the_same_edges_and_is_in_time(zone: str, windows: Windows) -> None:
    """Three objects that are killed once a night, each at a moment of its own."""
    hours, dice = hours_of(zone, windows), random.Random(13)
    edges = edges_of(hours)
    for day in sorted([*range(364)] * 3):
        now = BEGIN + timedelta(days=day, seconds=dice.uniform(0, 86_400))
        index = bisect_right(edges, now)
        found = hours.at(now)
        if index < len(edges) - 1:
            assert found.until == edges[index]
        if index > 1:
            assert found.since == edges[index - 1]
        woken, times = now, 0
        while found.until is not None and woken < found.until:
            wait = before_edge(found.until, woken)
            assert wait is not None
            woken, times = woken + wait * JITTER, times + 1
        assert found.until is not None
        assert woken - found.until <= timedelta(seconds=1)
        assert times <= 4, "it may look so often before an edge"
