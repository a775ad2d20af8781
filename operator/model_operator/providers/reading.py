"""Values out of vendor JSON that nobody has checked: right type or None, and `Malformed` where there is no going on.

Both wire modules read through these, so that a renamed, missing or mistyped field is unknown and never a crash.
"""

import json
import re
from collections.abc import Callable, Container, Mapping
from hashlib import blake2b
from typing import Any

from model_operator.domain import Value

WORD_LIMIT = 64
"""Most characters of a status word."""

VENDOR_TEXT = 16 * 1024
"""Most characters of a vendor's text that anything searches: whole the longest key in its longest spelling."""

NAME_LIMIT = 512
"""Most characters of a value that is kept as it is: an id, a name, a model, an alias, a field."""

_LARGEST = 1e18

Clean = Callable[[str], str]
"""Makes a vendor's text fit for people; see `Account.clean`."""


class Malformed(Exception):
    """A reply lacks what nothing can be done without; `str()` says what."""


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not a JSON object")
    return value


def cut(text: str, most: int = VENDOR_TEXT) -> str:
    """The beginning of a text, before anything searches it. No word is cut in two: half a key is not recognised."""
    if len(text) <= most:
        return text
    last = re.search(r"[^\x21-\x7e][\x21-\x7e]*\Z", text[:most])  # a word of such characters as a key has
    return text[: last.start() if last else most]


def text(value: Any) -> str | None:
    """A non-empty string that may be kept and shown as it is: printable and not too long. Else unknown."""
    found = isinstance(value, str) and 0 < len(value) <= NAME_LIMIT and value.isprintable()
    return value if found else None


def note(value: Any) -> str | None:
    """`text`, or an empty one."""
    return "" if value == "" else text(value)


def items(value: Any) -> list[Any]:
    """Of a list; none of anything else, such as null."""
    return value if isinstance(value, list) else []


def words(value: Any) -> str:
    """Any string, for `Clean`; else nothing."""
    return value if isinstance(value, str) else ""


def boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def integer(value: Any) -> int | None:
    """A whole number, also as `3.0` or `"3"`."""
    match value:
        case bool():
            return None
        case int() if -_LARGEST <= value <= _LARGEST:
            return value
        case float() if value.is_integer() and -_LARGEST <= value <= _LARGEST:
            return int(value)
        case str() if re.fullmatch(r"-?[0-9]{1,18}", value):
            return int(value)
        case _:
            return None


def number(value: Any) -> float | None:
    """A finite number as a float, also as `"0.7"`."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST:
        return float(value)
    return None


def word(value: Any, known: Container[str], clean: Clean) -> str:
    """A status word as it is to be shown; empty if there is none. A known one needs no cleaning."""
    if not isinstance(value, str):
        return ""
    return value if value in known else clean(value)[:WORD_LIMIT]


def url(value: Any) -> str | None:
    """An http(s) URL without blanks or credentials, at most 2,048 characters."""
    found = text(value)
    if found is None or len(found) > 2048 or not re.fullmatch(r"https?://[^\s@\\]+", found):
        return None
    return found if found.isprintable() else None


def shown(
    item: Mapping[str, Any], readers: Mapping[str, tuple[str, Callable[[Any], Value]]]
) -> dict[str, Value]:
    """Owned fields by path. An absent or mistyped key is left out (unknown); an explicit null is None (unset)."""
    fields: dict[str, Value] = {}
    for path, (key, read) in readers.items():
        if key not in item:
            continue
        value = item[key]
        if value is None or (read(value)) is not None:
            fields[path] = None if value is None else read(value)
    return fields


def digest(item: Mapping[str, Any]) -> str:
    """Changes whenever anything in the item does."""
    return blake2b(json.dumps(item, sort_keys=True).encode("ascii"), digest_size=12).hexdigest()
