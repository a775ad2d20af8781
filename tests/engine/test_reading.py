"""What a process reads while another's Lease runs out, and begins from."""

import asyncio

import pytest

from model_operator.domain import DEPLOYMENT, Key
from model_operator.engine.comparison import WentBack
from support.engine_world import LLAMA, World, play
from support.manifests import parasail_deployment
from support.memory_store import Verb

LATE = Key(DEPLOYMENT, "team", "late")


def lists(world: World) -> int:
    return sum(r.verb is Verb.LIST and r.key.kind == DEPLOYMENT for r in world.store.seen)


async def stand_by(world: World) -> None:
    """The former process has ended; the next one reads ahead."""
    world.watch.close()
    await world.engine.stop()
    world.boot()
    await world.engine.reading.ahead()


def test_what_was_read_ahead_is_not_read_again_and_what_changed_since_is_done() -> None:
    async def story(world: World) -> None:
        await stand_by(world)
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        world.apply(parasail_deployment("late"))
        await asyncio.sleep(4)
        await world.work()
        assert lists(world) == 1
        await asyncio.sleep(120)
        assert (world.ready(), world.status["replicas"]) == (("True", "Available"), 2)
        assert world.ready(LATE) == ("True", "Available")
        assert (await world.count("create"), await world.count("update")) == (2, 1)

    play(story)


def test_what_was_deleted_meanwhile_is_ended_and_not_made_again() -> None:
    async def story(world: World) -> None:
        await stand_by(world)
        world.server.delete(LLAMA)
        await asyncio.sleep(4)
        await world.work()
        await asyncio.sleep(120)
        assert await world.live() == []
        assert await world.count("create") == 1

    play(story)


def test_a_reading_for_nothing_long_ago_is_made_anew() -> None:
    async def story(world: World) -> None:
        world.apply(parasail_deployment("late"))
        await asyncio.sleep(120)
        await stand_by(world)
        world.strip()
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        await world.work()
        assert lists(world) == 2
        assert world.engine.cache.deployment(LLAMA) is None
        await asyncio.sleep(120)
        assert (world.ready(LATE), await world.count("create")) == (("True", "Available"), 2)

    play(story)


@pytest.mark.parametrize("is_read_again", [False, True])
def test_a_server_that_went_back_since_a_reading_is_not_begun_from(is_read_again: bool) -> None:
    async def story(world: World) -> None:
        backup = world.server.snapshot()
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        world.apply(parasail_deployment("late"))
        await asyncio.sleep(120)
        await stand_by(world)
        world.server.restore(backup)
        if is_read_again:
            await world.engine.reading.ahead()
        else:
            await asyncio.sleep(60)
        with pytest.raises(WentBack, match="Was etcd restored from a snapshot"):
            await world.engine.prime()
        world.boot()
        await world.work()
        await asyncio.sleep(120)
        assert (world.ready(), world.status["replicas"]) == (("True", "Available"), 1)

    play(story)
