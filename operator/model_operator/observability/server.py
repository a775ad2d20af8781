"""/healthz, /readyz and /metrics over HTTP, for kubelet and Prometheus.

Checks are named functions, so that `?verbose` says which one fails and why, as the API server's do.
"""

import json
import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from aiohttp import web

from model_operator.observability.metrics import Metrics

Check = Callable[[], str | None]
"""None if all is well, else in a few words why not."""


@asynccontextmanager
async def serve(
    host: str, port: int, *, healthy: Mapping[str, Check], ready: Mapping[str, Check], metrics: Metrics
) -> AsyncIterator[str]:
    """Listens while the block runs; yields the URL to reach it by. Port 0 takes a free one.

    `OSError` where the address cannot be had.
    """
    runner = web.AppRunner(_app(healthy, ready, metrics), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield _url(host, runner.addresses)
    finally:
        await runner.cleanup()


def write_ready_file(path: Path, content: Mapping[str, str]) -> None:
    """JSON, all of it or nothing: whoever waits for the file never reads half of it."""
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        json.dump(dict(content), file)
    os.replace(file.name, path)  # noqa: PTH105  the same


def _app(healthy: Mapping[str, Check], ready: Mapping[str, Check], metrics: Metrics) -> web.Application:
    async def healthz(request: web.Request) -> web.Response:
        return _answer("healthz", healthy, is_verbose="verbose" in request.query)

    async def readyz(request: web.Request) -> web.Response:
        return _answer("readyz", ready, is_verbose="verbose" in request.query)

    async def scrape(request: web.Request) -> web.Response:
        body, content_type = metrics.render(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    app.add_routes(
        [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", scrape)],
    )
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


def _url(host: str, addresses: list[tuple[str, int]]) -> str:
    """Where a client on this machine finds it: a wildcard address is not one to connect to."""
    port = addresses[0][1]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
