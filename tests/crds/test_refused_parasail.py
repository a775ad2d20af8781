"""What the API server refuses of Parasail's block, naming the field."""

import pytest

from support.least_manifests import PARASAIL
from support.refusals import REQUIRED, expect_refusal, refused

THRESHOLD = "scaleDownThreshold is required with scaleDownPolicy TIMER or INACTIVE"

DEPLOYMENTS = [
    *[
        refused(
            PARASAIL,
            {"parasail": block},
            "spec.parasail",
            "are for deployments with spec.autoscaling only",
            f"{name} without autoscaling",
        )
        for name, block in {
            "a target": {"targetConnectionsPerReplica": 8},
            "a factor": {"autoscalingFactor": "0.5"},
        }.items()
    ],
    *[
        refused(
            PARASAIL,
            {"parasail": {"serviceTierName": None, "devices": devices}},
            f"spec.parasail.{at}",
            said,
            name,
        )
        for name, devices, at, said in (
            ("no devices", [], "devices", "should have at least 1 items"),
            ("a device without a count", [{"device": "L40S"}], "devices[0].count", REQUIRED),
            (
                "no device of a kind",
                [{"device": "L40S", "count": 0}],
                "devices[0].count",
                "greater than or equal to 1",
            ),
            (
                "a device without a name",
                [{"device": "", "count": 1}],
                "devices[0].device",
                "at least 1 chars long",
            ),
            (
                "a device twice",
                [{"device": "L40S", "count": 1}] * 2,
                "devices",
                "names one device and count twice",
            ),
            (
                "too many devices",
                [{"device": "L40S", "count": n} for n in range(1, 18)],
                "devices",
                "at most 16 items",
            ),
        )
    ],
    refused(
        PARASAIL,
        {"parasail": {"devices": [{"device": "L40S", "count": 1}]}},
        "spec.parasail.devices",
        "serviceTierName and devices are mutually exclusive",
        "tier and devices",
    ),
    refused(
        PARASAIL,
        {
            "externalID": "1",
            "deletionPolicy": "Orphan",
            "parasail": {"devices": [{"device": "L40S", "count": 1}]},
        },
        "spec.parasail.devices",
        "serviceTierName and devices are mutually exclusive",
        "tier and devices of what is adopted",
    ),
    *[
        refused(PARASAIL, {"parasail": block}, f"spec.parasail.{at}", said, f"parasail {at} {name}")
        for at, name, block, said in (
            ("engine", "unknown", {"engine": "vllm"}, 'supported values: "VLLM", "SGLANG"'),
            ("engineTask", "unknown", {"engineTask": "TALK"}, 'supported values: "AUTO", "GENERATE"'),
            ("maxConnectionsPerReplica", "0", {"maxConnectionsPerReplica": 0}, "greater than or equal to 1"),
            ("maxCompletionTokens", "0", {"maxCompletionTokens": 0}, "greater than or equal to 1"),
            ("maxRequestDuration", "0s", {"maxRequestDuration": "0s"}, "must be longer than 0s"),
            ("maxRequestDuration", "a number", {"maxRequestDuration": 90}, "must be of type string"),
            ("tags[0]", "empty", {"tags": [""]}, "at least 1 chars long"),
            ("displayName", "long", {"displayName": "x" * 129}, "than 128"),
            ("description", "long", {"description": "x" * 513}, "than 512"),
            (
                "modelAccessKeySecretRef.name",
                "elsewhere",
                {"modelAccessKeySecretRef": {"name": "../other"}},
                "should match",
            ),
            ("draftModelAccessKeySecretRef.name", "missing", {"draftModelAccessKeySecretRef": {}}, REQUIRED),
        )
    ],
    *[
        refused(PARASAIL, {"parasail": block}, "spec.parasail.scaleDownThreshold", THRESHOLD, f"{name}")
        for name, block in {
            "threshold without policy": {"scaleDownThreshold": "1h"},
            "threshold with NONE": {"scaleDownThreshold": "1h", "scaleDownPolicy": "NONE"},
            "TIMER without threshold": {"scaleDownPolicy": "TIMER"},
            "INACTIVE without threshold": {"scaleDownPolicy": "INACTIVE"},
        }.items()
    ],
    refused(
        PARASAIL,
        {"parasail": {"scaleDownPolicy": "SOMETIMES", "scaleDownThreshold": "1h"}},
        "spec.parasail.scaleDownPolicy",
        'supported values: "NONE", "TIMER", "INACTIVE"',
        "unknown policy",
    ),
    refused(
        PARASAIL,
        {"parasail": {"scaleDownPolicy": "TIMER", "scaleDownThreshold": "0s"}},
        "spec.parasail.scaleDownThreshold",
        "scaleDownThreshold must be longer than 0s",
        "threshold of nothing",
    ),
    refused(
        PARASAIL,
        {"parasail": {"serviceTierName": None}},
        "spec.parasail.devices",
        "set serviceTierName or devices, whichever the account uses, unless externalID is set",
        "neither service tier nor devices",
    ),
    refused(
        PARASAIL,
        {"parasail": {"chatTemplateOverride": " \n\t"}},
        "spec.parasail.chatTemplateOverride",
        "must not be blank",
        "a blank chat template",
    ),
    refused(
        PARASAIL,
        {"parasail": {"chatTemplateOverride": "x" * 32_769}},
        "spec.parasail.chatTemplateOverride",
        "Too long",
        "a chat template of more than 32 KiB",
    ),
    refused(
        PARASAIL,
        {"parasail": {"speculativeConfig": {"promptLookupMin": 3, "promptLookupMax": 2}}},
        "spec.parasail.speculativeConfig.promptLookupMin",
        "must not be more than promptLookupMax",
        "a shortest lookup that is longer than the longest",
    ),
    refused(
        PARASAIL,
        {
            "replicas": None,
            "autoscaling": {"minReplicas": 1, "maxReplicas": 2},
            "parasail": {"targetConnectionsPerReplica": 17, "maxConnectionsPerReplica": 16},
        },
        "spec.parasail.targetConnectionsPerReplica",
        "no replica would ever be added",
        "a load that a replica never has",
    ),
    refused(
        PARASAIL,
        {"parasail": {"speculativeConfig": {"numSpeculativeTokens": 0}}},
        "spec.parasail.speculativeConfig.numSpeculativeTokens",
        "greater than or equal to 1",
        "no tokens at a time",
    ),
]


@pytest.mark.parametrize(("body", "field", "message"), DEPLOYMENTS)
def test_the_server_refuses_and_names_the_field(api, body, field, message):
    expect_refusal(api, body, field, message)
