"""A piece of work that keeps the loop busy shows in the metric."""

import asyncio
import time

from model_operator.engine.lag import watch_lag


async def test_a_stand_still_is_seen_for_as_long_as_it_was():
    seen: list[float] = []
    task = asyncio.create_task(watch_lag(seen.append))
    await asyncio.sleep(0.12)
    time.sleep(0.3)  # noqa: ASYNC251  the stand-still
    await asyncio.sleep(0.12)
    task.cancel()
    assert 0.2 < max(seen) < 0.3 + 1
