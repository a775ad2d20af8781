"""A process's way to the providers: what it sends takes time, is noted, and goes on without it if it dies.

Also what no fault rule of the simulator can do: one id that the provider forgets for a while.
"""

import asyncio
import json
import re
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import httpx

from model_operator.models.wire import format_time
from support.in_process import InProcess
from support.rows import ROWS
from support.virtual_time import START

_OPERATIONS = (
    ("POST", r"/deployments$", "create"),
    ("GET", r"/deployments$", "list"),
    ("GET", r"/deployments/[^/]+$", "get"),
    ("GET", r"/metrics$", "metrics"),
    ("PUT", r"/deployments/[^/]+$", "update"),
    ("PATCH", r"/deployments/[^/]+$", "update"),
    ("DELETE", r"/deployments/[^/]+$", "delete"),
    ("POST", r"/(pause|resume)$", "power"),
    ("POST", r"/canary-endpoints$", "create_canary"),
    ("PATCH", r"/canary-endpoints/[^/]+$", "update_canary"),
    ("POST", r"/endpoints$", "create_endpoint"),
)


class Sent(NamedTuple):
    """One request to a provider, as it left the process."""

    at: float
    vendor: str
    operation: str
    id: str
    body: Any


@dataclass(eq=False)
class Way(httpx.AsyncBaseTransport):
    """`met(point, sent)` is awaited when a request leaves (`create.sent`) and when its answer is ready (`create.done`)."""

    inner: InProcess
    met: Callable[[str, Sent], None]
    latency: Callable[[], float]
    forgotten: set[str] = field(default_factory=set)
    """Ids that the provider does not know at the moment."""
    figures_end: Callable[[], float | None] = lambda: None
    """The loop's time at which its metrics end, if they have stopped."""
    lies: list[tuple[str, str]] = field(default_factory=list)
    """(vendor, operation): the next such request is refused under a 200."""
    empties: list[tuple[str, str]] = field(default_factory=list)
    """(vendor, operation): the next such request is carried out, and answered with an empty 200."""
    is_cut: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.check()
        sent = read(request)
        self.met(f"{sent.operation}.sent", sent)
        # In no context of the client's: a server works on when its client has gone.
        work = asyncio.get_running_loop().create_task(self._carry(request, sent), context=Context())
        answer = await asyncio.shield(work)
        self.check()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check(self) -> None:
        """Raises `CancelledError` in a process that is dead."""
        if self.is_cut:
            raise asyncio.CancelledError

    async def _carry(self, request: httpx.Request, sent: Sent) -> httpx.Response | Exception:
        await asyncio.sleep(self.latency())
        answer: httpx.Response | Exception
        try:
            answer = await self._ask(request, sent)
        except httpx.HTTPError as error:
            answer = error
        self.met(f"{sent.operation}.done", sent)
        await asyncio.sleep(self.latency())
        return answer

    async def _ask(self, request: httpx.Request, sent: Sent) -> httpx.Response:
        if sent.id in self.forgotten:
            unknown = ROWS[sent.vendor].missing_id
            url = request.url.copy_with(path=request.url.path.replace(sent.id, unknown))
            request = httpx.Request(request.method, url, headers=request.headers, content=request.content)
        if (sent.vendor, sent.operation) in self.lies:
            self.lies.remove((sent.vendor, sent.operation))
            return _answer({"error": {"code": "quota_exceeded", "message": "no instances available"}}, "")
        end = self.figures_end()
        if end is not None and sent.operation == "metrics":
            shown = min(request.url.params["end_time"], format_time(START + timedelta(seconds=end)))
            url = request.url.copy_set_param("end_time", shown)
            request = httpx.Request(request.method, url, headers=request.headers)
        response = await self.inner.handle_async_request(request)
        if (sent.vendor, sent.operation) in self.empties:
            self.empties.remove((sent.vendor, sent.operation))
            return httpx.Response(
                200, headers={"Date": response.headers["Date"]}, stream=httpx.ByteStream(b"")
            )
        if self.forgotten and sent.operation == "list" and response.status_code == 200:
            return await _without(response, self.forgotten)
        return response


async def _without(response: httpx.Response, ids: set[str]) -> httpx.Response:
    found = json.loads(await response.aread())
    items = found if isinstance(found, list) else found["deployments"]
    kept = [item for item in items if str(item["id"]) not in ids]
    shown = kept
    if isinstance(found, dict):
        total = {"total": found["total"] - (len(items) - len(kept))} if "total" in found else {}
        shown = {**found, "deployments": kept, **total}
    return _answer(shown, response.headers["Date"])


def _answer(body: Any, date: str) -> httpx.Response:
    """Not read yet, as one from a socket."""
    headers = {"Content-Type": "application/json", "Date": date}
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(json.dumps(body).encode()))


def read(request: httpx.Request) -> Sent:
    path = request.url.path
    operation = next(
        (
            word
            for method, pattern, word in _OPERATIONS
            if method == request.method and re.search(pattern, path)
        ),
        "other",
    )
    found = re.search(r"/(?:deployments|canary-endpoints)/([^/]+)", path)
    body = json.loads(request.content) if request.content else None
    at = asyncio.get_running_loop().time()
    return Sent(at, path.split("/", 2)[1], operation, found[1] if found else "", body)
