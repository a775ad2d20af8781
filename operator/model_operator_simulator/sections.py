"""The knobs of the simulator's parts: what a knob is, and those that all vendors share.

A running simulator holds one immutable `KnobSet`; `PATCH /__sim/knobs` replaces it, and whoever acts on a knob reads it
at that moment, so a change takes effect with the next request.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

Seconds = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
RetryAfterForm = Literal["seconds", "date", "absent"]


class Section(BaseModel):
    """A group of knobs; unknown names are errors, so that a misspelt knob is not silently without effect."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class HttpKnobs(Section):
    """What all vendors' HTTP fronts share. Times here are real seconds: they are about sockets."""

    latency_s: Seconds = Field(
        0.0, description="Every provider request is answered this much later (real seconds)."
    )
    latency_jitter_s: Seconds = Field(
        0.0, description="Plus a seeded, uniform part of up to this (real seconds)."
    )
    max_body_bytes: Count = Field(1_048_576, description="A larger request body is refused with 413.")
    journal_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        20_000, description="How many requests /__sim/requests remembers."
    )
    public_url: str | None = Field(
        None, description="Base of the URLs in replies; null takes the Host header of each request."
    )
    public_urls: dict[str, str] = Field(
        {},
        description="By provider: what its URLs in replies begin with, its own prefix included, e.g. behind a proxy.",
    )
    root: str | None = Field(
        None, description="A provider that is served at the root, too, as on a host of its own."
    )


S = TypeVar("S", bound=Section)


class KnobSet:
    """All knobs of one simulator, by section. A knob's full name is `section.name`, e.g. `http.latency_s`.

    Args:
        values: a model with one field for each section.
    """

    def __init__(self, values: BaseModel) -> None:
        self._values = values
        self._by_kind = {type(section): section for _, section in self.sections()}

    @property
    def http(self) -> HttpKnobs:
        """Those that all vendors share."""
        return self.of(HttpKnobs)

    def of(self, kind: type[S]) -> S:
        """The section of one kind, e.g. `of(HttpKnobs)`.

        Raises:
            KeyError: no vendor in the registry has it.
        """
        section = self._by_kind[kind]
        assert isinstance(section, kind)  # noqa: S101 - the dictionary's own promise, which no type can say
        return section

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Every section with its name."""
        return iter(self._values)

    def values(self) -> dict[str, Any]:
        """All knobs as JSON."""
        return self._values.model_dump()

    def changed(self, patch: Mapping[str, Any]) -> Self:
        """These knobs with some changed.

        Args:
            patch: `{"http": {"latency_s": 1}}` or `{"http.latency_s": 1}`, also mixed.

        Raises:
            ValueError: with one line for each unknown name or unfit value (pydantic's ValidationError is one).
        """
        values = self.values()
        known = [f"{section}.{knob}" for section, knobs in values.items() for knob in knobs]
        unknown = [name for name in _names(patch) if name not in known and name not in values]
        for name, value in patch.items():
            if name in unknown:
                continue
            section, dot, knob = name.partition(".")
            if not dot and not isinstance(value, Mapping):
                raise ValueError(f"{name}: a section takes an object of knobs, e.g. {{{name!r}: {{...}}}}")
            values.setdefault(section, {}).update({knob: value} if dot else value)
        try:
            found = type(self)(type(self._values).model_validate(values))
        except ValidationError as error:
            if not unknown:
                raise
            lines = [f"{path}: {one['msg']}" for one in error.errors() if (path := _path(one)) not in unknown]
        else:
            lines = []
        if unknown:
            lines += [f"there is no knob {name}{_meant(name, known)}" for name in unknown]
            raise ValueError("\n".join(lines))
        return found


def _path(problem: ErrorDetails) -> str:
    return ".".join(map(str, problem["loc"]))


def _names(patch: Mapping[str, Any]) -> Iterator[str]:
    """Full names, as far as the patch has any."""
    for name, value in patch.items():
        if isinstance(value, Mapping) and "." not in name:
            yield from (f"{name}.{knob}" for knob in value)
        else:
            yield name


def _meant(name: str, known: list[str]) -> str:
    """The nearest name: of the whole one, else of the part behind the section, which people leave out."""
    short = {full.rpartition(".")[2]: full for full in known}
    part = name.rpartition(".")[2]
    near = get_close_matches(name, known, 1, 0.75) or [short[n] for n in get_close_matches(part, short, 1)]
    return f"; did you mean {near[0]}?" if near else "; `model-operator simulator --list-knobs` has them all"


def described(knobs: KnobSet) -> list[dict[str, Any]]:
    """Every knob as `{name, value, default, description}`, in the order of the sections."""
    rows = []
    for section, values in knobs.sections():
        shown = values.model_dump()
        for name, field in type(values).model_fields.items():
            row = {"name": f"{section}.{name}", "value": shown[name], "default": field.default}
            rows.append({**row, "description": field.description})
    return rows
