"""Rules of the proxy before the API server (`apiproxy`): which request goes wrong, when, and how."""

import asyncio
import enum
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from support.deadlines import HALF_A_MINUTE, NotYet


class Phase(enum.Enum):
    """When a rule acts: before the server sees the request, or after it answered and the client does not know yet."""

    REQUEST = "request"
    REPLY = "reply"


@dataclass(frozen=True)
class Answer:
    """What a rule says instead of the server."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def status_error(
    code: int, reason: str, message: str = "made by the test", retry_after: int | None = None
) -> Answer:
    """A Kubernetes Status, as the server itself words its errors."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
    }
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Answer(code, json.dumps(body).encode(), headers)


class Cut(enum.Enum):
    """Instead of an answer: the connection is reset."""

    CUT = "cut"


CUT = Cut.CUT
Outcome = Answer | Cut | None


class Rule:
    """One rule in force; `ApiProxy.rule` makes them."""

    def __init__(
        self,
        method: str,
        path: str,
        *,
        phase: Phase,
        body: str,
        nth: int | None,
        times: int | None,
        hold: bool,
        call: Callable[[], object] | None,
        then: Outcome,
    ) -> None:
        self.phase = phase
        self.failure: BaseException | None = None
        self._method = method
        self._path = re.compile(path)
        self._body = re.compile(body)
        self._nth = nth
        self._times = times
        self._call = call
        self._then = then
        self._matched = 0
        self._struck = 0
        self._reached = 0
        self._changed = threading.Condition()
        self._released = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not hold:
            self._released.set()

    @property
    def reached(self) -> int:
        """How many requests have come to the rule and had its call behind them."""
        return self._reached

    def wait(self, times: int = 1, within: timedelta = HALF_A_MINUTE) -> None:
        """Until so many requests have come to the rule, its call included; a held one still waits. Raises `NotYet`."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._reached >= times, within.total_seconds()):
                raise NotYet(f"{self._reached} of {times} requests {self._method} {self._path.pattern}")
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def release(self) -> None:
        """Let go whom it holds; it holds nobody any more."""
        self._loop.call_soon_threadsafe(self._released.set)

    def strikes(self, phase: Phase, method: str, path: str, body: bytes) -> bool:
        """Whether it acts on this request; counts it. For the proxy."""
        if phase is not self.phase or method != self._method or not self._path.search(path):
            return False
        if self._body.pattern and not self._body.search(body.decode("utf-8", "replace")):
            return False
        self._matched += 1
        if self._nth not in (None, self._matched) or self._struck == self._times:
            return False
        self._struck += 1
        return True

    async def act(self) -> Outcome:
        """Call, hold, and how the request ends. For the proxy."""
        # In a thread, and to its end: it may kill the very process whose request this is.
        await asyncio.shield(asyncio.to_thread(self._run))
        await self._released.wait()
        return self._then

    def _run(self) -> None:
        try:
            if self._call is not None:
                self._call()
        except BaseException as error:  # noqa: BLE001  it belongs to the thread of the test: `wait` raises it there
            self.failure = error
        with self._changed:
            self._reached += 1
            self._changed.notify_all()
