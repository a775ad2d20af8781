"""From a pydantic model to a structural schema, the subset of OpenAPI that a CustomResourceDefinition may use.

`crd.py` calls it once per kind for the spec and once for the status.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from model_operator.models.wire import Model

Schema = dict[str, Any]

_LIMITS: Final = (
    "format",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
)
_KEPT: Final = ("description", "type", *_LIMITS)
"""Keywords that mean the same on both sides and pass as they are, as every `x-kubernetes-…` does."""

_ORDER: Final = {
    key: index for index, key in enumerate((*_KEPT, "properties", "additionalProperties", "items"))
}
"""Of the keys in the YAML: what people look for comes first."""

_DROPPED: Final = frozenset({"title", "default"})
"""Titles are noise. Defaults would be written into what users applied, and show as a difference in Git."""

_FREE: Final[Schema] = {"x-kubernetes-preserve-unknown-fields": True}


class NotStructural(Exception):
    """A model uses something that a structural schema cannot say; `str()` says where."""


def structural(model: type[Model], *, description: str) -> Schema:
    """The schema of a spec. Raises `NotStructural`; every property must have a description."""
    raw = model.model_json_schema(by_alias=True, mode="validation")
    schema = _convert({**raw, "description": description}, raw.get("$defs", {}), model.__name__)
    for path, part in properties(schema):
        if not part.get("description"):
            raise NotStructural(f"{model.__name__}{path} has no description")
    return schema


def without_limits(schema: Schema) -> Schema:
    """The same without enum, pattern, required and the like, for a status: a refused write would lose it."""
    return {
        key: {name: without_limits(part) for name, part in value.items()}
        if key == "properties"
        else without_limits(value)
        if key in ("items", "additionalProperties")
        else value
        for key, value in schema.items()
        if key not in _LIMITS
    }


def properties(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every property at any depth with its path from the root, as `.paitient.tags` or `.drift[].field`."""
    for name, part in schema.get("properties", {}).items():
        yield f"{path}.{name}", part
        yield from properties(part, f"{path}.{name}")
    if "items" in schema:
        yield from properties(schema["items"], f"{path}[]")


def _convert(raw: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Schema:
    schema: Schema = {}
    for key, value in _flat(raw, definitions, path).items():
        if key == "properties":
            schema[key] = {
                name: _convert(part, definitions, f"{path}.{name}") for name, part in value.items()
            }
        elif key == "items":
            schema[key] = _convert(value, definitions, f"{path}[]")
        elif key == "additionalProperties":
            schema |= _map_of(value, definitions, path)
        elif key in _KEPT or key.startswith("x-kubernetes-"):
            schema[key] = value
        elif key not in _DROPPED | {"$defs"}:
            raise NotStructural(f"{path}: a structural schema has no {key}")
    if "type" not in schema:
        schema |= _FREE
    return dict(sorted(schema.items(), key=lambda item: (_ORDER.get(item[0], len(_ORDER)), item[0])))


def _flat(raw: Mapping[str, Any], definitions: Mapping[str, Any], path: str) -> Schema:
    """Without `$ref` and `X | None`: what stands beside them wins, as the description of a field does."""
    beside = {key: value for key, value in raw.items() if key not in ("$ref", "anyOf")}
    if "$ref" in raw:
        return _flat(definitions[raw["$ref"].rpartition("/")[2]], definitions, path) | beside
    if "anyOf" in raw:
        options = [option for option in raw["anyOf"] if option.get("type") != "null"]
        if len(options) != 1:
            raise NotStructural(f"{path}: a structural schema has no union types")
        return _flat(options[0], definitions, path) | beside
    return beside


def _map_of(value: Any, definitions: Mapping[str, Any], path: str) -> Schema:
    if value is False:  # The server prunes unknown fields; together with properties it refuses this keyword.
        return {}
    if value is True or not value:
        return _FREE
    return {"additionalProperties": _convert(value, definitions, f"{path}{{}}")}
