"""Times as a record shows them: UTC, to the second, and round moments for an axis."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_ROUND: Final = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 364, 3640, 36400, 364000, 3640000)),
)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(time: datetime) -> str:
    """`28 Nov 2026`, whatever language the machine speaks."""
    time = time.astimezone(UTC)
    return f"{time.day} {_MONTHS[time.month - 1]} {time.year}"


def moment(time: datetime) -> str:
    """`28 Nov 2026 14:07:32`."""
    return f"{day(time)} {time.astimezone(UTC):%H:%M:%S}"


def passed(length: timedelta) -> str:
    """`3d 4h`, `1h 23m`, `12m 30s`: the two greatest units. Never negative."""
    seconds = max(0, int(length.total_seconds()))
    parts = [
        f"{seconds // size % most}{unit}"
        for unit, size, most in (("d", 86400, 10**9), ("h", 3600, 24), ("m", 60, 60), ("s", 1, 60))
    ]
    first = next((i for i, part in enumerate(parts) if not part.startswith("0")), 3)
    return " ".join(part for part in parts[first : first + 2] if part[0] != "0") or "0s"


def shifted(time: datetime, by: timedelta) -> datetime:
    """As far as a calendar goes."""
    try:
        return time + by
    except OverflowError:
        return time


def ticks(start: datetime, end: datetime, most: int) -> Iterator[tuple[datetime, str]]:
    """At most so many round moments between two, with what stands under them."""
    length = end - start
    step = next((size for size in _ROUND if length / size <= most - 1), _ROUND[-1])
    midnight = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    at, shown = shifted(midnight, -(-(start - midnight) // step) * step), ""
    while at <= end:
        here = day(at).rpartition(" ")[0]
        word = f"{at:%H:%M:%S}" if step < _MINUTE else f"{at:%H:%M}"
        if step >= _DAY:
            word = day(at) if step > 28 * _DAY else here
        elif here != shown:
            word = f"{here} {word}"
        yield at, word
        shown, at = here, shifted(at, step)
        if shifted(at, step) == at:
            return
