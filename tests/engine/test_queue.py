"""The work queue: each key once, one worker per key, the earliest re-run, and retries that slow down."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_operator.engine.queue import WorkQueue
from model_operator.observability.metrics import Metrics
from support.queue_workers import MS, Workers
from support.running import on_virtual_time


async def test_a_key_that_waits_already_is_not_added_again():
    workers = Workers()
    for _ in range(3):
        workers.queue.add("a")
    workers.queue.add("b")
    async with workers:
        await workers.until(lambda w: len(w.done) == 2)
        await workers.idle()
    assert workers.done == ["a", "b"]


async def test_what_is_urgent_overtakes_what_waits_and_keeps_its_own_order():
    workers = Workers()
    for key in ("a", "b"):
        workers.queue.add(key)
    for key in ("c", "d"):
        workers.queue.add(key, is_urgent=True)
    assert not workers.queue.is_idle
    async with workers:
        await workers.until(lambda w: len(w.done) == 4)
        await workers.idle()
        assert workers.queue.is_idle
    assert workers.done == ["c", "d", "a", "b"]


async def test_an_edit_does_not_wait_for_the_first_step_of_all_that_a_poll_has_found():
    order = []

    async def handle(key: str) -> None:
        order.append(key)

    queue: WorkQueue[str] = WorkQueue(Metrics().controller("ModelDeployment"))
    queue.start(handle, 50)
    for number in range(50):
        queue.add(f"found-{number}")
    await asyncio.sleep(0)  # the edit arrives while their passes begin
    queue.add("edited", is_urgent=True)
    for _ in range(200):  # turns of the event loop
        await asyncio.sleep(0)
    assert order.index("edited") < 5
    assert sorted(order) == sorted(["edited", *(f"found-{number}" for number in range(50))])


async def test_what_became_urgent_while_it_was_worked_on_runs_before_the_others():
    async with Workers() as workers:
        workers.gate.clear()
        workers.queue.add("a")
        await workers.until(lambda w: w.active["a"])
        workers.queue.add("b")
        workers.queue.add("a", is_urgent=True)
        workers.queue.add("a")
        workers.gate.set()
        await workers.until(lambda w: len(w.done) == 3)
    assert workers.done == ["a", "a", "b"]


async def test_a_key_that_waits_and_becomes_urgent_overtakes_the_others():
    workers = Workers()
    for key in ("a", "b", "edited", "c"):
        workers.queue.add(key)
    workers.queue.add("edited", is_urgent=True)
    async with workers:
        await workers.until(lambda w: len(w.done) == 4)
        await workers.idle()
    assert workers.done == ["edited", "a", "b", "c"]


@pytest.mark.parametrize("is_urgent", [False, True])
async def test_owners_take_turns_however_many_keys_one_of_them_has(is_urgent):
    workers = Workers()
    for key in ("evil/1", "evil/2", "evil/3", "evil/4", "good/1", "good/2"):
        workers.queue.add(key, is_urgent=is_urgent)
    async with workers:
        await workers.until(lambda w: len(w.done) == 6)
    assert workers.done == ["evil/1", "good/1", "evil/2", "good/2", "evil/3", "evil/4"]


async def test_a_pass_that_waits_outside_holds_no_worker():
    async with Workers() as workers:
        workers.gate.clear()
        workers.queue.add("a")
        await workers.until(lambda w: w.active["a"])
        workers.queue.leave("a", lambda: None)
        assert workers.queue.is_idle
        workers.queue.add("b")
        await workers.until(lambda w: w.active["b"])
        workers.queue.come_back("a")
        workers.queue.add("c")
        workers.gate.set()
        await workers.until(lambda w: len(w.done) == 3)
    assert (set(workers.done[:2]), workers.done[2]) == ({"a", "b"}, "c")
    assert workers.queue.is_idle


async def test_a_key_whose_pass_waits_outside_is_not_started_again_and_news_reach_it():
    async with Workers(count=3) as workers:
        workers.gate.clear()
        news: list[str] = []
        workers.queue.add("a")
        await workers.until(lambda w: w.active["a"])
        workers.queue.leave("a", lambda: news.append("a"))
        workers.queue.add("a", is_urgent=True)
        await workers.idle()
        assert (workers.started["a"], news) == (1, ["a"])
        workers.queue.drop("a")
        assert news == ["a", "a"]
        workers.queue.come_back("a")
        workers.queue.add("a")
        workers.gate.set()
        await workers.until(lambda w: len(w.done) == 2)
    assert workers.most["a"] == 1
    assert news == ["a", "a"]


async def test_a_pass_that_raises_is_a_problem_and_costs_no_worker():
    queue: WorkQueue[str] = WorkQueue(Metrics().controller("ModelDeployment"))
    done = asyncio.Event()

    async def handle(key: str) -> None:
        if key == "bad":
            raise ValueError
        done.set()

    queue.start(handle, 1)
    queue.add("bad")
    queue.add("good")
    async with asyncio.timeout(5):
        await done.wait()
    queue.close()
    await queue.finished(timedelta(seconds=5))
    assert queue.problem == "1 passes have died"


async def test_a_key_has_one_worker_and_runs_again_if_it_was_added_meanwhile():
    async with Workers(count=4) as workers:
        workers.gate.clear()
        workers.queue.add("a")
        await workers.until(lambda w: w.active["a"])
        for _ in range(3):
            workers.queue.add("a")
        await workers.idle()
        assert workers.active["a"] == 1
        workers.gate.set()
        await workers.until(lambda w: len(w.done) == 2)
        await workers.idle()
    assert workers.done == ["a", "a"]
    assert workers.most["a"] == 1


async def test_other_keys_do_not_wait_for_a_slow_one():
    async with Workers(count=2) as workers:
        workers.gate.clear()
        workers.queue.add("slow")
        workers.queue.add("quick")
        await workers.until(lambda w: w.active["slow"] and w.active["quick"])


async def test_the_earliest_delayed_run_counts_and_there_is_only_one():
    async with Workers() as workers:
        began = asyncio.get_running_loop().time()
        workers.queue.add_after("a", 10_000 * MS)
        workers.queue.add_after("a", 20 * MS)
        workers.queue.add_after("a", 5_000 * MS)
        await workers.until(lambda w: w.done)
        assert 0.02 <= workers.times[0] - began < 2
        await workers.idle()
    assert workers.done == ["a"]


async def test_an_event_runs_it_at_once_and_ends_the_delay():
    async with Workers() as workers:
        workers.queue.add_after("a", 50 * MS)
        workers.queue.add("a")
        await workers.until(lambda w: w.done)
        await asyncio.sleep(0.1)  # past the delay
    assert workers.done == ["a"]


@pytest.mark.parametrize("delay", [timedelta(0), timedelta(seconds=-1)])
async def test_no_delay_is_at_once(delay):
    async with Workers() as workers:
        workers.queue.add_after("a", delay)
        await workers.until(lambda w: w.done)


async def test_retries_double_up_to_their_cap_and_start_over_when_forgotten():
    async with Workers() as workers:
        loop = asyncio.get_running_loop()

        async def delay_of_a_retry() -> float:
            began, count = loop.time(), len(workers.done)
            workers.queue.retry("a", first=40 * MS, cap=100 * MS)
            await workers.until(lambda w: len(w.done) > count)
            return workers.times[-1] - began

        delays = [await delay_of_a_retry() for _ in range(4)]
        workers.queue.forget("a")
        first_again = await delay_of_a_retry()
    for delay, least in zip([*delays, first_again], (0.04, 0.08, 0.1, 0.1, 0.04), strict=True):
        assert least <= delay
    assert first_again < delays[2]


@on_virtual_time
async def test_no_retry_waits_longer_than_its_cap():
    async with Workers() as workers:
        loop = asyncio.get_running_loop()
        for count in range(12):
            began = loop.time()
            workers.queue.retry("a", first=40 * MS, cap=100 * MS)
            await workers.until(lambda w, count=count: len(w.done) > count)
            assert loop.time() - began <= 0.1 * 1.1 + 0.001


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 5),
    script=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "soon", "tick"])), max_size=40),
)
def test_no_add_is_lost_and_no_key_runs_twice_at_once(count, script):
    async def run():
        async with Workers(count=count) as workers:
            before = {}
            for key, what in script:
                if what == "tick":
                    await asyncio.sleep(0)
                    continue
                before[key] = workers.started[key]
                workers.queue.add(key) if what == "add" else workers.queue.add_after(key, MS)
            await workers.until(lambda w: all(w.started[key] > before[key] for key in before))
        assert all(most == 1 for most in workers.most.values())

    asyncio.run(run())
