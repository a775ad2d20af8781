"""The pure halves: specs into owned fields, Secrets into credentials, replies of other clients' records into `Remote`."""

import base64
import dataclasses

import pytest

from model_operator.domain import Remote, RunState
from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.providers.base import Credentials, CredentialsIncomplete
from model_operator.providers.credentials import SecretData
from model_operator.providers.paitient import wire as paitient_wire
from model_operator.providers.parasail import wire as parasail_wire
from model_operator.providers.reading import integer, number, url
from model_operator.providers.registry import PROVIDERS


def spec(**fields):
    return ModelDeploymentSpec.model_validate({"providerRef": {"name": "p"}, "model": "org/m", **fields})


@pytest.mark.parametrize(
    ("vendor", "given", "fields", "fixed"),
    [
        pytest.param(
            "parasail",
            {"replicas": 1, "parasail": {}},
            {"replicas": 1},
            {},
            id="parasail, the least",
        ),
        pytest.param(
            "parasail",
            {
                "replicas": 2,
                "contextLength": 4096,
                "parasail": {
                    "serviceTierName": "low-cost",
                    "scaleDownPolicy": "INACTIVE",
                    "scaleDownThreshold": "90s500ms",
                    "draftModelName": "org/d",
                    "generative": False,
                    "embedding": True,
                },
            },
            {
                "replicas": 2,
                "contextLength": 4096,
                "parasail.serviceTierName": "low-cost",
                "parasail.scaleDownPolicy": "INACTIVE",
                "parasail.scaleDownThreshold": 90_500,
                "parasail.draftModelName": "org/d",
                "parasail.generative": False,
                "parasail.embedding": True,
            },
            {},
            id="parasail, all",
        ),
        pytest.param(
            "paitient", {"replicas": 3, "paitient": {}}, {"replicas": 3}, {}, id="paitient, the least"
        ),
        pytest.param(
            "paitient",
            {
                "autoscaling": {"minReplicas": 1, "maxReplicas": 4},
                "contextLength": 8,
                "paitient": {
                    "computeType": "gpu",
                    "instanceType": "g5.xlarge",
                    "region": "us-east-1",
                    "vpcConfig": {"subnetIDs": ["a", "b"], "securityGroupIDs": ["c"]},
                    "securitySettings": {
                        "networkIsolation": True,
                        "privateEndpoints": False,
                        "encryptionLevel": "maximum",
                        "auditLogging": True,
                        "complianceMode": "hipaa",
                    },
                    "tags": {"team": "x", "a.b": ""},
                    "modelConfig": {"maxOutputTokens": 7, "defaultTemperature": "0.7", "defaultTopP": "1"},
                    "endpointName": "front",
                    "forceDelete": True,
                },
            },
            {
                "replicas": {"minReplicas": 1, "maxReplicas": 4},
                "contextLength": 8,
                "paitient.tags.team": "x",
                "paitient.tags.a.b": "",
                "paitient.modelConfig.maxOutputTokens": 7,
                "paitient.modelConfig.defaultTemperature": 0.7,
                "paitient.modelConfig.defaultTopP": 1.0,
            },
            {
                "paitient.computeType": "gpu",
                "paitient.instanceType": "g5.xlarge",
                "paitient.region": "us-east-1",
                "paitient.vpcConfig.subnetIDs": ("a", "b"),
                "paitient.vpcConfig.securityGroupIDs": ("c",),
                "paitient.securitySettings.networkIsolation": True,
                "paitient.securitySettings.privateEndpoints": False,
                "paitient.securitySettings.encryptionLevel": "maximum",
                "paitient.securitySettings.auditLogging": True,
                "paitient.securitySettings.complianceMode": "hipaa",
            },
            id="paitient, all",
        ),
    ],
)
def test_a_spec_s_fields_are_those_that_it_names(vendor, given, fields, fixed):
    found = PROVIDERS[vendor]
    assert dict(found.fields(spec(**given))) == fields
    assert dict(found.fixed(spec(**given))) == fixed


@pytest.mark.parametrize(
    ("vendor", "given", "may"),
    [
        ("parasail", {"parasail": {}}, False),
        ("parasail", {"parasail": {"scaleDownPolicy": "NONE"}}, False),
        ("parasail", {"parasail": {"scaleDownPolicy": "TIMER", "scaleDownThreshold": "1h"}}, True),
        ("parasail", {"parasail": {"scaleDownPolicy": "INACTIVE", "scaleDownThreshold": "1h"}}, True),
        ("paitient", {"paitient": {}}, False),
    ],
)
def test_a_policy_other_than_none_may_scale_down(vendor, given, may):
    assert PROVIDERS[vendor].may_scale_down(spec(replicas=1, **given)) is may


@pytest.mark.parametrize(
    ("vendor", "secret", "found"),
    [
        pytest.param(
            "parasail", {"apiKey": "sk-0123456789abc"}, Credentials(api_key="sk-0123456789abc"), id="parasail"
        ),
        pytest.param(
            "parasail",
            {"apiKey": " sk-0123456789abc\r\n"},
            Credentials(api_key="sk-0123456789abc"),
            id="a newline at the end",
        ),
        pytest.param(
            "paitient",
            {"apiKey": "sk-0123456789abc", "clientID": "c"},
            Credentials(api_key="sk-0123456789abc", client_id="c"),
            id="paitient",
        ),
        pytest.param("parasail", {}, 'no key "apiKey"', id="no key"),
        pytest.param("parasail", {"apikey": "k"}, 'no key "apiKey"', id="another spelling"),
        pytest.param("parasail", {"apiKey": "\n"}, 'no key "apiKey", or it is empty', id="only a newline"),
        pytest.param(
            "paitient", {"apiKey": "sk-0123456789abc"}, 'no key "clientID"', id="half of the credentials"
        ),
        pytest.param("parasail", {"apiKey": "se cret"}, 'key "apiKey" holds blanks', id="a blank within"),
        pytest.param(
            "parasail", {"apiKey": "a\r\nX-Evil: 1"}, 'key "apiKey" holds blanks', id="a header within"
        ),
        pytest.param("parasail", {"apiKey": "schlüssel"}, 'key "apiKey" holds blanks', id="not ASCII"),
        pytest.param("parasail", {"apiKey": "a\u0000b"}, 'key "apiKey" holds blanks', id="a NUL"),
        pytest.param("parasail", {"apiKey": "x" * 15}, "apiKey.*too short.* 16 to 4,096", id="short"),
        pytest.param("parasail", {"apiKey": "x" * 16}, Credentials(api_key="x" * 16), id="the shortest"),
        pytest.param("parasail", {"apiKey": "x" * 4096}, Credentials(api_key="x" * 4096), id="the longest"),
        pytest.param("parasail", {"apiKey": "x" * 4097}, "apiKey.*too long.* 4,096", id="too long"),
        pytest.param(
            "paitient",
            {"apiKey": "sk-0123456789abc", "clientID": "x" * 4097},
            "clientID.*too long.* 4,096",
            id="a client ID that is too long",
        ),
    ],
)
def test_credentials_are_complete_and_fit_for_a_header_or_named(vendor, secret, found):
    if isinstance(found, Credentials):
        assert PROVIDERS[vendor].credentials(secret) == found
        return
    with pytest.raises(CredentialsIncomplete, match=found) as caught:
        PROVIDERS[vendor].credentials(secret)
    assert not any(
        value.strip() and value.strip() in str(caught.value) for value in secret.values() if len(value) > 1
    )


def data_of(**keys: bytes) -> SecretData:
    return SecretData({"data": {name: base64.b64encode(value).decode() for name, value in keys.items()}})


def test_a_secrets_other_keys_are_not_looked_at():
    secret = data_of(apiKey=b"sk-0123456789abc\n", keystore=b"\xff\xfe")
    assert PROVIDERS["parasail"].credentials(secret) == Credentials(api_key="sk-0123456789abc")


@pytest.mark.parametrize("value", ["a", base64.b64encode(b"\xff\xfe").decode()])
def test_a_key_that_is_not_text_is_named(value):
    with pytest.raises(CredentialsIncomplete, match='key "apiKey" is not text'):
        PROVIDERS["parasail"].credentials(SecretData({"data": {"apiKey": value}}))


@pytest.mark.parametrize("secret", [{}, {"data": None}, {"data": {}}])
def test_a_secret_without_data_has_no_key(secret):
    with pytest.raises(CredentialsIncomplete, match='no key "apiKey"'):
        PROVIDERS["parasail"].credentials(SecretData(secret))


def test_credentials_do_not_print_themselves():
    found = Credentials(api_key="sk-secret", client_id="client-secret")
    assert "secret" not in repr(found) + str(found) + repr([found])


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
