"""What the shipped CRDs say of a body: what is pruned, what is refused, what a status starts from.

A reading of the schema's own words, not of the operator's models. Of CEL it knows `has`, comparison, `&&`, `||` and `!`,
which is all that immutable and set-once fields need; rules that say more are the real server's to judge (tests/crds).
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]
Rule = Callable[[Any, Any], bool]

_CRDS = Path(__file__).resolve().parents[2] / "crds"
_PATH = r"(?:self|oldSelf)(?:\.\w+)+"
_SIMPLE = re.compile(rf"(?:has\({_PATH}\)|{_PATH}|==|!=|&&|\|\||!|[()]|\s)+")
_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
}


class Refusal(Exception):
    """422; `str()` names the field."""


@dataclass(slots=True)
class Schema:
    """One kind's. `pruned` before `check`, as the server does it."""

    root: Object
    compiled: dict[str, Rule | None] = field(default_factory=dict)

    @property
    def status_default(self) -> Object | None:
        """What the server writes into a new object."""
        return copy.deepcopy(self.root["properties"].get("status", {}).get("default"))

    def pruned(self, body: Mapping[str, Any]) -> Object:
        """Without the fields that the schema does not know. A copy."""
        known = {k: _prune(v, self.root["properties"].get(k, {})) for k, v in body.items()}
        return {k: v for k, v in known.items() if k == "metadata" or k in self.root["properties"]}

    def check(self, new: Object, old: Object | None) -> None:
        """Raises `Refusal` where the server would not store `new` over `old`."""
        for part, schema in self.root["properties"].items():
            if part != "metadata" and part in new and not _is_same(new, old, part):
                _check(new[part], schema, part)
        for name in self.root.get("required", ()):
            if name not in new:
                raise Refusal(f"{name}: Required value")
        self._rules(new, old, self.root, "")

    def _rules(self, new: Any, old: Any, schema: Object, path: str) -> None:
        for said in schema.get("x-kubernetes-validations", ()):
            rule = self._rule(said["rule"])
            if rule is None or ("oldSelf" in said["rule"] and old is None):
                continue
            if not rule(new, old):
                raise Refusal(f"{path or 'body'}: Invalid value: {said.get('message', said['rule'])}")
        for name, inner in schema.get("properties", {}).items():
            if isinstance(new, dict) and isinstance(new.get(name), dict) and not _is_same(new, old, name):
                self._rules(new[name], (old or {}).get(name), inner, f"{path}.{name}".strip("."))

    def _rule(self, text: str) -> Rule | None:
        if text not in self.compiled:
            self.compiled[text] = _compile(text)
        return self.compiled[text]

    def widened(self, path: str, word: str) -> "Schema":
        """As of a CRD that is one release newer: that enum has one word more."""
        root = copy.deepcopy(self.root)
        at = root
        for part in path.split("."):
            at = at["properties"][part]
        at["enum"] = [*at["enum"], word]
        return Schema(root)


def _is_same(new: Object, old: Object | None, name: str) -> bool:
    """What is stored already has been judged already."""
    return old is not None and name in old and new[name] == old[name]


@lru_cache
def shipped() -> Mapping[str, Schema]:
    """By kind, from crds/."""
    return {crd["spec"]["names"]["kind"]: Schema(_schema_of(crd)) for crd in _documents()}


def _documents() -> Iterator[Object]:
    for path in sorted(_CRDS.glob("*.yaml")):
        yield from filter(None, yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader))


def _schema_of(crd: Object) -> Object:
    root: Object = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return root


def _prune(value: Any, schema: Object) -> Any:
    if isinstance(value, list):
        return [_prune(item, schema.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        known = schema["properties"]
        return {k: _prune(v, known[k]) for k, v in value.items() if k in known and v is not None}
    extra = schema.get("additionalProperties")
    inner = extra if isinstance(extra, dict) else {}
    return {k: _prune(v, inner) for k, v in value.items()}


def _check(value: Any, schema: Object, path: str) -> None:
    kind = schema.get("type")
    if kind is not None and not _TYPES[kind](value):
        raise Refusal(f'{path}: Invalid value: must be of type {kind}: "{type(value).__name__}"')
    for problem in _problems(value, schema):
        raise Refusal(f"{path}: {problem}")
    if isinstance(value, dict):
        extra = schema.get("additionalProperties")
        for name, item in value.items():
            inner = schema.get("properties", {}).get(name) or (extra if isinstance(extra, dict) else {})
            _check(item, inner, f"{path}.{name}")
    if isinstance(value, list):
        for place, item in enumerate(value):
            _check(item, schema.get("items", {}), f"{path}[{place}]")


def _problems(value: Any, schema: Object) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(f'"{word}"' for word in schema["enum"])
        yield f'Unsupported value: "{value}": supported values: {supported}'
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f'Invalid value: "{value}": should match {schema["pattern"]}'
    if isinstance(value, int | float) and not schema.get("minimum", value) <= value <= schema.get(
        "maximum", value
    ):
        yield f"Invalid value: {value}: out of bounds"
    for few, many, kind in (
        ("minLength", "maxLength", str),
        ("minItems", "maxItems", list),
        ("", "maxProperties", dict),
    ):
        if isinstance(value, kind) and not schema.get(few, 0) <= len(value) <= schema.get(many, len(value)):
            yield "Invalid value: too long or too short"
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{name}: Required value"


def _compile(text: str) -> Rule | None:
    """The rule as a function of (self, oldSelf), or None if it is not that simple."""
    if not _SIMPLE.fullmatch(text):
        return None
    python = re.sub(rf"has\(({_PATH})\)", lambda m: f"_has({_steps(m[1])})", text)
    python = re.sub(rf"(?<![\w.(]){_PATH}|(?<=\(){_PATH}", lambda m: f"_at({_steps(m[0])})", python)
    python = python.replace("&&", " and ").replace("||", " or ")
    python = re.sub(r"!(?!=)", " not ", python)
    code = compile(python.strip(), "<rule>", "eval")

    def rule(new: Any, old: Any) -> bool:
        return bool(eval(code, {"_has": _has, "_at": _at, "self": new, "oldSelf": old}))

    return rule


def _steps(path: str) -> str:
    first, *rest = path.split(".")
    return f"{first}, {rest!r}"


def _has(value: Any, steps: list[str]) -> bool:
    return _at(value, steps) is not None


def _at(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value
