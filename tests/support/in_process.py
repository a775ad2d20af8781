"""The way from the operator's HTTP client to a simulator without a socket.

`HttpTransport(client=InProcess(simulator))` runs the whole of `providers/http.py`. What breaks, breaks with the same
exceptions that httpx-aiohttp raises over a socket; `tests/providers/test_in_process.py` holds both ways against each
other.
"""

import errno
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp
import httpx
from aiohttp.client import IDEMPOTENT_METHODS
from aiohttp.client_reqrep import ConnectionKey
from multidict import CIMultiDict
from typing_extensions import override

from model_operator_simulator import Complete, Cut, Request, Reset, Simulator
from model_operator_simulator.call import decoded


@dataclass
class InProcess(httpx.AsyncBaseTransport):
    """Asks one simulator, whatever host a URL names."""

    simulator: Simulator
    is_listening: bool = True
    """Whether anybody answers at all; if not, connections are refused."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Headers of whoever asks, which tell him apart in the simulator's journal."""

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.is_listening:
            raise httpx.ConnectError("refused") from _refused(request.url)
        request.headers.update(self.names)
        asked = _asked(request)
        outcome = await self.simulator.ask(asked)
        if isinstance(outcome, Reset) and asked.method in IDEMPOTENT_METHODS:
            outcome = await self.simulator.ask(asked)  # aiohttp tries these once more by itself
        match outcome:
            case Complete(status, headers, parts):
                length = {"Content-Length": str(len(parts[0]))} if len(parts) == 1 else {}
                return httpx.Response(status, headers={**headers, **length}, stream=Body(parts))
            case Cut(status, headers, body):
                return httpx.Response(status, headers=dict(headers), stream=Body((body,), is_cut=True))
            case Reset():
                raise httpx.ConnectTimeout("reset") from aiohttp.ClientOSError(errno.ECONNRESET, "reset")


@dataclass
class Body(httpx.AsyncByteStream):
    parts: tuple[bytes, ...]
    is_cut: bool = False

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part
        if self.is_cut:
            raise httpx.ReadError("cut") from aiohttp.ClientPayloadError("Response payload is not completed")


def _asked(request: httpx.Request) -> Request:
    url = request.url
    return Request(
        method=request.method,
        path=decoded(url.raw_path.decode("ascii").partition("?")[0]),
        query=url.params.multi_items(),
        headers=CIMultiDict(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        ),
        raw=request.content,
        base=f"{url.scheme}://{url.netloc.decode('ascii')}",
    )


def _refused(url: httpx.URL) -> aiohttp.ClientConnectorError:
    key = ConnectionKey(url.host, url.port, url.scheme == "https", True, None, None, None)
    return aiohttp.ClientConnectorError(key, ConnectionRefusedError(errno.ECONNREFUSED, "refused"))
