"""What the API server refuses of PaiTIENT's block, naming the field."""

import pytest

from support.least_manifests import PAITIENT
from support.refusals import expect_refusal, refused

LONG = "x" * 5000

DEPLOYMENTS = [
    refused(
        PAITIENT,
        {"paitient": {"endpointID": "ep_1"}},
        "spec.paitient.endpointID",
        "endpointID requires endpointName",
        "an endpoint's id without its name",
    ),
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
]


@pytest.mark.parametrize(("body", "field", "message"), DEPLOYMENTS)
def test_the_server_refuses_and_names_the_field(api, body, field, message):
    expect_refusal(api, body, field, message)
