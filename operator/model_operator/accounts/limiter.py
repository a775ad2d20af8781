"""One limiter per provider account: who may send a request now, and who waits.

Every request of an account passes here, whoever needs it, so that its limits hold for all of them together.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple, Protocol

from typing_extensions import override

from model_operator.domain import Priority
from model_operator.errors import RETRIES, RateLimited
from model_operator.providers.base import Gate

SHORTEST_REST: Final = timedelta(seconds=1)
"""A 429 with `Retry-After: 0` still means less."""

FAIR_TURN: Final = 10
"""Every so manieth turn goes to whoever has waited longest, so that a sweep yields but is never starved."""

_BURST_SHARE: Final = 20
"""One part in so many of a minute's requests may be sent at once after a quiet time."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the limiter needs of time, in seconds. An asyncio event loop is one."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer: ...


class Limiter(Gate):
    """`Gate` with strict priorities, a rate per minute, a bound on requests in flight, and rests after a 429.

    After a rest one request goes alone; the others follow once it was answered without a 429.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        requests_per_minute: int | None = None,
        most_in_flight: int = 20,
        jitter: Callable[[], float] = random.random,
        on_rest: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`jitter` gives 0 to 1; `on_rest` is told of every rest, in seconds from now."""
        self._clock = clock
        self._most_in_flight = most_in_flight
        self._jitter = jitter
        self._on_rest = on_rest
        self._rate = _Rate(requests_per_minute)
        self._queues: tuple[deque[_Waiter], ...] = tuple(deque() for _ in Priority)
        self._arrivals = 0
        self._turns = 0
        self._in_flight = [0] * len(Priority)
        self._timer: Timer | None = None
        self._rest_until = 0.0
        self._rests = 0
        self._strikes = 0

    @property
    def requests_per_minute(self) -> int | None:
        """May be set at any time; never more than so many turns begin within any 60 seconds."""
        return self._rate.per_minute

    @requests_per_minute.setter
    def requests_per_minute(self, per_minute: int | None) -> None:
        if per_minute != self._rate.per_minute:
            self._rate = _Rate(per_minute, busy_until=self._rate.busy_until, now=self._clock.time())
            self._admit()

    @property
    def most_in_flight(self) -> int:
        """Requests under way at the same time; may be set at any time."""
        return self._most_in_flight

    @most_in_flight.setter
    def most_in_flight(self, most: int) -> None:
        self._most_in_flight = most
        self._admit()

    @property
    @override
    def resting(self) -> timedelta:
        """How long the account still rests after a 429; zero if it does not."""
        return timedelta(seconds=max(0.0, self._rest_until - self._clock.time()))

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return sum(not waiter.admitted.done() for queue in self._queues for waiter in queue)

    @property
    @override
    def queueing(self) -> timedelta:
        ahead = sum(
            not waiter.admitted.done()
            for priority in (Priority.DELETE, Priority.EDIT)
            for waiter in self._queues[priority]
        )
        next_turn = max(self._rate.due - self._clock.time(), 0.0)
        return max(self.resting, timedelta(seconds=next_turn)) + timedelta(
            seconds=ahead * self._rate.interval
        )

    @override
    def turn(self, priority: Priority) -> "_Turn":
        return _Turn(self, priority)

    @override
    def pause(self, retry_after: timedelta | None) -> None:
        now = self._clock.time()
        if retry_after is None:
            if now < self._rest_until:
                return  # the rest of one volley counts once
            retry_after = self._back_off()
        self._strikes = max(1, self._strikes)
        self._rests += 1
        self._rest_until = max(self._rest_until, now + max(retry_after, SHORTEST_REST).total_seconds())
        self._on_rest(self._rest_until - now)

    def _back_off(self) -> timedelta:
        """Doubles with every 429 that follows another, half of it by chance."""
        row = RETRIES[RateLimited]
        longest = min(row.cap, row.first * float(1 << min(self._strikes, 16)))
        self._strikes += 1
        return longest * (1 + self._jitter()) / 2

    async def enter(self, priority: Priority) -> int:
        """Wait for a turn; returns what `leave` has to be told."""
        waiter = _Waiter(self._arrivals, asyncio.get_running_loop().create_future())
        self._arrivals += 1
        self._queues[priority].append(waiter)
        self._admit()
        if not waiter.admitted.done():
            try:
                await waiter.admitted
            except asyncio.CancelledError:
                if not waiter.admitted.cancelled():  # its turn had come at the same moment
                    self._in_flight[priority] -= 1
                    self._admit()
                raise
        return self._rests

    def leave(self, priority: Priority, rests: int) -> None:
        """The turn is over."""
        self._in_flight[priority] -= 1
        if rests == self._rests:  # nobody was told to rest since
            self._strikes = 0
        self._admit()

    def _admit(self) -> None:
        """Let in as many as may go now, and come back when the next one may."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self._clock.time()
        while sum(self._in_flight) < (1 if self._strikes else self._most_in_flight):
            priority = self._next()
            if priority is None:
                return
            due = max(self._rest_until, self._rate.due)
            if due > now:
                self._timer = self._clock.call_at(due, self._admit)
                return
            self._rate.take(now)
            self._turns += 1
            self._in_flight[priority] += 1
            self._queues[priority].popleft().admitted.set_result(None)

    def _next(self) -> Priority | None:
        """Whose turn is next; those who gave up are dropped on the way."""
        heads: dict[Priority, int] = {}
        for priority, queue in zip(Priority, self._queues, strict=True):
            while queue and queue[0].admitted.done():
                queue.popleft()
            if queue and not (priority is Priority.SWEEP and self._has_swept_enough):
                heads[priority] = queue[0].arrival
        if not heads:
            return None
        if self._turns % FAIR_TURN == FAIR_TURN - 1:
            return min(heads, key=heads.__getitem__)
        return next(iter(heads))

    @property
    def _has_swept_enough(self) -> bool:
        """Routine reads that hang leave half of the account to edits, deletions and rollbacks."""
        return self._in_flight[Priority.SWEEP] >= max(1, self._most_in_flight // 2)


class _Waiter(NamedTuple):
    arrival: int
    admitted: asyncio.Future[None]


class _Turn:
    """Not made by `asynccontextmanager`, which costs more than all the rest of a turn."""

    __slots__ = ("_limiter", "_priority", "_rests")

    def __init__(self, limiter: Limiter, priority: Priority) -> None:
        self._limiter = limiter
        self._priority = priority
        self._rests = 0

    async def __aenter__(self) -> None:
        self._rests = await self._limiter.enter(self._priority)

    async def __aexit__(self, *_: object) -> None:
        self._limiter.leave(self._priority, self._rests)


class _Rate:
    """Requests per minute, smooth: a small burst, then one every so many seconds.

    The burst is taken off the steady rate, so that no window of 60 seconds holds more than the limit.
    """

    def __init__(self, per_minute: int | None, *, busy_until: float = 0.0, now: float = 0.0) -> None:
        self.per_minute = per_minute
        extra = 0 if per_minute is None else per_minute // _BURST_SHARE
        self.interval = 0.0 if per_minute is None else 60 / (per_minute - extra)
        """Seconds from one turn to the next at the steady rate."""
        self._slack = extra * self.interval
        # A full bucket of the new rate at worst: a turn that an old, slower rate had put far off may come.
        self.busy_until = min(busy_until, now + self._slack + self.interval)
        """When the turns taken so far would be over at the steady rate."""

    @property
    def due(self) -> float:
        """When the next turn may begin."""
        return self.busy_until - self._slack

    def take(self, now: float) -> None:
        self.busy_until = max(now, self.busy_until) + self.interval
