"""How late the event loop is: for as long as one callback works, nobody else does."""

import asyncio
from collections.abc import Callable
from typing import Final

_EVERY: Final = 0.05  # seconds; a stand-still that is shorter may go unseen


async def watch_lag(observe: Callable[[float], object]) -> None:
    """For ever: by how many seconds a timer has come too late."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _EVERY
        await asyncio.sleep(_EVERY)
        observe(max(0.0, loop.time() - due))
