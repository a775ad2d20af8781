"""The routing endpoint of `spec.paitient.endpointName` is created once: nobody can list, look up or delete one."""

import asyncio

import pytest

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import World, play
from support.manifests import deployment

LLAMA = Key(DEPLOYMENT, "team", "llama")


async def apply(world: World, **fault: object) -> None:
    if fault:
        rule = {"vendor": "paitient", "operation": "create_endpoint", **fault}
        await world.simulator.control("POST", "/faults", rule)
    world.apply(deployment("paitient", "llama", block={"endpointName": "front"}))
    await asyncio.sleep(600)


def test_it_is_announced_made_and_reported() -> None:
    async def story(world: World) -> None:
        await apply(world)
        status = world.server.get(LLAMA)["status"]
        assert world.ready(LLAMA) == ("True", "Available")
        assert status["endpoint"]["id"]
        assert "pendingEndpoint" not in status
        assert await world.count("create_endpoint") == 1

    play(story, is_served=False, vendors=("paitient",))


@pytest.mark.parametrize("kind", ["commit_then_reset", "commit_then_timeout", "reset", "invalid_json"])
def test_a_lost_answer_waits_for_a_person_and_is_never_sent_again(kind: str) -> None:
    async def story(world: World) -> None:
        await apply(world, kind=kind)
        assert world.ready(LLAMA) == ("False", "OutcomeUnknown")
        assert world.condition("Stalled", LLAMA)["status"] == "True"
        assert world.condition("Serving", LLAMA)["status"] == "True"
        assert "spec.paitient.endpointID" in world.condition("Ready", LLAMA)["message"]
        assert await world.count("create_endpoint") == 1
        world.server.merge(LLAMA, {"spec": {"paitient": {"endpointID": "ep_found"}}})
        await asyncio.sleep(120)
        status = world.server.get(LLAMA)["status"]
        assert world.ready(LLAMA) == ("True", "Available")
        assert status["endpoint"] == {"id": "ep_found"}
        assert "pendingEndpoint" not in status
        assert await world.count("create_endpoint") == 1

    play(story, is_served=False, vendors=("paitient",))


def test_what_is_refused_for_certain_is_tried_again() -> None:
    async def story(world: World) -> None:
        await apply(world, kind="error", status=429, count=2)
        await asyncio.sleep(600)
        assert world.ready(LLAMA) == ("True", "Available")
        assert await world.count("create_endpoint") == 3

    play(story, is_served=False, vendors=("paitient",))


def test_a_lost_one_is_told_of_when_its_object_goes() -> None:
    async def story(world: World) -> None:
        await apply(world, kind="commit_then_reset")
        world.server.delete(LLAMA)
        await asyncio.sleep(300)
        assert world.server.find(LLAMA) is None
        assert [
            '"front", if its create succeeded,' in e["message"] for e in world.events("EndpointOrphaned")
        ] == [True]

    play(story, is_served=False, vendors=("paitient",))
