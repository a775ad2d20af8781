"""Idleness with the whole engine and its queue: nothing but its own appointments brings a pass."""

import asyncio

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import World, play
from support.manifests import paitient_deployment

THREE = [Key(DEPLOYMENT, "team", f"sleepy-{number}") for number in range(3)]


def test_those_that_have_served_quietly_from_their_first_moment_are_found_in_time() -> None:
    async def story(world: World) -> None:
        await world.simulator.control("PATCH", "/knobs", {"metrics": {"direct_rps": 0}})
        scaling = {"minReplicas": 1, "maxReplicas": 3}
        idle = {"after": "20m", "then": "MinReplicas"}
        for key in THREE:
            world.apply(paitient_deployment(key.name, replicas=None, autoscaling=scaling, idle=idle))
        await asyncio.sleep(35 * 60)
        assert [world.condition("Idle", key)["reason"] for key in THREE] == ["NoRequests"] * 3

    play(story, is_served=False, vendors=("paitient",))
