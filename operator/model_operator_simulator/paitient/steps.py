"""A value that changes at certain times and is remembered for all of them.

Metrics look back: what a bucket of an hour ago shows is decided by the traffic split and behaviour of that hour.
"""

from bisect import bisect_right
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 10_000


class Steps(Generic[T]):
    """A step function of clock time.

    Args:
        before: its value before the first change.
    """

    def __init__(self, before: T) -> None:
        self._before = before
        self._times: list[float] = []
        self._values: list[T] = []

    def set(self, when: float, value: T) -> None:
        """The value from ``when`` on; ``when`` must not be before the last change."""
        if self._times and self._times[-1] == when:
            self._values[-1] = value
            return
        self._times.append(when)
        self._values.append(value)
        if len(self._times) > KEPT:
            self._before = self._values.pop(0)
            del self._times[0]

    def at(self, when: float) -> T:
        """The value at a time."""
        place = bisect_right(self._times, when)
        return self._values[place - 1] if place else self._before

    @property
    def last(self) -> T:
        """The value now."""
        return self._values[-1] if self._values else self._before

    def changes(self, start: float, end: float) -> list[float]:
        """Times of the changes within ``start`` < t < ``end``."""
        return [t for t in self._times[bisect_right(self._times, start) :] if t < end]
