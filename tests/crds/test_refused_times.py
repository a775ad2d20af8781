"""Hours, expiries, idleness, pauses and durations that the API server refuses, naming the field."""

import pytest

from support.least_manifests import PAITIENT, PARASAIL
from support.refusals import DURATION, REQUIRED, expect_refusal, refused

HOURS = {"timeZone": "Europe/Berlin", "active": ["Mon-Fri 08:00-20:00"], "outside": "Pause"}
IDLE = {"after": "24h", "then": "Expire"}

DEPLOYMENTS = [
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
    refused(
        PARASAIL,
        {"idle": {"after": "24h", "then": "Expire"}},
        "spec.idle",
        "Parasail stops an idle deployment itself: set parasail.scaleDownPolicy to INACTIVE",
        "idleness at Parasail",
    ),
    *[
        refused(PAITIENT, {"idle": {**IDLE, **idle}}, field, message, id)
        for idle, field, message, id in (
            ({"then": "MinReplicas"}, "spec.idle.then", "MinReplicas requires autoscaling", "idle replicas"),
            ({"then": "Pause"}, "spec.idle.then", 'supported values: "MinReplicas", "Expire"', "idle pauses"),
            ({"then": None}, "spec.idle.then", REQUIRED, "idle without a wish"),
            ({"after": None}, "spec.idle.after", REQUIRED, "idle from the beginning"),
            ({"after": "9m59s"}, "spec.idle.after", "at least 10m", "idle after a moment"),
            ({"after": "2160h1s"}, "spec.idle.after", "at most 2160h", "idle after months"),
            ({"after": "1d"}, "spec.idle.after", DURATION, "idle after days"),
        )
    ],
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
    refused(PARASAIL, {"paused": "yes"}, "spec.paused", "must be of type boolean", "paused in words"),
]


@pytest.mark.parametrize(("body", "field", "message"), DEPLOYMENTS)
def test_the_server_refuses_and_names_the_field(api, body, field, message):
    expect_refusal(api, body, field, message)
