"""The work queue: which object is looked at next, never the same one twice at a time.

Modelled on client-go's workqueue: adding a key that waits is free, adding one that is worked on makes it run again
afterwards, and each key has at most one delayed re-run, the earliest that was asked for. Urgent keys overtake the
others: what a user has just changed does not wait for what a poll has found. Nobody's keys wait for all of somebody
else's, and a pass that waits for a provider holds no worker.
"""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from datetime import timedelta
from typing import Generic, TypeVar

from model_operator.observability.metrics import ControllerMetrics

K = TypeVar("K", bound=Hashable)
_JITTER = 0.1

log = logging.getLogger(__name__)


class WorkQueue(Generic[K]):
    """Keys to work on, and the workers that do it. All methods are for the event loop's thread."""

    def __init__(self, metrics: ControllerMetrics, owner: Callable[[K], Hashable] = lambda _: None) -> None:
        """`owner` tells whose a key is: the owners take turns, however many keys each of them has."""
        self._metrics = metrics
        self._urgent, self._ready = _Line(owner), _Line(owner)
        self._since: dict[K, float] = {}
        self._active: set[K] = set()
        self._away: dict[K, Callable[[], None]] = {}
        self._again: dict[K, bool] = {}
        self._timers: dict[K, tuple[float, asyncio.TimerHandle]] = {}
        self._failures: dict[K, int] = {}
        self._free = 0
        self._has_turn = True
        """In this turn of the event loop a key that is not urgent may still begin."""
        self._handle: Callable[[K], Awaitable[None]] | None = None
        self._passes: set[asyncio.Task[None]] = set()
        self._broken = 0
        self._is_open = True

    def add(self, key: K, *, is_urgent: bool = False) -> None:
        """Work on the key as soon as a worker is free. One that waits already keeps its place, unless this is urgent."""
        self._cancel_timer(key)
        if key in self._active:
            self._again[key] = is_urgent or self._again.get(key, False)
            if key in self._away:
                self._away[key]()
            return
        if key in self._since:
            if is_urgent and self._ready.drop(key):
                self._urgent.add(key)
            return
        if not self._is_open:
            return
        self._since[key] = _now()
        (self._urgent if is_urgent else self._ready).add(key)
        self._metrics.adds.inc()
        self._metrics.depth.set(len(self._since))
        self._hand_out()

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
        if key in self._away:
            self._away[key]()

    def leave(self, key: K, on_news: Callable[[], None]) -> None:
        """The key's pass waits for somebody outside: its worker is free meanwhile.

        `on_news` is called when the key is added or dropped before `come_back`.
        """
        self._away[key] = on_news
        self._metrics.away(+1)
        self._free += 1
        self._hand_out()

    def come_back(self, key: K) -> None:
        """The wait is over. The pass goes on at once, also as one too many: the next key waits for that."""
        del self._away[key]
        self._metrics.away(-1)
        self._free -= 1

    def start(self, handle: Callable[[K], Awaitable[None]], workers: int) -> None:
        """Work with so many workers until `close`. `handle` must not raise."""
        self._handle, self._free = handle, workers
        self._hand_out()

    def close(self) -> None:
        """Take no more keys: what runs may finish, what waits is dropped."""
        self._is_open = False
        for _, handle in self._timers.values():
            handle.cancel()
        self._timers.clear()
        self._urgent.clear()
        self._ready.clear()
        self._since.clear()
        self._again.clear()

    async def finished(self, within: timedelta) -> None:
        """Running passes may finish in that time; what is left then is cancelled."""
        passes = tuple(self._passes)
        if not passes:
            return
        _, late = await asyncio.wait(passes, timeout=within.total_seconds())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def knows(self, key: K) -> bool:
        """It waits, is worked on, or comes back at a time of its own."""
        return key in self._since or key in self._active or key in self._timers

    @property
    def is_idle(self) -> bool:
        """Nothing waits for a worker, and no worker has anything."""
        return not self._since and len(self._active) == len(self._away)

    @property
    def problem(self) -> str | None:
        """For /healthz: None while every pass has come to its end."""
        return f"{self._broken} passes have died" if self._broken else None

    def _hand_out(self) -> None:
        """A key for each free worker: at once where they are urgent, of the others one in each turn of the event loop.

        A poll has news of hundreds, and an edit that comes just then would wait for the first step of each of them.
        """
        while self._free > 0 and self._handle is not None:
            key = self._urgent.take()
            if key is None:
                if not self._has_turn or (key := self._ready.take()) is None:
                    return
                self._has_turn = False
                asyncio.get_running_loop().call_soon(self._next_turn)
            self._begin(key, self._handle)

    def _next_turn(self) -> None:
        self._has_turn = True
        self._hand_out()

    def _begin(self, key: K, handle: Callable[[K], Awaitable[None]]) -> None:
        self._free -= 1
        self._active.add(key)
        self._metrics.waited(_now() - self._since.pop(key))
        self._metrics.depth.set(len(self._since))
        task = asyncio.get_running_loop().create_task(self._work(key, handle))
        self._passes.add(task)
        task.add_done_callback(self._passes.discard)

    async def _work(self, key: K, handle: Callable[[K], Awaitable[None]]) -> None:
        try:
            with self._metrics.working():
                await handle(key)
        except asyncio.CancelledError:
            self._broken += self._is_open  # by nobody who may
            raise
        except Exception:
            log.exception("a pass has died")
            self._broken += 1
        finally:
            self._active.discard(key)
            self._free += 1
            if key in self._again:
                self.add(key, is_urgent=self._again.pop(key))
            self._hand_out()

    def _cancel_timer(self, key: K) -> None:
        waiting = self._timers.pop(key, None)
        if waiting is not None:
            waiting[1].cancel()


class _Line(Generic[K]):
    """Keys that wait: those of one owner in their order, the owners in turn."""

    def __init__(self, owner: Callable[[K], Hashable]) -> None:
        self._owner = owner
        self._keys: OrderedDict[Hashable, OrderedDict[K, None]] = OrderedDict()

    def add(self, key: K) -> None:
        self._keys.setdefault(self._owner(key), OrderedDict())[key] = None

    def take(self) -> K | None:
        """The next one; its owner is last in turn from now on."""
        if not self._keys:
            return None
        owner, keys = self._keys.popitem(last=False)
        key, _ = keys.popitem(last=False)
        if keys:
            self._keys[owner] = keys
        return key

    def drop(self, key: K) -> bool:
        """Whether it was there."""
        owner = self._owner(key)
        keys = self._keys.get(owner)
        if keys is None or key not in keys:
            return False
        del keys[key]
        if not keys:
            del self._keys[owner]
        return True

    def clear(self) -> None:
        self._keys.clear()


def _now() -> float:
    return asyncio.get_running_loop().time()
