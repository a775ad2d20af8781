"""Hours of the week in a time zone: when they are, and when they begin and end next. Pure; computed, never counted.

Windows may overlap and cross midnight. Where a clock is set forward, an hour that there is not counts from the next
minute that there is; where it is set back, a window begins with the first and ends with the second of two equal times.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY: Final = f"({'|'.join(DAYS)})"
_RANGE: Final = f"{_DAY}(-{_DAY})?"
_CLOCK: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
WINDOW_PATTERN: Final = f"^{_RANGE}(,{_RANGE}){{0,6}} {_CLOCK}-({_CLOCK}|24:00)$"
WINDOW_LENGTH: Final = 70

_DAYS_BEFORE: Final = 9
"""A window of the last week may reach into this one, and one that goes on since then began no later."""
_DAYS_AFTER: Final = 9
_A_DAY: Final = timedelta(days=1)
_A_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """`Mon-Fri 08:00-20:00`. `days` count from Monday, 0; `length` is by the wall clock."""

    days: frozenset[int]
    begins: time
    length: timedelta

    @classmethod
    def parse(cls, text: str) -> "Window":
        """Raises `ValueError`."""
        if not re.match(WINDOW_PATTERN, text):
            raise ValueError(f'"{text[:WINDOW_LENGTH]}" is not a window such as Mon-Fri 08:00-20:00')
        days, _, hours = text.partition(" ")
        begins, ends = (_minutes(clock) for clock in hours.split("-"))
        if begins == ends:
            raise ValueError(f'"{text}" ends when it begins; a whole day is 00:00-24:00')
        length = ends - begins if ends > begins else ends - begins + 24 * 60
        return cls(frozenset(_days(days)), time(*divmod(begins, 60)), timedelta(minutes=length))


@dataclass(frozen=True, slots=True)
class ActiveHours:
    """When something is meant to run. `lead` earlier it begins to come up."""

    zone: str
    windows: tuple[Window, ...]
    lead: timedelta = timedelta()

    @classmethod
    def parse(cls, zone: str, windows: tuple[str, ...], lead: timedelta = timedelta()) -> "ActiveHours":
        """Raises `ValueError` for a zone or a window that there is not."""
        zone_of(zone)
        return cls(zone, tuple(map(Window.parse, windows)), lead)

    def at(self, now: datetime) -> "Hours":
        """What they say of a moment."""
        spans = _spans(self, now.astimezone(UTC).date())
        edges = [edge for span in spans for edge in span]
        return Hours(
            is_active=any(begin <= now < end for begin, end in spans),
            since=max((edge for edge in edges if edge <= now and _is_inside(edge, now)), default=None),
            until=min((edge for edge in edges if edge > now and _is_inside(edge, now)), default=None),
        )


@dataclass(frozen=True, slots=True)
class Hours:
    """Active or not, since the last edge and until the next; None where there is none, for windows without a gap."""

    is_active: bool
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class OffHours:
    """Outside the hours of a schedule, since an edge and until the next; None where there is none."""

    since: datetime | None
    until: datetime | None


def zone_of(name: str) -> ZoneInfo:
    """A zone of the IANA database. Raises `ValueError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # no such zone; a folder; a path, or nothing
        raise ValueError(
            f'"{name[:64]}" is not a time zone of the IANA database, such as Europe/Berlin'
        ) from None


def _is_inside(edge: datetime, now: datetime) -> bool:
    """No end of what was computed."""
    return abs(edge - now) < timedelta(days=_DAYS_AFTER - 1)


@lru_cache(maxsize=4096)  # asked for in every pass
def _spans(hours: ActiveHours, today: date) -> tuple[tuple[datetime, datetime], ...]:
    """The active times around a day, in UTC, those that touch made one."""
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(_each_span(hours, today)):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return tuple(merged)


def _each_span(hours: ActiveHours, today: date) -> Iterator[tuple[datetime, datetime]]:
    zone = zone_of(hours.zone)
    for offset in range(-_DAYS_BEFORE, _DAYS_AFTER + 1):
        day = today + offset * _A_DAY
        for window in hours.windows:
            if day.weekday() in window.days:
                begins = datetime.combine(day, window.begins)
                end = moment_of(begins + window.length, zone, fold=1)
                yield min(moment_of(begins, zone, fold=0) - hours.lead, end), end


def moment_of(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    """When a clock there shows that time, in UTC; the next minute that there is, where it never does."""
    early, late = (wall.replace(tzinfo=zone, fold=f).astimezone(UTC) for f in (1, 0))
    if early >= late:  # once, or twice: then fold says which
        return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    # Skipped: of the moments between the two readings, the first after the clock was set.
    after = late.astimezone(zone).utcoffset()
    while early < late:
        middle = early + (late - early) // _A_MINUTE // 2 * _A_MINUTE
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle + _A_MINUTE
    return late


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _days(text: str) -> Iterator[int]:
    """`Fri-Mon,Wed` → 4, 5, 6, 0, 2."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin = DAYS.index(first)
        yield from ((begin + n) % 7 for n in range((DAYS.index(last or first) - begin) % 7 + 1))
