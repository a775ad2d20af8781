"""The logs of a PaiTIENT deployment: lines that follow its transitions, and the reply that pages through them.

The vendor's reply has a ``next_token``, yet no request parameter takes one; it is given out and not read.
"""

import base64
import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from model_operator_simulator.call import Call, Json, Reply
from model_operator_simulator.clock import rfc3339

from .errors import PaitientError
from .times import parsed_time

FILTERS = ("level", "component", "request_id", "message")
KEPT = 20_000
MOST = 1000


@dataclass(frozen=True)
class Line:
    """One line; ``at`` in clock seconds."""

    at: float
    level: str
    message: str
    component: str
    request_id: str

    def shown(self) -> dict[str, str]:
        """As a reply shows it."""
        facts = {"level": self.level, "message": self.message, "component": self.component}
        return {"timestamp": rfc3339(self.at), **facts, "request_id": self.request_id}


class LogBook:
    """A deployment's lines, oldest first; the last 20,000."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=KEPT)

    def add(self, line: Line) -> None:
        """Note a line."""
        self._lines.append(line)

    def reply(self, call: Call, now: float) -> Reply:
        """``GET …/logs`` with ``start_time``, ``end_time`` (both inclusive), ``limit``, ``filter``, ``order``.

        Raises:
            PaitientError: a parameter does not fit.
        """
        start = parsed_time(call, "start_time", 0.0)
        end = parsed_time(call, "end_time", now)
        order = call.param("order") or "desc"
        if order not in ("asc", "desc"):
            raise PaitientError("invalid_parameters", "order must be asc or desc", "order")
        limit = _limit(call)
        wanted = list(self._wanted(start, end, call.param("filter")))
        if order == "desc":
            wanted.reverse()
        page = wanted[:limit]
        token = _token(page[-1]) if len(wanted) > limit else None
        return Reply(200, {"logs": [line.shown() for line in page], "pagination": {"next_token": token}})

    def _wanted(self, start: float, end: float, text: str | None) -> Iterator[Line]:
        name, value = _filter(text)
        # Timestamps are shown in whole seconds, so the range is compared in whole seconds too.
        for line in self._lines:
            if int(start) <= int(line.at) <= int(end) and (not name or getattr(line, name) == value):
                yield line


def _filter(text: str | None) -> tuple[str, str]:
    if not text:
        return "", ""
    name, equals, value = text.partition("=")
    if not equals or name not in FILTERS:
        known = ", ".join(FILTERS)
        raise PaitientError(
            "invalid_parameters", f"filter must be NAME=VALUE with a name of {known}", "filter"
        )
    return name, value


def _limit(call: Call) -> int:
    text = call.param("limit")
    if text is None:
        return 100
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= MOST):
        raise PaitientError("invalid_parameters", f"limit must be an integer from 1 to {MOST}", "limit")
    return int(text)


def _token(line: Line) -> str:
    key: Json = {"last_evaluated_key": {"timestamp": rfc3339(line.at)}}
    return base64.b64encode(json.dumps(key, separators=(",", ":")).encode()).decode()
