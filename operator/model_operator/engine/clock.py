"""The time of this process: the wall clock without its steps.

What is remembered, what a status says and what is compared with either is of one time that never jumps and never goes
back. A wall clock that somebody sets is caught up with slowly, so that no deadline comes early, late or twice.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

CATCH_UP: Final = 0.05
"""Seconds of a step that are made good in each second: an hour in twenty."""


class SteadyClock:
    """`wall` may be set by anybody at any moment; `monotonic` counts seconds."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._read_at, self._time = monotonic(), wall()

    def __call__(self) -> datetime:
        read_at = self._monotonic()
        passed = timedelta(seconds=read_at - self._read_at)
        time = self._time + passed
        behind = self._wall() - time
        most = passed * CATCH_UP
        self._read_at, self._time = read_at, time + min(max(behind, -most), most)
        return self._time


class Steady:
    """A wall clock as it stood at the first look, going on by the event loop's: nobody sets it while we run."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self._wall = wall
        self._began: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = self._wall(), now
        began, since = self._began
        return began + timedelta(seconds=now - since)
