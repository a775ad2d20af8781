"""An engine on virtual time that can be killed at any moment, as by kill -9: nothing is put in order, nothing returns.

`live(story)` runs one story. Its loop knows which task is the operator's, and requests go on without it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from random import Random
from typing import Any

import httpx
from typing_extensions import override

from explorer.way import Way
from model_operator.domain import Key
from support.engine_world import World
from support.in_process import InProcess
from support.own_tasks import Tasks, own_tasks, owned
from support.virtual_time import run


class MortalWorld(World):
    """`kill` ends its process; `boot` and `work` make the next one."""

    def __init__(self, seed: int, **settings: Any) -> None:
        self.dice = Random(seed)
        super().__init__(**settings)

    @override
    def boot(self) -> None:
        self.tasks: Tasks = set()
        self.context: Context = owned(self.tasks)
        super().boot()

    @override
    def way_out(self) -> httpx.AsyncBaseTransport:
        self.way = Way(InProcess(self.simulator), lambda _point, _sent: None, self._latency)
        return self.way

    @override
    async def work(self) -> None:
        await asyncio.get_running_loop().create_task(super().work(), context=self.context)

    def kill(self) -> None:
        """kill -9: what it has in flight never returns to it, and goes on where it had arrived."""
        self.watch.close()
        self.store.cut()
        self.way.is_cut = True
        for task in tuple(self.tasks):
            task.cancel()

    @override
    def _hear(self, type_: str, key: Key, body: Mapping[str, Any]) -> None:
        self.context.copy().run(super()._hear, type_, key, body)

    def _latency(self) -> float:
        return 0.02 * (0.5 + self.dice.random())


def live(story: Callable[[MortalWorld], Awaitable[None]], *, seed: int = 1, **settings: Any) -> None:
    """From the first process to the last, which is killed as well."""

    async def main() -> None:
        own_tasks(asyncio.get_running_loop())
        world = MortalWorld(seed, **settings)
        await world.start("parasail")
        await story(world)
        world.kill()
        await world.simulator.aclose()

    run(main())
