"""What Kopf asks of an API server, answered over a socket from the server in memory: discovery, and watches.

Or from a script: what each watch of a kind shows, one after the other.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from model_operator.domain import GROUP, VERSION
from model_operator.kube import PLURALS
from support.memory_server import Server

_VERBS = ["get", "list", "watch", "patch"]
_BEGINNING = {"k8s.io/initial-events-end": "true"}

Event = tuple[str, dict[str, Any]]
"""Its type, and its object."""


@asynccontextmanager
async def kopf_server(
    server: Server, scripts: Mapping[str, Iterator[Sequence[Event]]] = {}
) -> AsyncIterator[str]:
    """The URL. Each watch shows what is there when it begins, and then stays open.

    `scripts`: of these kinds it shows the next one, and then ends; the first after the last one stays open.
    """
    app = web.Application()
    app.router.add_get("/api", _answer({"versions": ["v1"]}))
    app.router.add_get("/api/v1", _answer({"resources": [_resource("Namespace", "namespaces")]}))
    versions = {"groupVersion": f"{GROUP}/{VERSION}", "version": VERSION}
    group = {"name": GROUP, "versions": [versions], "preferredVersion": versions}
    app.router.add_get("/apis", _answer({"groups": [group]}))
    ours = [_resource(kind, plural) for kind, plural in PLURALS.items()]
    app.router.add_get(f"/apis/{GROUP}/{VERSION}", _answer({"resources": ours}))
    for kind, plural in PLURALS.items():
        watch = _scripted(scripts[kind]) if kind in scripts else _watch(server, kind)
        for within in ("", "/namespaces/{namespace}"):
            app.router.add_get(f"/apis/{GROUP}/{VERSION}{within}/{plural}", watch)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _resource(kind: str, plural: str) -> dict[str, Any]:
    return {"name": plural, "singularName": "", "kind": kind, "namespaced": True, "verbs": _VERBS}


def _answer(body: dict[str, Any]) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body)

    return answer


def _watch(server: Server, kind: str) -> Any:
    async def watch(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        for key in [key for key in server.objects if key.kind == kind]:
            await reply.write(_event("ADDED", server.get(key)))
        end = {"kind": kind, "metadata": {"resourceVersion": str(server.version), "annotations": _BEGINNING}}
        await reply.write(_event("BOOKMARK", end))
        await asyncio.Event().wait()
        return reply

    return watch


def _scripted(script: Iterator[Sequence[Event]]) -> Any:
    async def watch(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "application/json"})
        await reply.prepare(request)
        events = next(script, None)
        if events is None:
            await asyncio.Event().wait()
        # In one piece, as a server sends what it has at hand.
        await reply.write(b"".join(_event(*event) for event in events or ()))
        return reply

    return watch


def _event(type_: str, body: Any) -> bytes:
    return json.dumps({"type": type_, "object": body}).encode() + b"\n"
