"""Odd days: the same answers in the other spellings that vendors, their gateways and their languages are known to use.

Nothing here changes what an answer means; a client has to understand all of them.
"""

import json
import re
import struct
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from .call import Json, Reply
from .clock import milliseconds, rfc3339
from .sections import Section
from .vendor import Api

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
_KEPT = frozenset({401, 404})
_TAKEN = re.compile(r"already exists|in use|taken", re.IGNORECASE)


class SpellingKnobs(Section):
    """How all vendors' answers are written."""

    empty_lists: Literal["array", "null"] = Field("array", description="An empty array, or null instead.")
    floats: Literal["double", "single"] = Field(
        "double",
        description="Single: numbers that are not whole went through 32 bits, 0.7 is 0.699999988079071.",
    )
    ids: Literal["number", "text", "decimal"] = Field(
        "number", description="How an id that is a number is written: 7, as text, or 7.0."
    )
    times: Literal["offset", "naive", "milliseconds"] = Field(
        "offset", description="RFC 3339 with its offset, without one, or milliseconds since 1970."
    )
    heartbeat: bool = Field(
        False, description="updated_at and statusLastUpdated are the time of the answer, whatever changed."
    )
    not_a_number: bool = Field(False, description="Each object has `estimatedTps`, which is NaN.")
    byte_order_mark: bool = Field(False, description="Each body begins with a byte order mark.")
    refusals: Literal["status", "success"] = Field(
        "status", description="Success: a refusal comes under 200 as an error object, except 401 and 404."
    )
    not_now_status: Literal[409, 421, 423, 424, 425, 400] = Field(
        409, description="Status code of a conflict that passes; a name that is taken stays 409."
    )


_USUAL = SpellingKnobs()


def respell(reply: Reply, knobs: SpellingKnobs, api: Api, now: float) -> Reply:
    """The reply as these knobs write it. `now` is clock time."""
    if knobs == _USUAL or reply.chunks is not None:
        return reply
    reply = _as_refused(reply, knobs)
    body = reply.body()
    if not body or "json" not in reply.content_type:
        return reply
    try:
        payload = json.loads(body)
    except ValueError:  # a fault has had it
        return reply
    if reply.status < 300:
        payload = _walk(payload, _beat(now)) if knobs.heartbeat else payload
        payload = _walk(payload, _speller(knobs))
        if knobs.not_a_number:
            for item in api.objects(payload) if isinstance(payload, dict | list) else ():
                if isinstance(item, dict):
                    item["estimatedTps"] = float("nan")
    mark = b"\xef\xbb\xbf" if knobs.byte_order_mark else b""
    return Reply(
        reply.status,
        text=mark + json.dumps(payload).encode(),
        content_type=reply.content_type,
        headers=reply.headers,
    )


def _as_refused(reply: Reply, knobs: SpellingKnobs) -> Reply:
    if reply.status < 400:
        return reply
    text = reply.body().decode("utf-8", "replace")
    if reply.status == 409 and not _TAKEN.search(text):
        reply.status = knobs.not_now_status
        if knobs.not_now_status == 400 and isinstance(reply.payload, dict):
            reply.payload = json.loads(
                json.dumps(reply.payload).replace(" is ", " is currently in progress: ")
            )
    if knobs.refusals == "success" and reply.status not in _KEPT:
        payload = reply.payload if isinstance(reply.payload, dict) else {"message": text}
        error = payload if "error" in payload else {"error": payload}
        return Reply(200, error, headers=reply.headers)
    return reply


def _walk(value: Json, change: Callable[[str, Any], Any], key: str = "") -> Json:
    if isinstance(value, dict):
        return {name: _walk(inner, change, name) for name, inner in value.items()}
    if isinstance(value, list) and value:
        return [_walk(inner, change, key) for inner in value]
    return change(key, value)


def _beat(now: float) -> Callable[[str, Any], Any]:
    beats = {"updated_at": rfc3339(now), "statusLastUpdated": milliseconds(now)}
    return beats.get


def _speller(knobs: SpellingKnobs) -> Callable[[str, Any], Any]:
    def spell(key: str, value: Any) -> Any:
        match value:
            case []:
                return None if knobs.empty_lists == "null" else value
            case bool():
                return value
            case int() if key == "id":
                return {"number": value, "text": str(value), "decimal": float(value)}[knobs.ids]
            case float() if knobs.floats == "single" and abs(value) < 1e38:
                return struct.unpack("f", struct.pack("f", value))[0]
            case str() if knobs.times != "offset" and _TIME.fullmatch(value):
                return (
                    value[:-1]
                    if knobs.times == "naive"
                    else round(datetime.fromisoformat(value).timestamp() * 1000)
                )
            case _:
                return value

    return spell
