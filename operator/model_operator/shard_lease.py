"""One shard for each of several acting operators: a Lease per shard, and one Lease for how many shards there are.

A process acts while it holds both, each with the deadline of lease.py. The second is the Lease that a single operator
holds by itself, with the count as its holder; so two counts, of which one may be 1, never act at the same time, and
neither does a version that knows of no shards. docs/decisions has why.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Protocol

from typing_extensions import override

from model_operator.kube import Kube
from model_operator.kubernetes_client import LeaderElectionRecord
from model_operator.lease import RENEW_DEADLINE, ElectionEnded, Leadership, TimedLock
from model_operator.sharding import Shards, title

LOOK_EVERY: Final = 1.0
"""Seconds between two looks of a process whose count has no turn."""
_SPARE_LOOKS_EVERY: Final = 0.5
"""Seconds between two looks of a process that has no shard: so much later it sees a renewal, and waits from there on."""
_ADDRESSES_EVERY: Final = 10.0
"""Seconds between two looks at where the others take events."""

log = logging.getLogger(__name__)


class Election(Protocol):
    """Who may act, among several processes."""

    async def refusal(self) -> str | None:
        """Why the API server will never let this process act; None if it may some time."""

    async def acquire(self) -> None:
        """Returns once this process may act, which may be never. Raises `ElectionEnded`."""

    async def nearly(self) -> None:
        """Returns when this process may soon act: another has stopped without having given up its Lease."""

    @property
    def is_held(self) -> bool:
        """May anything be sent now?"""

    async def lost(self) -> None:
        """Returns when this process may act no more."""

    async def release(self) -> None:
        """A clean end: the next one may begin at once."""

    def take_events_at(self, address: str | None) -> None:
        """Where this process takes events of providers, for the others to know."""

    def leads(self, namespace: str) -> bool:
        """Whether this process acts in that namespace."""

    def address_for(self, namespace: str) -> str | None:
        """Where the process that acts there takes events; None if nobody knows, or it is this one."""


class CountLock(TimedLock):
    """Held by all processes of one count together, under one name. Each renews it, unless another of them just has."""

    _shown: str | None = None
    _looked_at = float("-inf")
    _renewed_by_another: float | None = None

    @override
    async def get(self, name: str, namespace: str) -> Any:
        began = self._clock()
        answer = await super().get(name, namespace)
        record = answer[1] if answer[0] else None
        shown = None
        if isinstance(record, LeaderElectionRecord) and record.holder_identity == self.identity:
            shown = record.renew_time
        # What has changed since the look before was written after that look began. Of one long ago that says too little.
        has_changed = shown is not None and self._shown is not None and shown != self._shown
        is_recent = began - self._looked_at < RENEW_DEADLINE / 2
        self._renewed_by_another = self._looked_at if has_changed and is_recent else None
        self._shown, self._looked_at = shown, began
        return answer

    @override
    async def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        if self._renewed_by_another is None:
            if await super().update(name, namespace, updated_record):
                return True
            await self.get(name, namespace)  # another of us may have been quicker
        if self._renewed_by_another is None or self._is_late():
            return False
        self.renewed_at = max(self.renewed_at, self._renewed_by_another)
        return True

    @override
    async def give_up(self) -> None:
        """The others go on. After the last one it runs out."""


class ShardLeadership:
    """`acquire` takes any shard that is free, one for the life of the process, and tells `shards` which."""

    def __init__(
        self,
        kube: Kube,
        *,
        name: str,
        namespace: str,
        identity: str,
        shards: Shards,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`name` is the Lease of the count; those of the shards are `<name>-1-of-3` and so on."""
        self._shards = shards
        self._seats = [
            Leadership(
                kube,
                name=lease_name(name, shard, shards.count),
                namespace=namespace,
                identity=identity,
                clock=clock,
            )
            for shard in range(shards.count)
        ]
        self._count = Leadership(
            kube,
            name=name,
            namespace=namespace,
            identity=f"{shards.count}-shards",
            clock=clock,
            lock=CountLock,
        )
        self._first = shards.of(identity)
        """The shard that is tried first: not the same one by everybody."""
        self._seat: Leadership | None = None
        self._takes_events = False
        self._looking: asyncio.Task[None] | None = None

    async def refusal(self) -> str | None:
        for one in (self._count, *self._seats):
            if refusal := await one.refusal():
                return refusal
        return None

    async def acquire(self) -> None:
        shard = await self._take_free()
        seat = self._seat = self._seats[shard]
        await seat.acquire()
        await self._await_turn(seat, title(shard, self._shards.count))
        self._shards.take(shard)
        log.info("handling shard %s", title(shard, self._shards.count))
        if self._takes_events:
            self._looking = asyncio.create_task(self._look_around())

    async def nearly(self) -> None:
        """Whichever of them that is."""
        waiting = [asyncio.create_task(seat.nearly()) for seat in self._seats]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _take_free(self) -> int:
        count = self._shards.count
        while True:
            for place in range(count):
                shard = (self._first + place) % count
                if await self._seats[shard].try_once():
                    return shard
            await asyncio.sleep(self._until_next_look())

    def _until_next_look(self) -> float:
        """Seconds; not later than the moment at which the first Lease runs out."""
        still_held = (seat.runs_out_in for seat in self._seats if seat.runs_out_in > 0)
        return min((_SPARE_LOOKS_EVERY, *still_held))

    async def _await_turn(self, seat: Leadership, shard: str) -> None:
        """Until no process of another count acts."""
        has_said = False
        while not await self._count.try_once():
            if not has_said:
                log.info(
                    "shard %s is ours, and waits until operators with another number of shards have ended",
                    shard,
                )
            has_said = True
            await asyncio.sleep(LOOK_EVERY)
            if not seat.is_held:
                raise ElectionEnded(f"the Lease of shard {shard} was lost before it could be used")
        await self._count.acquire()

    @property
    def is_held(self) -> bool:
        return self._seat is not None and self._seat.is_held and self._count.is_held

    def holds(self, shard: int) -> bool:
        return self._seat is self._seats[shard] and self.is_held

    async def lost(self) -> None:
        held = [one for one in (self._seat, self._count) if one is not None]
        losing = [asyncio.create_task(one.lost()) for one in held]
        await asyncio.wait(losing, return_when=asyncio.FIRST_COMPLETED)
        for task in losing:
            task.cancel()

    async def release(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking
        await self._count.release()
        if self._seat is not None:
            await self._seat.release()

    def take_events_at(self, address: str | None) -> None:
        self._takes_events = address is not None
        for seat in self._seats:
            seat.take_events_at(address)

    def leads(self, namespace: str) -> bool:
        return self.is_held and self._shards.owns(namespace)

    def address_for(self, namespace: str) -> str | None:
        return self._seats[self._shards.of(namespace)].address_for(namespace)

    async def _look_around(self) -> None:
        """For ever: an event for another shard is passed on to whoever has that."""
        while True:
            for seat in self._seats:
                if seat is not self._seat:
                    await seat.look()
            await asyncio.sleep(_ADDRESSES_EVERY)


def lease_name(name: str, shard: int, count: int) -> str:
    return f"{name}-{title(shard, count)}"
