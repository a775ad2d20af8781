"""When Python looks for reference cycles: while no object waits for a pass, as far as possible.

With a thousand objects one full search takes a tenth of a second on a slow machine, and the edit that comes just
then would wait for it. What the start-up made is never searched again.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

_YOUNG, _MIDDLE, _FULL = 10_000, 20, 100
"""Allocations, young searches, middle searches after which the next larger search comes: Python's own are 700, 10, 10."""
_PAUSE: Final = 10.0  # seconds between two looks for a quiet moment


def search_rarely() -> None:
    """Call when everything is imported: modules stay until the end, and reading all objects makes no cycles."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _FULL)


def spare_start_up() -> None:
    """Call when everything is loaded: what is there now stays until the end."""
    gc.collect()
    gc.freeze()


async def collect_when_idle(is_idle: Callable[[], bool], *, every: float = _PAUSE) -> None:
    """For ever, each `every` seconds: a full search if the moment is quiet and there may be anything to find."""
    while True:
        await asyncio.sleep(every)
        _, _, middle_searches = gc.get_count()
        if middle_searches and is_idle():
            gc.collect()
