"""PaiTIENT's open questions, both ways: whatever the live service does, the adapter must come out right."""

from dataclasses import replace

import pytest

from model_operator.domain import OWNER_TAG, UID_TAG, RunState
from model_operator.errors import Conflict, DeletionRefused, NotFound, Unavailable
from support.paitient_answers import UID

NOTHING = frozenset()
FULL = {
    "contextLength": 4096,
    "paitient": {
        "computeType": "gpu",
        "instanceType": "g4dn.xlarge",
        "region": "us-east-1",
        "vpcConfig": {"subnetIDs": ["subnet-abc123", "subnet-def456"], "securityGroupIDs": ["sg-123456"]},
        "tags": {"department": "clinical-research", "a.b/c": "x"},
        "modelConfig": {"maxOutputTokens": 1024, "defaultTemperature": "0.7", "defaultTopP": "0.95"},
        "securitySettings": {
            "networkIsolation": True,
            "privateEndpoints": True,
            "encryptionLevel": "maximum",
            "auditLogging": False,
            "complianceMode": "hipaa",
        },
    },
}


async def test_a_create_sends_what_the_document_shows_and_our_tag(paitient):
    scaling = {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 3}}
    await paitient.provider.create(paitient.desired("clinical-assistant", **FULL, **scaling))
    sent = (await paitient.requests(operation="create"))[0]
    assert sent["body"] == {
        "model_name": "org/llama-8b",
        "deployment_name": "clinical-assistant",
        "compute_type": "gpu",
        "instance_type": "g4dn.xlarge",
        "min_replicas": 1,
        "max_replicas": 3,
        "auto_scaling": True,
        "region": "us-east-1",
        "vpc_config": {"subnet_ids": ["subnet-abc123", "subnet-def456"], "security_group_ids": ["sg-123456"]},
        "tags": {"department": "clinical-research", "a.b/c": "x", UID_TAG: UID},
        "model_config": {
            "context_length": 4096,
            "max_output_tokens": 1024,
            "default_temperature": 0.7,
            "default_top_p": 0.95,
        },
        "security_settings": {
            "network_isolation": True,
            "private_endpoints": True,
            "encryption_level": "maximum",
            "audit_logging": False,
            "compliance_mode": "hipaa",
        },
    }
    assert {name.lower() for name in sent["headers"]} >= {"authorization", "x-client-id"}


async def test_a_create_of_the_least_sends_no_more(paitient):
    await paitient.provider.create(paitient.desired(paitient={}))
    assert (await paitient.requests(operation="create"))[0]["body"] == {
        "model_name": "org/llama-8b",
        "deployment_name": "llama",
        "min_replicas": 1,
        "max_replicas": 1,
        "auto_scaling": False,
        "tags": {UID_TAG: UID},
    }


@pytest.mark.parametrize("status", [200, 201, 202])
async def test_a_create_may_answer_any_2xx(paitient, status):
    await paitient.set(create_status=status)
    assert (await paitient.provider.create(paitient.desired())).id


async def test_only_a_get_shows_owned_fields(paitient):
    created = await paitient.provider.create(paitient.desired(**FULL))
    assert (created.fields, created.is_full) == ({}, False)
    assert [remote.fields for remote in await paitient.provider.list()] == [{}]
    assert (await paitient.provider.get(created.id)).fields == dict(paitient.desired(**FULL).fields)


@pytest.mark.parametrize(
    ("before", "edit", "sent"),
    [
        pytest.param({}, {"replicas": 4}, {"min_replicas": 4, "max_replicas": 4}, id="fixed to fixed"),
        pytest.param(
            {},
            {"replicas": {"minReplicas": 1, "maxReplicas": 4}},
            {"min_replicas": 1, "max_replicas": 4, "auto_scaling": True},
            id="fixed to autoscaling",
        ),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 2}},
            {"replicas": {"minReplicas": 1, "maxReplicas": 4}},
            {"min_replicas": 1, "max_replicas": 4},
            id="autoscaling to autoscaling",
        ),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 2, "maxReplicas": 2}},
            {"replicas": 2},
            {"min_replicas": 2, "max_replicas": 2, "auto_scaling": False},
            id="autoscaling to fixed",
        ),
        pytest.param({}, {"contextLength": 9}, {"model_config": {"context_length": 9}}, id="context length"),
        pytest.param({}, {"paitient.tags.a.b": "x"}, {"tags": {"a.b": "x"}}, id="one tag"),
        pytest.param(
            {},
            {"paitient.modelConfig.defaultTemperature": 0.8, "paitient.modelConfig.maxOutputTokens": 5},
            {"model_config": {"default_temperature": 0.8, "max_output_tokens": 5}},
            id="model settings",
        ),
    ],
)
async def test_a_patch_holds_the_changed_keys_and_no_others(paitient, before, edit, sent):
    id = await paitient.serving(paitient.desired(**before))
    await paitient.provider.update(id, edit, NOTHING)
    assert (await paitient.requests(operation="update"))[0]["body"] == sent
    await paitient.advance(10)
    remote = await paitient.provider.get(id)
    assert {path: remote.fields[path] for path in edit} == edit


async def test_a_patch_may_not_name_what_the_document_does_not_show(paitient):
    await paitient.set(strict=True, patch_fields=["min_replicas", "max_replicas", "tags", "model_config"])
    id = await paitient.serving()
    await paitient.provider.update(id, {"replicas": 2}, NOTHING)
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 2


@pytest.mark.parametrize(
    "before",
    [
        pytest.param({}, id="fixed"),
        pytest.param(
            {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 3}}, id="autoscaling"
        ),
    ],
)
async def test_what_was_read_before_the_update_is_not_read_again(paitient, before):
    id = await paitient.serving(paitient.desired(**before))
    shown = (await paitient.provider.get(id)).fields
    reads = len(await paitient.requests(operation="get"))
    await paitient.provider.update(id, {"replicas": 2}, NOTHING, shown)
    assert len(await paitient.requests(operation="get")) == reads
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 2


async def test_scaling_switched_since_it_was_read_is_a_conflict_and_the_next_update_sets_it(paitient):
    id = await paitient.serving()
    shown = (await paitient.provider.get(id)).fields
    await paitient.edit(id, fields={"auto_scaling": True})
    with pytest.raises(Conflict, match="changed outside the operator"):
        await paitient.provider.update(id, {"replicas": 2}, NOTHING, shown)
    await paitient.advance(10)
    shown = (await paitient.provider.get(id)).fields
    await paitient.provider.update(id, {"replicas": 2}, NOTHING, shown)
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 2


async def test_bounds_apart_without_scaling_equal_nothing_that_a_spec_can_say(paitient):
    id = await paitient.serving()
    await paitient.edit(id, fields={"min_replicas": 1, "max_replicas": 3, "auto_scaling": False})
    replicas = (await paitient.provider.get(id)).fields["replicas"]
    assert replicas not in (1, 3, {"minReplicas": 1, "maxReplicas": 3})


async def test_a_patch_while_it_is_changing_is_a_conflict(paitient):
    id = (await paitient.provider.create(paitient.desired())).id
    with pytest.raises(Conflict):
        await paitient.provider.update(id, {"contextLength": 9}, NOTHING)
    with pytest.raises(Conflict):
        await paitient.provider.adopt(id, "uid")


async def test_a_patch_the_vendor_ignores_shows_in_the_next_get(paitient):
    await paitient.set(patch_ignored_fields=["min_replicas", "max_replicas", "auto_scaling"])
    id = await paitient.serving()
    await paitient.provider.update(id, {"replicas": 3}, NOTHING)
    await paitient.advance(10)
    assert (await paitient.provider.get(id)).fields["replicas"] == 1


@pytest.mark.parametrize(("force", "query"), [(False, []), (True, [["force", "true"]])])
async def test_force_is_sent_only_where_it_was_asked_for(paitient, force, query):
    id = await paitient.serving()
    await paitient.provider.delete(id, force=force)
    assert (await paitient.requests(operation="delete"))[0]["query"] == query


async def test_a_delete_that_is_refused_because_of_traffic_says_so(paitient):
    await paitient.set(delete_guard="on")
    id = await paitient.serving()
    await paitient.provider.create_endpoint("front", id)
    with pytest.raises(DeletionRefused, match="HTTP 409"):
        await paitient.provider.delete(id, force=False)
    await paitient.provider.delete(id, force=True)


async def test_a_tombstone_is_gone_and_found_by_nobody(paitient):
    id = await paitient.serving()
    await paitient.provider.delete(id, force=False)
    assert (await paitient.provider.get(id)).state is RunState.DELETING
    assert list(await paitient.provider.find(paitient.desired())) == []
    await paitient.advance(3)
    assert (await paitient.provider.get(id)).state is RunState.GONE
    assert [remote.state for remote in await paitient.provider.list()] == [RunState.GONE]
    assert list(await paitient.provider.find(paitient.desired())) == []
    await paitient.advance(60)
    with pytest.raises(NotFound):
        await paitient.provider.get(id)


async def test_an_endpoint_s_id_and_url_are_kept_and_a_reply_without_them_may_have_landed(paitient):
    id = await paitient.serving()
    endpoint = await paitient.provider.create_endpoint("front", id)
    assert (await paitient.requests(operation="create_endpoint"))[0]["body"] == {
        "name": "front",
        "deployment_id": id,
    }
    assert endpoint.url == f"{paitient.url}/paitient/v1/endpoints/{endpoint.id}/generate"
    await paitient.fault("fields", drop=["url"])
    with pytest.raises(Unavailable) as caught:
        await paitient.provider.create_endpoint("front", id)
    assert caught.value.may_have_landed


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_a_base_url_may_or_may_not_end_in_v1(paitient, suffix):
    paitient.row = replace(paitient.row, base_path="/paitient" + suffix)
    assert list(await paitient.provider.list()) == []


async def test_the_owner_goes_into_a_tag_of_its_own_and_is_no_field(paitient):
    owned = replace(paitient.desired(**FULL), owner="berlin-1/team/llama")
    made = await paitient.provider.create(owned)
    sent = (await paitient.requests(operation="create"))[0]
    assert sent["body"]["tags"][OWNER_TAG] == "berlin-1/team/llama"
    shown = await paitient.provider.get(made.id)
    assert (shown.owner_uid, shown.fields) == (UID, dict(owned.fields))
    await paitient.advance(60)
    await paitient.provider.adopt(made.id, "another", "munich/team/llama")
    sent = (await paitient.requests(operation="update"))[0]
    assert sent["body"] == {"tags": {UID_TAG: "another", OWNER_TAG: "munich/team/llama"}}
