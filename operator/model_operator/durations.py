"""Durations as people write them in YAML, flags and environment variables: `500ms`, `60s`, `1h30m`.

One grammar for settings and custom resources, the same one that the CRDs carry as a pattern.
"""

import re
from datetime import timedelta

PATTERN = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
"""The grammar, as it stands in the CRDs."""

_PATTERN = re.compile(PATTERN)
_PART = re.compile(r"([0-9]+)(ms|h|m|s)")
_UNITS = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}


def parse_duration(text: str) -> timedelta:
    """`"1h30m"` → 90 minutes. Raises `ValueError`, whose text says how a duration is written."""
    if not _PATTERN.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration: write 500ms, 60s, 10m or 1h30m")
    return sum((int(count) * _UNITS[unit] for count, unit in _PART.findall(text)), timedelta())


def format_duration(duration: timedelta) -> str:
    """The shortest spelling that `parse_duration` reads back, e.g. 90 minutes → `1h30m`; in milliseconds."""
    rest, parts = duration, ""
    for unit, length in _UNITS.items():
        count, rest = divmod(rest, length)
        if count:
            parts += f"{count}{unit}"
    return parts or "0s"
