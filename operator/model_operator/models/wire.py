"""How values of custom resources are written in YAML, and what every model of them shares.

The other modules of this package are built from these; unknown keys are ignored everywhere, because an
operator may meet objects of a CRD that is newer than itself.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic.json_schema import WithJsonSchema

INITIALISMS: Final = {"id": "ID", "ids": "IDs", "url": "URL"}
DURATION_PATTERN: Final = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
DURATION_LENGTH: Final = 28
"""Four groups of five digits and "ms"."""
DECIMAL_PATTERN: Final = r"^[0-9]{1,9}(\.[0-9]{1,9})?$"
DECIMAL_LENGTH: Final = 19

_UNITS: Final = {
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_GROUP: Final = re.compile(r"([0-9]+)(h|ms|m|s)", re.ASCII)
_DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:h|ms|m|s)){1,8}", re.ASCII)


def camel(name: str) -> str:
    """`external_id` → `externalID`: camelCase with initialisms in capitals, except as the first word."""
    first, *rest = name.split("_")
    return first + "".join(INITIALISMS.get(word, word.capitalize()) for word in rest)


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


def format_time(time: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only where there are any."""
    return time.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)


def _decimal(number: Decimal) -> str:
    return format(number, "f")


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": DURATION_LENGTH, "pattern": DURATION_PATTERN}),
]
"""A `timedelta`, in YAML a string such as `1h30m`."""

DecimalText = Annotated[
    Decimal,
    PlainSerializer(_decimal, return_type=str),
    WithJsonSchema({"type": "string", "maxLength": DECIMAL_LENGTH, "pattern": DECIMAL_PATTERN}),
]
"""A `Decimal`, in YAML a string, because floats do not survive a round trip through every client."""

Time = Annotated[
    AwareDatetime,
    AfterValidator(_utc),
    PlainSerializer(format_time, return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""An aware `datetime` in UTC, in YAML RFC 3339 with `Z`, with microseconds if it has any."""


class Model(BaseModel):
    """A part of a custom resource: frozen, snake_case here and camelCase in YAML, unknown keys ignored."""

    model_config = ConfigDict(alias_generator=camel, frozen=True, populate_by_name=True, extra="ignore")

    def dump(self) -> dict[str, Any]:
        """As YAML would have it: JSON values, camelCase, nothing that is None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
