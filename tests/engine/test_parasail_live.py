"""A whole life at Parasail as its live accounts are: devices, the vendor's autoscaler, limits and texts."""

import asyncio
import json

import pytest

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import LLAMA, play
from support.parasail_live import H100, L40S, begin, edit, llama, remote, requests, selected


def test_a_deployment_by_device_serves_is_scaled_moved_paused_and_deleted():
    async def story(world):
        await begin(world, llama())
        assert world.ready() == ("True", "Available")
        assert selected(await remote(world)) == [("L40S", 1)]
        edit(world, replicas=2)
        await asyncio.sleep(60)
        assert ((await remote(world))["replicas"], world.ready()) == (2, ("True", "Available"))
        edit(world, replicas=1, parasail={"devices": [H100, L40S]})
        await asyncio.sleep(60)
        assert selected(await remote(world)) == [("L40S", 1)]  # which will do as well
        edit(world, parasail={"devices": [H100]})
        await asyncio.sleep(60)
        assert (selected(await remote(world)), world.ready()) == ([("H100SXM", 2)], ("True", "Available"))
        edit(world, paused=True)
        await asyncio.sleep(60)
        assert world.ready() == ("True", "Paused")
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        assert await world.shown() == []

    play(story, is_served=False)


@pytest.mark.parametrize(
    ("knobs", "block", "type_", "reason", "said"),
    [
        pytest.param(
            {},
            {"devices": [{"device": "B200", "count": 8}]},
            "Accepted",
            "Unsupported",
            "1x L40S",
            id="offer",
        ),
        pytest.param(
            {"unsupported_models": ["*"]}, None, "Accepted", "Unsupported", "Architecture", id="model"
        ),
        pytest.param(
            {"devices": [{**L40S, "available": False}, H100]},
            None,
            "Synced",
            "InsufficientCapacity",
            "Free: 2x H100SXM",
            id="capacity",
        ),
        pytest.param(
            {},
            {"serviceTierName": "low-cost"},
            "Synced",
            "InvalidRequest",
            "spec.parasail.devices",
            id="tier",
        ),
    ],
)
def test_what_an_account_does_not_have_is_a_condition_and_made_once_it_has_it(
    knobs, block, type_, reason, said
):
    async def story(world):
        await begin(world, llama(block), 90, **knobs)
        found = world.condition(type_)
        assert (found["status"], found["reason"], said in found["message"]) == ("False", reason, True)
        assert world.ready() == ("False", reason)
        assert world.condition("Stalled")["status"] == "True"
        assert await world.shown() == []
        usual = {
            "unsupported_models": [],
            "profile": "either",
            "devices": [L40S, {"device": "B200", "count": 8}],
        }
        await world.simulator.control("PATCH", "/knobs", {"parasail": {"gpu_quota": None, **usual}})
        await asyncio.sleep(700)  # it is tried again every ten minutes
        assert world.ready() == ("True", "Available")

    play(story, is_served=False)


def test_a_refused_tier_is_mended_by_the_field_that_the_message_names():
    async def story(world):
        await begin(world, llama({"serviceTierName": "low-cost"}), 30)
        assert world.ready() == ("False", "InvalidRequest")
        edit(world, parasail={"serviceTierName": None, "devices": [L40S]})
        await asyncio.sleep(60)
        assert world.ready() == ("True", "Available")
        assert len(await requests(world, "create")) == 2

    play(story, is_served=False)


@pytest.mark.parametrize("shows", ["replicas", "instances"])
def test_the_vendors_autoscaler_is_left_alone_within_its_bounds(shows):
    async def story(world):
        scaling = {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 4}}
        knobs = {"gpu_quota": None, "autoscale_shows": shows}
        await begin(world, llama(**scaling), 30, **knobs)
        seen = set()
        for _ in range(80):
            await asyncio.sleep(10)
            seen.add(world.status["replicas"])
            assert (world.ready(), world.status["drift"]) == (("True", "Available"), [])
        assert seen == {1, 2, 3, 4}
        assert await requests(world, "update") == []
        edit(world, autoscaling={"minReplicas": 5, "maxReplicas": 6})
        await asyncio.sleep(60)
        one = await remote(world)
        assert (one["minReplicas"], one["maxReplicas"], one["autoscaling"]) == (5, 6, True)
        assert len(await requests(world, "update")) == 1
        edit(world, autoscaling=None, replicas=2)
        await asyncio.sleep(120)
        one = await remote(world)
        assert (one["replicas"], one["autoscaling"], world.ready()) == (2, False, ("True", "Available"))

    play(story, is_served=False)


def test_an_autoscaler_that_somebody_switched_on_is_drift_and_not_fought_each_time():
    async def story(world):
        await begin(world, llama(), 30, gpu_quota=None)
        one = await remote(world)
        change = {"autoscaling": True, "minReplicas": 1, "maxReplicas": 4}
        await world.simulator.control("PATCH", f"/deployments/parasail/{one['id']}", {"fields": change})
        await asyncio.sleep(600)
        assert len(await requests(world, "update")) == 1
        assert (await remote(world))["autoscaling"] is False

    play(story, is_served=False)


def test_a_quota_message_of_a_start_is_said_and_still_moving():
    async def story(world):
        await begin(world, llama(replicas=5), 120)
        assert world.ready() == ("False", "QuotaExceeded")
        assert "Insufficient quota" in world.condition("Ready")["message"]
        told = {type_: world.condition(type_) for type_ in ("Synced", "Serving", "Reconciling", "Stalled")}
        assert {type_: (c["status"], c["reason"]) for type_, c in told.items()} == {
            "Synced": ("True", "Synced"),
            "Serving": ("False", "Starting"),
            "Reconciling": ("True", "QuotaExceeded"),
            "Stalled": ("False", "NotStalled"),
        }
        await world.simulator.control("PATCH", "/knobs", {"parasail": {"gpu_quota": 5}})
        await asyncio.sleep(60)
        assert world.ready() == ("True", "Available")

    play(story, is_served=False)


def test_a_model_at_its_limit_of_requests_stops_nobody_else():
    """The chat host's 429 is about one model. The probe has its answer, and the account goes on."""

    async def story(world):
        rule = {"kind": "error", "operation": "chat", "status": 429, "retry_after": 120}
        await world.simulator.control("POST", "/faults", rule)
        other = llama(probe={"prompt": "Say yes."})
        other["metadata"]["name"] = "busy"
        await begin(world, llama(), 30)
        world.apply(other)
        await asyncio.sleep(30)
        assert world.ready(Key(DEPLOYMENT, "team", "busy")) == ("True", "Available")
        edit(world, paused=True)
        await asyncio.sleep(10)
        assert world.ready() == ("True", "Paused")
        assert len(await requests(world, "chat")) == 1

    play(story, is_served=False)


EDITS = [
    ({"parasail": {"displayName": "ours"}}, "displayName"),
    ({"parasail": {"engine": "SGLANG"}}, "engine"),
    ({"parasail": {"engineTask": "EMBED"}}, "engineTask"),
    ({"parasail": {"maxConnectionsPerReplica": 9}}, "maxConnectionsPerReplica"),
    ({"parasail": {"maxCompletionTokens": 9}}, "maxCompletionTokens"),
    ({"parasail": {"maxRequestDuration": "9s"}}, "maxRequestDuration"),
    ({"parasail": {"description": "ours"}}, "description"),
    ({"parasail": {"tags": ["ours"]}}, "tags"),
    ({"parasail": {"customAliases": ["ours"]}}, "customAliases"),
    ({"parasail": {"chatTemplateOverride": "{{ ours }}"}}, "chatTemplateOverride"),
    ({"parasail": {"speculativeConfig": {"numSteps": 9}}}, "speculativeConfig"),
    ({"parasail": {"devices": [H100]}}, "deviceConfigs"),
    ({"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 2}}, "autoscaling"),
]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param(change, field, id=field, marks=() if number % 4 == 0 else pytest.mark.long)
        for number, (change, field) in enumerate(EDITS)
    ],
)
def test_whatever_may_be_fixed_is_tried_once_and_said_if_it_did_not_take(change, field):
    async def story(world):
        await begin(world, llama(), put_ignored_fields=[field])
        edit(world, **change)
        await asyncio.sleep(200)
        assert world.ready() == ("False", "UpdateIgnored")
        await asyncio.sleep(7200)
        assert (len(await requests(world, "update")), world.ready()) == (1, ("False", "UpdateIgnored"))

    play(story, is_served=False)


TEMPLATE = "{% for message in messages %}\n" + "{{ message.content }}\n" * 200 + "{% endfor %}\n"


def test_a_chat_template_that_somebody_changes_is_put_back_and_told_of_by_its_fingerprint():
    block = {"devices": [L40S], "chatTemplateOverride": TEMPLATE, "speculativeConfig": {"method": "ngram"}}

    async def story(world):
        await begin(world, llama(block, driftPolicy="Report"))
        assert (await remote(world))["chatTemplateOverride"] == TEMPLATE
        id_ = world.status["externalID"]
        theirs = {"chatTemplateOverride": "\x1b[2J", "speculativeConfig": {"method": "eagle"}}
        await world.simulator.control("PATCH", f"/deployments/parasail/{id_}", {"fields": theirs})
        await asyncio.sleep(120)
        drift = {row["field"]: (row["desired"], row["observed"]) for row in world.status["drift"]}
        ours = world.status["lastApplied"]["parasail.chatTemplateOverride"]
        assert drift == {
            "parasail.chatTemplateOverride": (ours, "4 characters, sha256 05704e8a84c06017"),
            "parasail.speculativeConfig.method": ("ngram", "eagle"),
        }
        assert ours.startswith(f"{len(TEMPLATE.rstrip())} characters, sha256 ")
        assert len(json.dumps(world.status)) < 4096
        edit(world, driftPolicy=None)
        await asyncio.sleep(120)
        found = await remote(world)
        assert (found["chatTemplateOverride"], found["speculativeConfig"]) == (TEMPLATE, {"method": "ngram"})
        assert (len(await requests(world, "update")), world.ready()) == (1, ("True", "Available"))
        edit(world, parasail={"chatTemplateOverride": None, "speculativeConfig": None})
        await asyncio.sleep(120)
        found = await remote(world)
        assert (found["chatTemplateOverride"], found["speculativeConfig"]) == (None, None)
        assert (len(await requests(world, "update")), world.ready()) == (2, ("True", "Available"))

    play(story, is_served=False)
