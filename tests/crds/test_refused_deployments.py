"""Which ModelDeployments the API server itself refuses to create, naming the field."""

import pytest

from model_operator.models.deployment_rules import ONE_OF_BLOCKS
from support.least_manifests import PAITIENT, PARASAIL, edited

DURATION = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"
ONE_OF_REPLICAS = "set exactly one of replicas and autoscaling"
THRESHOLD = "scaleDownThreshold is required with scaleDownPolicy TIMER or INACTIVE"
REQUIRED = "Required value"
LONG = "x" * 5000
HOURS = {"timeZone": "Europe/Berlin", "active": ["Mon-Fri 08:00-20:00"], "outside": "Pause"}


def refused(base, spec, field, message, id):
    return pytest.param(edited(base, spec), field, message, id=id)


NO_NAMES = (".", "..", "a/b", "../../victim/configmaps/x", "Not_A_Name", "a..b")
DEPLOYMENTS = [
    *[
        refused(
            PARASAIL, {"providerRef": {"name": n}}, "spec.providerRef.name", "should match", f"provider {n}"
        )
        for n in NO_NAMES
    ],
    *[
        refused(
            PARASAIL,
            {"connection": {"configMapName": n}},
            "spec.connection.configMapName",
            "should match",
            f"ConfigMap {n}",
        )
        for n in NO_NAMES
    ],
    refused(
        PARASAIL, {"replicas": None}, "spec.replicas", ONE_OF_REPLICAS, "neither replicas nor autoscaling"
    ),
    refused(
        PAITIENT,
        {"autoscaling": {"minReplicas": 1, "maxReplicas": 2}},
        "spec.replicas",
        ONE_OF_REPLICAS,
        "both replicas and autoscaling",
    ),
    refused(PARASAIL, {"replicas": 0}, "spec.replicas", "greater than or equal to 1", "no replicas"),
    refused(
        PARASAIL, {"replicas": 0}, "spec.replicas", "set paused to true", "no replicas: what to do instead"
    ),
    refused(
        PAITIENT, {"replicas": 0}, "spec.replicas", "delete this object to stop its costs", "none at PaiTIENT"
    ),
    refused(
        PARASAIL,
        {"replicas": 0, "autoscaling": {"minReplicas": 1, "maxReplicas": 2}},
        "spec.replicas",
        "set paused to true",
        "scaled to none with autoscaling",
    ),
    refused(PARASAIL, {"replicas": -1}, "spec.replicas", "greater than or equal to 1", "negative replicas"),
    refused(
        PARASAIL, {"replicas": 10_001}, "spec.replicas", "less than or equal to 10000", "too many replicas"
    ),
    refused(PARASAIL, {"replicas": "2"}, "spec.replicas", "must be of type integer", "replicas as text"),
    refused(PARASAIL, {"replicas": 1.5}, "spec.replicas", "must be of type integer", "half a replica"),
    refused(PARASAIL, {"parasail": None}, "spec.parasail", ONE_OF_BLOCKS, "no vendor's block"),
    refused(PARASAIL, {"paitient": {}}, "spec.parasail", ONE_OF_BLOCKS, "both vendors' blocks"),
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
    refused(
        PAITIENT,
        {"paitient": {"endpointID": "ep_1"}},
        "spec.paitient.endpointID",
        "endpointID requires endpointName",
        "an endpoint's id without its name",
    ),
    *[
        refused(PARASAIL, {"schedule": {**HOURS, **schedule}}, field, message, id)
        for schedule, field, message, id in (
            ({"active": []}, "spec.schedule.active", "should have at least 1", "no hours"),
            ({"active": ["Mo-Fr 8-20"]}, "spec.schedule.active[0]", "should match", "hours in other words"),
            ({"timeZone": "/etc/passwd"}, "spec.schedule.timeZone", "should match", "a path as a time zone"),
            ({"timeZone": None}, "spec.schedule.timeZone", REQUIRED, "hours of nowhere"),
            ({"outside": None}, "spec.schedule.outside", REQUIRED, "hours and nothing to do at others"),
            (
                {"outside": "MinReplicas"},
                "spec.schedule.outside",
                "MinReplicas requires autoscaling",
                "the fewest of fixed replicas",
            ),
        )
    ],
    refused(
        PARASAIL,
        {"expiresAfter": "72h", "expiresAt": "2030-01-01T00:00:00Z"},
        "spec.expiresAt",
        "set at most one of expiresAfter and expiresAt",
        "two expiries",
    ),
    refused(PARASAIL, {"expiresAfter": "0s"}, "spec.expiresAfter", "longer than 0s", "expired when created"),
    refused(PARASAIL, {"expiresAfter": "3d"}, "spec.expiresAfter", DURATION, "an expiry in days"),
    refused(PAITIENT, {"expiresAt": "tomorrow"}, "spec.expiresAt", "date-time", "an expiry in words"),
    refused(PAITIENT, {"expiresAt": "2030-01-01"}, "spec.expiresAt", "date-time", "an expiry without a zone"),
    refused(
        PAITIENT,
        {"schedule": HOURS},
        "spec.schedule.outside",
        "since PaiTIENT cannot pause; use MinReplicas with autoscaling",
        "paitient paused by the hour",
    ),
    refused(
        PAITIENT, {"paused": True}, "spec.paused", "delete this object to stop its costs", "paitient paused"
    ),
    refused(PAITIENT, {"paused": False}, "spec.paused", "paused is for parasail only", "paitient not paused"),
    refused(PAITIENT, {"probe": {}}, "spec.probe", "probe is for parasail only", "paitient with a probe"),
    refused(
        PAITIENT,
        {"replicas": None, "autoscaling": {"minReplicas": 3, "maxReplicas": 2}},
        "spec.autoscaling.minReplicas",
        "minReplicas must not be more than maxReplicas",
        "autoscaling upside down",
    ),
    refused(
        PAITIENT,
        {"replicas": None, "autoscaling": {"minReplicas": 0, "maxReplicas": 2}},
        "spec.autoscaling.minReplicas",
        "greater than or equal to 1",
        "autoscaling to nothing",
    ),
    refused(
        PAITIENT,
        {"replicas": None, "autoscaling": {"minReplicas": 1}},
        "spec.autoscaling.maxReplicas",
        REQUIRED,
        "autoscaling without an end",
    ),
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
    *[
        refused(PARASAIL, {"progressDeadline": text}, "spec.progressDeadline", DURATION, f"duration {text!r}")
        for text in ("", "30", "1 h", "-5s", "1.5h", "1d", "PT30S", "123456s", "1h1m1s1ms1s")
    ],
    refused(
        PARASAIL, {"progressDeadline": 30}, "spec.progressDeadline", "must be of type string", "bare number"
    ),
    refused(
        PARASAIL,
        {"progressDeadline": "0h0m"},
        "spec.progressDeadline",
        "progressDeadline must be longer than 0s",
        "deadline of nothing",
    ),
    refused(
        PARASAIL,
        {"probe": {"timeout": "0ms"}},
        "spec.probe.timeout",
        "timeout must be longer than 0s",
        "no time-out",
    ),
    refused(PARASAIL, {"probe": {"timeout": "soon"}}, "spec.probe.timeout", DURATION, "time-out in words"),
    *[
        refused(
            PAITIENT,
            {"paitient": {"modelConfig": {"defaultTemperature": text}}},
            "spec.paitient.modelConfig.defaultTemperature",
            r"^[0-9]{1,9}(\.[0-9]{1,9})?$",
            f"decimal {text!r}",
        )
        for text in ("", "-1", "1,5", ".5", "1.", "1e0", "NaN", "0x1", "1.0000000001")
    ],
    refused(
        PAITIENT,
        {"paitient": {"modelConfig": {"defaultTemperature": 0.7}}},
        "spec.paitient.modelConfig.defaultTemperature",
        "must be of type string",
        "decimal as a float",
    ),
    refused(
        PAITIENT,
        {"paitient": {"modelConfig": {"defaultTemperature": "2.1"}}},
        "spec.paitient.modelConfig.defaultTemperature",
        "defaultTemperature must be at most 2.0",
        "too hot",
    ),
    refused(
        PAITIENT,
        {"paitient": {"modelConfig": {"defaultTopP": "1.000000001"}}},
        "spec.paitient.modelConfig.defaultTopP",
        "defaultTopP must be at most 1.0",
        "more than everything",
    ),
    refused(
        PAITIENT,
        {"paitient": {"modelConfig": {"maxOutputTokens": 0}}},
        "spec.paitient.modelConfig.maxOutputTokens",
        "greater than or equal to 1",
        "no tokens",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {"model-operator-uid": "mine"}}},
        "spec.paitient.tags",
        "the tag model-operator-uid is reserved for the operator",
        "reserved tag",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {"model-operator-owner": "mine"}}},
        "spec.paitient.tags",
        "the tag model-operator-owner is reserved for the operator",
        "the owner's tag",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {"model-operator-epoch": "1"}}},
        "spec.paitient.tags",
        "the tag model-operator-epoch is reserved for the operator",
        "the epoch's tag",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {"": "empty"}}},
        "spec.paitient.tags",
        "each key of tags must have 1 to 128 characters",
        "tag without key",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {LONG[:129]: "long"}}},
        "spec.paitient.tags",
        "each key of tags must have 1 to 128 characters",
        "tag with a long key",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {"a": LONG[:257]}}},
        "spec.paitient.tags.a",
        "Too long",
        "tag with a long value",
    ),
    refused(
        PAITIENT,
        {"paitient": {"tags": {f"k{n}": "" for n in range(51)}}},
        "spec.paitient.tags",
        "must have at most 50 items",
        "too many tags",
    ),
    refused(
        PAITIENT,
        {"paitient": {"vpcConfig": {"subnetIDs": ["s"] * 17}}},
        "spec.paitient.vpcConfig.subnetIDs",
        "must have at most 16 items",
        "too many subnets",
    ),
    refused(
        PARASAIL,
        {"externalID": "33665"},
        "spec.deletionPolicy",
        "deletionPolicy is required with externalID",
        "taken over without a policy",
    ),
    refused(
        PARASAIL,
        {"externalID": "dep_1", "deletionPolicy": "Orphan"},
        "spec.externalID",
        "externalID must be a number at Parasail",
        "no id of Parasail",
    ),
    refused(
        PARASAIL,
        {"externalID": "0033665", "deletionPolicy": "Orphan"},
        "spec.externalID",
        "without leading zeros",
        "an id of Parasail with leading zeros",
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
    *(
        refused(
            PAITIENT,
            {"externalID": id_, "deletionPolicy": "Orphan"},
            "spec.externalID",
            "externalID must be an id of the provider, not a path",
            f"an id that is the path {id_}",
        )
        for id_ in ("../secrets", "a/../b", "/a", "a/", "a//b", ".", "..", "a/ /b", "a/. ", "a\\..\\b")
    ),
    *(
        refused(
            PAITIENT,
            {"externalID": id_, "deletionPolicy": "Orphan"},
            "spec.externalID",
            "should match",
            f"an id with {what}",
        )
        for id_, what in (
            ("%2e%2e", "a percent sign"),
            ("a\nb", "two lines"),
            ("a\x7f", "a control character"),
        )
    ),
    refused(
        PARASAIL,
        {"deletionPolicy": "Keep"},
        "spec.deletionPolicy",
        'supported values: "Delete", "Orphan"',
        "policy",
    ),
    refused(
        PARASAIL, {"driftPolicy": "Ignore"}, "spec.driftPolicy", 'values: "Correct", "Report"', "drift policy"
    ),
    refused(
        PARASAIL, {"deploymentName": "Model_A"}, "spec.deploymentName", "^[a-z0-9-]+$", "capitals in a name"
    ),
    refused(
        PARASAIL,
        {"deploymentName": "a"},
        "spec.deploymentName",
        "2 to 32 characters at Parasail",
        "short at Parasail",
    ),
    refused(
        PARASAIL,
        {"deploymentName": "a" * 33},
        "spec.deploymentName",
        "2 to 32 characters at Parasail",
        "long at Parasail",
    ),
    refused(
        PAITIENT,
        {"deploymentName": "ab"},
        "spec.deploymentName",
        "3 to 64 characters at PaiTIENT",
        "short at PaiTIENT",
    ),
    refused(PAITIENT, {"deploymentName": "a" * 65}, "spec.deploymentName", "Too long", "long at PaiTIENT"),
    refused(PARASAIL, {"model": None}, "spec.model", REQUIRED, "no model"),
    refused(PARASAIL, {"model": ""}, "spec.model", "at least 1 chars long", "empty model"),
    refused(PARASAIL, {"model": LONG}, "spec.model", "Too long", "long model"),
    refused(PARASAIL, {"providerRef": None}, "spec.providerRef", REQUIRED, "no provider"),
    refused(
        PARASAIL, {"providerRef": {"name": None}}, "spec.providerRef.name", REQUIRED, "nameless provider"
    ),
    refused(PARASAIL, {"connection": {}}, "spec.connection.configMapName", REQUIRED, "nameless ConfigMap"),
    refused(PARASAIL, {"contextLength": 0}, "spec.contextLength", "greater than or equal to 1", "no context"),
    refused(PARASAIL, {"paused": "yes"}, "spec.paused", "must be of type boolean", "paused in words"),
]


@pytest.mark.parametrize(("body", "field", "message"), DEPLOYMENTS)
def test_the_server_refuses_and_names_the_field(api, body, field, message):
    refusal = api.try_create(body)
    assert getattr(refusal, "code", 201) == 422
    assert refusal.names(field, message), refusal.causes
