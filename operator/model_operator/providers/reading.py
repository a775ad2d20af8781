"""Values out of vendor JSON that nobody has checked: right type or None, and `Malformed` where there is no going on.

Both wire modules read through these, so that a renamed, missing or mistyped field is unknown and never a crash. One
meaning has many spellings, and this module is where they are known.
"""

import json
import math
import re
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from model_operator.domain import Value

WORD_LIMIT = 64
"""Most characters of a status word."""

VENDOR_TEXT = 16 * 1024
"""Most characters of a vendor's text that anything searches: whole the longest key in its longest spelling."""

NAME_LIMIT = 512
"""Most characters of a value that is kept as it is: an id, a name, a model, an alias, a field."""

_LARGEST = 1e18
_EXACT = float(1 << 53)
"""Beyond this a float stands for several whole numbers."""

_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_ZONE_WORD = re.compile(r"\s*(utc|gmt|z)\Z", re.IGNORECASE)
_EARLIEST = 1e8
"""In seconds since 1970; a smaller number counts something else."""
_MILLISECONDS = 1e11
"""From here on, a number is milliseconds since 1970: as seconds it would be the year 5138."""

Clean = Callable[[str], str]
"""Makes a vendor's text fit for people; see `Account.clean`."""


class Malformed(Exception):
    """A reply lacks what nothing can be done without; `str()` says what."""


def mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what} is not a JSON object")
    return value


def listed(value: Any, what: str) -> Sequence[Any]:
    """An array; null is an empty one, as some languages write it."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"{what} is not a JSON array")
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


def identity(value: Any) -> str | None:
    """An id, of whatever JSON type, in its one spelling. Else unknown, as the number 0 is: many languages spell "none" so."""
    if isinstance(value, str):
        return text(value)
    found = integer(value)
    return str(found) if found else None


def segment(id: str) -> str | None:
    """An id as one segment of a path; None for one that some server on the way could take for another path."""
    parts = re.split(r"[/\\]", id)
    if text(id) is None or "%" in id or any(part.strip() in ("", ".", "..") for part in parts):
        return None
    try:
        return quote(id, safe=":@+,=")
    except UnicodeEncodeError:  # half of a surrogate pair
        return None


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
        case float() if value.is_integer() and -_EXACT <= value <= _EXACT:
            return int(value)
        case str() if re.fullmatch(r"-?[0-9]{1,18}", value):
            return int(value)
        case _:
            return None


def count(value: Any) -> int | None:
    """How many there are: a whole number that is not negative."""
    found = integer(value)
    return found if found is not None and found >= 0 else None


def number(value: Any) -> float | None:
    """A finite number as a float, also as `"0.7"`."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and -_LARGEST <= value <= _LARGEST:
        return float(value)
    return None


def moment(value: Any) -> datetime | None:
    """A point in time, in UTC: RFC 3339 with or without its offset, a date of HTTP, seconds or milliseconds since 1970.

    Without an offset it is UTC, in which we ask.
    """
    try:
        found = _moment(value)
        return None if found is None else found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def _moment(value: Any) -> datetime | None:
    since_1970 = number(value)
    if since_1970 is not None:
        if since_1970 < _EARLIEST:
            return None
        return datetime.fromtimestamp(since_1970 / (1000 if since_1970 >= _MILLISECONDS else 1), UTC)
    if not isinstance(value, str) or len(value) > WORD_LIMIT:
        return None
    if re.match(r"\s*[A-Za-z]", value):
        return parsedate_to_datetime(value)
    return datetime.fromisoformat(_ZONE_WORD.sub("+00:00", value).strip())


def finite(value: Any) -> Any:
    """The same with null for what JSON cannot say: NaN and the infinities, which many write all the same."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {key: finite(inner) for key, inner in value.items()}
        case list():
            return [finite(inner) for inner in value]
        case _:
            return value


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


def digest(item: Any) -> str:
    """Changes whenever anything in the item does."""
    return blake2b(json.dumps(item, sort_keys=True).encode("ascii"), digest_size=12).hexdigest()
