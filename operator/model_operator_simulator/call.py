"""One request and its answer, as the vendors' halves of the simulator see them.

The exchange makes a `Call` from a `Request`, a vendor's app answers it with a `Reply` without waiting for anything,
and the exchange hands out that, or what a fault makes of it.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Json = Any  # what json.loads returns: no static type says it


def decoded(path: str) -> str:
    """A path percent-decoded segment by segment: a slash that was escaped within one stays escaped."""
    return "/".join(unquote(part).replace("/", "%2F") for part in path.split("/"))


@dataclass(frozen=True)
class Request:
    """An HTTP request as whoever frames it hands it over.

    Args:
        method: `GET` and so on.
        path: from the root, with the vendor's segment, as `decoded` makes it.
        query: parameters in their order.
        headers: by any spelling of their names.
        raw: the body.
        base: `http://host:port` as the client wrote it.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    raw: bytes
    base: str


@dataclass
class Reply:
    """What to send: ``payload`` as JSON, or ``text`` as it is, or ``chunks`` as a stream of server-sent events."""

    status: int = 200
    payload: Json = None
    text: str | bytes | None = None
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] | None = None

    def body(self) -> bytes:
        """The bytes of the body; a payload of ``None`` without text is an empty body."""
        if self.text is not None:
            return self.text if isinstance(self.text, bytes) else self.text.encode("utf-8", "replace")
        return b"" if self.payload is None else json.dumps(self.payload).encode()


class Refused(Exception):
    """The vendor refuses the request; carries the whole reply in the vendor's own form."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class BadBody(ValueError):
    """The request's body is not a JSON object; the text says why, for the vendor's own error."""


@dataclass
class Distortion:
    """What fault rules ask of the answer itself (the rest of a fault is done to the connection)."""

    list_lag_s: float = 0.0
    stale_read_s: float = 0.0
    page_shift: int = 0
    stale_reply: bool = False
    stuck: bool = False
    fail_after_s: float | None = None
    fail_message: str = "Simulated failure"


@dataclass
class Call:
    """A request to a vendor, below its prefix: path `/v1/things` for `/vendor/v1/things`."""

    vendor: str
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    raw: bytes
    base: str
    distortion: Distortion = field(default_factory=Distortion)
    account: str = ""

    def json_object(self) -> dict[str, Json]:
        """The body as a JSON object.

        Raises:
            BadBody: not JSON, not an object, or with numbers that JSON does not know (NaN, 1e999).
        """
        try:
            value = json.loads(self.raw, parse_constant=_no_constant, parse_float=_finite)
        except RecursionError as error:
            raise BadBody("the body is nested too deeply") from error
        except ValueError as error:
            raise BadBody(f"the body is not valid JSON: {error}"[:200]) from error
        if not isinstance(value, dict):
            raise BadBody("the body must be a JSON object")
        return value

    def param(self, name: str) -> str | None:
        """The last value of a query parameter, or ``None``."""
        values = self.params(name)
        return values[-1] if values else None

    def params(self, name: str) -> list[str]:
        """All values of a query parameter."""
        return [value for key, value in self.query if key == name]

    def bearer(self) -> str | None:
        """The token of ``Authorization: Bearer TOKEN``, or ``None``."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None


Handler = Callable[[Call, tuple[str, ...]], Reply]


@dataclass(frozen=True)
class Route:
    """One documented operation: the pattern's groups are handed to the handler."""

    method: str
    pattern: re.Pattern[str]
    operation: str
    handler: Handler


def route(method: str, path: str, operation: str, handler: Handler) -> Route:
    """A route from a path with ``{}`` for a segment, e.g. ``/v1/deployments/{}``."""
    pattern = re.escape(path).replace(r"\{\}", "([^/]+)")
    return Route(method, re.compile(pattern + r"\Z"), operation, handler)


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text} is out of range")
    return value
