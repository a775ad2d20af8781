"""What an adapter has read, without the account's own keys: a vendor's name, alias or URL may repeat what was sent.

Names and fields are kept as they are and shown to people, so `Cleaner` never sees them. A body that is sent back as it
came is left alone.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from enum import Enum
from operator import attrgetter
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

_all_of: Final = attrgetter(*_OF_REMOTE)


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
    """Each LIST asks this of all its items, so it only looks at texts that are long enough for a key."""
    left: list[object] = [found.id, found.url]
    if isinstance(found, Remote):
        left += _all_of(found)
    elif isinstance(found, Canary):
        left += found.split or ()
    while left:
        value = left.pop()
        if isinstance(value, str):
            if len(value) >= SHORTEST and any(key in value for key in keys):
                return True
        elif isinstance(value, tuple):
            left += value
        elif isinstance(value, Mapping):
            left += value
            left += value.values()
    return False


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
