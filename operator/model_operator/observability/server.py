"""/healthz, /readyz and /metrics over HTTP, for kubelet and Prometheus.

Checks are named functions, so that `?verbose` says which one fails and why, as the API server's do.
"""

import asyncio
import contextlib
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import NamedTemporaryFile

from aiohttp import web

from model_operator.observability.access import Access
from model_operator.observability.metrics import Metrics

Check = Callable[[], str | None]
"""None if all is well, else in a few words why not."""


class Certificate:
    """A certificate and its key in files that somebody renews. `OSError` if they cannot be read."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._read_at = self._changed_at()
        self.context.load_cert_chain(*self._files)

    def renew(self) -> None:
        """Read the files again if they have changed: connections from now on see the new ones."""
        with contextlib.suppress(OSError):  # half-written: the old ones serve until the next look
            if (changed := self._changed_at()) != self._read_at:
                self.context.load_cert_chain(*self._files)
                self._read_at = changed

    def _changed_at(self) -> tuple[int, ...]:
        return tuple(file.stat().st_mtime_ns for file in self._files)


@asynccontextmanager
async def serve(
    host: str, port: int, *, healthy: Mapping[str, Check], ready: Mapping[str, Check], metrics: Metrics | None
) -> AsyncIterator[str]:
    """Listens while the block runs; yields the URL to reach it by. Port 0 takes a free one.

    Without `metrics` there is no /metrics. `OSError` where the address cannot be had.
    """
    async with _listening(_app(healthy, ready, metrics), host, port) as url:
        yield url


@asynccontextmanager
async def serve_guarded(
    host: str, port: int, certificate: Certificate, access: Access, metrics: Metrics
) -> AsyncIterator[str]:
    """/metrics alone, by TLS, for whom `access` lets in. Otherwise as `serve`."""

    async def scrape(request: web.Request) -> web.Response:
        certificate.renew()
        status = await access.judge(request.headers.get("Authorization", ""))
        if status is not HTTPStatus.OK:
            challenge = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
            return web.Response(text=status.phrase, status=status, headers=challenge)
        return await _scrape(request, metrics)

    app = web.Application()
    app.add_routes([web.get("/metrics", scrape)])
    async with _listening(app, host, port, certificate.context) as url:
        yield url


@asynccontextmanager
async def _listening(
    app: web.Application, host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        await site.start()
        yield _url("https" if tls else "http", host, runner.addresses)
    finally:
        await runner.cleanup()


def write_ready_file(path: Path, content: Mapping[str, str]) -> None:
    """JSON, all of it or nothing: whoever waits for the file never reads half of it."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        json.dump(dict(content), file)
    os.replace(file.name, path)  # noqa: PTH105  the same


async def _scrape(request: web.Request, metrics: Metrics) -> web.Response:
    # A thousand objects take a tenth of a second to write down: beside the loop, not on it.
    body, content_type = await asyncio.to_thread(
        metrics.collected().render, request.headers.get("Accept", "")
    )
    return web.Response(body=body, headers={"Content-Type": content_type})


def _app(
    healthy: Mapping[str, Check], ready: Mapping[str, Check], metrics: Metrics | None
) -> web.Application:
    async def healthz(request: web.Request) -> web.Response:
        return _answer("healthz", healthy, is_verbose="verbose" in request.query)

    async def readyz(request: web.Request) -> web.Response:
        return _answer("readyz", ready, is_verbose="verbose" in request.query)

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz)])
    if metrics is not None:

        async def scrape(request: web.Request) -> web.Response:
            return await _scrape(request, metrics)

        app.add_routes([web.get("/metrics", scrape)])
    return app


def _answer(endpoint: str, checks: Mapping[str, Check], *, is_verbose: bool) -> web.Response:
    results = [(name, _run(check)) for name, check in checks.items()]
    is_fine = all(problem is None for _, problem in results)
    lines = list(_lines(results))
    if is_fine:
        text = "\n".join([*lines, f"{endpoint} check passed", ""]) if is_verbose else "ok"
    else:
        text = "\n".join([*lines, f"{endpoint} check failed", ""])
    return web.Response(
        text=text,
        status=200 if is_fine else 500,
        headers={"Cache-Control": "no-cache, private", "X-Content-Type-Options": "nosniff"},
    )


def _lines(results: Iterable[tuple[str, str | None]]) -> Iterable[str]:
    for name, problem in results:
        yield f"[+]{name} ok" if problem is None else f"[-]{name} failed: {problem}"


def _run(check: Check) -> str | None:
    try:
        return check()
    except Exception as error:  # noqa: BLE001  a broken check is a failed one, and kubelet must get its answer
        return f"the check itself failed: {type(error).__name__}"


def _url(scheme: str, host: str, addresses: list[tuple[str, int]]) -> str:
    """Where a client on this machine finds it: a wildcard address is not one to connect to."""
    port = addresses[0][1]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"{scheme}://[{reachable}]:{port}" if ":" in reachable else f"{scheme}://{reachable}:{port}"
