"""Keys that are dropped, and a queue that is closed."""

import asyncio
from datetime import timedelta

from support.queue_workers import MS, Workers


async def test_a_dropped_key_keeps_neither_its_delay_nor_its_failures():
    async with Workers() as workers:
        workers.queue.retry("a", first=20 * MS, cap=timedelta(hours=1))
        for _ in range(10):
            workers.queue.retry("a", first=20 * MS, cap=timedelta(hours=1))
        workers.queue.drop("a")
        await asyncio.sleep(0.05)
        assert workers.done == []
        workers.queue.retry("a", first=20 * MS, cap=timedelta(hours=1))
        await workers.until(lambda w: w.done)


async def test_a_key_dropped_while_it_is_worked_on_does_not_run_again():
    async with Workers() as workers:
        workers.gate.clear()
        workers.queue.add("a")
        await workers.until(lambda w: w.active["a"])
        workers.queue.add("a")
        workers.queue.drop("a")
        workers.gate.set()
        await workers.until(lambda w: w.done)
        await workers.idle()
    assert workers.done == ["a"]


async def test_closing_lets_a_running_pass_finish_and_drops_the_rest():
    workers = Workers(count=2)
    async with workers:
        workers.gate.clear()
        workers.queue.add("a")
        await workers.until(lambda w: w.active["a"])
        workers.queue.add("a")
        workers.queue.add_after("b", 10 * MS)
        workers.queue.close()
        workers.queue.add("c")
        workers.queue.add_after("d", 10 * MS)
        workers.queue.retry("e", first=10 * MS, cap=10 * MS)
        workers.gate.set()
        await workers.queue.finished(timedelta(seconds=5))
        await asyncio.sleep(0.05)
    assert workers.done == ["a"]


async def test_closing_drops_what_waits():
    workers = Workers()
    workers.queue.add("a")
    workers.queue.close()
    async with workers:
        pass
    assert workers.done == []
