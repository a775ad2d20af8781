"""Of an object of a megabyte only what is used stays, however many there are.

The real Kopf over a socket: what it hands over has contexts, and passes, timers and errors could keep those.
"""

import asyncio
import gc
from typing import Any

import pytest

from model_operator import handlers
from model_operator.domain import DEPLOYMENT
from model_operator.errors import ProviderError
from model_operator.kubeconfig import Login
from model_operator.settings import Settings
from support.engine_world import World, play
from support.kopf_server import kopf_server
from support.manifests import parasail_deployment

MANY = 8
LABELS = 12_000
"""About 1.2 MB as JSON; three times as much in memory."""


class Anonymous:
    """The part of `Kube` that Kopf needs."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def login(self) -> Login:
        return Login(self.url, None, True, None, None, None, None)


def large(name: str, **spec: Any) -> dict[str, Any]:
    body = parasail_deployment(name, **spec)
    labels = {f"team.example.com/label-{number:06}": "x" * 50 for number in range(LABELS)}
    return {**body, "metadata": {**body["metadata"], "labels": labels}}


def bodies() -> int:
    """How many of the large ones there are in this process."""
    gc.collect()
    found = (one for one in gc.get_objects() if type(one) is dict and type(one.get("labels")) is dict)
    return sum(len(one["labels"]) >= LABELS for one in found)


async def test_nothing_of_what_kopf_has_shown_stays_with_passes_and_timers():
    world = World()
    await world.engine.prime()
    world.engine.start()
    newer = world.server.schemas[DEPLOYMENT].widened("spec.driftPolicy", "Ask")
    world.server.schemas[DEPLOYMENT] = newer
    # Half of them this version does not understand. The others' passes set timers, since their ModelProvider is not there.
    for number in range(MANY):
        world.apply(large(f"big-{number}", **({"driftPolicy": "Ask"} if number % 2 else {})))
    servers_own = bodies()
    async with kopf_server(world.server) as url:
        stop = asyncio.Event()
        tasks = await handlers.spawn(world.engine, Anonymous(url), Settings(), (1, 36), stop)
        watching = asyncio.create_task(handlers.Watch(tasks, stop).run(asyncio.all_tasks()))
        async with asyncio.timeout(60):
            await all_reported(world)
        await asyncio.sleep(1)  # ten times as long as Kopf waits for more about an object
        left = bodies() - servers_own
        stop.set()
        await watching
    await world.engine.stop()
    await world.simulator.aclose()
    assert left == 0


async def all_reported(world: World) -> None:
    """Until a pass has looked at each."""
    done = asyncio.Event()

    def told(*_: object) -> None:
        keys = [key for key in world.server.objects if key.kind == DEPLOYMENT]
        if all(world.ready(key)[1] != "Pending" for key in keys):
            done.set()

    world.server.watchers.append(told)
    await done.wait()


@pytest.mark.parametrize("operation", ["create", "list"])
def test_an_error_that_is_remembered_keeps_nothing_of_what_it_was_found_in(operation: str) -> None:
    """Its frames hold the reply, which may be of a megabyte, and there is one for each object."""

    async def story(world: World) -> None:
        rule = {"operation": operation, "kind": "error", "status": 422, "message": "no " * 300_000}
        await world.simulator.control("POST", "/faults", rule)
        for number in range(3):
            world.apply(parasail_deployment(f"refused-{number}"))
        await asyncio.sleep(60)
        gc.collect()
        kept = [one for one in gc.get_objects() if isinstance(one, ProviderError)]
        assert kept
        assert [error for error in kept if error.__traceback__ or error.__context__] == []

    play(story, is_served=False)
