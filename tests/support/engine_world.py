"""A whole engine on virtual time: API server in memory, simulator in the process, and the hands of a user.

`play(story)` runs one story: a served deployment of Parasail (`llama`), and whatever happens then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import httpx

from model_operator.domain import DEPLOYMENT, Key
from model_operator.engine.comparison import EVERY
from model_operator.engine.engine import Engine
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator_simulator import Simulator
from support.in_process import InProcess
from support.manifests import parasail_deployment, provider, secret_of
from support.memory_server import Server
from support.memory_store import MemoryStore
from support.memory_watch import Watch
from support.rows import ROWS
from support.virtual_time import START, Wall, run

SIM = "http://sim"
LLAMA = Key(DEPLOYMENT, "team", "llama")
LONG = EVERY.total_seconds() * 2.5


class World:
    """One operator with a served deployment, and the hands of a user."""

    def __init__(self, **settings: Any) -> None:
        loop = asyncio.get_running_loop()
        self.settings = Settings(allowed_provider_hosts=(SIM,), **settings)
        self.wall = Wall(loop)
        self.server = Server(self.wall)
        self.simulator = Simulator(source=lambda: START.timestamp() + loop.time())
        self.boot()

    def boot(self) -> None:
        """A process that has read nothing yet."""
        self.store = MemoryStore(self.server)
        self.metrics = Metrics()
        self.engine = Engine(
            settings=self.settings,
            kube=self.store,
            transport=HttpTransport(request_timeout=timedelta(seconds=30), client=self.way_out()),
            vendors=PROVIDERS,
            metrics=self.metrics,
            redactor=Redactor(),
            clock=self.wall,
        )
        self.watch = Watch(self.server, self._hear)

    def way_out(self) -> httpx.AsyncBaseTransport:
        """A new process's way to the providers."""
        return InProcess(self.simulator)

    async def restart(self) -> None:
        """Another process, which remembers nothing."""
        self.watch.close()
        await self.engine.stop()
        self.boot()
        await self.work()

    async def work(self) -> None:
        """It may act now."""
        await self.engine.prime()
        self.engine.start()
        self.watch.open()

    def _hear(self, type_: str, key: Key, body: Mapping[str, Any]) -> None:
        tell = self.engine.deleted if type_ == "DELETED" else self.engine.shown
        tell(key, dict(body))

    def apply(self, body: Mapping[str, Any]) -> None:
        self.server.create(body["kind"], "team", body)

    async def start(self, *vendors: str) -> None:
        for vendor in vendors:
            self.apply(secret_of(vendor))
            self.apply(provider(vendor, SIM))
        await self.work()

    async def serve(self, **spec: Any) -> None:
        self.apply(parasail_deployment("llama", **spec))
        await asyncio.sleep(120)
        assert self.ready() == ("True", "Available"), self.status

    @property
    def status(self) -> Mapping[str, Any]:
        return self.server.get(LLAMA)["status"]

    def condition(self, type_: str, key: Key = LLAMA) -> Mapping[str, Any]:
        (found,) = (c for c in self.server.get(key)["status"]["conditions"] if c["type"] == type_)
        return found

    def ready(self, key: Key = LLAMA) -> tuple[str, str]:
        found = self.condition("Ready", key)
        return found["status"], found["reason"]

    def events(self, reason: str) -> list[Mapping[str, Any]]:
        """Events with that reason, oldest first."""
        return [body for body in self.server.list("Event", "team") if body["reason"] == reason]

    async def count(self, operation: str) -> int:
        """Requests of that operation that the provider has had."""
        asked = await self.simulator.control("GET", "/requests")
        return sum(entry["operation"] == operation for entry in asked["requests"])

    def strip(self) -> None:
        """Take the finalizer off by hand."""
        self.server.replace_finalizers(LLAMA, self.server.get(LLAMA)["metadata"]["resourceVersion"], ())

    async def live(self) -> list[str]:
        """Names of what is paid for at the provider."""
        return [str(one["id"]) for one in await self.shown()]

    async def make_by_hand(self, vendor: str, name: str, **fields: Any) -> None:
        """A deployment that the operator knows nothing of; `fields` are the vendor's."""
        api = ROWS[vendor].api
        async with httpx.AsyncClient(transport=InProcess(self.simulator), base_url=SIM) as client:
            body = {**api.least, api.name: name, **fields}
            (await client.post(api.deployments, json=body, headers=dict(api.headers))).raise_for_status()

    async def shown(self) -> list[Mapping[str, Any]]:
        """What is paid for at the provider, as it shows it."""
        state = await self.simulator.control("GET", "/state")
        return [
            one for vendor in ("parasail", "paitient") for one in state[vendor] if one["status"] != "deleted"
        ]


Story = Callable[[World], Awaitable[None]]


def play(
    story: Story, *, is_served: bool = True, vendors: Sequence[str] = ("parasail",), **settings: Any
) -> None:
    async def main() -> None:
        world = World(**settings)
        await world.start(*vendors)
        if is_served:
            await world.serve()
        await story(world)
        await world.engine.stop()
        await world.simulator.aclose()

    run(main())
