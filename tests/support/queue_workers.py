"""Workers at a queue, whose passes take as long as a test says."""

import asyncio
from collections import Counter
from datetime import timedelta

from model_operator.engine.queue import WorkQueue
from model_operator.observability.metrics import Metrics

MS = timedelta(milliseconds=1)


def owner_of(key: str) -> str:
    """`evil/3` is evil's."""
    return key.partition("/")[0] if "/" in key else ""


class Workers:
    """A queue with workers that note what they do; `gate` holds them inside a key until it is set."""

    def __init__(self, count: int = 1) -> None:
        self.metrics = Metrics()
        self.queue: WorkQueue[str] = WorkQueue(self.metrics.controller("ModelDeployment"), owner_of)
        self.count = count
        self.done: list[str] = []
        self.times: list[float] = []
        self.started: Counter[str] = Counter()
        self.active: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.gate = asyncio.Event()
        self.gate.set()
        self._news = asyncio.Event()

    async def __aenter__(self) -> "Workers":
        self.queue.start(self._handle, self.count)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.gate.set()
        self.queue.close()
        await self.queue.finished(timedelta(seconds=5))

    async def _handle(self, key: str) -> None:
        self.started[key] += 1
        self.active[key] += 1
        self.most[key] = max(self.most[key], self.active[key])
        self._news.set()
        await asyncio.sleep(0)
        await self.gate.wait()
        self.active[key] -= 1
        self.done.append(key)
        self.times.append(asyncio.get_running_loop().time())
        self._news.set()

    async def until(self, condition) -> None:
        async with asyncio.timeout(5):
            while not condition(self):
                self._news.clear()
                await self._news.wait()

    async def idle(self) -> None:
        """Everything that may run now has run."""
        for _ in range(20):
            await asyncio.sleep(0)
