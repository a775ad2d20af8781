"""How values of custom resources are written in YAML, and what every model of them shares.

The other modules of this package are built from these; unknown keys are ignored everywhere, because an
operator may meet objects of a CRD that is newer than itself.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic.json_schema import WithJsonSchema
from typing_extensions import override

from model_operator.durations import DURATION_LENGTH, DURATION_PATTERN, format_duration, parse_duration

INITIALISMS: Final = {"id": "ID", "ids": "IDs", "url": "URL"}
DECIMAL_PATTERN: Final = r"^[0-9]{1,9}(\.[0-9]{1,9})?$"
DECIMAL_LENGTH: Final = 19
_NOT_TOLD: Final[set[str]] = set()


def camel(name: str) -> str:
    """`external_id` → `externalID`: camelCase with initialisms in capitals, except as the first word."""
    first, *rest = name.split("_")
    return first + "".join(INITIALISMS.get(word, word.capitalize()) for word in rest)


def format_time(time: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only where there are any."""
    return time.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def to_the_second(time: datetime) -> str:
    """The same, for people."""
    return format_time(time.replace(microsecond=0))


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str):
        return parse_duration(value)
    raise ValueError("a duration is a string such as 30s, 500ms or 1h30m")


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError as error:  # 0001-01-01T00:00:00+01:00 is before the first datetime in UTC
        raise ValueError("not a time that UTC has") from error


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

    @override
    def model_post_init(self, context: object, /) -> None:
        """Which fields were set is not kept: nobody asks, and a set for each part is a fifth of what an object takes."""
        object.__setattr__(self, "__pydantic_fields_set__", _NOT_TOLD)

    @classmethod
    def read(cls, raw: Any) -> Self:
        """From YAML, by the names that it uses there. Raises pydantic's `ValidationError`."""
        return cls.model_validate(raw, by_alias=True, by_name=False)

    def dump(self) -> dict[str, Any]:
        """As YAML would have it: JSON values, camelCase, nothing that is None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def with_(self, **changes: object) -> Self:
        """A copy with these fields, by their names here. mypy checks names and types (tools/mypy_models.py), and so
        does every call: raises pydantic's `ValidationError` for a name that there is not, or a value of another type.
        """
        fields = {**self.__dict__, **changes}
        return self.model_validate(fields, strict=True, extra="forbid", by_alias=False, by_name=True)
