"""Copied, exchanged and squatted: what is another object's is neither changed nor deleted, and its owner keeps it."""

import asyncio
from typing import Any

import pytest

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import World, play
from support.manifests import deployment
from support.rows import ROWS

LLAMA = Key(DEPLOYMENT, "team", "llama")
COPY = Key(DEPLOYMENT, "team", "copy")


async def serve(world: World, vendor: str, name: str, **spec: Any) -> str:
    world.apply(deployment(vendor, name, **spec))
    await asyncio.sleep(120)
    return str(world.server.get(Key(DEPLOYMENT, "team", name))["status"]["externalID"])


def take_status(world: World, key: Key, other: Key) -> None:
    """As Velero does with `--status-include-resources`, or a hand with `--subresource=status`."""
    world.server.replace_status(key, None, world.server.get(other)["status"])


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
def test_the_copy_of_an_object_with_its_status_leaves_the_original_alone(vendor: str) -> None:
    async def story(world: World) -> None:
        id_ = await serve(world, vendor, "llama")
        world.watch.go_deaf()
        world.apply(deployment(vendor, "copy"))
        take_status(world, COPY, LLAMA)
        world.watch.hear_again(anew=True)
        await asyncio.sleep(120)
        assert world.ready(LLAMA) == ("True", "Available")
        assert world.ready(COPY) == ("False", "ExternalIDTaken")
        assert 'ModelDeployment "llama"' in world.condition("Ready", COPY)["message"]
        world.server.delete(COPY)
        await asyncio.sleep(120)
        assert world.server.find(COPY) is None
        assert await world.live() == [id_]
        assert await world.count("delete") == 0
        assert world.ready(LLAMA) == ("True", "Available")

    play(story, is_served=False, vendors=(vendor,))


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
def test_a_name_that_would_be_anothers_default_is_not_to_be_chosen(vendor: str) -> None:
    async def story(world: World) -> None:
        id_ = await serve(world, vendor, "llama")
        (live,) = await world.shown()
        world.apply(deployment(vendor, "copy", deploymentName=live[ROWS[vendor].api.name]))
        await asyncio.sleep(120)
        assert world.ready(COPY) == ("False", "NameTaken")
        assert await world.live() == [id_]

    play(story, is_served=False, vendors=(vendor,))


def test_a_lost_create_does_not_take_what_somebody_else_made_under_the_chosen_name() -> None:
    async def story(world: World) -> None:
        fault = {"kind": "reset", "vendor": "parasail", "operation": "create", "count": 1}
        await world.simulator.control("POST", "/faults", fault)
        world.apply(deployment("parasail", "llama", deploymentName="shared-llama"))
        await asyncio.sleep(3)
        await world.make_by_hand("parasail", "shared-llama", modelName="somebody/elses-70b")
        await asyncio.sleep(600)
        (live,) = await world.shown()
        assert world.ready(LLAMA) == ("False", "NameTaken")
        world.server.delete(LLAMA)
        await asyncio.sleep(600)
        assert await world.shown() == [live]

    play(story, is_served=False)
