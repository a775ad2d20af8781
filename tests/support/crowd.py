"""A crowd at a limiter, under a clock that only the test moves."""

import asyncio
import heapq
from collections.abc import Callable
from contextlib import suppress
from itertools import count

from model_operator.accounts.limiter import Limiter
from model_operator.domain import Priority

DELETE, EDIT, TRANSITION, SWEEP = Priority


class ManualClock:
    """Time stands still until `advance`; timers fire in their order on the way."""

    def __init__(self):
        self.now = 1000.0
        self._timers = []
        self._order = count()

    def time(self):
        return self.now

    def call_at(self, when: float, callback: Callable[[], None]):
        timer = Timer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float):
        end = self.now + seconds
        await settle()
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            timer.fire()
            await settle()
        self.now = end


class Timer:
    def __init__(self, callback):
        self._callback = callback

    def cancel(self):
        self._callback = None

    def fire(self):
        if self._callback is not None:
            self._callback()


async def settle():
    for _ in range(8):
        await asyncio.sleep(0)


class Crowd:
    """Tasks that take turns: each notes when it came in and stays until it is let go."""

    def __init__(self, clock, **options):
        self.clock = clock
        self.rests = []
        self.limiter = Limiter(clock, jitter=lambda: 1.0, on_rest=self.rests.append, **options)
        self.came = []
        self.inside = {}
        self.tasks = {}

    def join(self, name, priority=EDIT):
        self.tasks[name] = asyncio.create_task(self._take(name, priority))

    async def _take(self, name, priority):
        async with self.limiter.turn(priority):
            self.came.append((name, self.clock.now - 1000))
            self.inside[name] = asyncio.get_running_loop().create_future()
            try:
                await self.inside[name]
            finally:
                del self.inside[name]

    async def leave(self, *names):
        for name in names:
            self.inside[name].set_result(None)
        await settle()

    async def leave_all(self):
        await settle()
        while self.inside:
            await self.leave(*list(self.inside))

    async def cancel(self, name):
        self.tasks[name].cancel()
        with suppress(asyncio.CancelledError):
            await self.tasks[name]

    @property
    def names(self):
        return [name for name, _ in self.came]
