"""One vendor's adapter connected to a simulator of its own, and the simulator's control plane beside it.

Time in the simulator stands still until `advance`, so that no test waits for a model to start.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from model_operator.domain import Desired, Priority
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.providers.base import Connection, Gate, Provider, Vendor
from model_operator.providers.http import HttpTransport
from model_operator_simulator import Simulator
from support.in_process import InProcess
from support.rows import WORLDS, Row


class OpenGate(Gate):
    """Lets everybody in at once, and remembers who came and what rest was asked for."""

    def __init__(self) -> None:
        self.turns: list[Priority] = []
        self.pauses: list[timedelta | None] = []

    @property
    def resting(self) -> timedelta:
        return timedelta()

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[None]:
        self.turns.append(priority)
        yield

    def pause(self, retry_after: timedelta | None) -> None:
        self.pauses.append(retry_after)


@dataclass
class World:
    row: Row
    url: str
    transport: HttpTransport
    gate: OpenGate
    simulator: Simulator

    @property
    def vendor(self) -> Vendor:
        return self.row.vendor

    @property
    def name(self) -> str:
        return self.row.vendor.type

    @property
    def provider(self) -> Provider:
        return self.connect()

    def connect(
        self, secret: Mapping[str, str] | None = None, *, transport: HttpTransport | None = None
    ) -> Any:
        """The adapter; with other credentials or another transport if given."""
        return self.vendor.connect(
            Connection(
                base_url=self.url + self.row.base_path,
                chat_base_url=None if self.row.chat_path is None else self.url + self.row.chat_path,
                credentials=self.vendor.credentials(secret or self.row.secret),
                transport=transport or self.transport,
                gate=self.gate,
            )
        )

    def desired(self, name: str = "llama", uid: str = "11111111-2222", **spec: Any) -> Desired:
        """A ModelDeployment of this vendor; `spec` replaces top-level fields, in YAML's spelling (None leaves out)."""
        yaml = {"providerRef": {"name": "p"}, "model": "org/llama-8b", **self.row.spec, **spec}
        parsed = ModelDeploymentSpec.model_validate(
            {key: value for key, value in yaml.items() if value is not None}
        )
        return Desired(
            uid=uid,
            namespace="team",
            name=name,
            generation=1,
            deployment_name=name,
            model=parsed.model,
            fields=self.vendor.fields(parsed),
            fixed=self.vendor.fixed(parsed),
            texts=self.vendor.texts(parsed),
        )

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        return await self.simulator.control(method, path, body)

    async def advance(self, seconds: float) -> None:
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def set(self, **knobs: Any) -> None:
        await self.control("PATCH", "/knobs", {self.name: knobs})

    async def fault(self, kind: str, **rule: Any) -> None:
        where = {} if self.row.faulty is None or "operation" in rule else {"path": self.row.faulty}
        await self.control("POST", "/faults", {"kind": kind, "vendor": self.name, **where, **rule})

    async def set_replicas(self, id: str, count: int) -> None:
        """Somebody does it at the vendor."""
        await self.edit(id, fields=dict.fromkeys(self.row.api.replicas, count))

    async def replicas(self, id: str) -> int:
        """How many the vendor has."""
        return int((await self.shown(id))[self.row.api.replicas[0]])

    async def mend(self) -> None:
        await self.control("DELETE", "/faults")

    async def edit(self, id: str, **change: Any) -> Any:
        return await self.control("PATCH", f"/deployments/{self.name}/{id}", change)

    async def shown(self, id: str) -> Any:
        return await self.control("GET", f"/deployments/{self.name}/{id}")

    async def requests(self, **filters: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={value}" for name, value in {"vendor": self.name, **filters}.items())
        return list((await self.control("GET", f"/requests?{query}"))["requests"])

    async def serving(self, desired: Desired | None = None) -> str:
        """The id of a new deployment that serves."""
        remote = await self.provider.create(desired or self.desired())
        await self.advance(self.row.start)
        return remote.id


@asynccontextmanager
async def new_world(name: str, **options: Any) -> AsyncIterator[World]:
    """Over a socket; `options` are the transport's."""
    simulator = Simulator(clock="manual")
    async with (
        simulator.serve() as url,
        HttpTransport(request_timeout=timedelta(seconds=10), **options) as transport,
    ):
        yield await opened(World(WORLDS[name], url, transport, OpenGate(), simulator))
        # Connections that a fault left hanging would keep the server's end waiting.
        await asyncio.sleep(0)


@asynccontextmanager
async def in_process_world(name: str) -> AsyncIterator[World]:
    """The same without a socket, which is quicker."""
    simulator = Simulator(clock="manual")
    async with HttpTransport(request_timeout=timedelta(seconds=10), client=InProcess(simulator)) as transport:
        yield await opened(World(WORLDS[name], "http://simulator", transport, OpenGate(), simulator))
    await simulator.aclose()


async def opened(world: World) -> World:
    await world.control("PATCH", "/knobs", dict(world.row.knobs))
    return world
