"""Somebody sets our clock while a rollout is under way; the provider's goes on. Nothing ends otherwise, or in a loop."""

from datetime import timedelta

import pytest

from support.rollouts import ANALYSIS, Rollouts, path, rollouts
from support.running import on_virtual_time

HOUR = timedelta(hours=1)
STEPS = pytest.mark.parametrize("by", [-HOUR, HOUR], ids=["back", "on"])
LIVES = pytest.mark.parametrize("restarts", [False, True], ids=["the same process", "another process"])


async def set_clock(world: Rollouts, by: timedelta, *, restarts: bool) -> None:
    """A new process knows nothing of the time before but what the status says."""
    world.operator.wall.step(by)
    if restarts:
        await world.operator.restart()


@STEPS
@LIVES
@pytest.mark.parametrize(
    "analysis", [None, pytest.param(ANALYSIS, marks=pytest.mark.long)], ids=["by time", "by figures"]
)
@on_virtual_time
async def test_a_hold_is_as_long_as_the_provider_says(by: timedelta, restarts: bool, analysis) -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        more = {} if analysis is None else {"analysis": analysis}
        world.apply(path(25, 100, hold="30m", **more), v2=100)
        await world.until_split("v1=75 v2=25")
        await world.wait(2)
        await set_clock(world, by, restarts=restarts)
        await world.wait(26)
        assert await world.in_force() == {"v1": 75, "v2": 25}, "before its time"
        before = await world.operator.asked("update_canary")
        await world.wait(6)
        assert await world.in_force() == {"v2": 100}, "long after its time"
        assert await world.operator.asked("update_canary") <= before + 2
        await world.wait(60)
        assert world.says("RolloutComplete") == "True Completed"


@STEPS
@LIVES
@on_virtual_time
async def test_a_bad_version_is_taken_back_as_soon(by: timedelta, restarts: bool) -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.apply(path(25, 100, hold="30m", analysis=ANALYSIS), v2=100)
        await world.until_split("v1=75 v2=25")
        await world.wait(3)
        await set_clock(world, by, restarts=restarts)
        await world.behave("v2", error_percent=60.0)
        await world.wait(8)
        assert await world.in_force() == {"v1": 100}


@STEPS
@LIVES
@on_virtual_time
async def test_a_canary_that_is_away_for_a_moment_has_not_failed(by: timedelta, restarts: bool) -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.apply(path(25, 100, hold="30m"), v2=100)
        await world.until_split("v1=75 v2=25")
        await world.turn("v2", "creating")
        await world.wait(2)
        assert "unreadySince" in world.rollout
        await set_clock(world, by, restarts=restarts)
        await world.wait(1)
        await world.turn("v2", "running")
        await world.wait(3)
        assert (await world.in_force(), world.rollout["state"]) == ({"v1": 75, "v2": 25}, "Holding")
        await world.wait(40)
        assert await world.in_force() == {"v2": 100}


@STEPS
@on_virtual_time
async def test_what_failed_is_tried_again_in_its_time(by: timedelta) -> None:
    """A back-off lives in memory, by a clock that nobody sets."""
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        await world.operator.fault("error", path="/canary-endpoints", status=503)
        world.apply(v1=50, v2=50)
        await world.wait(3)
        world.operator.wall.step(by)
        before = await world.operator.asked("update_canary")
        await world.wait(5)
        assert 3 <= await world.operator.asked("update_canary") - before <= 7
        await world.operator.mend()
        await world.wait(2)
        assert await world.in_force() == {"v1": 50, "v2": 50}
