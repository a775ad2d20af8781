"""What a ModelProvider's spec says for a moment, while a pass over it waits, does not stay with its ModelDeployments."""

import asyncio
from typing import Any

import pytest

from model_operator.domain import PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.ledgers import PRICES, cost_of, set_prices
from support.memory_store import Effect, Trouble, Verb

PARASAIL = Key(PROVIDER, "team", "parasail")
DEAR = [{"match": "*", "perReplicaHour": "32", "currency": "USD"}]


@pytest.mark.parametrize(
    ("meanwhile", "afterwards"),
    [({"mode": "Suspend"}, {"mode": None}), ({"prices": DEAR}, {"prices": PRICES["parasail"]})],
    ids=["a mode", "a price"],
)
def test_what_came_and_went_within_one_pass_is_forgotten(
    meanwhile: dict[str, Any], afterwards: dict[str, Any]
) -> None:
    async def story(world: World) -> None:
        set_prices(world, "parasail", poll="5m")
        await asyncio.sleep(120)
        slow = Trouble(Effect.DELAY, frozenset({Verb.GET}), frozenset({"Secret"}), seconds=20, left=1)
        world.store.troubles.append(slow)
        world.server.merge(PARASAIL, {"spec": {"requestsPerMinute": 100}})
        await asyncio.sleep(1)
        world.server.merge(PARASAIL, {"spec": meanwhile})
        world.server.merge(LLAMA, {"metadata": {"labels": {"looked": "at"}}})
        await asyncio.sleep(10)
        world.server.merge(PARASAIL, {"spec": afterwards})
        await asyncio.sleep(120)
        assert (world.ready(), cost_of(world)["perHour"]) == (("True", "Available"), "3.2")

    play(story)
