"""Several whole operators over one API server and one provider, each with the shard that the real Leases give it.

All on virtual time. Who sent and wrote what, and in which namespace, is noted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from explorer.objects import deployment, provider, secret
from explorer.process import Process
from explorer.way import Sent
from explorer.world import World
from model_operator.domain import DEPLOYMENT, Key
from model_operator.shard_lease import ShardLeadership
from support.memory_leases import Leases, Line
from support.memory_store import Request, Verb
from support.own_tasks import own_tasks
from support.virtual_time import run

_CHANGES = frozenset({"create", "update", "delete", "power"})
_LOOKS = frozenset({Verb.GET, Verb.LIST})


class Did(NamedTuple):
    """A change that a process asked for."""

    at: float
    process: "Sharded"
    namespace: str


class Sharded(Process):
    """Acts once it has a shard, as app.py does it; ends when it has lost it."""

    leases: Leases
    count: int
    name: str
    election: ShardLeadership
    line: Line
    is_ending: bool = False

    async def _run(self) -> None:
        self.line = Line(self.leases)
        self.shards.count, self.shards.mine = self.count, None
        self.election = ShardLeadership(
            self.line.kube(),
            name="model-operator",
            namespace="system",
            identity=self.name,
            shards=self.shards,
            clock=asyncio.get_running_loop().time,
        )
        await self.election.refusal()
        await self.election.acquire()
        await super()._run()
        await self.election.lost()
        if not self.is_ending:
            self.kill()

    def may_send(self) -> bool:
        return self.election.is_held

    def kill(self) -> None:
        self.line.is_dead = True
        super().kill()

    async def end(self) -> None:
        """SIGTERM."""
        self.is_ending = True
        self.watch.close()
        await self.engine.stop()
        await self.election.release()
        self.kill()


@dataclass
class Fleet:
    """`start` processes, `serve` namespaces; `owner` says where an id or a name belongs."""

    world: World
    count: int = 3
    leases: Leases = field(default_factory=lambda: Leases(lambda: 0.01))
    did: list[Did] = field(default_factory=list)
    spaces: dict[str, str] = field(default_factory=dict)
    """Namespace by what a request to the provider names: a deployment's name, later its id."""
    sent: list[tuple[Did, Sent]] = field(default_factory=list)

    def start(self, replicas: int = 1) -> None:
        for _ in range(replicas):
            process = self.world.start(self._make)
            assert isinstance(process, Sharded)

    def _make(self, store: Any, way: Any, wall: Any, **given: Any) -> Sharded:
        process = Sharded(store, way, wall, **given)
        process.leases, process.count = self.leases, self.count
        process.name = f"p{len(self.world.processes)}"
        met, met_store = way.met, store.met
        way.met = partial(self._met, process, met)
        store.met = partial(self._met_store, process, met_store)
        return process

    def _met(self, process: Sharded, tell: Callable[[str, Sent], None], point: str, sent: Sent) -> None:
        if point.endswith(".sent") and sent.operation in _CHANGES:
            name = (
                sent.id or (sent.body or {}).get("deploymentName") or (sent.body or {}).get("deployment_name")
            )
            self.sent.append((Did(sent.at, process, str(name)), sent))
        tell(point, sent)

    def _met_store(
        self, process: Sharded, tell: Callable[[str, Request], None], point: str, request: Request
    ) -> None:
        if point.endswith(".sent") and request.verb not in _LOOKS:
            self.did.append(Did(self.world.loop.time(), process, request.key.namespace))
        tell(point, request)

    # What people do.

    def account(self, namespace: str, **spec: Any) -> None:
        self.world.create(secret("parasail", "sim-parasail-key"), namespace)
        self.world.create(provider("parasail", **spec), namespace)

    def apply(self, namespace: str, name: str, **spec: Any) -> None:
        """The names of all namespaces together are unique here."""
        self.world.create(deployment("parasail", name, **spec), namespace)

    # What there is to see.

    @property
    def living(self) -> list[Sharded]:
        return [p for p in self.world.processes if p.is_running and isinstance(p, Sharded)]

    @property
    def acting(self) -> dict[int, Sharded]:
        return {p.shards.mine: p for p in self.living if p.shards.mine is not None and p.has_read}

    def objects(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        for key, body in self.world.server.objects.items():
            if key.kind == DEPLOYMENT:
                yield key, body

    def ready(self) -> bool:
        return all(
            any(c["type"] == "Ready" and c["reason"] == "Available" for c in body["status"]["conditions"])
            for _, body in self.objects()
        )

    async def until(self, what: Callable[[], object], within: float) -> float:
        began = self.world.loop.time()
        while not what():
            assert self.world.loop.time() - began < within, self.states()
            await asyncio.sleep(0.1)
        return self.world.loop.time() - began

    def states(self) -> list[str]:
        return [
            f"{key.namespace}/{key.name}: "
            + ", ".join(f"{c['type']} {c['status']} {c['reason']}" for c in body["status"]["conditions"])
            for key, body in self.objects()
        ]

    def strayed(self) -> list[Did]:
        """Writes to the API server about objects of another shard's namespaces."""
        return [one for one in self.did if not one.process.shards.owns(one.namespace)]


def fleet(story: Callable[[Fleet], Awaitable[None]], *, seed: int = 1) -> None:
    async def main() -> None:
        own_tasks(asyncio.get_running_loop())
        world = World(seed=seed)
        await world.furnish()
        told = Fleet(world)
        await story(told)
        for process in told.living:
            process.kill()
        await world.simulator.aclose()

    run(main())
