"""What an adapter has read, without the account's own keys: a vendor's name, alias or URL may repeat what was sent.

Names and fields are kept as they are and shown to people, so `Cleaner` never sees them. A body that is sent back as it
came is left alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote

from model_operator.domain import Canary, Endpoint, Remote
from model_operator.providers.reading import Malformed
from model_operator.redaction import MASK

T = TypeVar("T")

SHORTEST: Final = 16
"""Characters; what is shorter may as well be a word of somebody's names."""

_OF_REMOTE: Final = tuple(field.name for field in fields(Remote) if field.name not in {"id", "url"})
"""All of it, whatever a field more will say; what is no text stays as it is."""


def spellings(keys: set[str]) -> tuple[str, ...]:
    """As they may stand in a name or a URL."""
    return tuple({form for key in keys if len(key) >= SHORTEST for form in (key, quote(key, safe=""))})


def keyless(found: T, keys: tuple[str, ...]) -> T:
    """The same with `***` for a key; what is no `Remote`, `Endpoint` or `Canary`, or a tuple of them, is left alone.

    Raises `Malformed` where an id repeats one: without it there is no such id.
    """
    return cast("T", _keyless(found, keys))


def _keyless(found: object, keys: tuple[str, ...]) -> object:
    match found:
        case tuple():
            return tuple(_keyless(one, keys) for one in found)
        case Remote() | Endpoint() | Canary() if _repeats(found, keys):
            return _masked(found, keys)
        case _:
            return found


def _repeats(found: Remote | Endpoint | Canary, keys: tuple[str, ...]) -> bool:
    texts = "\n".join(_texts(found))
    return any(key in texts for key in keys)


def _texts(found: Remote | Endpoint | Canary) -> Iterator[str]:
    yield found.id
    yield found.url or ""
    if isinstance(found, Remote):
        yield from _strings(tuple(getattr(found, name) for name in _OF_REMOTE))
    elif isinstance(found, Canary):
        yield from found.split or ()


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            yield from (text for pair in value.items() for inner in pair for text in _strings(inner))
        case tuple():
            yield from (text for inner in value for text in _strings(inner))
        case _:
            return


def _masked(found: Any, keys: tuple[str, ...]) -> Any:
    if any(key in found.id for key in keys):
        raise Malformed("an id that repeats a key of the account")
    names = {"url": found.url}
    if isinstance(found, Remote):
        names |= {name: getattr(found, name) for name in _OF_REMOTE}
    elif isinstance(found, Canary):
        names |= {"split": found.split}
    return replace(found, **{name: _without(value, keys) for name, value in names.items()})


def _without(value: Any, keys: tuple[str, ...]) -> Any:
    match value:
        case Enum():
            return value
        case str():
            for key in keys:
                value = value.replace(key, MASK)
            return value
        case Mapping():
            return {_without(name, keys): _without(inner, keys) for name, inner in value.items()}
        case tuple():
            return tuple(_without(inner, keys) for inner in value)
        case _:
            return value
