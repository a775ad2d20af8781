"""Which ModelDeployments the API server itself refuses to create, naming the field."""

import pytest

from model_operator.models.deployment_rules import ONE_OF_BLOCKS
from support.least_manifests import PAITIENT, PARASAIL
from support.refusals import REQUIRED, expect_refusal, refused

ONE_OF_REPLICAS = "set exactly one of replicas and autoscaling"
LONG = "x" * 5000
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
]


@pytest.mark.parametrize(("body", "field", "message"), DEPLOYMENTS)
def test_the_server_refuses_and_names_the_field(api, body, field, message):
    expect_refusal(api, body, field, message)
