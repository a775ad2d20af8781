"""Waiting for something to become true, with a deadline and a message that shows what was true instead."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")

HALF_A_MINUTE = timedelta(seconds=30)  # many times what it takes, on a machine that does other things too
_PAUSE = 0.03  # seconds between two looks: a look costs the server less than a millisecond


class NotYet(AssertionError):
    """The deadline passed."""


def eventually(
    look: Callable[[], T],
    *,
    until: Callable[[T], object] = bool,
    within: timedelta = HALF_A_MINUTE,
    what: str = "what the test waits for",
) -> T:
    """What `look` returned when `until` was true of it. Raises `NotYet` with the last look at the deadline."""
    deadline = time.monotonic() + within.total_seconds()
    while not until(seen := look()):
        if time.monotonic() > deadline:
            raise NotYet(f"{what}: not within {within.total_seconds():g} s; at last it was {seen!r}")
        time.sleep(_PAUSE)
    return seen


def throughout(look: Callable[[], T], *, holds: Callable[[T], object], during: timedelta, what: str) -> T:
    """The last look, if `holds` was true of every one for so long. For what must not happen."""
    end = time.monotonic() + during.total_seconds()
    while True:
        seen = look()
        if not holds(seen):
            raise AssertionError(f"{what}: did not hold; it was {seen!r}")
        if time.monotonic() > end:
            return seen
        time.sleep(_PAUSE)
