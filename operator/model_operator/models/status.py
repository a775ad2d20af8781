"""What the statuses of all kinds share: conditions, and being read back whatever somebody did to them.

A status is the operator's memory, so one spoilt line must not cost the rest of it.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.json_schema import WithJsonSchema

from model_operator.conditions import ConditionType
from model_operator.models.wire import Model, Time


class Truth(StrEnum):
    """The `status` of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


def _whole_seconds(time: datetime) -> datetime:
    return time.replace(microsecond=0)


CONDITION_TYPE_PATTERN: Final = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)
"""Of `metav1.Condition`, as the other limits of `Condition` are."""


class Condition(Model):
    """One line of `status.conditions`, as `metav1.Condition` defines it."""

    type: str = Field(
        max_length=316,
        pattern=CONDITION_TYPE_PATTERN,
        description="What the condition is about, for example Ready.",
    )
    status: Truth = Field(description="True, False or Unknown.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that the condition was computed from."
    )
    last_transition_time: Annotated[
        Time, AfterValidator(_whole_seconds), WithJsonSchema({"type": "string", "format": "date-time"})
    ] = Field(description="When the status of the condition last changed.")
    reason: str = Field(
        min_length=1,
        max_length=1024,
        pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="One-word reason, for programs.",
    )
    message: str = Field(
        max_length=32768,
        description="Message for people: what is wrong with which object, and what to do next.",
    )

    @property
    def is_true(self) -> bool:
        return self.status == "True"


@lru_cache(maxsize=4096)
def condition(
    type: str,
    status: str,
    reason: str,
    message: str,
    observed_generation: int | None,
    last_transition_time: datetime | str,
) -> Condition:
    """The condition with these fields, the same object for all who ask: most resources say the same things.

    Raises pydantic's `ValidationError`.
    """
    return Condition.model_validate(
        {
            "type": type,
            "status": status,
            "reason": reason,
            "message": message,
            "observed_generation": observed_generation,
            "last_transition_time": last_transition_time,
        },
        by_name=True,
    )


def _shared(raw: object) -> object:
    """One item of a list as the API server shows it: its condition, or unchanged for pydantic to say what is wrong."""
    if not isinstance(raw, dict):
        return raw
    fields: dict[str, Any] = {_FIELDS.get(key, str(key)): value for key, value in raw.items()}
    try:
        return condition(**{"observed_generation": None, **fields})
    except (TypeError, ValidationError):  # a field too few or too many, or not what it should be
        return raw


_FIELDS: Final = {"observedGeneration": "observed_generation", "lastTransitionTime": "last_transition_time"}


class Status(Model):
    observed_generation: int | None = Field(
        default=None, description="The metadata.generation that this status was computed from."
    )
    conditions: tuple[Annotated[Condition, BeforeValidator(_shared)], ...] = Field(
        default=(),
        description="Conditions of the object. Ready summarizes the others; Reconciling and Stalled tell whether to"
        " wait or to act.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self:
        """A status as somebody left it. Never raises: what cannot be understood is left out.

        Bad items of a list go one by one, everything else by whole top-level fields, because half an intent
        would be worse than none.
        """
        if not isinstance(raw, Mapping):
            return cls()
        if _weight(raw, _MOST) > _MOST:
            raw = _cut(raw, cls.aliases())
        try:
            return cls.read(raw)
        except ValidationError as error:
            return cls.read(_without_bad_parts(raw, error))

    @classmethod
    def aliases(cls) -> tuple[str, ...]:
        """Its fields by their names in YAML."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    def condition(self, type: ConditionType) -> Condition | None:
        """The condition of that type, or None before the first status write."""
        for condition in self.conditions:
            if condition.type == type:
                return condition
        return None


_MOST: Final = 256 * 1024
"""Characters of a status that are looked at, each value counting as some of them. What a spec may be and the provider's
texts are bounded, and so are all statuses that we write; somebody else's may be of a megabyte."""
_VALUE: Final = 32
_DEEPEST: Final = 32


def _weight(value: object, most: int) -> int:
    """Characters in it; some number above `most` where there are more, or it is nested beyond reason."""
    total, level = 0, [value]
    for _ in range(_DEEPEST):
        total += _VALUE * len(level)
        if total > most:
            return total
        inner: list[object] = []
        for one in level:
            if isinstance(one, str):
                total += len(one)
            elif isinstance(one, dict):
                inner += one
                inner += one.values()
            elif isinstance(one, list | tuple):
                inner += one
        if not inner:
            return total
        level = inner
    return most + 1


def _cut(raw: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """What is known of it and fits: single values first, whole or not at all; then lists, as many items as there is room."""
    left, kept = _MOST, dict[str, Any]()
    known = [name for name in names if name in raw]
    for name in sorted(known, key=lambda name: isinstance(raw[name], list)):
        value = raw[name]
        items = value if isinstance(value, list) else [value]
        fitting: list[Any] = []
        for item in items:
            weight = _weight(item, left)
            if weight > left:
                break
            left -= weight
            fitting.append(item)
        if isinstance(value, list):
            kept[name] = fitting
        elif fitting:
            kept[name] = value
    return kept


def _without_bad_parts(raw: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    rest = dict(raw)
    bad_items: dict[str, set[int]] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name, *inner = problem["loc"]
        if inner and isinstance(inner[0], int):
            bad_items.setdefault(str(name), set()).add(inner[0])
        else:
            rest.pop(str(name), None)
    for name, bad in bad_items.items():
        rest[name] = [item for index, item in enumerate(raw[name]) if index not in bad]
    return rest
