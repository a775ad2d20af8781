"""All at once: a limit of one request a minute, a provider that hangs, lists without end, bulky items.

The real engine in real time. Nothing that runs in its loop may work for longer than 100 ms of CPU time at a stretch,
and the neighbour's edits are at his provider within a second.
"""

import asyncio
import gc
import json
import selectors
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from typing_extensions import override

from explorer.objects import deployment, provider, secret
from explorer.world import World
from model_operator.engine.garbage import search_rarely, spare_start_up
from support.tenants import a_neighbour_serves, account, hangs, neighbours_edit

BULK = 2000
"""Deployments of 16 kB each."""
MANY = 19_000


class TimedLoop(asyncio.SelectorEventLoop):
    """Knows the longest callback, in CPU time of its thread."""

    def __init__(self) -> None:
        self.longest: list[tuple[float, str]] = []
        super().__init__(selectors.DefaultSelector())

    @override
    def call_soon(self, callback: Callable[..., Any], *args: Any, context: Context | None = None) -> Any:
        return super().call_soon(self._timed, callback, *args, context=context)

    @override
    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> Any:
        return super().call_at(when, self._timed, callback, *args, context=context)

    def _timed(self, callback: Callable[..., Any], *args: Any) -> None:
        began = time.thread_time()
        callback(*args)
        took = time.thread_time() - began
        if took > 0.05:
            self.longest.append((took, repr(callback)[:300]))


@dataclass
class Parts(httpx.AsyncByteStream):
    body: bytes

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), 1 << 16):
            yield self.body[start : start + (1 << 16)]


@dataclass
class Hostile(httpx.AsyncBaseTransport):
    """Answers LISTs with these keys as its owner wants; everything else is the simulator's."""

    inner: httpx.AsyncBaseTransport
    lists: dict[str, bytes]
    served: dict[str, int] = field(default_factory=dict)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if key in self.lists and request.method == "GET" and request.url.path.endswith("/deployments"):
            self.served[key] = self.served.get(key, 0) + 1
            return httpx.Response(200, stream=Parts(self.lists[key]))
        return await self.inner.handle_async_request(request)


def items(count: int, size: int) -> bytes:
    one = {"deploymentName": "x", "modelName": "o/m", "status": {"status": "ONLINE"}, "note": "x" * size}
    return json.dumps([{"id": number, **one} for number in range(count)]).encode()


async def everything_at_once(world: World, lists: dict[str, bytes]) -> tuple[list[float], Hostile]:
    """Seconds of the neighbour's edits, after some seconds of it all."""
    process = world.process
    assert process is not None
    hostile = Hostile(process.way.inner, lists)
    process.way.inner = hostile  # type: ignore[assignment]
    await a_neighbour_serves(world)
    account(world, requestsPerMinute=1)
    for number in range(60):
        world.create(
            deployment("parasail", f"slow-{number}", externalID=f"9000{number:02}", deletionPolicy="Orphan")
        )
    account(world, "paitient")
    await hangs(world, "paitient", "create", "get")
    for number in range(60):
        world.create(deployment("paitient", f"hang-{number}"))
    for name, key in (("bulky", "bulky-key-of-evil-0"), ("many", "many-key-of-evil-00")):
        world.create(secret("parasail", key, name))
        world.create(provider("parasail", name, credentials={"secretRef": {"name": name}}, pollInterval="5s"))
        world.create(deployment("parasail", f"of-{name}", providerRef={"name": name}))
    await asyncio.sleep(3)
    return [await neighbours_edit(world, replicas) for replicas in (2, 3, 4, 5, 6)], hostile


@contextmanager
def collecting_as_a_process_does() -> Iterator[None]:
    """A full search would go through all that a thousand other tests have left; the operator's start-up is spared."""
    before = gc.get_threshold()
    search_rarely()
    spare_start_up()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


@pytest.mark.timeout(120)
def test_no_piece_of_work_is_long_and_a_neighbour_waits_less_than_a_second():
    lists = {"bulky-key-of-evil-0": items(BULK, 16_000), "many-key-of-evil-00": items(MANY, 1)}

    async def story() -> None:
        world = World(seed=1)
        await world.open()
        edits, hostile = await everything_at_once(world, lists)
        assert statistics.median(edits) < 1
        async with asyncio.timeout(60):
            while not all(hostile.served.get(key, 0) > 1 for key in hostile.lists):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert world.process is not None
        stopping = asyncio.create_task(world.process.engine.stop())
        await asyncio.wait([stopping], timeout=0.1)  # no pass begins from now on; what hangs is cancelled

    with collecting_as_a_process_does(), asyncio.Runner(loop_factory=TimedLoop) as runner:
        runner.run(story())
        loop = runner.get_loop()
        assert isinstance(loop, TimedLoop)
        longest = [found for found in loop.longest if found[0] > 0.1]
    gc.collect()  # what was killed half-way ends here, and in no later test
    assert longest == []
