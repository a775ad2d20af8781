"""A plan of a canary endpoint is held against the simulator's journal: what the operator sends afterwards is exactly that."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from support.canary_world import canary
from support.engine_world import World, play
from support.manifests import deployment
from support.planned import apply
from support.sent_afterwards import A_WHILE, key, same_afterwards, targets


def test_a_first_split_of_deployments_that_are_new_as_well() -> None:
    async def story(world: World) -> None:
        bodies = [
            deployment("paitient", "v1"),
            deployment("paitient", "v2"),
            canary("c", traffic=targets(v1=90, v2=10)),
        ]
        shown = await same_afterwards(world, *bodies, new=[key("v1"), key("v2")])
        (*_, split) = shown["objects"]
        assert [request["once"] for request in split["requests"]] == ["all of its targets serve"]

    play(story, is_served=False, vendors=["paitient"])


@pytest.mark.parametrize(
    "rollout",
    [
        pytest.param(None, id="at once"),
        pytest.param({"steps": [{"percent": 10}, {"percent": 100}], "hold": "1h"}, id="the first step"),
        pytest.param({"paused": True}, id="paused"),
    ],
)
def test_another_split(rollout: Mapping[str, Any] | None) -> None:
    async def story(world: World) -> None:
        apply(world, deployment("paitient", "v1"), deployment("paitient", "v2"))
        apply(world, canary("c", traffic=targets(v1=100)))
        await asyncio.sleep(A_WHILE)
        more = {} if rollout is None else {"rollout": rollout}
        body = canary("c", traffic=targets(v1=50, v2=50), **more)
        await same_afterwards(world, body)

    play(story, is_served=False, vendors=["paitient"])


def test_a_split_that_is_held_is_not_sent_again() -> None:
    async def story(world: World) -> None:
        apply(world, deployment("paitient", "v1"), deployment("paitient", "v2"))
        rollout = {"steps": [{"percent": 10}, {"percent": 100}], "hold": "1h"}
        apply(world, canary("c", traffic=targets(v1=100), rollout=rollout))
        await asyncio.sleep(A_WHILE)
        body = canary("c", traffic=targets(v2=100), rollout=rollout)
        apply(world, body)
        await asyncio.sleep(A_WHILE)
        await same_afterwards(world, body, wait=60)

    play(story, is_served=False, vendors=["paitient"])
