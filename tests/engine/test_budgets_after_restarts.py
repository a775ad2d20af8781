"""BlockNew after a restart: what the process before has begun counts, whatever its status says of costs by then."""

import asyncio
from collections.abc import Mapping
from typing import Any

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import budget, parasail_deployment
from support.memory_store import Effect, Trouble, Verb

LATER = Key(DEPLOYMENT, "team", "a-later-one")
PRICES = [{"match": "*", "perReplicaHour": "3.20", "currency": "USD"}]
NOT_A_WORD = Trouble(Effect.REFUSE, frozenset({Verb.STATUS}), frozenset({DEPLOYMENT}), 500, "away")
"""Like kill -9: the process that began says nothing more."""
HELD = "False BudgetExceeded"


async def watch_money(world: World) -> None:
    """There is money for one."""
    spec = {"prices": PRICES, "pollInterval": "5s"}
    world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": spec})
    world.apply(budget("team", "5", onExceeded="BlockNew"))
    await asyncio.sleep(5)


def says(world: World, key: Key) -> Mapping[str, Any]:
    found = world.server.get(key)["status"]["conditions"]
    return {c["type"]: f"{c['status']} {c['reason']}" for c in found}


def test_a_create_of_which_only_the_finalizer_tells_counts() -> None:
    async def story(world: World) -> None:
        await watch_money(world)
        late = {
            "kind": "late_commit",
            "operation": "create",
            "seconds": 100,
            "count": 1,
            "connection": "hang",
        }
        await world.simulator.control("POST", "/faults", late)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(0.5)
        assert "finalizers" in world.server.get(LLAMA)["metadata"]
        world.store.troubles.append(NOT_A_WORD)
        await world.restart()
        assert "pending" not in world.status
        world.store.latency = lambda: 0.05  # each is decided about before a word of the other is written
        world.apply(parasail_deployment(LATER.name))
        await asyncio.sleep(20)
        assert says(world, LATER)["Accepted"] == HELD

    play(story, is_served=False)


def test_what_waits_for_a_machine_and_costs_nothing_yet_counts() -> None:
    async def story(world: World) -> None:
        await world.simulator.control("PATCH", "/knobs", {"parasail": {"gpu_quota": 0}})
        await watch_money(world)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(60)
        assert (world.ready(), world.status["cost"]["perHour"]) == (("False", "QuotaExceeded"), "0")
        for _ in range(2):
            await world.restart()
            world.apply(parasail_deployment(LATER.name))
            await asyncio.sleep(60)
            assert says(world, LATER)["Accepted"] == HELD
            world.server.delete(LATER)
            await asyncio.sleep(10)

    play(story, is_served=False)
