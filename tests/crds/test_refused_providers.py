"""Which ModelProviders the API server itself refuses to create, naming the field; and what it refuses of both."""

import pytest

from support.least_manifests import PARASAIL, PROVIDER, edited
from support.refusals import DURATION, REQUIRED, expect_refusal, refused

PRICE = {"match": "low-cost", "perReplicaHour": "1.20", "currency": "USD"}


def priced(**changes):
    return {field: value for field, value in {**PRICE, **changes}.items() if value is not None}


URL = "must be an http or https URL with a host"
PROVIDERS = [
    refused(
        PROVIDER,
        {"type": "openai"},
        "spec.type",
        'supported values: "parasail", "paitient"',
        "unknown vendor",
    ),
    refused(
        PROVIDER,
        {"mode": "Freeze"},
        "spec.mode",
        'supported values: "Manage", "Observe", "Suspend"',
        "unknown mode",
    ),
    refused(PROVIDER, {"mode": ""}, "spec.mode", "supported values", "an empty mode"),
    refused(PROVIDER, {"type": None}, "spec.type", REQUIRED, "no vendor"),
    refused(PROVIDER, {"credentials": None}, "spec.credentials", REQUIRED, "no credentials"),
    refused(
        PROVIDER,
        {"credentials": {"secretRef": {"name": None}}},
        "spec.credentials.secretRef.name",
        REQUIRED,
        "nameless",
    ),
    *[
        refused(
            PROVIDER,
            {"credentials": {"secretRef": {"name": name}}},
            "spec.credentials.secretRef.name",
            "should match",
            f"a Secret named {name!r}",
        )
        for name in (".", "..", "a/b", "../../victim/secrets/a", "%2e%2e", "Not_A_Name", "a..b")
    ],
    *[
        refused(PROVIDER, {field: url}, f"spec.{field}", f"{field} {URL}", f"{field} {url!r}")
        for field in ("baseURL", "chatBaseURL")
        for url in (
            "api.parasail.io",
            "ftp://a.example",
            "https://",
            "https://user:key@a.example",
            "https://a/?key=1",
        )
    ],
    *[
        refused(PROVIDER, {"prices": [priced(**price)]}, f"spec.prices[0].{field}", message, id)
        for price, field, message, id in (
            ({"match": None}, "match", REQUIRED, "a price of nothing"),
            ({"match": ""}, "match", "at least 1 char", "a price of an empty name"),
            ({"perReplicaHour": None}, "perReplicaHour", REQUIRED, "no price"),
            ({"perReplicaHour": "-1"}, "perReplicaHour", "should match", "a price below zero"),
            ({"perReplicaHour": "1,20"}, "perReplicaHour", "should match", "a decimal comma"),
            ({"perReplicaHour": "1e3"}, "perReplicaHour", "should match", "an exponent"),
            ({"perReplicaHour": "1000000.01"}, "perReplicaHour", "at most 1000000.0", "a price of a million"),
            ({"currency": None}, "currency", REQUIRED, "no currency"),
            ({"currency": "usd"}, "currency", "should match", "a currency in small letters"),
            ({"currency": "DOLLAR"}, "currency", "may not be more than 3", "a currency of six letters"),
        )
    ],
    refused(
        PROVIDER,
        {"prices": [PRICE, {**PRICE, "match": "*", "currency": "EUR"}]},
        "spec.prices",
        "all prices must have the same currency",
        "two currencies",
    ),
    refused(
        PROVIDER, {"prices": [PRICE, PRICE]}, "spec.prices[1]", "Duplicate value", "two prices of one machine"
    ),
    refused(
        PROVIDER,
        {"type": "paitient", "chatBaseURL": "https://a.example"},
        "spec.chatBaseURL",
        "chatBaseURL is for type parasail only",
        "chat at PaiTIENT",
    ),
    refused(
        PROVIDER,
        {"pollInterval": "4s"},
        "spec.pollInterval",
        "pollInterval must be at least 5s",
        "hasty polls",
    ),
    refused(PROVIDER, {"pollInterval": "1x"}, "spec.pollInterval", DURATION, "malformed poll interval"),
    refused(
        PROVIDER,
        {"requestsPerMinute": 0},
        "spec.requestsPerMinute",
        "greater than or equal to 1",
        "no requests",
    ),
    refused(
        PROVIDER,
        {"webhook": {"header": "X-Sig"}},
        "spec.webhook",
        "webhook is for type paitient only",
        "events of Parasail",
    ),
    *[
        refused(PROVIDER, {"type": "paitient", "webhook": webhook}, f"spec.webhook{field}", message, id)
        for webhook, field, message, id in (
            ({}, "", "webhook requires header", "no header"),
            ({"scheme": "Token"}, "", "webhook requires header", "a token without a header"),
            (
                {"scheme": "StandardWebhooks", "header": "a"},
                "",
                "webhook requires header",
                "a header too many",
            ),
            ({"header": "X Sig"}, ".header", "should match", "a header with a blank"),
            ({"header": "a", "scheme": "Md5"}, ".scheme", "supported values", "unknown scheme"),
            ({"header": "a", "algorithm": "MD5"}, ".algorithm", "supported values", "unknown hash"),
            (
                {"header": "a", "scheme": "Token", "algorithm": "SHA256"},
                ".algorithm",
                "algorithm is for the schemes",
                "a hash of nothing",
            ),
            ({"header": "a", "tolerance": "2h"}, ".tolerance", "at most 1h", "too tolerant"),
            ({"header": "a", "tolerance": "0s"}, ".tolerance", "longer than 0s", "intolerant"),
            ({"header": "a", "secretKey": "a/b"}, ".secretKey", "should match", "no key of a Secret"),
        )
    ],
]


@pytest.mark.parametrize(("body", "field", "message"), PROVIDERS)
def test_the_server_refuses_and_names_the_field(api, body, field, message):
    expect_refusal(api, body, field, message)


@pytest.mark.parametrize("base", [PARASAIL, PROVIDER], ids=["ModelDeployment", "ModelProvider"])
def test_an_object_needs_a_spec(api, base):
    body = {key: value for key, value in base.items() if key != "spec"}
    assert api.try_create(body).names("spec", REQUIRED)


@pytest.mark.parametrize("base", [PARASAIL, PROVIDER], ids=["ModelDeployment", "ModelProvider"])
def test_a_misspelt_field_is_refused_by_name(api, base):
    refusal = api.try_create(edited(base, {"modle": "org/m"}))
    assert (refusal.code, 'unknown field "spec.modle"' in refusal.text) == (400, True)
