"""Events of providers over HTTP: who sends them is proven, what they say is never read.

Each becomes a hint to look at one account, or an answer that says when to try again.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import ClientError, web

from model_operator.domain import PROVIDER, Key
from model_operator.webhooks.handover import Handover
from model_operator.webhooks.hooks import Allowance, Hooks

BODY_LIMIT: Final = 64 * 1024
"""Bytes of an event."""
_READ_SECONDS: Final = 5.0
"""How long an event may take to arrive."""
_AT_ONCE: Final = 64
"""Requests under way: more of them wait outside."""
_RETRY_AFTER: Final = "5"
"""Seconds."""

log = logging.getLogger(__name__)
_strangers = logging.getLogger(f"{__name__}.strangers")
_strangers.setLevel(logging.CRITICAL)  # what is no HTTP is nobody's news: else anybody could fill the log


class Result(StrEnum):
    """What became of a request: the label `result` of the metric."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    STALE = "stale"
    FORGED = "forged"
    UNKNOWN = "unknown"
    """There is no ModelProvider of that name that takes events."""
    TOO_LARGE = "too_large"
    SLOW = "slow"
    BROKEN = "broken"
    """Its body ended before its end, or was no HTTP."""
    THROTTLED = "throttled"
    BUSY = "busy"
    EARLY = "early"
    """The operator has not yet looked at that ModelProvider."""
    HANDED_OVER = "handed_over"
    NOT_LEADING = "not_leading"
    """Another replica leads, and cannot be reached."""


_STATUSES: Final = {
    Result.ACCEPTED: HTTPStatus.ACCEPTED,
    Result.REPEATED: HTTPStatus.ACCEPTED,
    Result.STALE: HTTPStatus.UNAUTHORIZED,
    Result.FORGED: HTTPStatus.UNAUTHORIZED,
    Result.UNKNOWN: HTTPStatus.UNAUTHORIZED,  # as a forged one, so that answers name no ModelProvider
    Result.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Result.SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Result.BROKEN: HTTPStatus.BAD_REQUEST,
    Result.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    Result.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Result.EARLY: HTTPStatus.SERVICE_UNAVAILABLE,
    Result.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Inside(Protocol):
    """What the receiver asks of the operator, and tells it."""

    @property
    def hooks(self) -> Hooks: ...

    def is_early(self, provider: Key) -> bool:
        """Whether nobody can say yet if that ModelProvider takes events."""

    def hinted(self, provider: Key) -> None:
        """Something may have changed in its account."""


class NotRead(Exception):
    """The body did not arrive; `result` says why."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


class Receiver:
    """POST /webhooks/NAMESPACE/NAME of a ModelProvider."""

    def __init__(
        self,
        inside: Inside,
        leads: Callable[[str], bool],
        handover: Handover,
        count: Callable[[str, str], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`leads` tells it of a namespace; `count(provider, result)` is the metric; `clock` is the wall's, `timer` counts seconds and is never set."""
        self._inside = inside
        self._leads = leads
        self._handover = handover
        self._count = count
        self._clock = clock
        self._timer = timer
        self._under_way = 0
        self._handed_over = Allowance()

    async def receive(self, request: web.Request) -> web.Response:
        provider = Key(PROVIDER, request.match_info["namespace"], request.match_info["name"])
        self._under_way += 1
        try:
            if self._under_way > _AT_ONCE:
                return self._answer("unknown", Result.BUSY)
            if not self._leads(provider.namespace):
                return await self._hand_over(provider.namespace, request)
            return await self._judge(provider, request)
        except NotRead as error:
            return self._answer("unknown", error.result)
        except Exception:
            log.exception("a request to %r failed unexpectedly", request.path)
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        finally:
            self._under_way -= 1

    async def _judge(self, provider: Key, request: web.Request) -> web.Response:
        if self._inside.is_early(provider):
            return self._answer("unknown", Result.EARLY)
        inlet = self._inside.hooks.inlet(provider)
        type_ = inlet.hook.provider
        if not inlet.allowance.take(self._timer()):
            return self._answer(type_, Result.THROTTLED)
        body = await _read(request)
        result = Result(inlet.judge(request.headers, body, self._clock()))
        if result is Result.ACCEPTED:
            self._inside.hinted(provider)
        return self._answer(type_, Result.UNKNOWN if type_ == "unknown" else result)

    async def _hand_over(self, namespace: str, request: web.Request) -> web.Response:
        """To the replica that leads there: this one knows no secret."""
        if not self._handed_over.take(self._timer()):
            return self._answer("unknown", Result.THROTTLED)
        body = await _read(request)
        status = await self._handover.post(namespace, request.path, request.headers, body)
        if status is None:
            return self._answer("unknown", Result.NOT_LEADING)
        return self._answer("unknown", Result.HANDED_OVER, status)

    def _answer(self, provider: str, result: Result, status: int | None = None) -> web.Response:
        self._count(provider, result)
        code = HTTPStatus(_STATUSES[result] if status is None else status)
        may_come_again = code in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
        headers = {"Retry-After": _RETRY_AFTER} if may_come_again else {}
        return web.Response(status=code, text=f"{code.phrase}\n", headers=headers)


async def _read(request: web.Request) -> bytes:
    """The body as it was signed, compressed or not. Raises `NotRead`."""
    if (request.content_length or 0) > BODY_LIMIT:
        raise NotRead(Result.TOO_LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise NotRead(Result.TOO_LARGE)
    except TimeoutError:
        raise NotRead(Result.SLOW) from None
    except (web.RequestPayloadError, ClientError, ConnectionError):
        raise NotRead(Result.BROKEN) from None
    return bytes(body)


@asynccontextmanager
async def listen(receiver: Receiver, host: str, port: int) -> AsyncIterator[str]:
    """Listens while the block runs; yields `HOST:PORT` as it was had. `OSError` where the address cannot be had."""
    app = web.Application()
    app.add_routes([web.post("/webhooks/{namespace}/{name}", receiver.receive)])
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_strangers,
        shutdown_timeout=1,
        auto_decompress=False,  # what is signed is what was sent; and no bomb goes off
        keepalive_timeout=30,
        lingering_time=1,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        yield f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"
    finally:
        await runner.cleanup()
