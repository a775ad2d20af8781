"""A wall clock that somebody sets, at whatever moment: nothing ends otherwise, and nothing runs in circles.

The real engine on virtual time; the provider's clock is right all the time.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.objects import TEAM, deployment
from explorer.world import Trap, World
from model_operator.domain import DEPLOYMENT, Key
from model_operator.engine.clock import CATCH_UP, SteadyClock
from support.tenants import account, on_virtual_time, reason, sent, until

HOUR = timedelta(hours=1)
MINE = Key(DEPLOYMENT, TEAM, "mine")
MOMENTS = (
    "api.finalizer.done",
    "api.status.done",
    "create.sent",
    "create.done",
    "update.done",
    "gone",
    "power.done",
    "delete.sent",
    "delete.done",
)


@given(st.lists(st.tuples(st.floats(0, 3600), st.floats(-7200, 7200)), min_size=1, max_size=20))
def test_it_never_goes_back_and_never_runs_much_faster_or_slower(moves):
    """Seconds that pass, and the step of the wall clock after them."""
    start, at, step = datetime(2026, 1, 1, tzinfo=UTC), [0.0], [0.0]
    clock = SteadyClock(lambda: start + timedelta(seconds=at[0] + step[0]), lambda: at[0])
    before = clock()
    for seconds, jump in moves:
        step[0] += jump
        assert clock() == before
        at[0] += seconds
        passed = (clock() - before).total_seconds()
        assert (1 - CATCH_UP) * seconds - 0.001 <= passed <= (1 + CATCH_UP) * seconds + 0.001
        before = clock()


def test_it_has_caught_up_with_a_step_of_an_hour_in_less_than_a_day():
    start, at = datetime(2026, 1, 1, tzinfo=UTC), [0.0]
    wall = lambda: start + timedelta(seconds=at[0]) + (HOUR if at[0] else timedelta())  # noqa: E731
    clock = SteadyClock(wall, lambda: at[0])
    for _ in range(24):
        at[0] += 3600
        clock()
    assert clock() == wall()


async def a_life(world: World) -> None:
    """Created with an answer that is lost, edited, gone by hand and made again, paused and resumed, deleted."""
    rule = {"vendor": "parasail", "operation": "create", "kind": "commit_then_reset", "count": 1}
    await world.simulator.control("POST", "/faults", rule)
    account(world)
    world.create(deployment("parasail", MINE.name))
    await until(world, lambda: reason(world, MINE) == "Available")
    world.edit(MINE, {"spec": {"replicas": 2}})
    await until(world, lambda: bool(sent(world, "update")) and reason(world, MINE) == "Available")
    await asyncio.sleep(90)
    found = world.id_of(MINE.name)
    assert found is not None
    await world.hand("DELETE", *found)
    world._spring("gone")  # noqa: SLF001
    await until(world, lambda: len(sent(world, "create")) == 2 and reason(world, MINE) == "Available")
    for paused, said in ((True, "Paused"), (False, "Available")):
        world.edit(MINE, {"spec": {"paused": paused}})
        await until(world, lambda said=said: reason(world, MINE) == said)
    world.server.delete(MINE)
    await until(world, lambda: world.server.find(MINE) is None)


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_step_of_an_hour_at_any_moment_changes_no_end_and_starts_no_loop(moment, step):
    async def story(world: World) -> None:
        process = world.process
        assert process is not None
        world.traps.append(Trap(moment, lambda: process.step_clock(step)))
        await a_life(world)
        assert world.traps == []
        assert await world.ledger() == {}
        assert len(world.sent) < 150
        assert world.loop.time() < 600

    on_virtual_time(story)()
