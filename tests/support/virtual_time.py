"""An event loop whose time is turned: a sleep of an hour costs nothing, and the same code runs in the same order again.

Time jumps to the next timer as soon as nothing is ready to run. (`looptime` does the same and more, but idles for
forty rounds before each jump and rounds the times that it jumps to: tens of times slower for a history of an hour.)
"""

import asyncio
import selectors
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class Stuck(Exception):
    """Nothing is ready, and no timer is left: nobody would ever wake."""


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: tells how long the loop wanted to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(0)  # a signal, or another thread's call
            if not ready:
                raise Stuck
            return ready
        self.time += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0 and moves in jumps. Nothing in it may wait for a thread or a socket."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        # A timer is due if it is at most so early. asyncio's nanosecond is less than a float tells apart from 2**24 s on,
        # which is half a year: the loop would turn for ever at the moment of a timer.
        self._clock_resolution = 1e-7

    def time(self) -> float:
        return self._jumping.time


@dataclass(slots=True)
class Wall:
    """The wall clock of a process: it follows the loop, and somebody may set it."""

    loop: asyncio.AbstractEventLoop
    offset: timedelta = timedelta()

    def __call__(self) -> datetime:
        return START + timedelta(seconds=self.loop.time()) + self.offset

    def step(self, by: timedelta) -> None:
        """As `date -s` or a bad NTP server does."""
        self.offset += by


def run(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
