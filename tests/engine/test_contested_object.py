"""Somebody else undoes what we write on an object, each time: bounded, said once, and never in the way of a user."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from model_operator.domain import CANARY, FINALIZER, Key
from support.canary_specs import spec
from support.engine_world import LLAMA, World, play
from support.manifests import deployment

HOUR = 3600
MANAGED = [
    {"manager": "kubectl", "time": "2026-01-01T00:00:00Z"},
    {"manager": "janitor", "time": "2026-02-01T00:00:00Z"},
]
MOST = 1_000
"""After so many it gives up: far more than anybody should have answered, and still counted within seconds."""


class Rival(ABC):
    """A controller that answers each event of one object, a moment later."""

    def __init__(self, world: World, key: Key, act: Callable[[], None], *, after: float = 0.05) -> None:
        self.world, self.key, self.act, self.after = world, key, act, after
        self.times = 0
        world.server.watchers.append(self._heard)

    def stop(self) -> None:
        self.world.server.watchers.remove(self._heard)

    def _heard(self, type_: str, key: Key, body: Mapping[str, Any]) -> None:
        if key == self.key and type_ != "DELETED" and self._dislikes(body):
            asyncio.get_running_loop().call_later(self.after, self._strike)

    @abstractmethod
    def _dislikes(self, body: Mapping[str, Any]) -> bool:
        """Whether it undoes something of that body."""

    def _strike(self) -> None:
        body = self.world.server.find(self.key)
        if body is not None and self._dislikes(body) and self.times < MOST:
            self.times += 1
            self.act()


class Stripper(Rival):
    """Knows no finalizer of ours."""

    def __init__(self, world: World, key: Key = LLAMA, **timing: float) -> None:
        super().__init__(world, key, self._strip, **timing)

    def _strip(self) -> None:
        self.world.server.replace_finalizers(
            self.key, self.world.server.get(self.key)["metadata"]["resourceVersion"], ()
        )

    def _dislikes(self, body: Mapping[str, Any]) -> bool:
        return FINALIZER in body["metadata"].get("finalizers", ())


class Emptier(Rival):
    """Puts an empty status in place of whatever there is: a GitOps tool that applies the status, too."""

    def __init__(self, world: World, key: Key = LLAMA, **timing: float) -> None:
        super().__init__(world, key, lambda: world.server.replace_status(key, None, {}) and None, **timing)

    def _dislikes(self, body: Mapping[str, Any]) -> bool:
        return bool(body.get("status"))


ONE_OF_THEM = pytest.mark.parametrize("rival_of", [Stripper, pytest.param(Emptier, marks=pytest.mark.long)])
"""Both in the long run."""


@ONE_OF_THEM
def test_whoever_undoes_our_writes_each_time_is_answered_ever_more_seldom(
    rival_of: Callable[..., Rival],
) -> None:
    async def story(world: World) -> None:
        world.server.merge(LLAMA, {"metadata": {"managedFields": MANAGED}})
        rival = rival_of(world)
        world.server.merge(LLAMA, {"metadata": {"labels": {"a": "b"}}})
        await asyncio.sleep(HOUR)
        first = rival.times
        assert 6 < first <= 30
        updates = await world.count("update")
        await asyncio.sleep(HOUR)
        assert rival.times - first <= 24
        assert await world.count("update") - updates <= 24
        assert await world.count("create") == 1
        (told,) = world.events("FieldContested")
        assert "janitor, kubectl" in told["message"]

    play(story)


def test_an_edit_does_not_wait_for_the_fight() -> None:
    async def story(world: World) -> None:
        Stripper(world)
        world.server.merge(LLAMA, {"metadata": {"labels": {"a": "b"}}})
        await asyncio.sleep(HOUR)
        world.server.merge(LLAMA, {"spec": {"replicas": 3}})
        await asyncio.sleep(10)
        (shown,) = await world.shown()
        assert shown["replicas"] == 3

    play(story)


@pytest.mark.parametrize("rival_of", [Stripper, Emptier])
def test_a_deletion_begins_in_the_middle_of_a_fight(rival_of: Callable[..., Rival]) -> None:
    """What is paid for goes. Whose status is emptied each time is kept until it can be told that nothing is left."""

    async def story(world: World) -> None:
        rival = rival_of(world)
        world.server.merge(LLAMA, {"metadata": {"labels": {"a": "b"}}})
        await asyncio.sleep(HOUR)
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        assert await world.live() == []
        rival.stop()
        await asyncio.sleep(300)
        assert world.server.find(LLAMA) is None

    play(story)


def test_a_split_whose_status_is_undone_is_looked_after_twice_a_minute() -> None:
    async def story(world: World) -> None:
        world.apply(deployment("paitient", "llama"))
        key = Key(CANARY, "team", "split")
        split = {
            "metadata": {"name": "split"},
            "spec": {**spec(llama=100), "providerRef": {"name": "paitient"}},
        }
        world.apply({"apiVersion": "modeloperator.dev/v1alpha1", "kind": CANARY, **split})
        await asyncio.sleep(180)
        rival = Emptier(world, key)
        world.server.merge(key, {"metadata": {"labels": {"a": "b"}}})
        await asyncio.sleep(HOUR)
        assert HOUR / 40 < rival.times < HOUR / 20

    play(story, is_served=False, vendors=("paitient",))


def test_whoever_empties_the_status_of_what_is_being_deleted_is_answered_in_turns() -> None:
    """Each pass asks the provider for a list then."""

    async def story(world: World) -> None:
        rival = Emptier(world)
        await world.simulator.control(
            "POST", "/faults", {"kind": "error", "operation": "delete", "status": 500}
        )
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        lists, writes = await world.count("list"), world.server.writes
        await asyncio.sleep(HOUR / 4)
        assert world.server.writes - writes < 3 * HOUR / 4 / 20
        assert await world.count("list") - lists < 300
        await world.simulator.control("DELETE", "/faults")
        rival.stop()
        await asyncio.sleep(400)
        assert await world.live() == []
        assert world.server.find(LLAMA) is None

    play(story)


@ONE_OF_THEM
def test_when_the_other_one_stops_everything_is_as_before(rival_of: Callable[..., Rival]) -> None:
    async def story(world: World) -> None:
        rival = rival_of(world)
        world.server.merge(LLAMA, {"metadata": {"labels": {"a": "b"}}})
        await asyncio.sleep(HOUR)
        rival.stop()
        await asyncio.sleep(400)
        assert world.ready() == ("True", "Available")
        assert FINALIZER in world.server.get(LLAMA)["metadata"]["finalizers"]
        assert await world.count("create") == 1
        writes = world.server.writes
        await asyncio.sleep(HOUR / 4)
        assert world.server.writes == writes

    play(story)


@ONE_OF_THEM
def test_a_few_times_by_hand_are_put_right_at_once(rival_of: Callable[..., Rival]) -> None:
    async def story(world: World) -> None:
        for _ in range(6):
            rival = rival_of(world)
            world.server.merge(LLAMA, {"metadata": {"labels": {"a": "b"}}})
            await asyncio.sleep(0.5)
            rival.stop()
            await asyncio.sleep(HOUR)
            assert world.ready() == ("True", "Available")
            assert FINALIZER in world.server.get(LLAMA)["metadata"]["finalizers"]

    play(story)
