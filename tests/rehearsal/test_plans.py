"""A plan changes nothing, shows no secret, and says what is refused, what is not known and what cannot be changed."""

import json

import pytest

from model_operator.domain import DEPLOYMENT, Key
from model_operator.rehearsal.imagined import IMAGINED_INSTALLATION
from model_operator.rehearsal.text import lines
from support.canary_world import canary
from support.engine_world import SIM, World
from support.manifests import deployment, parasail_deployment, provider, secret, secret_of
from support.planned import TEAM, last_request, plan, sent_since
from support.planned_files import EVERY, beside, only, with_account

A = Key(DEPLOYMENT, TEAM, "a")


@EVERY
def test_nothing_is_written_and_nothing_but_reads_is_sent(vendor: str) -> None:
    async def story(world: World) -> None:
        with_account(world, vendor)
        before = world.server.snapshot()
        await plan(world, deployment(vendor, "a"), deployment(vendor, "b", connection={"configMapName": "c"}))
        assert world.server.snapshot() == before
        assert await last_request(world) > 0
        assert await sent_since(world, 0) == []

    beside(story)


@EVERY
def test_no_secret_is_shown_and_no_uid_of_nobody(vendor: str) -> None:
    async def story(world: World) -> None:
        key, client = "sim-" + vendor + "-key", "sim-client"
        with_account(world, vendor)
        body = deployment(vendor, "a", model=f"org/{key}")
        planned, shown = await plan(world, body)
        text = json.dumps(shown) + "\n".join(lines(shown))
        assert key not in text
        assert client not in text
        assert planned.objects[0].uid not in text
        assert "<uid>" in text

    beside(story)


@EVERY
def test_a_provider_is_looked_at(vendor: str) -> None:
    async def story(world: World) -> None:
        with_account(world, vendor)
        await world.make_by_hand(vendor, "by-hand")
        _, shown = await plan(world, provider(vendor, SIM))
        assert only(shown) == ("Nothing", "Available")
        notes = shown["objects"][0]["notes"]
        assert notes == ["The key is accepted, and the list answers: 1 deployment in the account."]

    beside(story)


def test_a_secret_and_a_provider_of_the_same_files() -> None:
    async def story(world: World) -> None:
        bodies = [provider("parasail", SIM), parasail_deployment("a")]
        _, shown = await plan(world, secret_of("parasail"), *bodies)
        assert [one["outcome"] for one in shown["objects"]] == ["Nothing", "Changes"]
        as_text = {
            "kind": "Secret",
            "metadata": {"name": "parasail"},
            "stringData": {"apiKey": "sim-parasail-key"},
        }
        _, shown = await plan(world, as_text, *bodies)
        assert [one["outcome"] for one in shown["objects"]] == ["Nothing", "Changes"]

    beside(story)


def test_a_field_that_was_applied_and_is_wanted_no_more_goes() -> None:
    async def story(world: World) -> None:
        with_account(world, "parasail")
        body = parasail_deployment("a", contextLength=4096)
        applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(body)}
        world.apply({**body, "metadata": {"name": "a", "annotations": applied}})
        planned, _ = await plan(world, parasail_deployment("a"))
        assert planned.objects[0].is_edited
        planned, _ = await plan(world, body)
        assert not planned.objects[0].is_edited

    beside(story)


def test_what_cannot_be_changed_later_is_told() -> None:
    async def story(world: World) -> None:
        with_account(world, "paitient")
        _, shown = await plan(world, deployment("paitient", "a"))
        assert "spec.paitient.instanceType" in shown["objects"][0]["immutable"]
        assert "spec.replicas" not in shown["objects"][0]["immutable"]

    beside(story)


def test_an_account_that_others_claim_a_name_of() -> None:
    async def story(world: World) -> None:
        with_account(world, "parasail")
        world.apply(parasail_deployment("elder", deploymentName="mine"))
        _, shown = await plan(world, parasail_deployment("a", deploymentName="mine"))
        assert only(shown) == ("Refused", "NameTaken")

    beside(story)


def test_a_canary_without_its_deployments_waits_and_names_them() -> None:
    async def story(world: World) -> None:
        with_account(world, "paitient")
        targets = [{"name": "v1", "deploymentRef": {"name": "v1"}, "percent": 100}]
        planned, shown = await plan(world, canary("c", traffic=targets))
        assert only(shown)[0] == "Waits"
        assert "ModelDeployment v1 does not exist" in shown["objects"][0]["message"]
        assert not planned.is_refused

    beside(story)


def test_in_plain_english() -> None:
    async def story(world: World) -> None:
        with_account(world, "parasail")
        _, shown = await plan(world, parasail_deployment("a"), secret("unused", apiKey="x" * 20))
        assert list(lines(shown)) == [
            "ModelDeployment team/a (new)",
            f"  1. POST {SIM}/parasail/api/v1/dedicated/deployments",
            '       deploymentName: "a-<uid>"',
            '       modelName: "meta-llama/Llama-3.1-8B-Instruct"',
            "       replicas: 1",
            '       serviceTierName: "H100"',
            "  cannot be changed later: spec.providerRef.name, spec.model",
            "",
            "Plan: 1 deployment to create.",
        ]

    beside(story)


def test_what_a_provider_shows_moves_no_cursor_and_fills_no_screen() -> None:
    change = {"field": "chatTemplateOverride", "from": "\x1b[2J\u202e" + "x" * 5000, "to": "größe\n2"}
    request = {"method": "PUT", "operation": "update", "url": "https://x/\x9b2J", "changes": [change]}
    one = {
        "kind": "ModelDeployment",
        "namespace": "team",
        "name": "a",
        "object": "update",
        "outcome": "Changes",
    }
    found = list(lines({"objects": [{**one, "requests": [request]}], "summary": {"update": 1}}))
    assert found[1] == "  1. PUT https://x/\\x9b2J"
    assert found[2].startswith('       chatTemplateOverride: "\\u001b[2J\\u202exxx')
    assert found[2].endswith('x… (5012 characters) -> "größe\\n2"')
    assert len(found[2]) < 1100


@pytest.mark.parametrize(
    ("installation", "owner"),
    [
        pytest.param("blue", "blue/team/a", id="of that name"),
        pytest.param(IMAGINED_INSTALLATION, "<installation>/team/a", id="of a name that may not be read"),
    ],
)
def test_the_owner_of_what_is_created_is_this_cluster(installation: str, owner: str) -> None:
    async def story(world: World) -> None:
        with_account(world, "paitient")
        _, shown = await plan(world, deployment("paitient", "a"), installation=installation)
        (create,) = shown["objects"][0]["requests"]
        assert create["body"]["tags"] == {"model-operator-uid": "<uid>", "model-operator-owner": owner}

    beside(story)


@pytest.mark.parametrize(("mode", "reason"), [("Observe", "Observed"), ("Suspend", "Suspended")])
@EVERY
def test_a_plan_knows_the_mode(vendor: str, mode: str, reason: str) -> None:
    """What it would do in mode Manage is for a plan with that."""

    async def story(world: World) -> None:
        world.apply(secret_of(vendor))
        world.apply(provider(vendor, SIM, mode=mode))
        _, shown = await plan(world, deployment(vendor, "a"))
        (planned,) = shown["objects"]
        assert (planned["outcome"], planned["reason"]) == ("Nothing", reason)
        _, shown = await plan(world, deployment(vendor, "a"), provider(vendor, SIM, mode="Manage"))
        sent = [request["method"] for one in shown["objects"] for request in one.get("requests", ())]
        assert sent == ["POST"]

    beside(story)


@EVERY
def test_of_a_suspended_account_nothing_is_said(vendor: str) -> None:
    async def story(world: World) -> None:
        with_account(world, vendor)
        _, shown = await plan(world, provider(vendor, SIM, mode="Suspend"))
        (planned,) = shown["objects"]
        assert (planned["reason"], planned.get("notes", [])) == ("Suspended", [])

    beside(story)
