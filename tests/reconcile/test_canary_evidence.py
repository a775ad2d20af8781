"""When a rollout's figures may move traffic, on the whole operator and the simulator's figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from support.canary_world import judged
from support.rollouts import ANALYSIS, Rollouts, path, rollouts
from support.running import on_virtual_time

NEVER = 1e6
"""Seconds of lag after which no figures come any more."""
FIRST = {"v1": 75, "v2": 25}


@asynccontextmanager
async def passed(**step: str) -> AsyncIterator[Rollouts]:
    """A first step with a Pass, long before its hold is over; then the figures stop."""
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        steps = [{"percent": 25, **step}, {"percent": 100}]
        world.apply({"steps": steps, "hold": "10m", "analysis": ANALYSIS}, v2=100)
        await world.until_split("v1=75 v2=25")
        await world.operator.until(lambda: world.status.get("verdict") == "Pass", 600)
        await world.measure(lag_s=NEVER)
        yield world


@on_virtual_time
async def test_a_step_is_never_taken_on_old_figures() -> None:
    """That they stop may be the failure itself."""
    async with passed() as world:
        await world.behave("v2", error_percent=60.0)
        await world.wait(30)
        assert await world.in_force() == FIRST
        assert world.status["verdict"] == "Inconclusive"
        assert world.says("RolloutComplete") == "False FiguresTooOld"
        assert world.says("MetricsAvailable") == "False FiguresTooOld"
        assert "errors cannot be judged: the provider's newest metrics end at" in world.status["message"]


@pytest.mark.parametrize(("error_percent", "end"), [(0.0, {"v2": 100}), (60.0, {"v1": 100})])
@on_virtual_time
async def test_figures_that_come_again_decide(error_percent: float, end: dict[str, int]) -> None:
    async with passed() as world:
        await world.behave("v2", error_percent=error_percent)
        await world.wait(30)
        await world.measure(lag_s=0)
        await world.wait(30)
        assert await world.in_force() == end


@on_virtual_time
async def test_figures_that_are_read_one_after_the_other_are_of_one_time() -> None:
    """What ended while they were read was not complete when the first of them was."""
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        await world.measure(partial=True)
        await world.operator.fault("latency", operation="metrics", seconds=25)
        analysis = judged(interval="1m", minRequests=1)
        world.apply(
            {"steps": [{"percent": 25}, {"percent": 100}], "hold": "1h", "analysis": analysis}, v2=100
        )
        await world.until_split("v1=75 v2=25")
        seen = set()
        for _ in range(20):
            await world.wait(0.5)
            requests = await world.operator.simulator.control("GET", "/requests?operation=metrics")
            until = [dict(one["query"])["end_time"] for one in requests["requests"]]
            seen.add(world.status.get("verdict"))
            assert world.rollout.get("analysis", {}).get("judgedUntil", "") <= max(until, default="")
        assert "Pass" in seen


@on_virtual_time
async def test_a_person_may_let_it_go_on_without_figures() -> None:
    async with passed(gate="Manual") as world:
        await world.wait(30)
        assert await world.in_force() == FIRST
        world.act("advance")
        await world.wait(5)
        assert await world.in_force() == {"v2": 100}


@on_virtual_time
async def test_figures_that_are_always_late_move_nothing_and_still_take_a_bad_version_back() -> None:
    """`delay` is too short for this provider: a Pass is old when it comes, a Fail is one all the same."""
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        await world.measure(lag_s=600)
        world.apply(path(25, 100, hold="1m", analysis=ANALYSIS), v2=100)
        await world.wait(40)
        assert (await world.in_force(), world.status["verdict"]) == (FIRST, "Inconclusive")
        await world.behave("v2", error_percent=60.0)
        await world.wait(40)
        assert await world.in_force() == {"v1": 100}
