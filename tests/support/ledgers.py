"""What the status says that a deployment costs, and what the provider's own ledger has."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from model_operator.billing.accrual import extrapolated
from model_operator.billing.money import Sum
from model_operator.domain import PROVIDER, Key
from model_operator.models.cost import Cost
from support.engine_world import LLAMA, World

A_MILLIONTH = Decimal("0.00001")
DEVICES = {"serviceTierName": None, "devices": [{"device": "H100SXM", "count": 2}]}
PRICES = {
    "parasail": [{"match": "H100", "perReplicaHour": "3.20", "currency": "USD"}],
    "paitient": [
        {"match": "g5.2xlarge", "perReplicaHour": "1.21", "currency": "USD"},
    ],
}


def cost_of(world: World, key: Key = LLAMA) -> Mapping[str, Any]:
    return world.server.get(key)["status"]["cost"]


def now_costs(world: World, key: Key = LLAMA) -> Sum:
    return extrapolated(Cost.read(cost_of(world, key)), world.wall())


async def ledger(world: World) -> dict[str, Decimal]:
    """What each deployment has cost by the provider's own book, by its name there."""
    costs: dict[str, Decimal] = {}
    for row in (await world.simulator.control("GET", "/ledger"))["deployments"]:
        costs[row["name"]] = costs.get(row["name"], Decimal(0)) + Decimal(str(row["cost"]))
    return costs


def set_prices(world: World, *vendors: str, poll: str = "30s") -> None:
    for vendor in vendors:
        patch = {"spec": {"prices": PRICES[vendor], "pollInterval": poll}}
        world.server.merge(Key(PROVIDER, "team", vendor), patch)
