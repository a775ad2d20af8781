"""Parasail's `speculativeConfig`: an object of its own inside a deployment, of which a spec may name some keys.

Pure. The names are those of a client that was tested against the live API; the document has none of them.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from model_operator.domain import Fields, Value
from model_operator.models.parasail import ParasailSpec, SpeculativeConfig
from model_operator.providers.reading import integer, shown, text

_KEY: Final = "speculativeConfig"
_PATH: Final = f"parasail.{_KEY}."

READ: Final[Mapping[str, tuple[str, Callable[[Any], Value]]]] = {
    f"{_PATH}method": ("method", text),
    f"{_PATH}numSpeculativeTokens": ("numSpeculativeTokens", integer),
    f"{_PATH}maxModelLen": ("maxModelLen", integer),
    f"{_PATH}disableByBatchSize": ("disableByBatchSize", integer),
    f"{_PATH}promptLookupMin": ("promptLookupMin", integer),
    f"{_PATH}promptLookupMax": ("promptLookupMax", integer),
    f"{_PATH}eagleTopK": ("eagleTopK", integer),
    f"{_PATH}numSteps": ("numSteps", integer),
}


def fields_of(block: ParasailSpec) -> Fields:
    config = block.speculative_config or SpeculativeConfig()
    named = config.model_dump(by_alias=True, exclude_none=True)
    return {f"{_PATH}{name}": value for name, value in named.items()}


def fields_shown(item: Mapping[str, Any]) -> dict[str, Value]:
    found = item.get(_KEY)
    return shown(found, READ) if isinstance(found, dict) else {}


def whole(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Null, or an object: in either case all that there is of it."""
    return (_PATH,) if _KEY in item and isinstance(item[_KEY], dict | None) else ()


def edited(current: Mapping[str, Any], changes: Fields, removed: frozenset[str]) -> dict[str, Any]:
    """The object with these keys, and without those; what else is in it stays. Nothing where it does not change."""
    named = {key: changes[path] for path, (key, _) in READ.items() if path in changes}
    gone = {key for path, (key, _) in READ.items() if path in removed}
    found = current.get(_KEY)
    before = found if isinstance(found, dict) else {}
    if not named and not gone & before.keys():
        return {}
    return {_KEY: {key: value for key, value in (before | named).items() if key not in gone} or None}


def completed(body: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """With what the spec names, where the vendor's GET showed nothing of it."""
    return dict(body) if _KEY in body else edited({}, fields, frozenset()) | dict(body)
