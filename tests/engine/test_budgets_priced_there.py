"""BlockNew where only the provider knows the price: it is asked before a create, and a create that does not fit is not sent."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from model_operator.domain import BUDGET, DEPLOYMENT, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import budget, parasail_deployment

TEAM = Key(BUDGET, "team", "team")
MISTRAL = Key(DEPLOYMENT, "team", "mistral")

CHEAP, DEAR = {"device": "L40S", "count": 1}, {"device": "H100SXM", "count": 2}
"""1.1 and 5.8 dollars by the provider's own word."""


def set_up(world: World, limit: str, *prices: Mapping[str, Any], poll: str = "10m") -> None:
    spec = {"prices": list(prices), "pollInterval": poll}
    world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": spec})
    world.apply(budget("team", limit, onExceeded="BlockNew"))


def says(world: World, type_: str, key: Key = LLAMA) -> str:
    found = world.condition(type_, key)
    return f"{found['status']} {found['reason']}"


def on(*devices: Mapping[str, Any], name: str = "llama") -> Mapping[str, Any]:
    return parasail_deployment(name, parasail={"serviceTierName": None, "devices": list(devices)})


async def asked(world: World) -> tuple[int, int]:
    """How often for devices, and creates."""
    return await world.count("devices"), await world.count("create")


@pytest.mark.parametrize("prices", [[], [{"match": "*", "perReplicaHour": "0.01", "currency": "USD"}]])
def test_a_create_that_does_not_fit_by_the_providers_price_is_not_sent(prices: list[Any]) -> None:
    async def story(world: World) -> None:
        set_up(world, "3", *prices)
        await asyncio.sleep(5)
        world.apply(on(DEAR))
        await asyncio.sleep(480)
        assert (says(world, "Accepted"), await asked(world)) == ("False BudgetExceeded", (1, 0))
        assert world.condition("Accepted")["message"].startswith('ModelBudget "team" does not leave enough')
        await asyncio.sleep(600)
        assert await asked(world) == (2, 0), "a price is asked for again when it is ten minutes old"
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert (says(world, "Ready"), await world.count("create")) == ("True Available", 1)

    play(story, is_served=False)


def test_a_create_that_fits_costs_no_request_more() -> None:
    async def story(world: World) -> None:
        set_up(world, "3")
        await asyncio.sleep(5)
        world.apply(on(CHEAP))
        await asyncio.sleep(120)
        assert (says(world, "Ready"), await asked(world)) == ("True Available", (1, 1))

    play(story, is_served=False)


def test_of_several_devices_the_dearest_has_to_fit() -> None:
    async def story(world: World) -> None:
        set_up(world, "3")
        await asyncio.sleep(5)
        world.apply(on(CHEAP, DEAR))
        await asyncio.sleep(120)
        assert says(world, "Accepted") == "False BudgetExceeded"

    play(story, is_served=False)


def test_of_two_creates_in_one_second_one_is_let_through_also_by_another_process() -> None:
    async def story(world: World) -> None:
        set_up(world, "8", poll="5s")
        await asyncio.sleep(5)
        world.store.latency = lambda: 0.05
        late = {"kind": "late_commit", "operation": "create", "seconds": 100, "count": 1}
        await world.simulator.control("POST", "/faults", late)
        world.apply(on(DEAR))
        world.apply(on(DEAR, name="mistral"))
        await asyncio.sleep(3)
        assert says(world, "Accepted", MISTRAL) == "False BudgetExceeded"
        await world.restart()
        await asyncio.sleep(300)
        assert (says(world, "Accepted", MISTRAL), await world.count("create")) == ("False BudgetExceeded", 1)

    play(story, is_served=False)


@pytest.mark.parametrize(
    "knobs",
    [{"catalogue": "404"}, {"devices": [{**DEAR, "available": True}]}],
    ids=["no catalogue", "no price"],
)
def test_where_the_provider_has_no_price_either_the_create_is_sent(knobs: Mapping[str, Any]) -> None:
    async def story(world: World) -> None:
        await world.simulator.control("PATCH", "/knobs", {"parasail": knobs})
        set_up(world, "3")
        await asyncio.sleep(5)
        world.apply(on(DEAR))
        await asyncio.sleep(120)
        assert await world.count("create") == 1

    play(story, is_served=False)


def test_a_price_that_cannot_be_read_now_is_waited_for() -> None:
    async def story(world: World) -> None:
        set_up(world, "3")
        await asyncio.sleep(5)
        fault = {"kind": "error", "operation": "devices", "status": 503, "count": 1000}
        await world.simulator.control("POST", "/faults", fault)
        world.apply(on(DEAR))
        await asyncio.sleep(600)
        assert (says(world, "Synced"), await world.count("create")) == ("False ProviderUnavailable", 0)
        assert await world.count("devices") <= 16, "less and less often"
        await world.simulator.control("DELETE", "/faults")
        await asyncio.sleep(600)
        assert (says(world, "Accepted"), await world.count("create")) == ("False BudgetExceeded", 0)

    play(story, is_served=False)
