"""Events: counted when they repeat, bounded for one object, and accepted before a promise is kept."""

import asyncio
import logging

import pytest

from model_operator.domain import DEPLOYMENT, Key
from model_operator.kube import KubeError
from model_operator.models.metadata import Metadata
from model_operator.reconcile.recorder import Recorder
from model_operator.status.events import Event
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Trouble, Verb
from support.virtual_time import Wall, run

KEY = Key(DEPLOYMENT, "team", "llama")
LLAMA = Metadata(name="llama", namespace="team", uid="uid-1", generation=1, resource_version="7")
DOWN = Event("Warning", "ProviderUnavailable", "parasail: list: HTTP 503")


class World:
    def __init__(self) -> None:
        wall = Wall(asyncio.get_running_loop())
        self.server = Server(wall)
        self.store = MemoryStore(self.server)
        self.recorder = Recorder(self.store, wall)
        self.is_quiet = True
        self.task = asyncio.create_task(self.recorder.run(lambda: self.is_quiet))

    async def note(self, *events: Event) -> None:
        self.recorder.note(KEY, LLAMA, events)
        await self.recorder.flush()

    def shown(self) -> list[tuple[str, str, int]]:
        return [(e["reason"], e["message"], e["count"]) for e in self.server.list("Event", "team")]


def test_an_event_that_repeats_is_counted() -> None:
    async def story() -> None:
        world = World()
        for _ in range(3):
            await world.note(DOWN)
            await asyncio.sleep(60)
        assert world.shown() == [(DOWN.reason, DOWN.message, 3)]
        await asyncio.sleep(3600)
        await world.note(DOWN)
        assert [count for _, _, count in world.shown()] == [3, 1]

    run(story())


def test_the_log_has_each_event_once_however_often_it_repeats(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def story() -> None:
        world = World()
        for event in (DOWN, DOWN, Event("Normal", "Available", "It serves."), DOWN):
            await world.note(event)

    run(story())
    assert [r.getMessage() for r in caplog.records if r.name == "model_operator.reconcile.recorder"] == [
        "ProviderUnavailable: parasail: list: HTTP 503",
        "Available: It serves.",
    ]


def test_one_that_the_server_has_dropped_is_made_anew() -> None:
    async def story() -> None:
        world = World()
        await world.note(DOWN)
        (key,) = (key for key in world.server.objects if key.kind == "Event")
        world.server.delete(key)
        await world.note(DOWN)
        assert world.shown() == [(DOWN.reason, DOWN.message, 1)]

    run(story())


def test_one_object_cannot_flood_its_namespace() -> None:
    async def story() -> None:
        world = World()
        await world.note(*(Event("Normal", "Available", f"{number}") for number in range(200)))
        assert len(world.shown()) == 25
        await asyncio.sleep(300)
        await world.note(Event("Normal", "Available", "later"))
        assert len(world.shown()) == 26
        assert await world.recorder.promise(KEY, LLAMA, "Orphaned", "Deployment 1 stays.")
        assert world.shown()[-1] == ("Orphaned", "Deployment 1 stays.", 1)

    run(story())


@pytest.mark.parametrize(
    ("status", "kept"),
    [pytest.param(403, False, id="refused for good"), pytest.param(500, None, id="may pass later")],
)
def test_a_promise_is_kept_refused_or_tried_again(status: int, kept: bool | None) -> None:
    async def story() -> None:
        world = World()
        world.store.troubles = [Trouble(Effect.REFUSE, frozenset({Verb.CREATE}), status=status, left=1)]
        if kept is None:
            with pytest.raises(KubeError):
                await world.recorder.promise(KEY, LLAMA, "Orphaned", "Deployment 1 stays.")
        else:
            assert await world.recorder.promise(KEY, LLAMA, "Orphaned", "Deployment 1 stays.") is kept
        assert await world.recorder.promise(KEY, LLAMA, "Orphaned", "Deployment 1 stays.")

    run(story())


def test_an_event_waits_for_passes_but_not_for_long() -> None:
    async def story() -> None:
        world = World()
        began, world.is_quiet = asyncio.get_running_loop().time(), False
        posted = asyncio.create_task(world.note(DOWN))
        await asyncio.sleep(5)
        assert world.shown() == []
        await posted
        assert asyncio.get_running_loop().time() - began == pytest.approx(10, abs=0.2)
        assert [e["firstTimestamp"] for e in world.server.list("Event", "team")] == ["2026-01-01T12:00:00Z"]
        posted = asyncio.create_task(world.note(Event("Normal", "Available", "again")))
        await asyncio.sleep(1)
        world.is_quiet = True
        await posted
        assert asyncio.get_running_loop().time() - began == pytest.approx(11, abs=0.4)

    run(story())


def test_what_a_promise_needs_waits_for_nothing_and_stands_behind_what_was_before() -> None:
    async def story() -> None:
        world = World()
        world.is_quiet = False
        world.recorder.note(KEY, LLAMA, [DOWN])
        await asyncio.sleep(0.5)
        assert await world.recorder.promise(KEY, LLAMA, "Orphaned", "Deployment 1 stays.")
        assert asyncio.get_running_loop().time() == pytest.approx(0.5)
        await world.recorder.flush()
        events = sorted(world.server.list("Event", "team"), key=lambda event: event["metadata"]["name"])
        assert [event["reason"] for event in events] == [DOWN.reason, "Orphaned"]

    run(story())


def test_a_backlog_is_not_let_grow_until_events_are_lost() -> None:
    async def story() -> None:
        world = World()
        world.is_quiet = False
        many = [LLAMA.model_copy(update={"uid": f"u{number}"}) for number in range(1500)]
        for about in many:
            world.recorder.note(KEY, about, [DOWN])
        await asyncio.sleep(1)
        assert len(world.shown()) == 500
        await world.recorder.flush()
        assert len(world.shown()) == 1500

    run(story())
