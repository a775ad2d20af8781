"""Kopf's side: it watches, lists again and logs in again; here its events become keys. No logic.

The only module that knows kopf. Its change handlers, timers, daemons and finalizers are not used: they lose updates
under faults (docs/decisions).
"""

import asyncio
import itertools
from collections.abc import Callable, Collection, Iterator
from contextvars import Context
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from model_operator.domain import GROUP, VERSION, Key
from model_operator.engine.engine import Engine
from model_operator.kube import PLURALS, Kube
from model_operator.loading import absent
from model_operator.observability.logs import about
from model_operator.settings import Settings

with absent("kubernetes.client"):  # Kopf would let handlers have its objects; a body is enough for ours
    import kopf


class _NoDiffBase(kopf.DiffBaseStorage):
    """Keeps nothing on the objects: no annotation, no second copy of the spec."""

    @override
    def build(
        self, *, body: kopf.Body, extra_fields: object = None, ignored_fields: object = None
    ) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    @override
    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        return kopf.BodyEssence()

    @override
    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        return


def registry_for(engine: Engine, kube: Kube, kinds: Collection[str]) -> kopf.OperatorRegistry:
    """Handlers that carry events to the engine, and the login that gives Kopf our own connection's settings."""
    registry = kopf.OperatorRegistry()

    for kind in kinds:

        @kopf.on.event(GROUP, VERSION, PLURALS[kind], id=f"watch-{kind}", registry=registry, param=kind)
        async def carry(*, event: kopf.RawEvent, param: Any = None, **_: Any) -> None:
            body: dict[str, Any] = dict(event["object"])
            key = Key(param, body["metadata"]["namespace"], body["metadata"]["name"])
            tell = engine.deleted if event["type"] == "DELETED" else engine.shown
            # Kopf's context holds the whole body, and every pass and timer that begins here would keep it.
            Context().run(_tell, tell, key, body)

    @kopf.on.login(registry=registry)
    async def log_in(**_: Any) -> kopf.ConnectionInfo:
        login = await kube.login()
        return kopf.ConnectionInfo(
            server=login.server,
            ca_path=login.ca_path,
            insecure=login.is_insecure,
            scheme=login.scheme,
            token=login.token,
            certificate_path=login.certificate_path,
            private_key_path=login.private_key_path,
        )

    return registry


def _tell(tell: Callable[[Key, dict[str, Any]], None], key: Key, body: dict[str, Any]) -> None:
    with about(key):
        tell(key, body)


class _Endless:
    """Seconds between tries. A watch that gives up takes the process with it: the API server may be away for long."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((0.5, 1.0, 2.0, 4.0), itertools.repeat(8.0))


def settings_for(server: tuple[int, int]) -> kopf.OperatorSettings:
    """Kopf as informer: nothing on the objects, no Events, quick to forget idle ones."""
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.persistence.diffbase_storage = _NoDiffBase()
    settings.persistence.progress_storage = kopf.MultiProgressStorage(
        []
    )  # none, instead of two that find nothing
    settings.persistence.finalizer = f"{GROUP}/kopf-unused"
    settings.peering.standalone = True
    settings.scanning.disabled = True
    settings.queueing.idle_timeout = 0.1
    settings.queueing.exit_timeout = 20
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


async def spawn(
    engine: Engine, kube: Kube, watched: Settings, server: tuple[int, int], stop_flag: Any
) -> Collection[Any]:
    """Start watching the kinds and namespaces of the settings; the tasks are for a `Watch` to run."""
    return await kopf.spawn_tasks(
        registry=registry_for(engine, kube, watched.kinds),
        settings=settings_for(server),
        standalone=True,
        clusterwide=not watched.namespaces,
        namespaces=list(watched.namespaces),
        stop_flag=stop_flag,
    )


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch under way, and the flag that ends it."""

    tasks: Collection[Any]
    stop: asyncio.Event

    async def run(self, ignored: Collection[Any]) -> None:
        """Until the flag is set or the watch cannot go on (then it raises). `ignored` tasks are left alone."""
        await kopf.run_tasks(self.tasks, ignored=frozenset(ignored))
