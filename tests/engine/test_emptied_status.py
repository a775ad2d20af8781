"""A status that is emptied while a create is under way: the answer is not forgotten, and no second one is sent."""

import asyncio

import pytest

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import World, play
from support.manifests import deployment

LLAMA = Key(DEPLOYMENT, "team", "llama")


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
def test_the_answer_to_a_create_outlives_its_intent(vendor: str) -> None:
    async def story(world: World) -> None:
        slow = {"kind": "latency", "vendor": vendor, "operation": "create", "seconds": 2}
        await world.simulator.control("POST", "/faults", slow)
        world.apply(deployment(vendor, "llama"))
        await asyncio.sleep(1.5)
        world.server.replace_status(LLAMA, None, {})
        await asyncio.sleep(300)
        assert world.ready(LLAMA) == ("True", "Available")
        assert await world.count("create") == 1
        assert len(await world.live()) == 1

    play(story, is_served=False, vendors=(vendor,))
