"""What the API server takes, as it is: no field is lost, none is filled in."""

import pytest

from support.least_manifests import BUDGET, PAITIENT, PARASAIL, PROVIDER, edited

TAKEN = [
    pytest.param(PARASAIL, {}, id="the least for Parasail"),
    pytest.param(PAITIENT, {}, id="the least for PaiTIENT"),
    pytest.param(PROVIDER, {}, id="the least for a provider"),
    pytest.param(BUDGET, {}, id="the least for a budget"),
    pytest.param(
        BUDGET,
        {
            "period": "Week",
            "timeZone": "America/Argentina/Buenos_Aires",
            "limit": "0.000000001",
            "selector": {"matchLabels": {"example.com/team": "red", "empty": ""}},
            "onExceeded": "BlockNew",
        },
        id="everything for a budget",
    ),
    *[pytest.param(BUDGET, {"onExceeded": word}, id=f"onExceeded {word}") for word in ("Warn", "Pause")],
    *[pytest.param(PROVIDER, {"mode": mode}, id=f"mode {mode}") for mode in ("Manage", "Observe", "Suspend")],
    pytest.param(
        PARASAIL,
        {
            "deploymentName": "a-" * 16,
            "replicas": 10_000,
            "contextLength": 131_072,
            "paused": True,
            "schedule": {
                "timeZone": "America/Argentina/Buenos_Aires",
                "active": ["Mon-Fri 08:00-20:00", "Fri-Mon,Wed 22:00-04:00", "Sun 00:00-24:00"],
                "outside": "Pause",
                "leadTime": "15m",
            },
            "expiresAt": "2030-12-24T18:00:00+01:00",
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
        PARASAIL,
        {
            "replicas": None,
            "autoscaling": {"minReplicas": 1, "maxReplicas": 4},
            "parasail": {
                "serviceTierName": None,
                "devices": [{"device": "H100SXM", "count": n} for n in range(1, 17)],
                "engine": "SGLANG",
                "engineTask": "GENERATE",
                "targetConnectionsPerReplica": 16,
                "autoscalingFactor": "0.5",
                "maxConnectionsPerReplica": 32,
                "maxCompletionTokens": 512,
                "maxRequestDuration": "90s",
                "displayName": "x" * 128,
                "description": "x" * 512,
                "tags": [f"{n:0128}" for n in range(50)],
                "customAliases": [f"{n:0128}" for n in range(16)],
                "modelAccessKeySecretRef": {"name": "hugging-face"},
                "draftModelAccessKeySecretRef": {"name": "hugging-face"},
            },
        },
        id="everything of Parasail's live API",
    ),
    pytest.param(
        PAITIENT,
        {
            "replicas": None,
            "deploymentName": "a" * 64,
            "autoscaling": {"minReplicas": 2, "maxReplicas": 2},
            "expiresAfter": "1h30m10s500ms",
            "idle": {"after": "10m", "then": "MinReplicas"},
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
    pytest.param(
        PROVIDER,
        {
            "type": "paitient",
            "webhook": {
                "header": "X-Sig",
                "scheme": "Body",
                "algorithm": "SHA512",
                "secretKey": "hook.secret_1",
                "tolerance": "1h",
            },
        },
        id="events in every detail",
    ),
    pytest.param(
        PROVIDER, {"type": "paitient", "webhook": {"scheme": "StandardWebhooks"}}, id="standard events"
    ),
    pytest.param(
        PROVIDER,
        {
            "prices": [
                {"match": "2x H100SXM", "perReplicaHour": "5.80", "currency": "USD"},
                {"match": "*", "perReplicaHour": "1000000", "currency": "USD"},
            ]
        },
        id="prices",
    ),
    pytest.param(
        PROVIDER,
        {"type": "paitient", "labelsToTags": {"team": "cost-centre", "example.com/app": "app"}},
        id="labels as tags",
    ),
    pytest.param(PARASAIL, {"parasail": {"scaleDownPolicy": "NONE"}}, id="a policy that needs no threshold"),
    pytest.param(
        PARASAIL,
        {"externalID": "33665", "deletionPolicy": "Delete", "parasail": {"serviceTierName": None}},
        id="taken over, so no service tier",
    ),
    pytest.param(
        PARASAIL,
        {
            "parasail": {
                "chatTemplateOverride": "{% for m in messages %}\n{{ m.content }}\n{% endfor %}\n" * 600
            }
        },
        id="a chat template",
    ),
    pytest.param(
        PARASAIL,
        {"parasail": {"speculativeConfig": {"method": "ngram", "promptLookupMin": 2, "promptLookupMax": 2}}},
        id="speculative decoding",
    ),
    pytest.param(
        PAITIENT, {"externalID": "dep_12345abcde", "deletionPolicy": "Orphan"}, id="an id of PaiTIENT"
    ),
    *(
        pytest.param(PAITIENT, {"externalID": id_, "deletionPolicy": "Orphan"}, id=f"the id {id_}")
        for id_ in ("projects/7/dep_x", "a:b", "..a/...", "größe 7", ".hidden", "x" * 512)
    ),
]


@pytest.mark.parametrize(("base", "spec"), TAKEN)
def test_the_server_takes_it_as_it_is(api, base, spec):
    body = edited(base, spec)
    assert api.try_create(body)["spec"] == body["spec"]
