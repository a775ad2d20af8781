"""An item of a provider's list or a GET, read as a deployment."""

import dataclasses

import pytest

from model_operator.domain import Remote, RunState
from model_operator.providers.paitient import wire as paitient_wire
from model_operator.providers.parasail import wire as parasail_wire
from model_operator.providers.reading import integer, number, url

LIVE_ITEM = {
    # as clients of the live service recorded it
    "id": 33665,
    "accountName": "acme",
    "deploymentName": "llama",
    "displayName": "llama",
    "externalAlias": "acme-llama",
    "customAliases": [],
    "tags": ["a"],
    "modelName": "org/llama-8b",
    "baseUrl": "https://api.parasail.io/v1",
    "replicas": 2,
    "scaleDownPolicy": "NONE",
    "scaleDownThreshold": None,
    "engineTask": "GENERATE",
    "batch": False,
    "status": {
        "id": 9,
        "status": "ONLINE",
        "statusMessage": None,
        "statusLastUpdated": 1767268800000,
        "instances": [
            {"id": 1, "name": "a", "status": "ONLINE", "statusMessage": None, "observedContext": 8192},
            {"id": 2, "name": "b", "status": "STARTING", "statusMessage": "pulling"},
        ],
    },
    "shared": False,
    "engine": "VLLM",
    "contextLength": 8192,
    "autoscaling": False,
    "createdAt": 1767268800000,
    "deviceConfigs": [{"device": "L40S", "count": 1, "cost": 1.1, "selected": True}],
    "extraEnvVars": {},
    "modelProperties": {"context": 8192},
}


def parasail(**changes):
    item = {key: value for key, value in {**LIVE_ITEM, **changes}.items() if value != "drop"}
    return parasail_wire.remote_of(item, chat_base_url="https://chat/v1", clean=str, is_full=True)


def test_a_deployment_as_the_live_service_shows_it():
    remote = parasail(modifiedAt=1767268900000)
    assert remote == Remote(
        id="33665",
        name="llama",
        model="org/llama-8b",
        state=RunState.SERVING,
        word="ONLINE",
        message="",
        replicas=1,
        alias="acme-llama",
        url="https://chat/v1",
        owner_uid=None,
        fields={
            "replicas": 2,
            "contextLength": 8192,
            "parasail.scaleDownPolicy": "NONE",
            "parasail.scaleDownThreshold": None,
            "parasail.devices": ({"device": "L40S", "count": 1},),
            "parasail.engine": "VLLM",
            "parasail.engineTask": "GENERATE",
            "parasail.displayName": "llama",
            "parasail.tags": ("a",),
            "parasail.customAliases": (),
        },
        choices=frozenset({"parasail.devices"}),
        version=remote.version,
        is_full=True,
    )


@pytest.mark.parametrize(
    ("status", "state", "replicas"),
    [
        pytest.param({"status": "ONLINE"}, RunState.SERVING, 2, id="online without instances"),
        pytest.param(
            {"status": "ONLINE", "instances": []}, RunState.SERVING, 2, id="online, instances not reported"
        ),
        pytest.param({"status": "ONLINE", "instances": None}, RunState.SERVING, 2, id="instances are null"),
        pytest.param(
            {"status": "ONLINE", "instances": [{"status": "RUNNING"}, None, 7]}, RunState.SERVING, 1, id="odd"
        ),
        pytest.param({"status": "STARTING"}, RunState.STARTING, None, id="starting"),
        pytest.param(
            {"status": "STARTING", "instances": [{"status": "ONLINE"}]}, RunState.STARTING, 1, id="rolling"
        ),
        pytest.param(
            {"status": "PAUSED", "instances": [{"status": "ONLINE"}]}, RunState.STOPPED, 0, id="paused"
        ),
        pytest.param({"status": "OFFLINE"}, RunState.STOPPED, 0, id="offline"),
        pytest.param({"status": "STOPPING"}, RunState.STOPPING, None, id="stopping"),
        pytest.param({"status": "ERROR"}, RunState.FAILED, None, id="error"),
        pytest.param({"status": "online"}, RunState.SERVING, 2, id="lower case"),
        pytest.param("ONLINE", RunState.SERVING, 2, id="the bare word"),
        pytest.param({"status": 7}, RunState.UNKNOWN, None, id="a number"),
        pytest.param({}, RunState.UNKNOWN, None, id="empty"),
        pytest.param([], RunState.UNKNOWN, None, id="a list"),
        pytest.param(None, RunState.UNKNOWN, None, id="null"),
        pytest.param("drop", RunState.UNKNOWN, None, id="absent"),
    ],
)
def test_parasail_s_status_in_any_shape(status, state, replicas):
    remote = parasail(status=status)
    assert (remote.state, remote.replicas) == (state, replicas)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("contextLength", None, {"contextLength": None}),
        ("contextLength", "drop", {}),
        ("contextLength", "8192", {"contextLength": 8192}),
        ("contextLength", 8192.0, {"contextLength": 8192}),
        ("contextLength", 8192.5, {}),
        ("contextLength", True, {}),
        ("contextLength", [], {}),
        ("generative", 0, {}),
        ("generative", False, {"parasail.generative": False}),
        ("draftModelName", "", {}),
        ("scaleDownThreshold", 60000, {"parasail.scaleDownThreshold": 60000}),
    ],
)
def test_a_field_is_known_unset_or_unknown(field, value, shown):
    path = field if field == "contextLength" else f"parasail.{field}"
    fields = parasail(**{field: value}).fields
    assert {key: found for key, found in fields.items() if key == path} == shown


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        pytest.param({"modifiedAt": 2}, True, id="its time"),
        pytest.param({"status": {"status": "STOPPING"}}, True, id="its status"),
        pytest.param({"replicas": 3}, True, id="an owned field"),
        pytest.param({"externalAlias": "new"}, True, id="its alias"),
        pytest.param({"status": {**LIVE_ITEM["status"], "instances": []}}, True, id="what runs"),
        pytest.param({"status": {**LIVE_ITEM["status"], "statusMessage": "x"}}, True, id="what it says"),
        pytest.param({"status": {**LIVE_ITEM["status"], "statusLastUpdated": 5}}, False, id="a heartbeat"),
        pytest.param({"modelProperties": {"load": 0.7}}, False, id="what is none of ours"),
    ],
)
def test_a_version_moves_with_all_that_is_seen(change, moves):
    assert (parasail(modifiedAt=1).version != parasail(**{"modifiedAt": 1, **change}).version) is moves


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        pytest.param({"replicas": 3}, True, id="an owned field"),
        pytest.param({"modelProperties": {"load": 0.7}}, False, id="what is none of ours"),
        pytest.param({"status": {**LIVE_ITEM["status"], "statusLastUpdated": 5}}, False, id="a heartbeat"),
    ],
)
def test_without_modified_at_a_version_moves_with_what_is_read(change, moves):
    assert (parasail().version != parasail(**change).version) is moves


def test_a_deployment_of_the_vendor_s_document_is_read():
    item = {
        "id": 12345,
        "externalAlias": "parasail-custom-model-id",
        "status": {"status": "PAUSED"},
        "replicas": 2,
    }
    remote = parasail_wire.remote_of(item, chat_base_url=None, clean=str)
    assert dataclasses.replace(remote, version="") == Remote(
        id="12345",
        name="",
        state=RunState.STOPPED,
        word="PAUSED",
        replicas=0,
        alias="parasail-custom-model-id",
        fields={"replicas": 2},
        choices=frozenset({"parasail.devices", "replicas"}),
    )


def test_a_deployment_of_paitient_s_document_is_read():
    item = {
        "id": "dep_12345abcde",
        "model_name": "ZimaBlueAI/HuatuoGPT-o1-8B",
        "deployment_name": "clinical-assistant",
        "status": "running",
        "endpoint": "https://api.paitient.com/v1/deployments/dep_12345abcde/generate",
        "created_at": "2023-11-01T12:34:56Z",
        "updated_at": "2023-11-01T12:35:30Z",
        "compute_type": "gpu",
        "instance_type": "g4dn.xlarge",
        "min_replicas": 1,
        "max_replicas": 3,
        "current_replicas": 1,
        "auto_scaling": True,
        "region": "us-east-1",
        "tags": {"environment": "production", "model-operator-uid": "uid-1"},
        "model_config": {"context_length": 4096, "max_output_tokens": 1024, "default_temperature": 0.7},
    }
    assert paitient_wire.remote_of(item, clean=str, is_full=True) == Remote(
        id="dep_12345abcde",
        name="clinical-assistant",
        model="ZimaBlueAI/HuatuoGPT-o1-8B",
        state=RunState.SERVING,
        word="running",
        replicas=1,
        url="https://api.paitient.com/v1/deployments/dep_12345abcde/generate",
        owner_uid="uid-1",
        fields={
            "replicas": {"minReplicas": 1, "maxReplicas": 3},
            "contextLength": 4096,
            "paitient.modelConfig.maxOutputTokens": 1024,
            "paitient.modelConfig.defaultTemperature": 0.7,
            "paitient.tags.environment": "production",
        },
        whole=(
            "contextLength",
            "paitient.modelConfig.maxOutputTokens",
            "paitient.modelConfig.defaultTemperature",
            "paitient.modelConfig.defaultTopP",
            "paitient.tags.",
        ),
        version="2023-11-01T12:35:30Z/running",
        is_full=True,
    )


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        (integer, "9" * 19, None),
        (integer, "-5", -5),
        (integer, float("nan"), None),
        (integer, float("inf"), None),
        (integer, "٣", None),
        (number, "0.7", 0.7),
        (number, "7e-1", 0.7),
        (number, "1e999", None),
        (number, "0x10", None),
        (integer, 3.0, 3),
        (integer, 1e17, None),
        (number, float("nan"), None),
        (number, False, None),
        (number, 3, 3.0),
        (number, 10**400, None),
        (url, "https://[::1]:8/x", "https://[::1]:8/x"),
        (url, "https://host\\@evil/", None),
    ],
)
def test_values_of_the_wrong_kind_are_none(read, value, found):
    assert read(value) == found
