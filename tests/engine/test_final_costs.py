"""The final cost of what goes is not lost where its ModelBudget cannot be written for a while, and never keeps it for ever."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from model_operator.domain import BUDGET, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import budget, parasail_deployment
from support.memory_store import Effect, Trouble, Verb

TEAM = Key(BUDGET, "team", "team")
AN_HOUR = 3600.0


async def delete_unsettled(world: World) -> None:
    """It has cost 6.4 dollars, and the API server takes no status of a ModelBudget."""
    prices = [{"match": "*", "perReplicaHour": "3.20", "currency": "USD"}]
    world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"prices": prices, "pollInterval": "10m"}})
    world.apply(budget("team", "1000"))
    world.apply(parasail_deployment("llama"))
    await asyncio.sleep(2 * AN_HOUR)
    refuse(world)
    world.server.delete(LLAMA)


def refuse(world: World) -> None:
    world.store.troubles.append(
        Trouble(Effect.REFUSE, frozenset({Verb.STATUS}), frozenset({BUDGET}), 403, "not allowed")
    )


def told(world: World) -> list[str]:
    return [event["message"] for event in world.events("CostNotWritten")]


def status_of(world: World) -> Mapping[str, Any]:
    found: Mapping[str, Any] = world.server.get(TEAM)["status"]
    return found


def settled(world: World) -> Decimal:
    """Of all that is gone."""
    found = [*status_of(world).get("settled", ()), status_of(world).get("removed", {"accrued": "0"})]
    return sum((Decimal(one["accrued"]) for one in found), Decimal(0))


async def until_settled(world: World) -> None:
    for _ in range(4000):
        if settled(world):
            return
        await asyncio.sleep(0.05)


def is_whole(amount: Decimal) -> bool:
    return abs(amount - Decimal("6.4")) < Decimal("0.2")


def test_an_object_waits_until_its_final_cost_is_written_and_says_so() -> None:
    async def story(world: World) -> None:
        await delete_unsettled(world)
        await asyncio.sleep(90)
        version = world.server.get(LLAMA)["metadata"]["resourceVersion"]
        await asyncio.sleep(0.75 * AN_HOUR)
        assert world.server.get(LLAMA)["metadata"]["resourceVersion"] == version, (
            "nothing is added while it waits"
        )
        assert (await world.live(), world.server.find(LLAMA) is not None) == ([], True)
        assert [message.partition(" USD")[2] for message in told(world)] == [
            ' has not been written into ModelBudget "team" for a minute. The object goes once it is, or in an hour.'
        ]
        world.store.troubles.clear()
        await asyncio.sleep(120)
        assert (world.server.find(LLAMA), is_whole(settled(world)), len(told(world))) == (None, True, 1)

    play(story, is_served=False)


def test_it_is_the_same_after_a_restart() -> None:
    async def story(world: World) -> None:
        await delete_unsettled(world)
        await asyncio.sleep(0.5 * AN_HOUR)
        await world.restart()
        await asyncio.sleep(120)
        assert (world.server.find(LLAMA), is_whole(settled(world))) == (None, True)

    play(story, is_served=False)


def test_after_an_hour_it_goes_and_its_cost_is_told_and_written_later_once() -> None:
    async def story(world: World) -> None:
        await delete_unsettled(world)
        await asyncio.sleep(1.1 * AN_HOUR)
        assert world.server.find(LLAMA) is None
        _, goes = told(world)
        assert goes.partition(" USD")[2] == (
            ' could not be written into ModelBudget "team" for an hour, so the object goes. This process keeps trying; if'
            " it ends before, the budget lacks that amount."
        )
        assert settled(world) == 0
        world.store.troubles.clear()
        await asyncio.sleep(1.1 * AN_HOUR)
        once = settled(world)
        assert is_whole(once)
        world.store.troubles.append(Trouble(Effect.LOSE, frozenset({Verb.STATUS}), frozenset({BUDGET}), 500))
        world.server.merge(TEAM, {"spec": {"limit": "2000"}})
        await asyncio.sleep(2 * AN_HOUR)
        assert (settled(world), Decimal(status_of(world)["spent"])) == (once, once)

    play(story, is_served=False)


def test_two_replies_that_are_lost_add_no_final_cost_twice() -> None:
    async def story(world: World) -> None:
        await delete_unsettled(world)
        await asyncio.sleep(1.1 * AN_HOUR)
        lost = Trouble(Effect.LOSE, frozenset({Verb.STATUS}), frozenset({BUDGET}), 500)
        world.watch.is_deaf = True
        world.store.troubles[:] = [lost]
        await until_settled(world)
        world.watch.is_deaf = False
        world.server.merge(
            TEAM, {"spec": {"limit": "2000"}}
        )  # shown with what was written, and there is more to write
        await asyncio.sleep(0.5)
        world.store.troubles.clear()
        await asyncio.sleep(2.5 * AN_HOUR)
        assert (is_whole(settled(world)), world.server.find(LLAMA)) == (True, None)

    play(story, is_served=False)


def test_a_budget_that_goes_keeps_no_object() -> None:
    async def story(world: World) -> None:
        await delete_unsettled(world)
        await asyncio.sleep(300)
        assert world.server.find(LLAMA) is not None
        world.server.delete(TEAM)
        await asyncio.sleep(70)
        assert world.server.find(LLAMA) is None

    play(story, is_served=False)


def test_another_budget_of_the_name_gets_nothing_of_what_was_before_it() -> None:
    async def story(world: World) -> None:
        await delete_unsettled(world)
        await asyncio.sleep(1.1 * AN_HOUR)
        assert world.server.find(LLAMA) is None
        world.server.delete(TEAM)
        await asyncio.sleep(5)
        world.store.troubles.clear()
        world.apply(budget("team", "1000"))
        await asyncio.sleep(300)
        assert (settled(world), Decimal(status_of(world)["spent"])) == (0, 0)

    play(story, is_served=False)
