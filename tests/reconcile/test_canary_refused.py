"""A spec that is refused while something of the endpoint is under way, on the whole operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from model_operator.domain import CANARY
from support.rollouts import ANALYSIS, NAME, TEAM, Rollouts, path, rollouts
from support.running import deployment, on_virtual_time, provider

SLOW = 20.0


OUTSIDE = {"name": "v3", "deploymentRef": {"name": "elsewhere"}, "percent": 100}
"""A target of another ModelProvider."""


@asynccontextmanager
async def two_providers() -> AsyncIterator[Rollouts]:
    """Two versions that serve, and one that an endpoint of their ModelProvider cannot have."""
    async with rollouts() as world:
        elsewhere = deployment("paitient", "elsewhere", providerRef={"name": "second"})
        world.operator.apply(provider("paitient", "second"))
        await world.operator.serve(elsewhere)
        yield world


@asynccontextmanager
async def half_way(**more: Any) -> AsyncIterator[Rollouts]:
    """v2 has half of the traffic, for long."""
    async with two_providers() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.apply(path(50, 100, hold="20m", analysis=ANALYSIS, **more), v2=100)
        await world.until_split("v1=50 v2=50")
        yield world


@on_virtual_time
async def test_an_id_that_was_received_is_recorded_whatever_is_refused_meanwhile() -> None:
    """The POST is answered; its status write conflicts with an edit, and the pass after that refuses."""
    async with rollouts() as world:
        world.operator.apply(
            provider("paitient", "second"),
            deployment("paitient", "elsewhere", providerRef={"name": "second"}),
        )
        await world.operator.fault("latency", method="POST", path="/canary-endpoints", seconds=SLOW)
        world.apply(v1=100)
        await world.operator.wait(SLOW / 2)
        assert "pending" in world.status
        world.edit(traffic=[OUTSIDE])
        await world.operator.wait(SLOW)
        (endpoint,) = (await world.operator.simulator.control("GET", "/state"))["endpoints"]
        assert world.status["externalID"] == endpoint["id"]


@on_virtual_time
async def test_an_endpoint_whose_object_was_deleted_before_the_answer_came_is_named_at_its_end() -> None:
    async with rollouts() as world:
        await world.operator.fault("latency", method="POST", path="/canary-endpoints", seconds=SLOW)
        world.apply(v1=100)
        await world.operator.wait(SLOW / 2)
        world.operator.delete(NAME, CANARY)
        await world.operator.wait(SLOW)
        (endpoint,) = (await world.operator.simulator.control("GET", "/state"))["endpoints"]
        assert world.operator.find(NAME, CANARY) is None
        (said,) = (
            event["message"]
            for event in world.operator.server.list("Event", TEAM)
            if event["reason"] == "EndpointOrphaned"
        )
        assert f"Canary endpoint {endpoint['id']} stays at the provider" in said


@pytest.mark.parametrize("edit", [{}, {"rollout": None}], ids=["destination", "destination and path"])
@pytest.mark.parametrize("ill", ["fails by itself", "fails its requests"])
@on_virtual_time
async def test_a_refused_edit_does_not_stop_the_way_back(ill: str, edit: dict[str, Any]) -> None:
    async with half_way() as world:
        world.edit(traffic=[OUTSIDE], **edit)
        await world.wait(1)
        assert world.says("Accepted") == "False ProviderMismatch"
        if ill == "fails by itself":
            await world.turn("v2", "failed")
        else:
            await world.behave("v2", error_percent=60.0)
        await world.wait(10)
        assert await world.in_force() == {"v1": 100}
        assert (world.rollout["state"], world.says("Accepted")) == ("RolledBack", "False ProviderMismatch")


@on_virtual_time
async def test_a_refused_edit_moves_nothing_forward() -> None:
    """Nobody wishes v2 any more; what is wished instead is refused."""
    async with half_way() as world:
        id = world.rollout["id"]
        world.edit(traffic=[OUTSIDE])
        await world.wait(40)
        world.act("promote")
        await world.wait(40)
        assert await world.in_force() == {"v1": 50, "v2": 50}
        assert world.status["lastAction"]["result"] == "Rejected"
        assert world.status["phase"] == "Blocked"
        assert "Until then: Holding at v1=50 v2=50 (step 1/2)." in world.status["message"]
        world.apply(path(50, 100, hold="20m", analysis=ANALYSIS), v2=100)
        await world.wait(45)
        assert (await world.in_force(), world.rollout["id"]) == ({"v2": 100}, id)


@on_virtual_time
async def test_a_refused_edit_does_not_supersede_a_rollback_that_was_decided() -> None:
    async with half_way() as world:
        await world.operator.fault("error", path="/canary-endpoints", status=503)
        world.act("abort")
        await world.wait(1)
        assert world.rollout["state"] == "RollingBack"
        world.edit(traffic=[OUTSIDE])
        await world.wait(1)
        await world.operator.mend()
        await world.wait(3)
        assert (await world.in_force(), world.rollout["state"]) == ({"v1": 100}, "RolledBack")


@on_virtual_time
async def test_a_refused_edit_leaves_the_split_that_is_in_force_looked_after() -> None:
    """Somebody changes it at the provider; the next resync undoes that."""
    async with two_providers() as world:
        world.apply(v1=100, v2=0)
        await world.until_split("v1=100")
        world.edit(traffic=[OUTSIDE])
        await world.wait(1)
        await world.set_by_hand(v1=0, v2=100)
        assert await world.in_force() == {"v2": 100}
        await world.wait(15)
        assert await world.in_force() == {"v1": 100}
