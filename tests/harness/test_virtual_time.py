"""The loop whose time is turned, and the wall clock beside it."""

import asyncio
import time
from datetime import timedelta

import pytest

from support.virtual_time import START, Stuck, VirtualLoop, Wall, run


async def note_after(seconds: float, notes: list[tuple[float, str]], word: str) -> None:
    await asyncio.sleep(seconds)
    notes.append((asyncio.get_running_loop().time(), word))


def test_an_hour_costs_nothing_and_timers_fire_in_order() -> None:
    notes: list[tuple[float, str]] = []

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for seconds, word in ((3600.0, "last"), (0.5, "first"), (60.0, "middle")):
                group.create_task(note_after(seconds, notes, word))

    began = time.monotonic()
    run(main())
    assert time.monotonic() - began < 5
    assert notes == [(0.5, "first"), (60.0, "middle"), (3600.0, "last")]


def test_what_is_ready_runs_before_time_moves() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        times = []
        for _ in range(3):
            await asyncio.sleep(0)
            times.append(loop.time())
        async with asyncio.timeout(2):
            await asyncio.sleep(1)
        times.append(loop.time())
        return times

    assert run(main()) == [0, 0, 0, 1]


def test_a_timeout_ends_what_never_would() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert run(main()) == 30


def test_a_wait_for_nobody_is_an_error() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    loop = VirtualLoop()
    task = loop.create_task(main())
    with pytest.raises(Stuck):
        loop.run_until_complete(task)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def test_the_wall_clock_follows_the_loop_and_may_be_set() -> None:
    async def main() -> list[timedelta]:
        wall = Wall(asyncio.get_running_loop())
        seen = [wall() - START]
        await asyncio.sleep(90)
        seen.append(wall() - START)
        wall.step(timedelta(hours=-1))
        seen.append(wall() - START)
        return seen

    assert run(main()) == [timedelta(0), timedelta(seconds=90), timedelta(seconds=90 - 3600)]


def test_a_timer_fires_after_half_a_year_as_after_a_second() -> None:
    """From 2**24 seconds on, a float has no place for the nanosecond by which a loop is early."""
    notes: list[tuple[float, str]] = []

    async def main() -> None:
        for at in (2.0**24, 2.0**25, 2.0**27):
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            await note_after(0.3, notes, "then")

    run(main())
    assert notes == [(pytest.approx(2.0**n + 0.3), "then") for n in (24, 25, 27)]
