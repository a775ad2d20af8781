"""The engine that is killed: it leaves no task behind, hears of nothing and sends nothing, and what it had sent is done."""

import asyncio
from datetime import timedelta

import pytest

from support.manifests import parasail_deployment
from support.mortal_world import MortalWorld, live


def test_a_killed_process_leaves_nothing_behind_and_does_nothing_any_more() -> None:
    async def story(world: MortalWorld) -> None:
        world.kill()
        await asyncio.sleep(1)
        assert not world.tasks
        assert asyncio.all_tasks() == {asyncio.current_task()}
        asked, writes = await world.count("list"), world.server.writes
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(86_400)
        assert (await world.count("list"), world.server.writes) == (asked, writes + 1)
        assert await world.live() == []

    live(story)


@pytest.mark.parametrize("seconds", [0.0, 0.005, 0.015, 0.025, 0.04, 0.06])
def test_a_create_that_a_kill_interrupts_is_done_once(seconds: float) -> None:
    async def story(world: MortalWorld) -> None:
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(seconds)
        world.kill()
        await asyncio.sleep(30)
        assert world.status.get("externalID") is None
        world.boot()
        await world.work()
        await asyncio.sleep(600)
        assert await world.live() == [world.status["externalID"]]
        assert await world.count("create") == 1

    live(story)


def test_the_next_process_works_on_as_if_it_had_been_there_all_along() -> None:
    async def story(world: MortalWorld) -> None:
        await world.serve()
        world.kill()
        await asyncio.sleep(timedelta(hours=3).total_seconds())
        world.boot()
        await world.work()
        await asyncio.sleep(60)
        assert world.ready() == ("True", "Available")
        assert await world.count("create") == 1

    live(story)
