"""The limiter under a clock that only the test moves: who goes when, and what no order of events may break."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_operator.accounts.limiter import FAIR_TURN, Limiter
from model_operator.domain import Priority
from support.crowd import DELETE, EDIT, SWEEP, TRANSITION, Crowd, ManualClock, settle


async def test_deletes_go_before_edits_before_transitions_before_sweeps(clock):
    crowd = Crowd(clock, most_in_flight=1)
    crowd.join("first")
    await settle()
    for name, priority in [("s", SWEEP), ("t", TRANSITION), ("e", EDIT), ("d", DELETE)]:
        crowd.join(name, priority)
    await crowd.leave_all()
    assert crowd.names == ["first", "d", "e", "t", "s"]


async def test_within_one_priority_the_first_comes_first(clock):
    crowd = Crowd(clock, most_in_flight=1)
    for number in range(8):
        crowd.join(number, SWEEP)
    await crowd.leave_all()
    assert crowd.names == list(range(8))


async def test_no_more_than_the_bound_are_in_flight(clock):
    crowd = Crowd(clock)
    for number in range(50):
        crowd.join(number)
    await settle()
    assert (len(crowd.inside), crowd.limiter.waiting) == (20, 30)
    await crowd.leave(0, 1, 2)
    assert (len(crowd.inside), crowd.limiter.waiting) == (20, 27)
    await crowd.leave_all()
    assert (len(crowd.came), crowd.limiter.waiting) == (50, 0)


async def test_sweeps_are_not_starved_by_a_stream_of_edits(clock):
    crowd = Crowd(clock, most_in_flight=1)
    for number in range(100):
        crowd.join(("edit", number), EDIT)
        if number < 3:
            crowd.join(("sweep", number), SWEEP)
    await crowd.leave_all()
    turns = [crowd.names.index(("sweep", number)) for number in range(3)]
    # Edits that came earlier are older; the sweeps are the oldest from the first fair turn on.
    assert turns == [FAIR_TURN - 1, 2 * FAIR_TURN - 1, 3 * FAIR_TURN - 1]


@pytest.mark.parametrize(
    ("per_minute", "came"),
    [
        pytest.param(1, [0, 60, 120], id="one a minute has no burst"),
        pytest.param(6, [0, 10, 20, 30, 40, 50, 60], id="six a minute come evenly"),
        pytest.param(
            40, [0, 0, 0, *[60 / 38 * n for n in range(1, 38)]], id="forty begin with three at once"
        ),
    ],
)
async def test_a_rate_is_smooth_with_a_small_burst(clock, per_minute, came):
    crowd = Crowd(clock, requests_per_minute=per_minute)
    for number in range(len(came)):
        crowd.join(number)
        await settle()
        await crowd.leave_all()
    for _ in range(3000):
        await clock.advance(0.05)
        await crowd.leave_all()
    assert [when for _, when in crowd.came] == pytest.approx(came, abs=0.06)


@settings(deadline=None, max_examples=60)
@given(
    per_minute=st.integers(1, 300),
    gaps=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.3, 2.0, 61.0]), min_size=1, max_size=60),
)
def test_no_minute_holds_more_turns_than_the_rate(per_minute, gaps):
    async def run():
        clock = ManualClock()
        crowd = Crowd(clock, requests_per_minute=per_minute, most_in_flight=1000)
        for number, gap in enumerate(gaps):
            crowd.join(number)
            await clock.advance(gap)
        await clock.advance(60 * len(gaps) / per_minute * 1.2 + 60)
        times = [when for _, when in crowd.came]
        await crowd.leave_all()
        return times

    times = asyncio.run(run())
    assert len(times) == len(gaps), "everybody gets a turn in the time that the rate allows"
    for begin in times:
        assert sum(begin <= when < begin + 60 - 1e-6 for when in times) <= per_minute


async def test_the_rate_may_change_while_requests_wait(clock):
    crowd = Crowd(clock, requests_per_minute=1)
    for number in range(4):
        crowd.join(number)
    await clock.advance(5)
    assert crowd.names == [0]
    crowd.limiter.requests_per_minute = 60
    await clock.advance(4)
    assert crowd.names == [0, 1, 2, 3]
    crowd.limiter.requests_per_minute = None
    for number in range(4, 20):
        crowd.join(number)
    await settle()
    assert len(crowd.came) == 20
    await crowd.leave_all()


async def test_who_gives_up_waiting_leaves_no_gap(clock):
    crowd = Crowd(clock, most_in_flight=1)
    for name in "abc":
        crowd.join(name)
    await settle()
    await crowd.cancel("b")
    assert crowd.limiter.waiting == 1
    await crowd.leave_all()
    assert crowd.names == ["a", "c"]


async def test_who_is_cancelled_when_the_turn_comes_gives_it_back(clock):
    crowd = Crowd(clock, most_in_flight=1)
    for name in "abc":
        crowd.join(name)
    await settle()
    crowd.inside["a"].set_result(None)
    await asyncio.sleep(0)  # a has left, b's turn has come but b has not run yet
    await crowd.cancel("b")
    await settle()
    assert crowd.names == ["a", "c"]
    await crowd.leave_all()


async def test_a_request_that_fails_frees_its_place(clock):
    limiter = Limiter(clock, most_in_flight=1)
    for _ in range(3):
        with pytest.raises(LookupError):
            async with asyncio.timeout(1), limiter.turn(EDIT):
                raise LookupError


async def test_an_event_loop_is_a_clock():
    loop = asyncio.get_running_loop()
    limiter = Limiter(loop, requests_per_minute=600)
    began = loop.time()
    for _ in range(34):  # a burst of 31, then one every 105 ms
        async with limiter.turn(EDIT):
            pass
    assert 0.3 < loop.time() - began < 5


STEPS = st.one_of(
    st.tuples(st.just("join"), st.sampled_from(Priority)),
    st.tuples(st.just("leave"), st.integers(0, 30)),
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("pause"), st.sampled_from([None, timedelta(seconds=3), timedelta(minutes=2)])),
    st.tuples(st.just("advance"), st.sampled_from([0.0, 0.5, 4.0, 70.0])),
    st.tuples(st.just("rate"), st.sampled_from([None, 7, 120])),
)


@settings(deadline=None, max_examples=150)
@given(steps=st.lists(STEPS, max_size=60))
def test_no_order_of_events_loses_a_place_or_lets_one_in_that_must_wait(steps):
    asyncio.run(_run(steps))


async def _run(steps):
    clock = ManualClock()
    crowd = Crowd(clock, most_in_flight=3)
    for number, (step, argument) in enumerate(steps):
        before = len(crowd.came)
        was_resting = crowd.limiter.resting
        match step:
            case "join":
                crowd.join(number, argument)
            case "leave" if crowd.inside:
                await crowd.leave(sorted(crowd.inside)[argument % len(crowd.inside)])
            case "cancel" if crowd.tasks:
                await crowd.cancel(sorted(crowd.tasks)[argument % len(crowd.tasks)])
            case "pause":
                crowd.limiter.pause(argument)
            case "advance":
                await clock.advance(argument)
            case "rate":
                crowd.limiter.requests_per_minute = argument
        await settle()
        assert len(crowd.inside) <= 3
        if was_resting and step != "advance":
            assert len(crowd.came) == before, "nobody comes in while the account rests"
    for _ in range(len(steps)):
        await clock.advance(310)
        await crowd.leave_all()
    assert crowd.limiter.waiting == 0
    survivors = {name for name, task in crowd.tasks.items() if not task.cancelled()}
    assert survivors <= set(crowd.names)


async def test_routine_reads_that_hang_leave_half_of_the_account_to_edits(clock):
    crowd = Crowd(clock, most_in_flight=4)
    for name in range(6):
        crowd.join(name, SWEEP)
    crowd.join("edit", EDIT)
    await settle()
    assert crowd.names == [0, 1, "edit"]
    await crowd.leave(0)
    assert crowd.names == [0, 1, "edit", 2]
    await crowd.leave_all()
    assert crowd.names == [0, 1, "edit", 2, 3, 4, 5]


async def test_an_edit_is_told_how_long_it_will_wait(clock):
    """Behind deletions and other edits; what is routine lets it by."""
    crowd = Crowd(clock, requests_per_minute=6)
    assert crowd.limiter.queueing == timedelta()
    for number, priority in enumerate((EDIT, EDIT, Priority.DELETE, Priority.SWEEP)):
        crowd.join(f"m{number}", priority)
    await settle()
    assert crowd.limiter.queueing == timedelta(seconds=10 + 2 * 10)
