"""Processes that share namespaces by Leases, in virtual time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from model_operator.lease import ElectionEnded, Leadership
from model_operator.shard_lease import Election, ShardLeadership
from model_operator.sharding import Shards, shard_of
from support.memory_leases import Leases, Line

NAME, PLACE = "model-operator", "system"


NAMESPACES = [f"team-{n}" for n in range(24)]
"""Some in each shard of each count here."""


LATENCIES = (0.0, 0.3)


@lru_cache
def part(count: int, shard: int | None) -> list[str]:
    return [name for name in NAMESPACES if shard_of(name, count) == shard]


@dataclass(eq=False)
class Process:
    """One operator, as far as it wants to act. A count of 1 is what every version before shards was."""

    leases: Leases
    identity: str
    count: int
    has_stopped: bool = False
    stood_still: float = 0.0
    """Seconds for which nothing of it ran, while its clock went on: SIGSTOP."""
    shards: Shards = field(init=False)
    line: Line = field(init=False)
    election: Election = field(init=False)
    run: "asyncio.Task[None]" = field(init=False)

    def __post_init__(self) -> None:
        self.shards, self.line = Shards(self.count), Line(self.leases)
        clock = self._clock
        kube, who = self.line.kube(), self.identity
        if self.count == 1:
            self.election = Leadership(kube, name=NAME, namespace=PLACE, identity=who, clock=clock)
        else:
            self.election = ShardLeadership(
                kube, name=NAME, namespace=PLACE, identity=who, shards=self.shards, clock=clock
            )
        self.run = asyncio.create_task(self._run())

    def _clock(self) -> float:
        return asyncio.get_running_loop().time() + self.stood_still

    async def _run(self) -> None:
        await self.election.refusal()  # a look at each Lease, long before most of them are had
        try:
            await self.election.acquire()
        except ElectionEnded:
            return
        await self.election.lost()
        await self.end()

    @property
    def acts_in(self) -> frozenset[str]:
        if self.has_stopped or self.line.is_dead or not self.election.is_held:
            return frozenset()
        return frozenset(part(self.count, self.shards.mine))

    async def end(self) -> None:
        """As on SIGTERM: it stops its work, then lets go."""
        self.has_stopped = True
        await self.election.release()
        if asyncio.current_task() is not self.run:
            self.run.cancel()

    def kill(self) -> None:
        """kill -9: nothing of it is sent any more, and its Leases run out."""
        self.line.is_dead = True
        self.run.cancel()


@dataclass
class Cluster:
    latency: Callable[[], float] = lambda: 0.01
    processes: list[Process] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self.leases = Leases(self.latency)
        self.looking = asyncio.create_task(self._look())

    def start(self, count: int, replicas: int = 1) -> list[Process]:
        begun = [Process(self.leases, f"p{len(self.processes) + n}", count) for n in range(replicas)]
        self.processes += begun
        return begun

    async def _look(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0.2)

    def look(self) -> None:
        seen: dict[str, str] = {}
        for process in self.processes:
            for name in process.acts_in:
                if name in seen:
                    self.problems.append(f"{name}: {seen[name]} and {process.identity}")
                seen[name] = process.identity

    @property
    def looked_after(self) -> list[str]:
        """Namespaces in which somebody acts."""
        found = frozenset[str]().union(*(p.acts_in for p in self.processes))
        return [name for name in NAMESPACES if name in found]

    @property
    def acting(self) -> list[Process]:
        return [p for p in self.processes if p.acts_in]

    async def until_whole(self, within: float) -> float:
        """Seconds until every namespace has its process."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self.looked_after != NAMESPACES:
            assert loop.time() - began < within, (self.looked_after, self.leases.objects)
            await asyncio.sleep(0.05)
        return loop.time() - began

    def check(self) -> None:
        assert self.problems == []
