"""Stories of a ModelBudget with `onExceeded: Pause`: what it says, and what the provider has been asked for."""

import asyncio
from collections.abc import Mapping
from typing import Any

from model_operator.domain import BUDGET, PROVIDER, Key
from support.engine_world import LLAMA, World
from support.manifests import budget

TEAM = Key(BUDGET, "team", "team")
PRICE = {"match": "*", "perReplicaHour": "3.60", "currency": "USD"}
SPENT = "0.001"
"""By any deployment within a second or two."""


def pausing(limit: str = SPENT, name: str = "team", **spec: Any) -> Mapping[str, Any]:
    return budget(name, limit, onExceeded="Pause", **spec)


def set_prices(world: World, vendor: str = "parasail", poll: str = "20s", **price: str) -> None:
    spec = {"prices": [{**PRICE, **price}], "pollInterval": poll}
    world.server.merge(Key(PROVIDER, "team", vendor), {"spec": spec})


def says(world: World, key: Key = LLAMA) -> dict[str, str]:
    found = world.server.get(key)["status"]["conditions"]
    return {c["type"]: f"{c['status']} {c['reason']}" for c in found}


def stopped(world: World, key: Key = TEAM) -> list[str]:
    return [one["name"] for one in world.server.get(key)["status"].get("stopped", [])]


def running(world: World, key: Key = TEAM) -> dict[str, str]:
    return {one["name"]: one["reason"] for one in world.server.get(key)["status"].get("running", [])}


async def power(world: World) -> list[str]:
    """Pauses and resumes that the provider has had, in order."""
    asked = await world.simulator.control("GET", "/requests")
    return [one["operation"] for one in asked["requests"] if one["operation"] in ("pause", "resume")]


async def resume_there(world: World, key: Key = LLAMA) -> None:
    """Somebody does it in the provider's console."""
    id_ = world.server.get(key)["status"]["externalID"]
    await world.simulator.control("PATCH", f"/deployments/parasail/{id_}", {"status": "ONLINE"})


async def stop_llama(world: World, **spec: Any) -> None:
    set_prices(world)
    world.apply(pausing(**spec))
    await asyncio.sleep(150)
    assert (stopped(world), says(world)["Ready"]) == (["llama"], "False BudgetExceeded")
