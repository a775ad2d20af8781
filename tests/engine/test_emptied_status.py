"""Statuses that this process has not written: emptied while a create is under way, or a newer version's."""

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


def test_m6_words_of_a_newer_version_stand_until_there_is_something_else_to_say() -> None:
    """A reason, a phase and a power action that nobody here knows, while the provider cannot be asked."""

    async def story(world: World) -> None:
        await world.simulator.control("POST", "/faults", {"kind": "error", "status": 403})
        await asyncio.sleep(600)
        before = dict(world.status)
        told = [{**c, "reason": "FromTheFuture"} for c in before["conditions"]]
        world.server.replace_status(LLAMA, None, {**before, "conditions": told, "phase": "Dreaming"})
        await asyncio.sleep(600)
        assert world.ready(LLAMA) == ("False", "PermissionDenied")
        assert world.status["phase"] == "Dreaming"
        await world.simulator.control("DELETE", "/faults")
        await asyncio.sleep(900)
        assert world.ready(LLAMA) == ("True", "Available")
        assert await world.count("create") == 1

    play(story)


@pytest.mark.parametrize("ends", [False, True], ids=["wanted", "deleted"])
@pytest.mark.parametrize("sent", [None, {}], ids=["told of", "announced"])
@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
def test_an_intent_that_a_clock_far_ahead_has_dated_is_waited_for_no_longer_than_another(
    vendor: str, sent: dict[str, object] | None, ends: bool
) -> None:
    async def story(world: World) -> None:
        world.apply(deployment(vendor, "llama"))
        await asyncio.sleep(120)
        later = {"startedAt": "2099-01-01T00:00:00Z", "deadline": "2099-01-01T00:01:00Z"}
        pending = {
            "operation": "Create",
            "absentBefore": True,
            **later,
            **({} if sent is None else {"sent": sent}),
        }
        (id_,) = await world.live()
        await world.simulator.control("DELETE", f"/deployments/{vendor}/{id_}")
        world.server.replace_status(LLAMA, None, {"pending": pending})
        await world.restart()
        if ends:
            world.server.delete(LLAMA)
        await asyncio.sleep(500)
        if ends:
            assert world.server.find(LLAMA) is None
        else:
            assert world.ready(LLAMA) == ("True", "Available")
        assert await world.count("create") == (1 if ends else 2)

    play(story, is_served=False, vendors=(vendor,))
