"""The simulator on a socket: a request as aiohttp has it becomes a `Request`, an `Outcome` becomes bytes.

Nothing else in the package knows that there are sockets.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from aiohttp import web

from .call import Request, decoded
from .outcome import Complete, Cut, Outcome

# How often a clock that runs by itself is looked at while nobody asks: only webhooks notice.
TICK_SECONDS = 0.2


class Served(Protocol):
    """What stands behind the socket."""

    async def ask(self, request: Request) -> Outcome:
        """What becomes of a request."""

    async def aclose(self) -> None:
        """End what is under way."""

    def body_limit(self, path: str) -> int:
        """Bytes of a body to this path."""

    def settle(self) -> None:
        """Let happen what is due."""


@asynccontextmanager
async def listening(served: Served, host: str, port: int) -> AsyncIterator[str]:
    """Listen until the context ends; yields the base URL without a final slash.

    Raises:
        OSError: the address cannot be had.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _handle(served, request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    ticker = asyncio.create_task(_tick(served))
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}"
    finally:
        ticker.cancel()
        await served.aclose()
        await runner.cleanup()


async def _tick(served: Served) -> None:
    while True:
        await asyncio.sleep(TICK_SECONDS)
        served.settle()


async def _handle(served: Served, request: web.Request) -> web.StreamResponse:
    raw = await _read(request, served.body_limit(request.path))
    asked = Request(
        method=request.method,
        path=decoded(request.rel_url.raw_path),
        query=list(request.query.items()),
        headers=request.headers,
        raw=raw,
        base=f"{request.scheme}://{request.host}",
    )
    return await _send(request, await served.ask(asked))


async def _read(request: web.Request, limit: int) -> bytes:
    """The body, or so much of it that it is seen to be too long."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > limit:
            break
    return bytes(body)


async def _send(request: web.Request, outcome: Outcome) -> web.StreamResponse:
    if isinstance(outcome, Complete):
        if len(outcome.parts) == 1:
            return web.Response(status=outcome.status, body=outcome.body, headers=outcome.headers)
        return await _stream(request, outcome.status, outcome.headers, outcome.parts)
    if isinstance(outcome, Cut):
        with suppress(ConnectionError):
            await _stream(request, outcome.status, outcome.headers, (outcome.body,))
    return _reset(request)


async def _stream(
    request: web.Request, status: int, headers: Mapping[str, str], parts: tuple[bytes, ...]
) -> web.StreamResponse:
    stream = web.StreamResponse(status=status, headers=headers)
    await stream.prepare(request)
    for part in parts:
        await stream.write(part)
    return stream


def _reset(request: web.Request) -> web.StreamResponse:
    """Close the connection hard: the client gets ECONNRESET, not an orderly end."""
    transport = request.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response(status=499)
