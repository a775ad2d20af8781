"""The simulator's clock and the queue of what is to happen on it.

Every change of state that takes time (a start, a stop, a late write) is an event here; events fire when somebody
looks, in the order of their times, so the same requests at the same clock times always give the same world.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

ClockMode = Literal["real", "scaled", "manual"]
Source = Callable[[], float]

# A manual clock starts here, so that two runs of a test print the same times.
MANUAL_START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC).timestamp()

# The clock ends before the calendar of datetime does.
LAST_TIME = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class Clock:
    """Seconds since the epoch on the simulator's own clock.

    Args:
        mode: `real` follows the source, `scaled` runs `time_scale` times as fast as it, `manual` stands still between
            calls of `advance`.
        time_scale: clock seconds per real second; read in `scaled` mode only, > 0.
        source: what real time is, in seconds since the epoch; without one, the wall clock as it was at the start and
            the monotonic time since. A test whose event loop turns its own time gives
            `lambda: START + loop.time()`.
    """

    def __init__(
        self, mode: ClockMode = "real", time_scale: float = 1.0, source: Source | None = None
    ) -> None:
        if not 0 < time_scale < 1e6:
            raise ValueError(f"time_scale must be > 0 and < 1e6, not {time_scale}")
        self.mode = mode
        self.time_scale = time_scale if mode == "scaled" else 1.0
        self.real_time = source or _wall_clock()
        self._offset = 0.0
        self._anchor = self.real_time()
        self._start = MANUAL_START if self.mode == "manual" else self._anchor
        self._pinned: float | None = None
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Clock time in seconds since the epoch; inside an event, exactly the time it was due."""
        if self._pinned is not None:
            return self._pinned
        passed = 0.0 if self.mode == "manual" else (self.real_time() - self._anchor) * self.time_scale
        return self._start + passed + self._offset

    def advance(self, seconds: float) -> None:
        """Move the clock forward, in any mode, and fire what came due on the way.

        Raises:
            ValueError: the clock would leave the calendar.
        """
        if self.now() + seconds >= LAST_TIME:
            raise ValueError("the clock ends in the year 9000")
        self._offset += seconds
        self.settle()

    def at(self, when: float, event: Callable[[], None]) -> None:
        """Let ``event`` happen at clock time ``when``; equal times fire in the order of the calls."""
        heapq.heappush(self._events, (when, next(self._order), event))

    def after(self, seconds: float, event: Callable[[], None]) -> None:
        """Let ``event`` happen ``seconds`` clock seconds from now."""
        self.at(self.now() + seconds, event)

    def settle(self) -> None:
        """Fire all events that are due. An event may add further ones, also due ones."""
        limit = self.now()
        while self._events and self._events[0][0] <= limit:
            when, _, event = heapq.heappop(self._events)
            self._pinned = when
            try:
                event()
            finally:
                self._pinned = None

    def next_event(self) -> float | None:
        """Clock time of the next event, or ``None`` when nothing is under way."""
        return self._events[0][0] if self._events else None

    def real_seconds(self, clock_seconds: float) -> float:
        """How long a client really has to wait for ``clock_seconds`` to pass (as they are, on a manual clock)."""
        return clock_seconds / self.time_scale


def _wall_clock() -> Source:
    start, anchor = time.time(), time.monotonic()
    return lambda: start + time.monotonic() - anchor


def rfc3339(seconds: float) -> str:
    """``2026-01-01T12:00:00Z``: whole seconds, the form of most APIs."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def milliseconds(seconds: float) -> int:
    """Epoch milliseconds."""
    return int(seconds * 1000)
