"""The engine's cache against the server: deaf watches, ends that nobody told of, two lives of a name, an etcd restore."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from model_operator.domain import DEPLOYMENT, FINALIZER, Key
from model_operator.engine.comparison import EVERY
from model_operator.engine.engine import Engine
from model_operator.observability.metrics import Metrics
from model_operator.providers.http import HttpTransport
from model_operator.providers.registry import PROVIDERS
from model_operator.redaction import Redactor
from model_operator.settings import Settings
from model_operator_simulator import Simulator
from support.in_process import InProcess
from support.manifests import parasail_deployment, parasail_provider, parasail_secret
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Trouble, Verb
from support.memory_watch import Watch
from support.virtual_time import START, Wall, run

SIM = "http://sim"
LLAMA = Key(DEPLOYMENT, "team", "llama")
LONG = EVERY.total_seconds() * 2.5


class World:
    """One operator with a served deployment, and the hands of a user."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.wall = Wall(loop)
        self.server = Server(self.wall)
        self.simulator = Simulator(source=lambda: START.timestamp() + loop.time())
        self.store = MemoryStore(self.server)
        self.engine = Engine(
            settings=Settings(allowed_provider_hosts=(SIM,)),
            kube=self.store,
            transport=HttpTransport(request_timeout=timedelta(seconds=30), client=InProcess(self.simulator)),
            vendors=PROVIDERS,
            metrics=Metrics(),
            redactor=Redactor(),
            clock=self.wall,
        )
        self.watch = Watch(self.server, self._hear)

    def _hear(self, type_: str, key: Key, body: Mapping[str, Any]) -> None:
        tell = self.engine.deleted if type_ == "DELETED" else self.engine.shown
        tell(key, dict(body))

    def apply(self, body: Mapping[str, Any]) -> None:
        self.server.create(body["kind"], "team", body)

    async def start(self) -> None:
        self.apply(parasail_secret())
        self.apply(parasail_provider(SIM))
        self.apply(parasail_deployment("llama"))
        await self.engine.prime()
        self.engine.start()
        self.watch.open()
        await asyncio.sleep(120)
        assert self.ready() == ("True", "Available"), self.status

    @property
    def status(self) -> Mapping[str, Any]:
        return self.server.get(LLAMA)["status"]

    def ready(self) -> tuple[str, str]:
        (found,) = (c for c in self.status["conditions"] if c["type"] == "Ready")
        return found["status"], found["reason"]

    def strip(self) -> None:
        """Take the finalizer off by hand."""
        self.server.replace_finalizers(LLAMA, self.server.get(LLAMA)["metadata"]["resourceVersion"], ())

    async def live(self) -> list[str]:
        """Names of what is paid for at the provider."""
        state = await self.simulator.control("GET", "/state")
        return [str(one["id"]) for one in state["parasail"]]


Story = Callable[[World], Awaitable[None]]


def play(story: Story) -> None:
    async def main() -> None:
        world = World()
        await world.start()
        await story(world)
        await world.engine.stop()
        await world.simulator.aclose()

    run(main())


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
