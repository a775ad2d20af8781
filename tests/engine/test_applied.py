"""`lastApplied` is what was sent: what an edit, an adoption or somebody at the provider makes of that."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from support.absence_world import World, play
from support.manifests import deployment
from support.rows import ROWS

EVERY = pytest.mark.parametrize("vendor", list(ROWS))
LONGER = {"spec": {"contextLength": 8192}}


async def shown(world: World, name: str = "a") -> Mapping[str, Any]:
    return await world.simulator.control("GET", f"/deployments/{world.vendor}/{world.id(name)}")


async def context_length(world: World) -> int | None:
    found = await shown(world)
    return dict(found.get("model_config", found)).get("context_length", found.get("contextLength"))


@EVERY
@pytest.mark.parametrize("policy", ["Correct", "Report"])
def test_c2_an_edit_within_the_post_is_sent(vendor: str, policy: str) -> None:
    async def story(world: World) -> None:
        await world.fault("latency", operation="create", seconds=5)
        world.apply(deployment(vendor, "a", driftPolicy=policy))
        await asyncio.sleep(3)
        world.server.merge(world.key("a"), LONGER)
        await asyncio.sleep(200)
        assert await context_length(world) == 8192
        assert world.status("a")["lastApplied"]["contextLength"] == 8192
        assert (await world.count("create"), await world.count("update")) == (1, 1)

    play(vendor, story)


@EVERY
@pytest.mark.parametrize("policy", ["Correct", "Report"])
def test_c2_an_edit_beside_a_lost_answer_is_sent(vendor: str, policy: str) -> None:
    async def story(world: World) -> None:
        await world.fault("commit_then_timeout", operation="create", count=1)
        world.apply(deployment(vendor, "a", driftPolicy=policy))
        await asyncio.sleep(3)
        world.server.merge(world.key("a"), LONGER)
        await asyncio.sleep(300)
        assert await context_length(world) == 8192
        assert world.ready("a") == "True Available"
        assert await world.count("create") == 1

    play(vendor, story)


def test_m16_what_no_get_shows_of_an_adopted_deployment_is_sent() -> None:
    async def story(world: World) -> None:
        id_ = world.id("a")
        world.server.merge(world.key("a"), {"spec": {"deletionPolicy": "Orphan"}})
        world.server.delete(world.key("a"))
        await asyncio.sleep(60)
        spec = {"externalID": id_, "deletionPolicy": "Delete", "contextLength": 8192}
        world.apply(deployment("paitient", "b", block={"tags": {"team": "x"}}, **spec))
        await asyncio.sleep(300)
        found = await shown(world, "b")
        assert found["model_config"]["context_length"] == 8192
        assert found["tags"]["team"] == "x"
        assert world.ready("b") == "True Available"

    play("paitient", story, "a")


def test_m16_what_somebody_takes_out_of_a_map_is_put_back() -> None:
    async def story(world: World) -> None:
        await world.simulator.control(
            "PATCH",
            f"/deployments/paitient/{world.id('a')}",
            {"fields": {"model_config": {}, "tags": {}}},
        )
        await asyncio.sleep(7300)
        found = await shown(world)
        assert found["model_config"]["context_length"] == 4096
        assert found["tags"]["team"] == "x"
        assert world.ready("a") == "True Available"

    play("paitient", story, "a", contextLength=4096, block={"tags": {"team": "x"}})


def test_m12_the_first_create_of_an_account_whose_reads_lag_is_no_false_alarm() -> None:
    async def story(world: World) -> None:
        await world.set(stale_read_s=8, list_lag_s=8)
        world.apply(deployment("paitient", "a"))
        said = set()
        for _ in range(200):
            await asyncio.sleep(1)
            said |= {condition["reason"] for condition in world.status("a")["conditions"]}
        assert "AccountMismatch" not in said
        assert world.ready("a") == "True Available"
        assert await world.count("create") == 1

    play("paitient", story)
