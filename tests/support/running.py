"""The whole operator in the process: the real engine on the API server in memory and both simulators, on virtual time.

`async with running() as operator` inside a test with `@on_virtual_time`; then people do things, and time is slept away.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import wraps
from random import Random
from typing import Any, ParamSpec, TypeVar

import httpx

from model_operator.accounts.account import is_live
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.engine.engine import Engine
from model_operator.observability.metrics import Metrics
from model_operator.providers.base import Connection
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator_simulator import Knobs, Simulator
from support import manifests
from support.in_process import InProcess
from support.memory_schema import Object
from support.memory_server import Server
from support.memory_store import MemoryStore
from support.memory_watch import Watch
from support.namespace import conditions
from support.provider_world import OpenGate
from support.rows import ROWS
from support.virtual_time import START, Wall, run

P = ParamSpec("P")
T = TypeVar("T")

TEAM = "team"
URL = "http://simulator"
VENDORS = tuple(ROWS)
STEADY: dict[str, Any] = {"metrics": {"noise": 0, "diurnal": 0, "error_percent": 0}}
"""Knobs: nothing by chance."""


def on_virtual_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The test's sleeps cost nothing. It gets no asynchronous fixtures."""

    @wraps(test)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        return run(test(*args, **kwargs))

    return wrapped


def deployment(vendor: str, name: str = "llama", **spec: Any) -> Object:
    return manifests.deployment(vendor, name, **spec)


def provider(vendor: str, name: str | None = None, secret: str | None = None, **spec: Any) -> Object:
    return manifests.provider(vendor, URL, name, secret, **{"pollInterval": None, **spec})


@dataclass(slots=True)
class Running:
    """One operator, and the people around it."""

    settings: Settings
    server: Server
    simulator: Simulator
    wall: Wall
    cluster: str = ""
    """Which of several it is, in the journal of the providers that they share."""
    metrics: Metrics = field(default_factory=Metrics)
    redactor: Redactor = field(default_factory=Redactor)
    store: MemoryStore = field(init=False)
    watch: Watch = field(init=False)
    engine: Engine = field(init=False)

    async def start(self) -> None:
        """A new process."""
        self.metrics, self.redactor = Metrics(), Redactor()
        self.store = MemoryStore(self.server)
        self.engine = Engine(
            settings=self.settings,
            kube=self.store,
            transport=HttpTransport(
                request_timeout=self.settings.request_timeout,
                client=InProcess(self.simulator, names={"x-cluster": self.cluster} if self.cluster else {}),
            ),
            vendors=PROVIDERS,
            metrics=self.metrics,
            redactor=self.redactor,
            clock=self.wall,
        )
        self.watch = Watch(self.server, self._hear, lambda: 0.01)
        await self.engine.prime()
        self.engine.start()
        self.watch.open()

    def _hear(self, type_: str, key: Key, body: Object) -> None:
        (self.engine.deleted if type_ == "DELETED" else self.engine.shown)(key, body)

    async def stop(self) -> None:
        self.watch.close()
        await self.engine.stop()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    # What people do.

    def apply(self, *bodies: Object, namespace: str = TEAM) -> None:
        """Create, or merge into what is there."""
        for body in bodies:
            key = Key(body["kind"], namespace, body["metadata"]["name"])
            if self.server.find(key) is None:
                self.server.create(key.kind, namespace, body)
            else:
                self.server.merge(key, body)

    def open(self, *vendors: str) -> None:
        """Secret and ModelProvider of each."""
        for vendor in vendors or VENDORS:
            self.apply(manifests.secret_of(vendor), provider(vendor))

    def edit(self, name: str, kind: str = DEPLOYMENT, **spec: Any) -> None:
        self.server.merge(Key(kind, TEAM, name), {"spec": spec})

    def annotate(self, name: str, kind: str = DEPLOYMENT, **annotations: str | None) -> None:
        """`confirm_absence="…"` is modeloperator.dev/confirm-absence."""
        given = {f"modeloperator.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.server.merge(Key(kind, TEAM, name), {"metadata": {"annotations": given}})

    def delete(self, name: str, kind: str = DEPLOYMENT) -> None:
        self.server.delete(Key(kind, TEAM, name))

    def take_finalizers(self, name: str, kind: str = DEPLOYMENT) -> None:
        """Somebody takes all finalizers off by hand."""
        self.server.merge(Key(kind, TEAM, name), {"metadata": {"finalizers": []}})

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def until(self, wanted: Callable[[], object], within: float = 120) -> None:
        """Looks five times a second."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not wanted():
            assert loop.time() < end, f"not within {within} s"
            await asyncio.sleep(0.2)

    async def serve(self, *bodies: Object, within: float = 120) -> list[str]:
        """Their ids, once they are Ready."""
        self.apply(*bodies)
        names = [body["metadata"]["name"] for body in bodies]
        await self.until(
            lambda: all(self.says(n).get("Ready") == "True Available" for n in names), within=within
        )
        return [str(self.status(name)["externalID"]) for name in names]

    # What people see.

    def find(self, name: str, kind: str = DEPLOYMENT) -> Object | None:
        return self.server.find(Key(kind, TEAM, name))

    def status(self, name: str, kind: str = DEPLOYMENT) -> Object:
        found: Object = self.server.get(Key(kind, TEAM, name)).get("status", {})
        return found

    def says(self, name: str, kind: str = DEPLOYMENT) -> dict[str, str]:
        """`{"Ready": "True Available", …}`."""
        return conditions(self.server.get(Key(kind, TEAM, name)))

    def message(self, name: str, type: str = "Ready", kind: str = DEPLOYMENT) -> str:
        found = self.status(name, kind)["conditions"]
        return str(next(c["message"] for c in found if c["type"] == type))

    def events(self, name: str) -> list[str]:
        """Reasons, oldest first."""
        found = sorted(self.server.list("Event", TEAM), key=lambda e: str(e["metadata"]["name"])[-16:])
        return [str(e["reason"]) for e in found if e["involvedObject"]["name"] == name]

    def warnings(self, name: str) -> list[str]:
        """Reasons of those that are of that type, in no order."""
        found = [e for e in self.server.list("Event", TEAM) if e["type"] == "Warning"]
        return [str(e["reason"]) for e in found if e["involvedObject"]["name"] == name]

    def total(self, series: str) -> float:
        """A metric's value; all of its labels together."""
        lines = self.metrics.render()[0].decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(series))

    async def live(self, vendor: str) -> list[str]:
        """Ids of what costs money, oldest first, as the vendor's own API lists them."""
        row = ROWS[vendor]
        async with HttpTransport(
            request_timeout=timedelta(seconds=10), client=InProcess(self.simulator)
        ) as transport:
            account = row.vendor.connect(
                Connection(
                    base_url=URL + row.base_path,
                    chat_base_url=None,
                    credentials=row.vendor.credentials(row.secret),
                    transport=transport,
                    gate=OpenGate(),
                )
            )
            return [remote.id for remote in await account.list() if is_live(remote)]

    async def create_at(self, vendor: str, body: Object) -> str:
        """Somebody makes a deployment at the provider; its id."""
        api = ROWS[vendor].api
        async with httpx.AsyncClient(transport=InProcess(self.simulator), base_url=URL) as client:
            made = await client.post(api.deployments, json=body, headers=dict(api.headers))
            return str(made.raise_for_status().json()["id"])

    async def asked(self, operation: str) -> int:
        """Requests of that kind that the providers got."""
        found = await self.simulator.control("GET", f"/requests?operation={operation}")
        return len(found["requests"])

    async def fault(self, kind: str, **rule: Any) -> None:
        await self.simulator.control("POST", "/faults", {"kind": kind, **rule})

    async def mend(self) -> None:
        await self.simulator.control("DELETE", "/faults")


@asynccontextmanager
async def running(*, opens: bool = True, **settings: Any) -> AsyncIterator[Running]:
    """Started, both ModelProviders Ready (unless `opens` is False). Keywords are settings."""
    loop = asyncio.get_running_loop()
    knobs = STEADY | {vendor: block for row in ROWS.values() for vendor, block in row.knobs.items()}
    simulator = Simulator(Knobs().changed(knobs), source=lambda: START.timestamp() + loop.time())
    usual = {"allowed_provider_hosts": (URL,), **settings}
    wall = Wall(loop)
    operator = Running(Settings(**usual), Server(wall), simulator, wall)
    await operator.start()
    if opens:
        operator.open()
        await operator.until(
            lambda: all(operator.says(v, PROVIDER).get("Ready", "").startswith("True") for v in VENDORS)
        )
    yield operator
    await operator.stop()
    await simulator.aclose()


@asynccontextmanager
async def beside(other: Running, cluster: str, **settings: Any) -> AsyncIterator[Running]:
    """The operator of another cluster, with nothing in it yet, at the same providers; with UIDs of its own."""
    usual = other.settings.model_copy(update=settings)
    server = Server(other.wall, Random(cluster))
    operator = Running(usual, server, other.simulator, other.wall, cluster=cluster)
    await operator.start()
    yield operator
    await operator.stop()
