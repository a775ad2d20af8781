"""BlockNew, with the whole engine: what would cost more than a budget leaves is not sent, by whatever way it comes."""

import asyncio
from collections.abc import Mapping
from typing import Any

from model_operator.domain import BUDGET, DEPLOYMENT, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import budget, labelled, paitient_deployment, parasail_deployment

TEAM = Key(BUDGET, "team", "team")
MISTRAL = Key(DEPLOYMENT, "team", "mistral")
AN_HOUR = 3600.0
PRICES = [{"match": "*", "perReplicaHour": "3.20", "currency": "USD"}]
HELD = 'ModelBudget "team" does not leave enough of its limit of {} USD for this month, so {} is held.'


def set_prices(world: World, prices: list[Mapping[str, Any]] | None = None, poll: str = "10m") -> None:
    spec = {"prices": PRICES if prices is None else prices, "pollInterval": poll}
    world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": spec})


def blocking(limit: str, name: str = "team", **spec: Any) -> Mapping[str, Any]:
    return budget(name, limit, onExceeded="BlockNew", **spec)


def says(world: World, key: Key = LLAMA) -> dict[str, str]:
    found = world.server.get(key)["status"]["conditions"]
    return {c["type"]: f"{c['status']} {c['reason']}" for c in found}


def test_a_create_beyond_the_limit_sends_nothing_and_says_so_until_the_limit_is_raised() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(blocking("3"))
        await asyncio.sleep(5)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(120)
        assert await world.count("create") == 0
        assert says(world) == {
            "Ready": "False BudgetExceeded",
            "Accepted": "False BudgetExceeded",
            "Synced": "False BudgetExceeded",
            "Serving": "False Missing",
            "Reconciling": "False Idle",
            "Stalled": "True BudgetExceeded",
        }
        assert world.condition("Accepted")["message"].startswith(HELD.format("3", "the deployment"))
        assert "finalizers" not in world.server.get(LLAMA)["metadata"], "nothing is there to be deleted"
        version = world.server.get(LLAMA)["metadata"]["resourceVersion"]
        await asyncio.sleep(600)
        assert world.server.get(LLAMA)["metadata"]["resourceVersion"] == version
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"
        assert await world.count("create") == 1

    play(story, is_served=False)


def test_of_two_creates_in_one_second_the_budget_lets_one_through() -> None:
    async def story(world: World) -> None:
        set_prices(world, poll="5s")
        world.apply(blocking("5"))
        await asyncio.sleep(5)
        world.store.latency = lambda: 0.05  # each is decided about before the other's request leaves
        for name in ("a", "b", "c", "d"):
            world.apply(parasail_deployment(name))
        await asyncio.sleep(300)
        assert await world.count("create") == 1
        await world.restart()
        await asyncio.sleep(300)
        assert await world.count("create") == 1

    play(story, is_served=False)


def test_what_another_process_has_begun_counts_before_anybody_has_looked_at_it() -> None:
    async def story(world: World) -> None:
        set_prices(world, poll="5s")
        world.apply(blocking("5"))
        await asyncio.sleep(5)
        late = {"kind": "late_commit", "operation": "create", "seconds": 100, "count": 1}
        await world.simulator.control("POST", "/faults", late)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(3)
        assert "pending" in world.status
        await world.restart()
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(20)
        assert says(world, MISTRAL)["Accepted"] == "False BudgetExceeded"

    play(story, is_served=False)


def test_a_scale_up_is_held_while_the_rest_of_the_edit_is_sent() -> None:
    async def story(world: World) -> None:
        set_prices(world, poll="5s")
        world.apply(blocking("5"))
        await asyncio.sleep(60)
        world.server.merge(LLAMA, {"spec": {"replicas": 3, "contextLength": 4096}})
        await asyncio.sleep(120)
        (shown,) = await world.shown()
        assert (shown["replicas"], shown["contextLength"]) == (1, 4096)
        assert (says(world)["Synced"], says(world)["Stalled"]) == (
            "False BudgetExceeded",
            "True BudgetExceeded",
        )
        assert world.condition("Synced")["message"].startswith(HELD.format("5", "the scale-up (replicas)"))
        assert says(world)["Serving"] == "True Serving"
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert ((await world.shown())[0]["replicas"], says(world)["Ready"]) == (3, "True Available")

    play(story)


def test_what_lowers_the_bill_always_goes_and_its_way_back_is_held() -> None:
    async def story(world: World) -> None:
        set_prices(world, poll="5s")
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(120)
        world.apply(blocking("1"))
        await asyncio.sleep(60)
        world.server.merge(LLAMA, {"spec": {"replicas": 1}})
        await asyncio.sleep(60)
        assert ((await world.shown())[0]["replicas"], says(world)["Ready"]) == (1, "True Available")
        world.server.merge(LLAMA, {"spec": {"paused": True}})
        await asyncio.sleep(60)
        assert says(world)["Ready"] == "True Paused"
        world.server.merge(LLAMA, {"spec": {"paused": False}})
        await asyncio.sleep(60)
        assert (await world.count("resume"), says(world)["Synced"]) == (0, "False BudgetExceeded")
        assert world.condition("Synced")["message"].startswith(HELD.format("1", "the resume (paused)"))
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        assert world.server.find(LLAMA) is None

    play(story)


def test_of_two_budgets_the_stricter_counts() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(blocking("1000"))
        world.apply(blocking("3", "reds", selector={"matchLabels": {"team": "red"}}))
        await asyncio.sleep(5)
        world.apply(labelled(parasail_deployment("llama"), team="red"))
        world.apply(labelled(parasail_deployment("mistral"), team="blue"))
        await asyncio.sleep(120)
        assert (says(world)["Accepted"], says(world, MISTRAL)["Ready"]) == (
            "False BudgetExceeded",
            "True Available",
        )
        assert 'ModelBudget "reds"' in world.condition("Accepted")["message"]
        world.server.delete(Key(BUDGET, "team", "reds"))
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"

    play(story, is_served=False)


def test_what_is_gone_is_not_made_again_beyond_the_limit() -> None:
    async def story(world: World) -> None:
        set_prices(world, poll="5s")
        world.apply(blocking("0.01"))
        await asyncio.sleep(60)
        (id_,) = await world.live()
        await world.simulator.control("DELETE", f"/deployments/parasail/{id_}")
        await asyncio.sleep(400)
        assert (await world.count("create"), says(world)["Accepted"]) == (1, "False BudgetExceeded")

    play(story)


def test_without_a_price_nothing_is_held_until_the_limit_is_spent() -> None:
    async def story(world: World) -> None:
        set_prices(world, [{"match": "H200", "perReplicaHour": "3.20", "currency": "USD"}])
        world.apply(blocking("0.01"))
        await asyncio.sleep(5)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"

    play(story, is_served=False)


def test_a_budget_that_only_warns_holds_nothing() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "0.01"))
        await asyncio.sleep(5)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"

    play(story, is_served=False)


def test_a_move_to_dearer_devices_is_held_while_the_rest_of_the_edit_is_sent() -> None:
    async def story(world: World) -> None:
        cheap, dear = [{"device": "L40S", "count": 1}], [{"device": "H100SXM", "count": 2}]
        set_prices(world, [], poll="5s")  # the provider's own prices: 1.1 and 5.8 dollars
        world.apply(parasail_deployment("llama", parasail={"serviceTierName": None, "devices": cheap}))
        await asyncio.sleep(120)
        world.apply(blocking("3"))
        await asyncio.sleep(30)
        world.server.merge(LLAMA, {"spec": {"contextLength": 4096, "parasail": {"devices": dear}}})
        await asyncio.sleep(120)
        assert (await devices(world), (await world.shown())[0]["contextLength"]) == (["1x L40S"], 4096)
        assert says(world)["Synced"] == "False BudgetExceeded"
        assert world.condition("Synced")["message"].startswith(
            HELD.format("3", "the dearer machine (parasail.devices)")
        )
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert (await devices(world), says(world)["Ready"]) == (["2x H100SXM"], "True Available")
        world.server.merge(TEAM, {"spec": {"limit": "0.01"}})
        await asyncio.sleep(30)
        world.server.merge(LLAMA, {"spec": {"parasail": {"devices": cheap}}})
        await asyncio.sleep(120)
        assert (await devices(world), says(world)["Ready"]) == (["1x L40S"], "True Available"), (
            "a cheaper one goes"
        )

    play(story, is_served=False)


async def devices(world: World) -> list[str]:
    (shown,) = await world.shown()
    return [f"{row['count']}x {row['device']}" for row in shown["deviceConfigs"] if row["selected"]]


def test_what_costs_another_currency_is_not_counted_and_held_only_once_the_limit_is_spent() -> None:
    async def story(world: World) -> None:
        set_prices(world, [{**PRICES[0], "currency": "EUR"}])
        world.apply(blocking("0.01"))
        await asyncio.sleep(60)
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(120)
        assert says(world, TEAM)["Accepted"] == "False CurrencyMismatch"
        assert ((await world.shown())[0]["replicas"], says(world)["Ready"]) == (2, "True Available")

    play(story)


def test_a_deployment_in_another_currency_lets_nothing_else_beyond_the_limit() -> None:
    """Of two creates that fit one by one, one is held, whatever a third costs in euros."""

    async def story(world: World) -> None:
        set_prices(world)
        euros = [{**PRICES[0], "currency": "EUR"}]
        world.server.merge(Key(PROVIDER, "team", "paitient"), {"spec": {"prices": euros}})
        world.apply(paitient_deployment("fixed"))
        await asyncio.sleep(300)
        world.apply(blocking("5"))
        await asyncio.sleep(30)
        world.apply(parasail_deployment("llama"))
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(200)
        assert says(world, TEAM)["Accepted"] == "False CurrencyMismatch"
        found = sorted(says(world, key)["Accepted"] for key in (LLAMA, MISTRAL))
        assert found == ["False BudgetExceeded", "True Accepted"]

    play(story, is_served=False, vendors=("parasail", "paitient"))
