"""A plan for an account that chooses machines by device is held against the simulator's journal."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from support.engine_world import World, play
from support.manifests import parasail_deployment
from support.planned import apply
from support.sent_afterwards import A_WHILE, key, same_afterwards


def on_devices(name: str = "a", **device: Any) -> dict[str, Any]:
    body = parasail_deployment(name)
    body["spec"]["parasail"] = {"devices": [{"device": "H100SXM", "count": 1, **device}]}
    return body


async def live_profile(world: World) -> None:
    await world.simulator.control("PATCH", "/knobs", {"parasail": {"profile": "extended"}})


def test_a_create_on_devices_asks_the_catalogue_first() -> None:
    async def story(world: World) -> None:
        await live_profile(world)
        shown = await same_afterwards(world, on_devices(), new=[key("a")])
        (one,) = shown["objects"]
        (create,) = one["requests"]
        chosen = [config["device"] for config in create["body"]["deviceConfigs"] if config["selected"]]
        assert chosen == ["H100SXM"]

    play(story, is_served=False)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param({"chatTemplateOverride": "{{ messages }}\n"}, id="another chat template"),
        pytest.param({"speculativeConfig": {"method": "eagle"}}, id="speculative decoding otherwise"),
        pytest.param({"tags": ["b"], "customAliases": ["c"], "description": "ours"}, id="words"),
    ],
)
def test_an_edit_of_what_only_live_accounts_have(block: Mapping[str, Any]) -> None:
    before = {"chatTemplateOverride": "{{ x }}", "speculativeConfig": {"method": "ngram", "numSteps": 2}}

    async def story(world: World) -> None:
        await live_profile(world)
        body = on_devices()
        body["spec"]["parasail"] |= before
        apply(world, body)
        await asyncio.sleep(A_WHILE)
        edited = on_devices()
        edited["spec"]["parasail"] |= before | block
        shown = await same_afterwards(world, edited)
        assert shown["summary"] == {"update": 1, "refused": 0, "unknown": 0}

    play(story, is_served=False)


def test_a_device_that_nobody_offers_sends_nothing() -> None:
    async def story(world: World) -> None:
        await live_profile(world)
        shown = await same_afterwards(world, on_devices(device="ABACUS"))
        (one,) = shown["objects"]
        assert one["outcome"] == "Refused"
        assert "H100SXM" in one["message"]

    play(story, is_served=False)
