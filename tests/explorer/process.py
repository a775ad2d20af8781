"""One operator process: the real engine on a connection to the API server, a watch, and a way to the providers.

It can be killed at any await: what it has in flight never returns to it, and goes on where it had arrived.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from explorer.way import Way
from model_operator.domain import Key
from model_operator.engine.engine import Engine
from model_operator.kube import KubeError
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator.sharding import Shards
from support.kube_api import Object
from support.memory_store import MemoryStore
from support.memory_watch import Watch
from support.own_tasks import Tasks, owned
from support.virtual_time import Wall

URL = "http://sim"
INSTALLATION = "explorer"
SETTINGS = Settings(
    allowed_provider_hosts=(URL,),
    full_read_interval="5m",
    create_retry="2m",
    installation=INSTALLATION,
)


@dataclass(slots=True, eq=False)
class Process:
    """`start`, then `kill` or `stop`. `store`, `way` and `watch` say what it may do and what it gets to know."""

    store: MemoryStore
    way: Way
    wall: Wall
    redactor: Redactor = field(default_factory=Redactor)
    leads: bool = True
    watch: Watch = field(init=False)
    engine: Engine = field(init=False)
    tasks: Tasks = field(default_factory=set)
    has_read: bool = False
    """All objects, once: from here on it hears of an end."""
    known: dict[Key, tuple[float, Object]] = field(default_factory=dict)
    """What the watch has told last of each object, and when."""
    is_running: bool = False
    began: datetime = field(init=False)
    watch_delay: Callable[[], float] = lambda: 0.01
    shards: Shards = field(default_factory=Shards)

    def start(self) -> None:
        """Prime as soon as the API server lets it, then work."""
        self.is_running = True
        self.began = self.wall()
        context = owned(self.tasks)
        self.watch = Watch(
            self.store.server, lambda *event: context.copy().run(self._hear, *event), self.watch_delay
        )
        asyncio.get_running_loop().create_task(self._run(), context=context)

    async def _run(self) -> None:
        transport = HttpTransport(
            request_timeout=SETTINGS.request_timeout, may_send=self.may_send, client=self.way
        )
        self.engine = Engine(
            settings=SETTINGS,
            kube=self.store,
            transport=transport,
            vendors=PROVIDERS,
            metrics=Metrics(),
            redactor=self.redactor,
            clock=self.wall,
            shards=self.shards,
        )
        while True:
            with contextlib.suppress(KubeError):
                await self.engine.prime()
                self.has_read = True
                break
            await asyncio.sleep(1)
        self.engine.start()
        self.watch.open()

    def _hear(self, type_: str, key: Key, body: Object) -> None:
        self.known[key] = (asyncio.get_running_loop().time(), body)
        if type_ == "DELETED":
            self.engine.deleted(key, body)
        else:
            self.engine.shown(key, body)

    def may_send(self) -> bool:
        """Anything to a provider, now."""
        return self.leads

    def kill(self) -> None:
        """kill -9."""
        self.is_running = False
        self.store.cut()
        self.way.is_cut = True
        self.watch.close()
        for task in tuple(self.tasks):
            task.cancel()

    def step_clock(self, by: timedelta) -> None:
        self.wall.step(by)
