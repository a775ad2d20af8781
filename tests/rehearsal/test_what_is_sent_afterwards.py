"""A plan is held against the simulator's journal: what the operator sends afterwards is exactly that."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT
from support.canary_world import canary
from support.engine_world import World, play
from support.manifests import deployment, parasail_deployment
from support.planned import apply
from support.rows import ROWS
from support.sent_afterwards import A_WHILE, key, same_afterwards, targets

EVERY = pytest.mark.parametrize("vendor", list(ROWS))


@EVERY
def test_a_create(vendor: str) -> None:
    async def story(world: World) -> None:
        shown = await same_afterwards(world, deployment(vendor, "a", contextLength=4096), new=[key("a")])
        assert shown["summary"] == {"create": 1, "refused": 0, "unknown": 0}

    play(story, is_served=False, vendors=[vendor])


def test_a_create_with_a_probe() -> None:
    async def story(world: World) -> None:
        shown = await same_afterwards(world, parasail_deployment("a", probe={}), new=[key("a")])
        (one,) = shown["objects"]
        assert [(r["operation"], r.get("once")) for r in one["requests"]] == [
            ("create", None),
            ("probe", "it serves"),
        ]

    play(story, is_served=False)


def test_a_create_with_a_routing_endpoint() -> None:
    async def story(world: World) -> None:
        body = deployment("paitient", "a", block={"endpointName": "assistant"})
        shown = await same_afterwards(world, body, new=[key("a")])
        assert shown["summary"] == {"create": 1, "create_endpoint": 1, "refused": 0, "unknown": 0}

    play(story, is_served=False, vendors=["paitient"])


def story_of(vendor: str, before: Mapping[str, Any], after: Mapping[str, Any], then: Any = None) -> Any:
    """`a` serves as `before` says; then it is edited."""

    async def story(world: World) -> None:
        apply(world, deployment(vendor, "a", **before))
        await asyncio.sleep(A_WHILE)
        if then is not None:
            await then(world)
        await same_afterwards(world, deployment(vendor, "a", **{**before, **after}))

    return story


@EVERY
@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {"replicas": 3}, id="more replicas"),
        pytest.param({}, {"contextLength": 8192}, id="a field more"),
        pytest.param({"contextLength": 4096}, {"contextLength": 8192, "replicas": 2}, id="two fields"),
        pytest.param({"contextLength": 4096}, {}, id="no edit"),
        pytest.param({}, {"deletionPolicy": "Orphan"}, id="an edit that the provider never sees"),
    ],
)
def test_an_edit(vendor: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    play(story_of(vendor, before, after), is_served=False, vendors=[vendor])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({}, {"paused": True}, id="pause"),
        pytest.param({"paused": True}, {"paused": False}, id="created paused, then wanted"),
        pytest.param({"paused": True}, {"paused": True, "replicas": 2}, id="an edit that waits for the day"),
        pytest.param({}, {"paused": True, "replicas": 2}, id="pause and an edit that is held"),
    ],
)
def test_power(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    play(story_of("parasail", before, after), is_served=False)


def test_a_resume() -> None:
    async def pause(world: World) -> None:
        apply(world, parasail_deployment("a", paused=True))
        await asyncio.sleep(A_WHILE)

    play(story_of("parasail", {}, {"paused": False}, pause), is_served=False)


@EVERY
def test_drift_that_was_only_reported(vendor: str) -> None:
    async def drift(world: World) -> None:
        id_ = world.server.get(key("a"))["status"]["externalID"]
        fields = dict.fromkeys(ROWS[vendor].api.replicas, 5)
        await world.simulator.control("PATCH", f"/deployments/{vendor}/{id_}", {"fields": fields})
        await asyncio.sleep(A_WHILE)

    story = story_of(vendor, {"driftPolicy": "Report"}, {"driftPolicy": "Correct"}, drift)
    play(story, is_served=False, vendors=[vendor])


@EVERY
def test_an_edit_while_it_starts(vendor: str) -> None:
    async def story(world: World) -> None:
        apply(world, deployment(vendor, "a"))
        await asyncio.sleep(2)
        shown = await same_afterwards(world, deployment(vendor, "a", replicas=2))
        (one,) = shown["objects"]
        assert [r["once"] for r in one["requests"]] == ["it serves"]

    play(story, is_served=False, vendors=[vendor])


@EVERY
def test_an_adoption(vendor: str) -> None:
    async def story(world: World) -> None:
        await world.make_by_hand(vendor, "by-hand")
        await asyncio.sleep(60)
        (there,) = await world.shown()
        body = deployment(vendor, "a", replicas=3, externalID=str(there["id"]), deletionPolicy="Orphan")
        shown = await same_afterwards(world, body, new=[key("a")])
        (one,) = shown["objects"]
        assert one["requests"][0]["after"] == "10s"

    play(story, is_served=False, vendors=[vendor])


@EVERY
def test_what_has_vanished_is_created_again(vendor: str) -> None:
    async def vanish(world: World) -> None:
        id_ = world.server.get(key("a"))["status"]["externalID"]
        await world.simulator.control("DELETE", f"/deployments/{vendor}/{id_}")

    play(story_of(vendor, {}, {}, vanish), is_served=False, vendors=[vendor])


@EVERY
def test_a_name_that_is_taken_sends_nothing(vendor: str) -> None:
    async def story(world: World) -> None:
        await world.make_by_hand(vendor, "taken")
        shown = await same_afterwards(world, deployment(vendor, "a", deploymentName="taken"))
        (one,) = shown["objects"]
        assert (one["outcome"], one["reason"]) == ("Refused", "NameTaken")

    play(story, is_served=False, vendors=[vendor])


@pytest.mark.parametrize("kind", [CANARY, DEPLOYMENT])
def test_a_provider_that_is_not_there_sends_nothing(kind: str) -> None:
    async def story(world: World) -> None:
        body = deployment("paitient", "a") if kind == DEPLOYMENT else canary("a", traffic=targets(v1=100))
        shown = await same_afterwards(world, body)
        (one,) = shown["objects"]
        assert (one["outcome"], one["reason"]) == ("Refused", "ProviderNotFound")

    play(story, is_served=False, vendors=["parasail"])


@EVERY
def test_an_expiry_that_is_over_already(vendor: str) -> None:
    async def story(world: World) -> None:
        apply(world, deployment(vendor, "a"))
        await asyncio.sleep(A_WHILE)
        over = deployment(vendor, "a", expiresAt="2020-01-01T00:00:00Z")
        shown = await same_afterwards(world, over)
        assert shown["summary"] == {"delete": 1, "refused": 0, "unknown": 0}
        assert world.server.get(key("a"))["status"]["phase"] == "Expired"

    play(story, is_served=False, vendors=[vendor])
