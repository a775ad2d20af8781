"""What the API server takes, as it is: no field is lost, none is filled in."""

import pytest

from support.least_manifests import PAITIENT, PARASAIL, PROVIDER, edited

TAKEN = [
    pytest.param(PARASAIL, {}, id="the least for Parasail"),
    pytest.param(PAITIENT, {}, id="the least for PaiTIENT"),
    pytest.param(PROVIDER, {}, id="the least for a provider"),
    pytest.param(
        PARASAIL,
        {
            "deploymentName": "a-" * 16,
            "replicas": 10_000,
            "contextLength": 131_072,
            "paused": True,
            "deletionPolicy": "Orphan",
            "driftPolicy": "Report",
            "progressDeadline": "1h30m10s500ms",
            "probe": {"prompt": "What is the capital of France?", "timeout": "500ms"},
            "connection": {"configMapName": "m"},
            "parasail": {
                "scaleDownPolicy": "INACTIVE",
                "scaleDownThreshold": "90m",
                "draftModelName": "org/d",
                "generative": True,
                "embedding": False,
            },
        },
        id="everything for Parasail",
    ),
    pytest.param(
        PAITIENT,
        {
            "replicas": None,
            "deploymentName": "a" * 64,
            "autoscaling": {"minReplicas": 2, "maxReplicas": 2},
            "paitient": {
                "computeType": "gpu",
                "instanceType": "g4dn.xlarge",
                "region": "us-east-1",
                "vpcConfig": {"subnetIDs": ["subnet-1"] * 16, "securityGroupIDs": ["sg-1"]},
                "securitySettings": {
                    "networkIsolation": True,
                    "privateEndpoints": True,
                    "encryptionLevel": "maximum",
                    "auditLogging": True,
                    "complianceMode": "hipaa",
                },
                "tags": {"k" * 128: "v" * 256, "empty": ""},
                "modelConfig": {"maxOutputTokens": 1, "defaultTemperature": "2.0", "defaultTopP": "1"},
                "endpointName": "production",
                "endpointID": "ep_1",
                "forceDelete": True,
            },
        },
        id="everything for PaiTIENT",
    ),
    pytest.param(
        PROVIDER,
        {
            "baseURL": "http://127.0.0.1:8080/api/v1",
            "chatBaseURL": "https://a.example",
            "requestsPerMinute": 1,
            "pollInterval": "5s",
        },
        id="everything for a provider",
    ),
    pytest.param(PARASAIL, {"parasail": {"scaleDownPolicy": "NONE"}}, id="a policy that needs no threshold"),
    pytest.param(
        PARASAIL,
        {"externalID": "33665", "deletionPolicy": "Delete", "parasail": {"serviceTierName": None}},
        id="taken over, so no service tier",
    ),
    pytest.param(
        PAITIENT, {"externalID": "dep_12345abcde", "deletionPolicy": "Orphan"}, id="an id of PaiTIENT"
    ),
]


@pytest.mark.parametrize(("base", "spec"), TAKEN)
def test_the_server_takes_it_as_it_is(api, base, spec):
    body = edited(base, spec)
    assert api.try_create(body)["spec"] == body["spec"]
