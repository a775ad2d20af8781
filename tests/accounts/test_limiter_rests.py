"""What a 429 does to an account: how long it rests, and who goes first then."""

from datetime import timedelta

from model_operator.accounts.limiter import Limiter
from support.crowd import DELETE, SWEEP, Crowd, settle


async def test_retry_after_stops_the_whole_account_for_so_long(clock):
    crowd = Crowd(clock)
    crowd.join("refused", SWEEP)
    await settle()
    crowd.limiter.pause(timedelta(seconds=30))
    await crowd.leave_all()
    crowd.join("delete", DELETE)
    await clock.advance(29.9)
    assert (crowd.names, crowd.limiter.resting) == (["refused"], timedelta(seconds=0.1))
    await clock.advance(0.2)
    assert (crowd.names, crowd.limiter.resting) == (["refused", "delete"], timedelta())
    assert crowd.rests == [30]
    await crowd.leave_all()


async def test_after_a_rest_one_goes_ahead_and_the_others_follow_its_answer(clock):
    crowd = Crowd(clock)
    crowd.join("refused")
    await settle()
    crowd.limiter.pause(timedelta(seconds=10))
    await crowd.leave_all()
    for number in range(5):
        crowd.join(number)
    await clock.advance(11)
    assert crowd.names == ["refused", 0]
    await crowd.leave(0)
    assert crowd.names == ["refused", 0, 1, 2, 3, 4]
    await crowd.leave_all()


async def test_a_429_without_a_time_backs_off_twice_as_long_each_time_up_to_the_cap(clock):
    crowd = Crowd(clock)
    for number in range(9):
        crowd.join(number)
        await clock.advance(301)
        crowd.limiter.pause(None)
        await crowd.leave_all()
    assert crowd.rests == [5, 10, 20, 40, 80, 160, 300, 300, 300]


async def test_an_answer_ends_the_back_off(clock):
    crowd = Crowd(clock)
    for number in range(4):
        crowd.join(number)
        await clock.advance(301)
        if number != 2:
            crowd.limiter.pause(None)
        await crowd.leave_all()
    assert crowd.rests == [5, 10, 5]


async def test_one_volley_of_429s_counts_once(clock):
    crowd = Crowd(clock)
    for number in range(20):
        crowd.join(number)
    await settle()
    for number in range(20):
        crowd.limiter.pause(None)
        await crowd.leave(number)
    assert crowd.rests == [5]


async def test_of_two_times_the_later_one_holds(clock):
    crowd = Crowd(clock)
    crowd.limiter.pause(timedelta(seconds=20))
    crowd.limiter.pause(timedelta(seconds=5))
    assert crowd.limiter.resting == timedelta(seconds=20)


async def test_jitter_takes_up_to_half_of_a_back_off(clock):
    limiter = Limiter(clock, jitter=lambda: 0.0)
    limiter.pause(None)
    assert limiter.resting == timedelta(seconds=2.5)


async def test_a_retry_after_of_zero_is_a_short_rest(clock):
    limiter = Limiter(clock)
    limiter.pause(timedelta())
    assert limiter.resting == timedelta(seconds=1)
