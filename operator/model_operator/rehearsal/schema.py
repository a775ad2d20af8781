"""What the CRDs that ship with this version say of an object, for when no API server is there to ask.

Structure first; the rules in CEL only of what has the right structure, as the server does it.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from model_operator.models.crd import KINDS, custom_resource_definition
from model_operator.models.rules import VALIDATIONS
from model_operator.models.structural import Schema
from model_operator.reconcile.store import Body
from model_operator.rehearsal.cel import holds

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (Mapping,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_LIST_TYPE, _LIST_KEYS = "x-kubernetes-list-type", "x-kubernetes-list-map-keys"
_FREE: Final = "x-kubernetes-preserve-unknown-fields"
_BOUND: Final = ": should be "
"""In what is said of a number out of its range. The server checks its rules beside that, and not beside other faults
(kube-apiserver, `hasBlockingErr`)."""


@lru_cache
def schema_of(kind: str) -> Schema:
    """Of the one version that there is."""
    (found,) = (known for known in KINDS if known.kind == kind)
    schema: Schema = custom_resource_definition(found)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def stored(kind: str, body: Body) -> Body:
    """A new object as the server would store it: with the status that it starts from."""
    return {**body, "status": copy.deepcopy(schema_of(kind)["properties"]["status"]["default"])}


def problems(kind: str, body: Body, old: Body | None = None) -> list[str]:
    """Everything that the server would refuse it for, each with its field; `old` is the object as it is."""
    schema = schema_of(kind)
    parts = {name: part for name, part in schema["properties"].items() if name == "spec"}
    spec: Schema = {**schema, "properties": parts}
    value = {"spec": body["spec"]} if body.get("spec") is not None else {}
    wrong = list(_structure(value, spec, ""))
    if not all(_BOUND in problem for problem in wrong):
        return wrong
    if old is None:
        return [*wrong, *_rules(value, None, spec, "")]
    status = {"status": old["status"]} if "status" in old else {}
    return [*wrong, *_rules({**value, **status}, {"spec": old.get("spec", {}), **status}, spec, "")]


def immutable_fields(kind: str, body: Body) -> tuple[str, ...]:
    """Of the fields that it sets, those that can never be changed."""
    schema = schema_of(kind)["properties"]["spec"]
    return tuple(dict.fromkeys(_immutable(body.get("spec"), schema, "spec")))


def _immutable(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    for said in schema.get(VALIDATIONS, ()):
        field = str(said.get("fieldPath", "")).lstrip(".")
        if f"== oldSelf.{field}" in " ".join(said["rule"].split()) and _reach(value, field) is not None:
            yield f"{path}.{field}"
    for name, part in schema.get("properties", {}).items():
        yield from _immutable(value.get(name), part, f"{path}.{name}")


def _reach(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _structure(value: Any, schema: Schema, path: str) -> Iterator[str]:
    kind = schema.get("type")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is not None and (
        not isinstance(value, _TYPES[kind]) or (kind in {"integer", "number"} and not is_number)
    ):
        yield f"{path}: Invalid value: must be of type {kind}"
        return
    yield from (f"{path}: {problem}" for problem in _limits(value, schema))
    if isinstance(value, Mapping):
        yield from _object(value, schema, path)
    elif isinstance(value, list):
        yield from _array(value, schema, path)


def _object(value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield f"{_joined(path, name)}: Required value"
    for name, item in value.items():
        inner = known.get(name, others if isinstance(others, dict) else None)
        if inner is not None:
            if item is not None:  # the server drops it
                yield from _structure(item, inner, _joined(path, name))
        elif not schema.get(_FREE):
            yield f"{_joined(path, name)}: unknown field"


def _array(value: list[Any], schema: Schema, path: str) -> Iterator[str]:
    for place, item in enumerate(value):
        yield from _structure(item, schema.get("items", {}), f"{path}[{place}]")
    if schema.get(_LIST_TYPE) in {"map", "set"}:
        keys = schema.get(_LIST_KEYS, ())
        seen: list[Any] = []
        for place, item in enumerate(value):
            key = [item.get(name) for name in keys] if isinstance(item, Mapping) else item
            if key in seen:
                yield f"{path}[{place}]: Duplicate value: {key}"
            seen.append(key)


def _limits(value: Any, schema: Schema) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(f'"{word}"' for word in schema["enum"])
        yield f'Unsupported value: "{value}": supported values: {supported}'
    if isinstance(value, str) and "pattern" in schema and not _matches(schema["pattern"], value):
        yield f"Invalid value: should match '{schema['pattern']}'"
    if isinstance(value, str) and schema.get("format") == "date-time" and not _is_time(value):
        yield f'Invalid value: "{value}": must be of type date-time'
    if isinstance(value, int | float) and value < schema.get("minimum", value):
        yield f"Invalid value: {value}: should be greater than or equal to {schema['minimum']}"
    if isinstance(value, int | float) and value > schema.get("maximum", value):
        yield f"Invalid value: {value}: should be less than or equal to {schema['maximum']}"
    for kind, least, most, what in (
        (str, "minLength", "maxLength", "characters"),
        (list, "minItems", "maxItems", "items"),
        (Mapping, "minProperties", "maxProperties", "keys"),
    ):
        if isinstance(value, kind):
            if len(value) < schema.get(least, 0):
                yield f"Invalid value: must have at least {schema[least]} {what}"
            if most in schema and len(value) > schema[most]:
                yield f"Too long: may not be more than {schema[most]} {what}"


def _matches(pattern: str, value: str) -> bool:
    exact = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern  # no newline at the end
    return re.search(exact, value) is not None


def _is_time(value: str) -> bool:
    """RFC 3339: with a zone, as the server insists on."""
    try:
        return "T" in value.upper() and datetime.fromisoformat(value.upper()).tzinfo is not None
    except ValueError:
        return False


def _rules(value: Any, old: Any, schema: Schema, path: str) -> Iterator[str]:
    for said in schema.get(VALIDATIONS, ()):
        rule = said["rule"]
        if "oldSelf" in rule and old is None:
            continue
        if not holds(rule, value, old):
            yield f"{(path + said.get('fieldPath', '')).lstrip('.')}: Invalid value: {said.get('message', rule)}"
    if isinstance(value, Mapping):
        others = schema.get("additionalProperties")
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name, others if isinstance(others, dict) else {})
            before = old.get(name) if isinstance(old, Mapping) else None
            yield from _rules(item, before, inner, _joined(path, name))
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _rules(item, None, schema.get("items", {}), f"{path}[{place}]")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
