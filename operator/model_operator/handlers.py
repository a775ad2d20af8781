"""Kopf's side: it watches, lists again and logs in again; here its events become keys. No logic.

Kopf's handlers, and the queues and workers before them, are not used: the former lose updates under faults, the latter
cost a quarter of the operator's CPU (docs/decisions).
"""

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, cast

from model_operator.domain import GROUP, VERSION, Key
from model_operator.kopf_names import (
    Bookmark,
    ConnectionInfo,
    NamespaceName,
    OperatorRegistry,
    OperatorSettings,
    RawEvent,
    Resource,
    infinite_watch,
    on,
    run_tasks,
    spawn_tasks,
)
from model_operator.kube import PLURALS, Kube
from model_operator.observability.logs import about
from model_operator.settings import Settings

log = logging.getLogger(__name__)


class Told(Protocol):
    """Whom the watch tells: the engine."""

    def shown(self, key: Key, body: dict[str, Any]) -> None:
        """The API server shows this body."""

    def deleted(self, key: Key, body: dict[str, Any]) -> None:
        """The API server has dropped the object; this is its last body."""


def registry_for(kube: Kube) -> OperatorRegistry:
    """No handlers of objects; the login gives Kopf our own connection's settings."""
    registry = OperatorRegistry()

    @on.login(registry=registry)
    async def log_in(**_: Any) -> ConnectionInfo:
        login = await kube.login()
        return ConnectionInfo(
            server=login.server,
            ca_path=login.ca_path,
            insecure=login.is_insecure,
            scheme=login.scheme,
            token=login.token,
            certificate_path=login.certificate_path,
            private_key_path=login.private_key_path,
        )

    return registry


class _Endless:
    """Seconds between tries. A watch that gives up takes the process with it: the API server may be away for long."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((0.5, 1.0, 2.0, 4.0), itertools.repeat(8.0))


def settings_for(server: tuple[int, int]) -> OperatorSettings:
    """Kopf as informer: nothing on the objects, no Events, no peers."""
    settings = OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = _Endless()
    settings.watching.inactivity_timeout = 70
    if server >= (1, 34):
        settings.watching.initial_streaming = True
    else:
        settings.watching.chunk_size = 500
    # What gets past that ends Kopf, and its tasks do not always end with it: then it kills this process after so long.
    settings.process.ultimate_exiting_timeout = 30
    return settings


async def follow(engine: Told, watched: Settings, settings: OperatorSettings) -> None:
    """Tell the engine of every event of the kinds and namespaces, each object's in their order.

    For ever; raises what Kopf's watch cannot go on with. Runs where Kopf's credentials are: as its command.
    """
    places = itertools.product(watched.kinds, watched.namespaces or (None,))
    streams = [asyncio.create_task(_follow(engine, settings, kind, place)) for kind, place in places]
    try:
        await asyncio.gather(*streams)
    finally:
        for stream in streams:
            stream.cancel()
        await asyncio.wait(streams)


async def _follow(engine: Told, settings: OperatorSettings, kind: str, namespace: str | None) -> None:
    stream = infinite_watch(
        settings=settings,
        resource=Resource(GROUP, VERSION, PLURALS[kind], namespaced=True),
        namespace=NamespaceName(namespace) if namespace is not None else None,
    )
    async with aclosing(cast(AsyncGenerator[Bookmark | RawEvent, None], stream)) as events:
        async for event in events:
            if not isinstance(event, Bookmark) and event["type"] != "BOOKMARK":
                _carry(engine, kind, event)
            # A list arrives at once and a burst of changes almost so; an edit and a reply need their turn in between.
            await asyncio.sleep(0)


def _carry(engine: Told, kind: str, event: RawEvent) -> None:
    """Never raises: one object that nobody foresaw does not end the watch for all."""
    try:
        body: dict[str, Any] = dict(event["object"])
        key = Key(kind, body["metadata"]["namespace"], body["metadata"]["name"])
        with about(key):
            tell = engine.deleted if event["type"] == "DELETED" else engine.shown
            tell(key, body)
    except Exception:
        log.exception("an event of the watch could not be taken in")


async def spawn(
    engine: Told, kube: Kube, watched: Settings, server: tuple[int, int], stop_flag: Any
) -> Collection[Any]:
    """Start watching the kinds and namespaces of the settings; the tasks are for a `Watch` to run."""
    settings = settings_for(server)
    return await spawn_tasks(
        registry=registry_for(kube),
        settings=settings,
        standalone=True,
        clusterwide=not watched.namespaces,
        namespaces=list(watched.namespaces),
        stop_flag=stop_flag,
        _command=follow(engine, watched, settings),
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch under way, and the flag that ends it."""

    tasks: Collection[Any]
    stop: asyncio.Event

    async def run(self, ignored: Collection[Any]) -> None:
        """Until the flag is set or the watch cannot go on (then it raises). `ignored` tasks are left alone."""
        await run_tasks(self.tasks, ignored=frozenset(ignored))
