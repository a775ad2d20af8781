"""The engine's cache against the server: deaf watches, ends that nobody told of, two lives of a name, an etcd restore."""

import asyncio

import pytest

from model_operator.domain import FINALIZER, Key
from support.engine_world import LLAMA, LONG, World, play
from support.manifests import parasail_deployment
from support.memory_store import Effect, Trouble, Verb


def test_an_edit_is_carried_out_although_the_watch_is_deaf_for_good() -> None:
    async def story(world: World) -> None:
        world.watch.go_deaf()
        world.server.merge(LLAMA, {"spec": {"replicas": 3}})
        await asyncio.sleep(LONG)
        assert world.status["observedGeneration"] == 2
        assert world.status["replicas"] == 3

    play(story)


def test_a_deployment_is_deleted_although_nobody_told_of_its_objects_end() -> None:
    async def story(world: World) -> None:
        world.watch.go_deaf()
        world.strip()
        world.server.delete(LLAMA)
        world.watch.hear_again(anew=True)
        await asyncio.sleep(LONG)
        assert await world.live() == []
        assert world.engine.cache.keys() == (Key("ModelProvider", "team", "parasail"),)

    play(story)


def test_an_object_of_a_deaf_time_gets_its_deployment() -> None:
    async def story(world: World) -> None:
        world.watch.go_deaf()
        world.apply(parasail_deployment("second"))
        await asyncio.sleep(LONG)
        assert len(await world.live()) == 2

    play(story)


def test_a_server_that_went_back_ends_the_process_before_anything_is_concluded() -> None:
    async def story(world: World) -> None:
        backup = world.server.snapshot()
        world.apply(parasail_deployment("later"))
        await asyncio.sleep(120)
        before = await world.live()
        assert len(before) == 2
        world.server.restore(backup)
        async with asyncio.timeout(LONG):
            why = await world.engine.broken()
        assert "Was etcd restored from a snapshot?" in why
        assert await world.live() == before

    play(story)


def test_a_server_that_does_not_answer_is_compared_another_time() -> None:
    async def story(world: World) -> None:
        world.watch.go_deaf()
        world.store.troubles = [Trouble(Effect.REFUSE, verbs=frozenset({Verb.LIST}), left=1)]
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(LONG)
        assert world.status["observedGeneration"] == 2

    play(story)


@pytest.mark.parametrize("told", ["the old one's end comes late", "the old one's end never comes"])
def test_a_new_life_of_a_name_keeps_its_deployment(told: str) -> None:
    """`kubectl replace --force` while the watch is deaf: the end of the old object is about that one alone."""

    async def story(world: World) -> None:
        (old,) = await world.live()
        world.watch.go_deaf()
        world.strip()
        last = world.server.get(LLAMA)
        world.server.delete(LLAMA)
        world.apply(parasail_deployment("llama"))
        world.engine.shown(LLAMA, dict(world.server.get(LLAMA)))  # met by a GET
        await asyncio.sleep(60)
        new = world.status["externalID"]
        if told == "the old one's end comes late":
            world.engine.deleted(LLAMA, dict(last))
        world.watch.hear_again(anew=True)
        await asyncio.sleep(LONG)
        assert await world.live() == [new]
        assert new != old
        assert world.ready() == ("True", "Available")
        assert FINALIZER in world.server.get(LLAMA)["metadata"]["finalizers"]

    play(story)
