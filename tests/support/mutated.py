"""What becomes of a sound answer on an odd day: other types, nulls, spellings, sizes, headers, statuses, bodies."""

import gzip
import json
import math
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

from support.recorded import Answer

KEY: Final = "sk-very-secret-0123456789"
SAID: Final = "the flux capacitor is warming up"
"""What a refusal says, so that its way to people can be followed."""

DEEP: Final = "@deep@"
"""Stands for a value that is nested deeper than anybody reads."""

_OTHERS: Final[Sequence[Any]] = (
    None,
    True,
    False,
    0,
    -1,
    7.5,
    1e308,
    10**19,
    10**400,
    math.nan,
    math.inf,
    "",
    " ",
    "0",
    "null",
    "x" * 70_000,
    "\x1b]0;owned\x07",
    "two\nlines",
    "../../v1/subscription",
    "a/b",
    "%2e%2e",
    "\ud800",
    "\u202eevil",
    f"the key is {KEY}",
    [],
    {},
    [None],
    [[]],
    {"id": "dep_1"},
    DEEP,
)
_STATUSES: Final = (
    *(
        200,
        201,
        202,
        204,
        206,
        299,
        300,
        302,
        304,
        400,
        401,
        402,
        403,
        404,
        405,
        408,
        409,
        410,
        413,
        418,
        421,
        422,
    ),
    *(423, 424, 425, 429, 451, 499, 500, 501, 502, 503, 504, 507, 520, 599),
)
_HEADERS: Final = (
    *(
        ("retry-after", value)
        for value in ("0", "-5", "1e9", "9" * 400, "inf", "NaN", "soon", "0.5", "", "٣")
    ),
    *(
        ("retry-after", value)
        for value in ("Fri, 31 Dec 9999 23:59:59 -1400", "Thu, 99 Jan 2026 12:00:00 GMT")
    ),
    *(
        ("date", value)
        for value in ("", "yesterday", "Fri, 31 Dec 9999 23:59:59 -1400", "0001-01-01T00:00:00+14:00")
    ),
    *(("content-type", value) for value in ("", "text/html", "application/json; charset=utf-16", "x" * 4000)),
    *(("content-encoding", value) for value in ("br", "gzip", "deflate", "identity", "GZIP ", "x")),
    *(("x-request-id", value) for value in ("\x1b[31m", KEY, "x" * 4000)),
)
_SHAPES: Final[Sequence[Callable[[str], Any]]] = (
    lambda said: {"error": {"code": "deployment_error", "message": said, "param": None}},
    lambda said: {"type": "about:blank", "title": "Error", "status": 418, "detail": said, "instance": "/x"},
    lambda said: {"detail": [{"loc": ["body", "x"], "msg": said, "type": "value_error"}]},
    lambda said: {"errors": [{"message": said}, {"message": "b"}]},
    lambda said: {"error": said},
    lambda said: {"status": "error", "message": said},
    lambda said: {"code": "oops", "message": said},
)


def mutate(random: Random, answer: Answer) -> Answer:
    """One to three changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        answer = random.choice(_MUTATIONS)(random, answer)
    return answer


def refusing(random: Random, answer: Answer) -> Answer:
    """A refusal in any known shape, which says `SAID` and other things."""
    noise = random.choice(("", "\n\r\t", f" {KEY}", " \x1b[31m", " y" * 5000))
    body = json.dumps(random.choice(_SHAPES)(SAID + noise))
    mark = random.choice(("", "", "\ufeff"))
    status = random.choice(_STATUSES)
    return replace(
        answer, status=status, headers={"content-type": "application/json"}, body=(mark + body).encode()
    )


def _value(random: Random, answer: Answer) -> Answer:
    return _changed(answer, lambda holder, place: holder.__setitem__(place, random.choice(_OTHERS)), random)


def _gone(random: Random, answer: Answer) -> Answer:
    return _changed(answer, lambda holder, place: holder.__delitem__(place), random)


def _renamed(random: Random, answer: Answer) -> Answer:
    def rename(holder: Any, place: Any) -> None:
        if isinstance(holder, dict):
            holder[random.choice((place.upper(), place + "s", "id", "error", "status"))] = holder.pop(place)

    return _changed(answer, rename, random)


def _spelled(random: Random, answer: Answer) -> Answer:
    """The same meaning, differently."""

    def spell(holder: Any, place: Any) -> None:
        holder[place] = _other_spelling(holder[place])

    return _changed(answer, spell, random)


def _other_spelling(value: Any) -> Any:
    match value:
        case bool():
            return int(value)
        case int() if abs(value) < 1 << 53:
            return str(value) if value % 2 else float(value)
        case float() if math.isfinite(value) and abs(value) < 1e30:
            return struct.unpack("f", struct.pack("f", value))[0]
        case str() if value.endswith("Z"):
            return value[:-1]
        case str():
            return value.swapcase()
        case [] | {}:
            return None
        case _:
            return value


def _all_null(_: Random, answer: Answer) -> Answer:
    parsed = _parsed(answer)
    if isinstance(parsed, dict):
        return _written(answer, dict.fromkeys(parsed))
    return _written(answer, [None] * len(parsed) if isinstance(parsed, list) else None)


def _status(random: Random, answer: Answer) -> Answer:
    return replace(answer, status=random.choice(_STATUSES))


def _header(random: Random, answer: Answer) -> Answer:
    name, value = random.choice(_HEADERS)
    return replace(answer, headers={**answer.headers, name: value})


def _body(random: Random, answer: Answer) -> Answer:
    return replace(answer, body=random.choice(_BODIES)(answer.body))


_BODIES: Final[Sequence[Callable[[bytes], bytes]]] = (
    lambda _: b"",
    lambda _: b"null",
    lambda _: b"[]",
    lambda _: b"{}",
    lambda _: b'"' + SAID.encode() + b'"',
    lambda _: b"<html><head><title>502 Bad Gateway</title></head></html>",
    lambda _: b"\xff\xfe\x00",
    lambda _: b"[" * 100_000,
    lambda _: b'{"error": {"code": "quota_exceeded", "message": "full"}}',
    lambda body: b"\xef\xbb\xbf" + body,
    lambda body: body[: len(body) // 2],
    lambda body: body + body,
    lambda body: body + b" " * (1 << 21),
    lambda body: b"[" + b",".join([body or b"{}"] * 300) + b"]",
    gzip.compress,
)
_MUTATIONS: Final = (
    _value,
    _value,
    _value,
    _gone,
    _gone,
    _renamed,
    _spelled,
    _spelled,
    _all_null,
    _status,
    _header,
    _body,
)


def _changed(answer: Answer, change: Callable[[Any, Any], None], random: Random) -> Answer:
    parsed = _parsed(answer)
    places = list(_places(parsed))
    if not places:
        return answer
    change(*random.choice(places))
    return _written(answer, parsed)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, child in inner:
        yield value, place
        yield from _places(child)


def _parsed(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def _written(answer: Answer, value: Any) -> Answer:
    deep = "[" * 3000 + "]" * 3000
    return replace(answer, body=json.dumps(value).replace(f'"{DEEP}"', deep).encode())
