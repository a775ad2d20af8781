"""The pure halves: specs into owned fields, Secrets into credentials, replies of other clients' records into `Remote`."""

import base64

import pytest

from model_operator.models.deployment import ModelDeploymentSpec
from model_operator.providers.base import Credentials, CredentialsIncomplete
from model_operator.providers.credentials import SecretData
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
