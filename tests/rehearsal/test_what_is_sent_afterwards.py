"""A plan is held against the simulator's journal: what the operator sends afterwards is exactly that."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, Key
from support.canary_world import canary
from support.engine_world import SIM, World, play
from support.manifests import deployment, parasail_deployment
from support.planned import TEAM, Sent, apply, foreseen, last_request, named, plan, sent_since
from support.rows import ROWS

EVERY = pytest.mark.parametrize("vendor", list(ROWS))
A_WHILE = 200


def as_foreseen(shown: Mapping[str, Any], sent: Sequence[Sent]) -> list[Sent]:
    """What was sent; without what nobody can foresee in a PUT that sends back what the provider shows by then."""
    changes = {
        (request["method"], request["url"].removeprefix(SIM)): {
            c["field"]: c["to"] for c in request["changes"]
        }
        for one in shown["objects"]
        for request in one.get("requests", ())
        if "body" not in request and "changes" in request
    }
    return [
        one._replace(body="") if changes.get(one[:2]) == _part(one, changes.get(one[:2], ())) else one
        for one in sent
    ]


def _part(one: Sent, names: Collection[str]) -> Mapping[str, Any]:
    body = json.loads(one.body or "{}")
    return {name: body[name] for name in names if name in body}


async def same_afterwards(
    world: World, *bodies: Mapping[str, Any], new: Sequence[Key] = (), wait: float = A_WHILE
) -> Mapping[str, Any]:
    """Plan, apply, wait, compare. What the plan shows."""
    _, shown = await plan(world, *bodies)
    before = await last_request(world)
    apply(world, *bodies)
    await asyncio.sleep(wait)
    sent = named(world, await sent_since(world, before), new)
    sent = as_foreseen(shown, sent)
    # Those of one object in their order; several objects go on beside each other.
    if len(bodies) == 1:
        assert foreseen(shown) == sent
    else:
        assert sorted(foreseen(shown)) == sorted(sent)
    return shown


def key(name: str, kind: str = DEPLOYMENT) -> Key:
    return Key(kind, TEAM, name)


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


def targets(**percents: int) -> list[dict[str, Any]]:
    return [
        {"name": name, "deploymentRef": {"name": name}, "percent": percent}
        for name, percent in percents.items()
    ]


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
