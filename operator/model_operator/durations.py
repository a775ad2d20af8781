"""Durations as people write them in YAML, flags and environment variables: `500ms`, `60s`, `1h30m`.

One grammar for settings and custom resources.
"""

import re
from datetime import timedelta
from typing import Final

DURATION_PATTERN: Final = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
DURATION_LENGTH: Final = 28
"""Four groups of five digits and "ms"."""

_UNITS: Final = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_GROUP: Final = re.compile(r"([0-9]+)(h|ms|m|s)", re.ASCII)
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:h|ms|m|s)){1,8}", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """`1h30m` → 90 minutes. Raises `ValueError`; takes a little more than the CRD's pattern does."""
    if not _DURATION.fullmatch(text):
        raise ValueError(f'"{text[:40]}" is no duration such as 30s, 500ms or 1h30m')
    return sum((int(count) * _UNITS[unit] for count, unit in _GROUP.findall(text)), timedelta())


def format_duration(duration: timedelta) -> str:
    """90 minutes → `1h30m`. Takes zero or more, cuts below a millisecond."""
    parts = []
    rest = duration
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
