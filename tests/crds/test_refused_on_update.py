"""What the API server refuses to change: every immutable field, however the change comes."""

from uuid import uuid4

import pytest

from model_operator.models.deployment_rules import ONE_OF_BLOCKS
from support.least_manifests import BUDGET, PAITIENT, PARASAIL, PROVIDER, edited

ADOPTED = edited(PARASAIL, {"deploymentName": "m-1", "externalID": "33665", "deletionPolicy": "Orphan"})
FULL_PAITIENT = edited(
    PAITIENT,
    {
        "paitient": {
            "computeType": "gpu",
            "instanceType": "g4dn.xlarge",
            "region": "us-east-1",
            "vpcConfig": {"subnetIDs": ["subnet-1"], "securityGroupIDs": ["sg-1"]},
            "securitySettings": {"networkIsolation": True, "encryptionLevel": "maximum"},
            "tags": {"a": "1"},
            "endpointName": "production",
        }
    },
)
ACCOUNT = edited(PROVIDER, {"baseURL": "https://a.example/api/v1", "chatBaseURL": "https://a.example/v1"})


def within(path, value):
    """`within("a.b", 1)` is `{"a": {"b": 1}}`."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def made(api, base):
    """A live object of its own, as an answer of the server."""
    return api.create(edited(base, {}, name=f"a-{uuid4().hex[:8]}"))


def edit(api, live, patch):
    return api.edit(live["kind"], live["metadata"]["name"], {"spec": patch})


OPTIONAL = [
    # the object, the same without the field, the field, another value, what the message says
    pytest.param(ADOPTED, PARASAIL, "deploymentName", "m-2", id="deploymentName"),
    pytest.param(FULL_PAITIENT, PAITIENT, "paitient.computeType", "cpu", id="computeType"),
    pytest.param(FULL_PAITIENT, PAITIENT, "paitient.instanceType", "p5.48xlarge", id="instanceType"),
    pytest.param(FULL_PAITIENT, PAITIENT, "paitient.region", "eu-central-1", id="region"),
    pytest.param(FULL_PAITIENT, PAITIENT, "paitient.vpcConfig", {"subnetIDs": ["subnet-2"]}, id="vpcConfig"),
    pytest.param(
        FULL_PAITIENT, PAITIENT, "paitient.securitySettings", {"auditLogging": True}, id="securitySettings"
    ),
    pytest.param(FULL_PAITIENT, PAITIENT, "paitient.endpointName", "staging", id="endpointName"),
    pytest.param(edited(BUDGET, {"timeZone": "Europe/Berlin"}), BUDGET, "timeZone", "UTC", id="timeZone"),
    pytest.param(ACCOUNT, PROVIDER, "baseURL", "https://b.example/api/v1", id="baseURL"),
    pytest.param(ACCOUNT, PROVIDER, "chatBaseURL", "https://b.example/v1", id="chatBaseURL"),
]


@pytest.mark.parametrize(("base", "least", "path", "other"), OPTIONAL)
def test_an_optional_immutable_field_stays_as_it_was_created(api, base, least, path, other):
    field, word = f"spec.{path}", f"{path.rpartition('.')[2]} is immutable"
    live = made(api, base)
    assert edit(api, live, within(path, other)).names(field, word), "changed"
    assert edit(api, live, within(path, None)).names(field, word), "removed"
    assert edit(api, live, within(path, other)).names(field, word), "changed after a removal"
    assert api.get(live["kind"], live["metadata"]["name"])["spec"] == live["spec"]
    without = made(api, least)
    assert edit(api, without, within(path, other)).names(field, word), "added"


def test_the_id_of_a_found_endpoint_is_set_once(api):
    field, word = "spec.paitient.endpointID", "endpointID can be set once"
    live = made(api, FULL_PAITIENT)
    edit(api, live, within("paitient.endpointID", "ep_1"))
    found = api.get(live["kind"], live["metadata"]["name"])
    assert found["spec"]["paitient"]["endpointID"] == "ep_1"
    assert edit(api, live, within("paitient.endpointID", "ep_2")).names(field, word), "changed"
    assert edit(api, live, within("paitient.endpointID", None)).names(field, word), "removed"


REQUIRED = [
    pytest.param(PARASAIL, "model", "org/n", id="model"),
    pytest.param(PARASAIL, "providerRef.name", "q", id="providerRef"),
    pytest.param(PROVIDER, "type", "paitient", id="type"),
    pytest.param(BUDGET, "period", "Day", id="period"),
    pytest.param(BUDGET, "currency", "EUR", id="currency"),
]


@pytest.mark.parametrize(("base", "path", "other"), REQUIRED)
def test_a_required_immutable_field_stays_as_it_was_created(api, base, path, other):
    field, word = f"spec.{path}", f"{path} is immutable"
    live = made(api, base)
    assert edit(api, live, within(path, other)).names(field, word), "changed"
    assert edit(api, live, within(path, None)).names(field, "Required value"), "removed"
    assert edit(api, live, within(path, other)).names(field, word), "changed after a removal"


NESTED = [
    pytest.param("paitient.vpcConfig", {"subnetIDs": ["subnet-1", "subnet-2"]}, id="one more subnet"),
    pytest.param("paitient.vpcConfig", {"securityGroupIDs": None}, id="no security groups"),
    pytest.param("paitient.securitySettings", {"networkIsolation": False}, id="less isolation"),
    pytest.param("paitient.securitySettings", {"encryptionLevel": None}, id="no encryption level"),
    pytest.param("paitient.securitySettings", {"complianceMode": "hipaa"}, id="another setting"),
]


@pytest.mark.parametrize(("path", "other"), NESTED)
def test_an_immutable_object_is_immutable_in_all_its_parts(api, path, other):
    word = f"{path.rpartition('.')[2]} is immutable"
    assert edit(api, made(api, FULL_PAITIENT), within(path, other)).names(f"spec.{path}", word)


@pytest.mark.parametrize(
    ("base", "patch"),
    [
        pytest.param(PARASAIL, {"parasail": None, "paitient": {}}, id="from Parasail"),
        pytest.param(
            PAITIENT,
            {"paitient": None, "parasail": {"serviceTierName": "low-cost"}},
            id="from PaiTIENT",
        ),
    ],
)
def test_one_vendors_block_cannot_be_swapped_for_the_others(api, base, patch):
    live = made(api, base)
    assert edit(api, live, patch).names("spec.parasail", "parasail and paitient are immutable")
    removed = {key: value for key, value in patch.items() if value is None}
    assert edit(api, live, removed).names("spec.parasail", ONE_OF_BLOCKS)


def test_an_external_id_can_be_set_once(api):
    live = made(api, PARASAIL)
    patch = {"externalID": "33665", "deletionPolicy": "Delete"}
    assert edit(api, live, {"externalID": "33665"}).names("spec.deletionPolicy", "deletionPolicy is required")
    assert edit(api, live, patch)["spec"]["externalID"] == "33665"
    for other in ("33666", None, "33666"):
        refusal = edit(api, live, {"externalID": other})
        assert refusal.names("spec.externalID", "externalID is immutable once it is set"), other
    assert edit(api, live, {"deletionPolicy": None}).names(
        "spec.deletionPolicy", "deletionPolicy is required"
    )


def test_an_external_id_that_comes_late_is_the_one_that_exists(api):
    live = made(api, PARASAIL)
    api.report(live["kind"], live["metadata"]["name"], {"externalID": "33665"})
    other = edit(api, live, {"externalID": "33666", "deletionPolicy": "Delete"})
    assert other.names(
        "spec.externalID", "externalID can be added later only with the value of status.externalID"
    )
    assert (
        edit(api, live, {"externalID": "33665", "deletionPolicy": "Delete"})["spec"]["externalID"] == "33665"
    )


def test_a_later_status_does_not_hold_up_an_object_with_an_external_id(api):
    live = made(api, ADOPTED)
    api.report(live["kind"], live["metadata"]["name"], {"externalID": "1"})
    assert edit(api, live, {"replicas": 2})["spec"]["replicas"] == 2


MUTABLE = [
    pytest.param(ADOPTED, {"replicas": 3}, id="replicas"),
    pytest.param(PARASAIL, {"paused": True}, id="paused"),
    pytest.param(ADOPTED, {"deletionPolicy": "Delete"}, id="deletionPolicy"),
    pytest.param(PARASAIL, {"driftPolicy": "Report"}, id="driftPolicy"),
    pytest.param(PARASAIL, {"contextLength": 8192}, id="contextLength"),
    pytest.param(PARASAIL, {"progressDeadline": "1h"}, id="progressDeadline"),
    pytest.param(PARASAIL, {"probe": {"prompt": "hi"}}, id="probe"),
    pytest.param(PARASAIL, {"connection": {"configMapName": "m"}}, id="connection"),
    pytest.param(PARASAIL, {"parasail": {"serviceTierName": "fast", "generative": True}}, id="parasail"),
    pytest.param(
        FULL_PAITIENT,
        {"replicas": None, "autoscaling": {"minReplicas": 1, "maxReplicas": 2}},
        id="autoscaling",
    ),
    pytest.param(FULL_PAITIENT, {"paitient": {"tags": {"a": None, "b": "2"}}}, id="tags"),
    pytest.param(FULL_PAITIENT, {"paitient": {"modelConfig": {"defaultTopP": "0.5"}}}, id="modelConfig"),
    pytest.param(FULL_PAITIENT, {"paitient": {"forceDelete": True}}, id="forceDelete"),
    pytest.param(ACCOUNT, {"credentials": {"secretRef": {"name": "new"}}}, id="secretRef"),
    pytest.param(
        ACCOUNT, {"requestsPerMinute": 5, "pollInterval": "1m"}, id="requestsPerMinute and pollInterval"
    ),
]


@pytest.mark.parametrize(("base", "patch"), MUTABLE)
def test_everything_else_can_be_changed_and_changed_back(api, base, patch):
    live = made(api, base)
    changed = edit(api, live, patch)
    assert changed["metadata"]["generation"] == 2
    back = api.replace(changed | {"spec": live["spec"]})
    assert back["spec"] == live["spec"]


def test_the_deletion_policy_of_an_object_that_is_being_deleted_can_be_changed(api):
    live = api.create(
        PARASAIL
        | {"metadata": {"name": f"a-{uuid4().hex[:8]}", "finalizers": ["modeloperator.dev/finalizer"]}}
    )
    name = live["metadata"]["name"]
    api.delete(live["kind"], name)
    changed = edit(api, live, {"deletionPolicy": "Orphan"})
    assert (changed["spec"]["deletionPolicy"], "deletionTimestamp" in changed["metadata"]) == ("Orphan", True)
    api.edit(live["kind"], name, {"metadata": {"finalizers": None}})
