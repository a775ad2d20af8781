"""The knobs of everything there is: the shared ones and each vendor's."""

from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from .registry import VENDORS
from .sections import HttpKnobs, KnobSet, Section, described
from .spelling import SpellingKnobs

__all__ = ["Knobs", "described"]


def _values() -> type[BaseModel]:
    sections: dict[str, type[Section]] = {"http": HttpKnobs, "spelling": SpellingKnobs}
    for vendor in VENDORS:
        sections |= vendor.knobs
    fields: dict[str, Any] = {name: (kind, kind()) for name, kind in sections.items()}
    return create_model("Values", __config__=ConfigDict(frozen=True, extra="forbid"), **fields)


_VALUES = _values()


class Knobs(KnobSet):
    """Every knob with its default: `Knobs().changed({"parasail.start_s": 1})`."""

    def __init__(self, values: BaseModel | None = None) -> None:
        super().__init__(values or _VALUES())
        names = {vendor.name for vendor in VENDORS}
        for name in {self.http.root, *self.http.public_urls} - {None, *names}:
            raise ValueError(f"http: there is no provider {name!r}, only {', '.join(sorted(names))}")
