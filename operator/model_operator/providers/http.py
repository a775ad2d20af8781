"""The one HTTP client of the process, and the only place that knows httpx.

Adapters hand it a `Call`; it answers with a `Reply`, or raises `Refused` for the adapter to classify, or
`Unavailable` where there was no usable answer.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from model_operator import __version__
from model_operator.durations import format_duration
from model_operator.errors import InvalidRequest, Unavailable
from model_operator.loading import absent
from model_operator.providers.base import Call, Reply, Site
from model_operator.providers.bodies import Unreadable, glance, parse, pieces, texts
from model_operator.providers.complaints import Refused
from model_operator.providers.items import NotJson, read_items

with absent("httpx._main"):  # its command line, with rich and pygments
    import httpx
    from httpx_aiohttp import AiohttpTransport

BODY_LIMIT = 1 << 20
"""Bytes of one body, after decompression, of anything but a list."""

LIST_LIMIT = 64 << 20
"""Bytes of one list, after decompression. It is parsed as it arrives, and its items are what is kept."""

IDLE_LIMIT = 3.0
"""Seconds that an idle connection is kept. Common servers close theirs after 5; a POST that meets the close
would count as a request whose outcome is unknown."""

_PATH = re.compile(r"/|(/(?!\.{1,2}(?:/|\Z))(?:[A-Za-z0-9._~:@+,=-]|%(?!2E|25)[0-9A-F]{2})+)+")
"""No empty or dot segment, nothing escaped that could be one, no query: adapters check their ids, and this stands
behind them all."""

USER_AGENT = f"model-operator/{__version__}"

Observer = Callable[[str, str, int | None, float], None]
"""Told of every request: provider, operation, HTTP status or None where no answer came, seconds."""


class HttpTransport:
    """httpx on aiohttp: one client, one TLS context, no redirects, no proxies of the environment, no cookies.

    Use it as an async context manager, or call `aclose`. Every request is over after `request_timeout` (or the
    call's own), whatever the server does. Text in the errors is made here and holds no header and no body.
    """

    def __init__(  # noqa: PLR0913 - all that there is to choose about the one client of a process
        self,
        *,
        request_timeout: timedelta = timedelta(seconds=30),
        connect_timeout: timedelta = timedelta(seconds=5),
        body_limit: int = BODY_LIMIT,
        observe: Observer | None = None,
        may_send: Callable[[], bool] = lambda: True,
        ca_file: Path | None = None,
        client: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`may_send` is asked right before each request: a former leader starts none.

        `ca_file` has certificate authorities (PEM) to trust besides the public ones. Raises `OSError` if it cannot be
        read. `client` carries the requests instead of aiohttp; its errors must have aiohttp's as their cause.
        """
        self._may_send = may_send
        self.request_timeout = request_timeout
        self._body_limit = body_limit
        self._observe = observe
        self._parsing = asyncio.Lock()
        connect = connect_timeout.total_seconds()
        # "pool" bounds name resolution and TLS as well, "connect" a single connection attempt. Reading has no
        # limit of its own: the request's deadline covers it.
        self._extensions = {"timeout": {"connect": connect, "pool": connect, "read": None, "write": None}}
        self._client = client or _aiohttp(ca_file)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    async def send(self, site: Site, call: Call) -> Reply:
        """See `providers.base.Transport`."""
        request = _request(site, call, self._extensions)
        loop = asyncio.get_running_loop()
        status: int | None = None
        began = loop.time()
        try:
            status, headers, body, found = await self._exchange(request, site, call)
        finally:
            if self._observe is not None:
                self._observe(site.provider, call.operation, status, loop.time() - began)
        if not 200 <= status <= 299:
            raise Refused(status, headers, body)
        if call.each is None:
            try:
                found = parse(body) if call.wants_json else glance(body)
            except NotJson as error:
                raise _unread(site, call, status, error) from None
        return Reply(status, found, headers)

    async def _exchange(
        self, request: httpx.Request, site: Site, call: Call
    ) -> tuple[int, Mapping[str, str], bytes, Any]:
        """Status, headers, and the whole body or, of a list, what was made of its items; or `Unavailable`.

        The low-level exception is not chained: some of aiohttp's print the request's headers.
        """
        timeout = self.request_timeout if call.timeout is None else call.timeout
        if not self._may_send():
            raise Unavailable(
                f"{call.title(site.provider)}: not sent, this process is no longer the leader",
                may_have_landed=False,
            )
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                response = await self._client.handle_async_request(request)
                status, headers = response.status_code, response.headers
                try:
                    chunks, encoding = response.aiter_raw(), headers.get("content-encoding", "")
                    if call.each is not None and response.is_success:
                        found = texts(pieces(chunks, encoding, call.limit or LIST_LIMIT, _LONG_LIST))
                        return status, headers, b"", await read_items(found, call.each, self._parsing)
                    body = [piece async for piece in pieces(chunks, encoding, self._body_limit)]
                    return status, headers, b"".join(body), None
                except _BROKEN:
                    if response.is_success:
                        raise
                    return status, headers, b"", None  # the status says enough
                finally:
                    await response.aclose()
        except NotJson as error:
            raise _unread(site, call, status, error) from None
        except TimeoutError:
            problem, was_sent = f"no answer within {format_duration(timeout)}", True
        except _BROKEN as error:
            problem, was_sent = _explain(error, request.url)
        raise _broken(site, call, problem, was_sent=was_sent)


_LONG_LIST: Final = (
    "a list of more than {} KiB: delete at the provider what nobody needs, or use several accounts"
)

_BROKEN = (Unreadable, httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)


def _aiohttp(ca_file: Path | None) -> httpx.AsyncBaseTransport:
    tls = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        tls.load_verify_locations(ca_file)
    return AiohttpTransport(verify=tls, trust_env=False, client=lambda: _session(tls))


def _session(tls: Any) -> aiohttp.ClientSession:
    # aiohttp's default jar would send one account's cookies along with another's requests.
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=tls, keepalive_timeout=IDLE_LIMIT),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Content-Type",),  # else an empty POST claims to be application/octet-stream
        trust_env=False,
    )


def _request(site: Site, call: Call, extensions: Mapping[str, Any]) -> httpx.Request:
    if not _PATH.fullmatch(call.path):
        raise InvalidRequest(f"{call.title(site.provider)}: not sent, an id in its path could lead elsewhere")
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        **site.headers,
    }
    content = None
    if call.json is not None:
        headers["Content-Type"] = "application/json"
        try:
            # ASCII, so that a lone surrogate that a vendor sent us can be sent back.
            content = json.dumps(call.json, allow_nan=False, separators=(",", ":")).encode("ascii")
        except (ValueError, TypeError, RecursionError):
            raise InvalidRequest(f"{call.title(site.provider)}: a value cannot be written as JSON") from None
    return httpx.Request(
        call.method,
        _url(site.base_url + call.path, tuple(call.params)),
        headers=headers,
        content=content,
        extensions=dict(extensions),
    )


@lru_cache(maxsize=512)  # parsing one costs a fifth of a request, and most are asked for again soon
def _url(url: str, params: tuple[tuple[str, str], ...]) -> httpx.URL:
    return httpx.URL(url, params=params) if params else httpx.URL(url)


_CAUSES: tuple[tuple[type[Exception], str, bool], ...] = (
    (Unreadable, "{error}", True),
    (aiohttp.ClientConnectorDNSError, "the name of {host} cannot be resolved", False),
    (
        aiohttp.ClientConnectorCertificateError,
        "the certificate of {host} is not trusted (--provider-ca-file adds an authority)",
        False,
    ),
    (aiohttp.ClientSSLError, "no TLS connection to {host}", False),
    (aiohttp.ClientConnectorError, "no connection to {host} ({reason})", False),
    (aiohttp.ConnectionTimeoutError, "no connection to {host} in time", False),
    (aiohttp.InvalidURL, "{host} is not a host that can be called", False),
    (aiohttp.ClientPayloadError, "a truncated body", True),
    (aiohttp.ClientResponseError, "an answer that is not HTTP", True),
)
"""What to tell people, and whether the request may have reached the server; the first that fits."""


def _explain(error: Exception, url: httpx.URL) -> tuple[str, bool]:
    """By aiohttp's own exception: httpx-aiohttp calls a connection that broke after the request a ConnectTimeout."""
    cause = error.__cause__ if isinstance(error, httpx.TransportError) and error.__cause__ else error
    for kind, text, was_sent in _CAUSES:
        if isinstance(cause, kind):
            return text.format(error=cause, host=url.netloc.decode("ascii"), reason=_reason(cause)), was_sent
    return "the connection broke before the answer", True


def _reason(error: BaseException) -> str:
    # Not the exception's own text, which names one of several addresses, another one each time.
    number = error.os_error.errno if isinstance(error, aiohttp.ClientConnectorError) else None
    return os.strerror(number) if number else "refused"


def _unread(site: Site, call: Call, status: int, error: NotJson) -> Unavailable:
    return _broken(site, call, f"HTTP {status} with a body that {error}", status=status)


def _broken(
    site: Site, call: Call, problem: str, *, status: int | None = None, was_sent: bool = True
) -> Unavailable:
    landed = was_sent and call.mutates
    return Unavailable(f"{call.title(site.provider)}: {problem}", status=status, may_have_landed=landed)
