"""What `kubectl models import` prints, applied: the deployment is adopted, and nothing of it changes at the provider."""

import pytest

from model_operator.cli.imported import Wish, imported
from model_operator.domain import OWNER_TAG, UID_TAG
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.rehearsal.schema import problems
from support.rows import WORLDS
from support.situations import told

DOCUMENTED = {"scaleDownPolicy", "scaleDownThreshold", "draftModelName", "generative", "embedding"}
WISH = Wish(provider="p", namespace="team", deletion_policy="Orphan")

RICH = {
    "parasail": {
        "contextLength": 8192,
        "autoscaling": {"minReplicas": 1, "maxReplicas": 3},
        "replicas": None,
        "parasail": {
            "scaleDownPolicy": "TIMER",
            "scaleDownThreshold": "1h30m",
            "engine": "VLLM",
            "engineTask": "GENERATE",
            "draftModelName": "org/draft",
            "generative": True,
            "embedding": False,
            "targetConnectionsPerReplica": 8,
            "autoscalingFactor": "0.5",
            "maxConnectionsPerReplica": 16,
            "maxCompletionTokens": 512,
            "maxRequestDuration": "2m500ms",
            "displayName": "Triage: the old one",
            "description": "made by hand",
            "tags": ["b", "a"],
            "customAliases": ["triage"],
            "speculativeConfig": {"method": "ngram", "numSpeculativeTokens": 4},
        },
    },
    "paitient": {
        "contextLength": 8192,
        "autoscaling": {"minReplicas": 1, "maxReplicas": 3},
        "replicas": None,
        "paitient": {
            "modelConfig": {"maxOutputTokens": 512, "defaultTemperature": "0.7", "defaultTopP": "1"},
            "tags": {"team": "nlp", "example.com/cost.center": "42"},
        },
    },
}


def rich(world):
    """What that world's API has a word for."""
    spec = RICH.get(world.name, world.row.edit)
    if world.row.name != "parasail" or world.row is WORLDS["parasail-live"]:
        return spec
    block = {key: value for key, value in spec["parasail"].items() if key in DOCUMENTED}
    return {"contextLength": 8192, "replicas": 2, "parasail": block}


async def made_by_hand(world, **spec) -> str:
    """The id of a deployment that serves and bears nobody's mark."""
    block = {**world.row.spec[world.name], **spec.pop(world.name, {})}
    id_ = await world.serving(world.desired("legacy", **{**spec, world.name: block}))
    if world.vendor.capabilities.has_tags:
        tags = (await world.shown(id_))["tags"]
        await world.edit(
            id_, fields={"tags": {k: v for k, v in tags.items() if k not in (UID_TAG, OWNER_TAG)}}
        )
    return id_


@pytest.mark.parametrize("is_rich", [False, True], ids=["the least", "every field"])
async def test_it_is_adopted_and_nothing_of_it_changes(world, new_life, is_rich):
    id_ = await made_by_hand(world, **(rich(world) if is_rich else {}))
    found = imported(await world.provider.get(id_), world.vendor, WISH, "legacy")
    assert (found.obstacle, found.notes, problems("ModelDeployment", found.body)) == (None, (), [])
    before = await world.shown(id_)
    since = len(await world.requests())
    life = new_life(world, **{"replicas": None, **found.body["spec"]})
    await life.go(300, every=5)
    assert (life.status.external_id, told(life.status)["Ready"]) == (id_, "True Available")
    assert life.status.drift in (None, ())
    writes = [r["body"] for r in (await world.requests())[since:] if r["method"] != "GET"]
    assert writes == [{"tags": {UID_TAG: life.body.metadata.uid}}] * world.vendor.capabilities.has_tags
    assert essence(await world.shown(id_)) == essence(before)


MOVING = {"updated_at", "modifiedAt", "replicas", "status", "sim", "current_replicas"}


def essence(shown):
    """All but the mark and what moves by itself: an autoscaler, and times."""
    tags = shown.get("tags")
    if isinstance(tags, dict):
        shown = {**shown, "tags": {k: v for k, v in tags.items() if k not in (UID_TAG, OWNER_TAG)}}
    return {key: value for key, value in shown.items() if key not in MOVING}


async def test_every_field_that_can_be_owned_is_in_it(world):
    id_ = await made_by_hand(world, **rich(world))
    spec = imported(await world.provider.get(id_), world.vendor, WISH, "legacy").body["spec"]
    block = {**world.row.spec[world.name], **rich(world).get(world.name, {})}
    wanted = {**spec, **rich(world), world.name: block}
    expected, found = fields(world, wanted), fields(world, spec)
    assert {path: found.get(path) for path in expected} == dict(expected)


def fields(world, spec):
    return world.vendor.fields(ModelDeploymentSpec.read(spec))
