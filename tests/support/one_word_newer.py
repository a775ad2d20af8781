"""Objects as an API server stores them whose CRDs are one release newer: a word that this version does not know in each
enum, and each required field left out. Made from crds/, so that no field is forgotten.
"""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from support.memory_schema import Object, Schema, shipped

WORD = "NotYetKnown"
ITEM = "[]"
_SHAPES: dict[str, Any] = {"string": "a", "integer": 1, "number": 1, "boolean": True}
_TEXTS = ("UTC", "a", "1s", "1", "Mon 08:00-20:00", "https://a")
"""A word for each pattern."""
_JUDGES = ("enum", "required", "x-kubernetes-validations", "minLength", "minItems")


@dataclass(frozen=True)
class Newer:
    """One place in which a kind's newer version differs."""

    kind: str
    path: tuple[str, ...]
    """From the body, with `[]` for the first item of a list."""
    is_word: bool
    """Else the field is left out."""

    def __str__(self) -> str:
        return f"{self.place} {'has a new word' if self.is_word else 'is left out'}"

    @property
    def place(self) -> str:
        return place_of(self.path)

    def put_into(self, body: Object) -> Object:
        """A copy of the body with the difference; what is on the way there is made where it is missing."""
        return put_into(self.kind, self.path, body, WORD if self.is_word else None)


def put_into(kind: str, path: tuple[str, ...], body: Object, value: Any) -> Object:
    """A copy of the body with this value in that place, or (None) without any."""
    made: Object = copy.deepcopy(body)
    at, schema = made, shipped()[kind].root
    for part in path[:-1]:
        schema = _inner(schema, part)
        at = _step(at, part, schema)
    if path[-1] == ITEM:
        at[:1] = [value]
    elif value is not None:
        at[path[-1]] = value
    else:
        at.pop(path[-1], None)
    return made


def place_of(path: tuple[str, ...]) -> str:
    """As a message names it: `spec.rollout.steps.0.gate`."""
    return ".".join("0" if part == ITEM else part for part in path)


def differences(kind: str, part: str = "spec") -> tuple[Newer, ...]:
    """All of a kind's, in its spec or its status."""
    root = shipped()[kind].root
    own = [Newer(kind, (part,), is_word=False)] if part in root.get("required", ()) else []
    return (*own, *_below(kind, (part,), root["properties"][part]))


def loosened(kind: str) -> Schema:
    """The kind's schema without what a newer one may have loosened."""
    root: Object = _loose(shipped()[kind].root)
    return Schema(root)


def places(kind: str) -> Iterator[tuple[tuple[str, ...], Object]]:
    """Every field of a kind's spec, with its schema."""
    yield from _fields(("spec",), shipped()[kind].root["properties"]["spec"])


def _fields(path: tuple[str, ...], schema: Object) -> Iterator[tuple[tuple[str, ...], Object]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from _fields((*path, name), inner)
    if isinstance(schema.get("items"), dict):
        yield from _fields((*path, ITEM), schema["items"])


def _below(kind: str, at: tuple[str, ...], schema: Object) -> Iterator[Newer]:
    for path, found in _fields(at, schema):
        if "enum" in found:
            yield Newer(kind, path, is_word=True)
        for name in found.get("required", ()):
            yield Newer(kind, (*path, name), is_word=False)


def _inner(schema: Object, part: str) -> Object:
    found: Object = schema["items"] if part == ITEM else schema["properties"][part]
    return found


def _step(at: Any, part: str, schema: Object) -> Any:
    if part == ITEM:
        if not at:
            at.append(least(schema))
        return at[0]
    return at.setdefault(part, least(schema))


def least(schema: Object) -> Any:
    """The least that has this form."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [least(schema["items"])]
    if schema.get("type") == "object":
        return {name: least(schema["properties"][name]) for name in schema.get("required", ())}
    if "pattern" in schema:
        return next(text for text in _TEXTS if re.search(schema["pattern"], text))
    return _SHAPES[schema.get("type", "string")]


def _loose(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_loose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _loose(inner)
        for name, inner in schema.items()
        if name not in _JUDGES or isinstance(inner, dict)
    }
