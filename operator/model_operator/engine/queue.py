"""The work queue: which object is looked at next, never the same one twice at a time.

Modelled on client-go's workqueue: adding a key that waits is free, adding one that is worked on makes it run again
afterwards, and each key has at most one delayed re-run, the earliest that was asked for. Urgent keys overtake the
others: what a user has just changed does not wait for what a poll has found.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

from model_operator.observability.metrics import ControllerMetrics

K = TypeVar("K", bound=Hashable)
_JITTER = 0.1


class WorkQueue(Generic[K]):
    """Keys to work on, and the workers that do it. All methods are for the event loop's thread."""

    def __init__(self, metrics: ControllerMetrics) -> None:
        self._metrics = metrics
        self._urgent: deque[K] = deque()
        self._ready: deque[K] = deque()
        self._since: dict[K, float] = {}
        self._active: set[K] = set()
        self._again: dict[K, bool] = {}
        self._timers: dict[K, tuple[float, asyncio.TimerHandle]] = {}
        self._failures: dict[K, int] = {}
        self._news = asyncio.Semaphore(0)
        self._is_open = True

    def add(self, key: K, *, is_urgent: bool = False) -> None:
        """Work on the key as soon as a worker is free. One that waits already keeps its place."""
        self._cancel_timer(key)
        if key in self._active:
            self._again[key] = is_urgent or self._again.get(key, False)
            return
        if key in self._since or not self._is_open:
            return
        self._since[key] = _now()
        (self._urgent if is_urgent else self._ready).append(key)
        self._metrics.adds.inc()
        self._metrics.depth.set(len(self._since))
        self._news.release()

    def add_after(self, key: K, delay: timedelta) -> None:
        """Work on the key after `delay` and up to 10 % more, or earlier if something else asks for it."""
        seconds = delay.total_seconds()
        if seconds <= 0:
            self.add(key)
            return
        if not self._is_open:
            return
        when = _now() + seconds * (1 + random.random() * _JITTER)  # noqa: S311  jitter, not a secret
        waiting = self._timers.get(key)
        if waiting is not None and waiting[0] <= when:
            return
        self._cancel_timer(key)
        handle = asyncio.get_running_loop().call_at(when, self.add, key)
        self._timers[key] = (when, handle)

    def retry(self, key: K, *, first: timedelta, cap: timedelta) -> None:
        """Work on it again after an exponential back-off with jitter; `forget` resets it."""
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        self._metrics.retries.inc()
        self.add_after(key, min(first * 2 ** min(count, 20), cap))

    def forget(self, key: K) -> None:
        """The key succeeded, or its spec changed: its next failure starts from the first delay."""
        self._failures.pop(key, None)

    def drop(self, key: K) -> None:
        """The object is gone: nothing of it stays."""
        self._cancel_timer(key)
        self._again.pop(key, None)
        self.forget(key)

    async def work(self, handle: Callable[[K], Awaitable[None]]) -> None:
        """One worker; ends after `close`. `handle` must not raise."""
        while True:
            await self._news.acquire()
            waiting = self._urgent or self._ready
            if not waiting:
                if not self._is_open:
                    return
                continue
            key = waiting.popleft()
            self._active.add(key)
            self._metrics.waited(_now() - self._since.pop(key))
            self._metrics.depth.set(len(self._since))
            try:
                with self._metrics.working():
                    await handle(key)
            finally:
                self._active.discard(key)
                if key in self._again:
                    self.add(key, is_urgent=self._again.pop(key))

    def close(self, workers: int) -> None:
        """Take no more keys: idle workers end now, busy ones after their pass; what waits is dropped."""
        self._is_open = False
        for _, handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        self._urgent.clear()
        self._ready.clear()
        self._since.clear()
        self._again.clear()
        for _ in range(workers):
            self._news.release()

    @property
    def is_idle(self) -> bool:
        """Nothing waits for a worker, and no worker has anything."""
        return not self._since and not self._active

    def _cancel_timer(self, key: K) -> None:
        waiting = self._timers.pop(key, None)
        if waiting is not None:
            waiting[1].cancel()


def _now() -> float:
    return asyncio.get_running_loop().time()
