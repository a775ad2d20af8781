"""An HTTP proxy between the operator and the API server that makes chosen requests go wrong at a chosen moment.

Plain HTTP on loopback towards the operator, HTTPS to the server; the Authorization header passes, watches stream.
It runs in a thread of its own, so that a test may block while the proxy works.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from model_operator_demo.controlplane_access import Access
from support.proxy_rules import CUT, Answer, Cut, Outcome, Phase, Rule

_OF_THE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"})
_BIGGEST_BODY = 16 << 20  # bytes


@dataclass
class Seen:
    """A request that came through; `status` is what the client got, None when it got nothing."""

    method: str
    path: str
    query: str
    body: bytes
    status: int | None = None


class ApiProxy:
    """Listens from construction to `close`; `url` is the API server's address for the operator's kubeconfig."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._rules: list[Rule] = []
        self._connections: set[asyncio.Transport] = set()
        self._sending: set[asyncio.Future[aiohttp.ClientResponse]] = set()
        self._is_down = False
        self._listening = threading.Event()
        self.seen: list[Seen] = []
        self.url = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="api-proxy")
        self._thread.start()
        if not self._listening.wait(30):
            raise AssertionError("the API proxy does not listen")

    def rule(
        self,
        method: str,
        path: str,
        *,
        phase: Phase = Phase.REQUEST,
        body: str = "",
        nth: int | None = None,
        times: int | None = None,
        hold: bool = False,
        call: Callable[[], object] | None = None,
        then: Outcome = None,
    ) -> Rule:
        """Put a rule in force for requests of `method` whose path with query matches the pattern `path`,
        and whose body the pattern `body`.

        `nth` counts matching requests from 1 and takes only that one; `times` is how often it acts at most. It then
        does `call` (in a thread; e.g. `operator.kill`), holds the request until `release`, and ends it with `then`:
        an `Answer`, `CUT`, or None to go on. Rules act in the order in which they were made; the first that ends a
        request is the last.
        """

        async def make() -> Rule:
            rule = Rule(
                method, path, phase=phase, body=body, nth=nth, times=times, hold=hold, call=call, then=then
            )
            self._rules.append(rule)
            return rule

        return asyncio.run_coroutine_threadsafe(make(), self._loop).result(30)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those in force."""
        return tuple(self._rules)

    def remove(self, rule: Rule) -> None:
        """Out of force; it holds nobody any more."""
        rule.release()
        if rule in self._rules:
            self._rules.remove(rule)

    def clear(self) -> None:
        """No rule is in force any more, nobody is held."""
        for rule in self._rules:
            rule.release()
        self._rules.clear()

    def down(self) -> None:
        """As if the server had gone: open connections and watches are reset, and so is every new one."""
        self._is_down = True
        self._loop.call_soon_threadsafe(self._abort_all)

    def up(self) -> None:
        """As if it had come back."""
        self._is_down = False

    def cut_watches(self) -> None:
        """Reset every open connection once."""
        self._loop.call_soon_threadsafe(self._abort_all)

    @property
    def open_connections(self) -> int:
        """How many requests are under way, held ones and watches included."""
        return len(self._connections)

    def writes(self) -> list[Seen]:
        """The requests that change something, in order."""
        return [seen for seen in list(self.seen) if seen.method not in ("GET", "HEAD")]

    def close(self) -> None:
        """Lets go whom it holds and ends. Raises what a rule's call raised and nobody waited for."""
        failures = [rule.failure for rule in self._rules if rule.failure is not None]
        self.clear()
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(30)
        if failures:
            raise failures[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._closing = asyncio.Event()
        app = web.Application(client_max_size=_BIGGEST_BODY)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # Cancelled with its client, a held request is never sent on and a watch ends at the server too.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        context = ssl.create_default_context(cafile=str(self._access.ca))
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with aiohttp.ClientSession(
            connector=connector, auto_decompress=False, timeout=aiohttp.ClientTimeout(total=None)
        ) as self._session:
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._listening.set()
            await self._closing.wait()
            self._abort_all()
            await runner.cleanup()
            if self._sending:
                await asyncio.wait(self._sending, timeout=5)

    def _abort_all(self) -> None:
        for transport in self._connections:
            transport.abort()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            return web.Response()  # already gone
        self._connections.add(transport)
        try:
            return await self._exchange(request)
        finally:
            self._connections.discard(transport)

    async def _exchange(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen = Seen(request.method, request.path, request.query_string, body)
        self.seen.append(seen)
        if self._is_down:
            return _end(request, CUT, seen)
        ending = await self._apply(Phase.REQUEST, request, body)
        if ending is not None:
            return _end(request, ending, seen)
        # A request that is on its way is not called back, as on a real network.
        sending = asyncio.ensure_future(self._send_on(request, body))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)
        try:
            reply = await asyncio.shield(sending)
        except asyncio.CancelledError:
            sending.add_done_callback(_hang_up)  # its client has gone, and nobody reads the answer
            raise
        try:
            ending = await self._apply(Phase.REPLY, request, body)
            return _end(request, ending, seen) if ending is not None else await _stream(request, reply, seen)
        finally:
            _drop(reply)

    async def _apply(self, phase: Phase, request: web.Request, body: bytes) -> Outcome:
        for rule in [r for r in self._rules if r.strikes(phase, request.method, request.path_qs, body)]:
            ending = await rule.act()
            if ending is not None:
                return ending
        return None

    async def _send_on(self, request: web.Request, body: bytes) -> aiohttp.ClientResponse:
        return await self._session.request(
            request.method,
            URL(self._access.url + request.raw_path, encoded=True),
            headers=[(k, v) for k, v in request.headers.items() if k.lower() not in _OF_THE_CONNECTION],
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=("Accept-Encoding", "Content-Type", "User-Agent"),
        )


def _hang_up(sending: "asyncio.Future[aiohttp.ClientResponse]") -> None:
    if not sending.cancelled() and sending.exception() is None:
        _drop(sending.result())


def _drop(reply: aiohttp.ClientResponse) -> None:
    """Not read to its end, its connection is reset: a goodbye in TLS could outlive the proxy."""
    connection = reply.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    reply.close()


def _end(request: web.Request, outcome: Answer | Cut, seen: Seen) -> web.Response:
    if isinstance(outcome, Answer):
        seen.status = outcome.status
        return web.Response(status=outcome.status, body=outcome.body, headers=outcome.headers)
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _stream(request: web.Request, reply: aiohttp.ClientResponse, seen: Seen) -> web.StreamResponse:
    headers = [(k, v) for k, v in reply.headers.items() if k.lower() not in _OF_THE_CONNECTION]
    answer = web.StreamResponse(status=reply.status, reason=reply.reason, headers=dict(headers))
    seen.status = reply.status
    with contextlib.suppress(
        ConnectionError, aiohttp.ClientError
    ):  # either side has gone: the other one hears it
        await answer.prepare(request)
        async for chunk in reply.content.iter_any():
            await answer.write(chunk)
        await answer.write_eof()
    return answer
