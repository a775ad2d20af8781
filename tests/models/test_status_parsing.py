"""A status is read back whatever somebody did to it, and written as the server wants it."""

from datetime import UTC, datetime

import pytest

from model_operator.conditions import ConditionType
from model_operator.domain import Power
from model_operator.models import (
    Condition,
    DriftRow,
    LastPowerAction,
    ModelDeploymentStatus,
    Pending,
    RemoteEndpoint,
    Truth,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
READY = {
    "type": "Ready",
    "status": "True",
    "observedGeneration": 4,
    "lastTransitionTime": "2026-01-02T03:04:05Z",
    "reason": "Available",
    "message": "All is well.",
}
READY_CONDITION = Condition(
    type=ConditionType.READY,
    status=Truth.TRUE,
    observed_generation=4,
    last_transition_time=NOW,
    reason="Available",
    message="All is well.",
)
PENDING = {
    "operation": "Create",
    "startedAt": "2026-01-02T03:04:05.000006Z",
    "deadline": "2026-01-02T03:04:35.000006Z",
    "absentBefore": True,
}


def test_every_field_is_read_and_written():
    yaml = {
        "observedGeneration": 4,
        "conditions": [READY],
        "phase": "Ready",
        "externalID": "33665",
        "externalAlias": "acme-m",
        "endpointURL": "https://api.parasail.io/v1",
        "endpoint": {"id": "ep_1", "url": "https://api.paitient.com/v1/endpoints/ep_1/generate"},
        "providerState": "ONLINE",
        "replicas": 2,
        "selector": "modeloperator.dev/deployment=a",
        "drift": [{"field": "replicas", "desired": 2, "observed": 3}],
        "lastApplied": {"replicas": 2, "paitient.tags": {"a": "b"}, "contextLength": None},
        "pending": PENDING,
        "lastPowerAction": {
            "action": "Pause",
            "at": "2026-01-02T03:04:05Z",
            "generation": 3,
            "correction": True,
        },
        "recreatedGeneration": 2,
    }
    status = ModelDeploymentStatus(
        observed_generation=4,
        conditions=(READY_CONDITION,),
        phase="Ready",
        external_id="33665",
        external_alias="acme-m",
        endpoint_url="https://api.parasail.io/v1",
        endpoint=RemoteEndpoint(id="ep_1", url="https://api.paitient.com/v1/endpoints/ep_1/generate"),
        provider_state="ONLINE",
        replicas=2,
        selector="modeloperator.dev/deployment=a",
        drift=(DriftRow(field="replicas", desired=2, observed=3),),
        last_applied={"replicas": 2, "paitient.tags": {"a": "b"}, "contextLength": None},
        pending=Pending(
            operation="Create",
            started_at=NOW.replace(microsecond=6),
            deadline=NOW.replace(second=35, microsecond=6),
            absent_before=True,
        ),
        last_power_action=LastPowerAction(action=Power.PAUSE, at=NOW, generation=3, correction=True),
        recreated_generation=2,
    )
    assert ModelDeploymentStatus.parse(yaml) == status
    assert status.dump() == yaml


def test_what_is_unset_is_not_written():
    assert ModelDeploymentStatus(phase="Pending").dump() == {
        "phase": "Pending",
        "conditions": [],
        "drift": [],
    }


@pytest.mark.parametrize(("count", "written"), [(-1, 0), (0, 0), (3, 3), (2**31, 2**31 - 1)])
def test_replicas_are_a_number_that_the_server_takes(count, written):
    assert ModelDeploymentStatus(replicas=count).replicas == written


def test_a_condition_has_no_fractions_of_a_second():
    made = READY_CONDITION.model_copy()
    late = Condition.read(READY | {"lastTransitionTime": "2026-01-02T03:04:05.999999Z"})
    assert late == made


def test_a_condition_is_found_by_its_type():
    status = ModelDeploymentStatus(conditions=(READY_CONDITION,))
    assert status.condition(ConditionType.READY) == READY_CONDITION
    assert status.condition(ConditionType.STALLED) is None


WHOLE = {"externalID": "1", "phase": "Ready", "pending": PENDING}
GARBAGE = [
    pytest.param(None, {}, id="no status"),
    pytest.param("broken", {}, id="no object"),
    pytest.param({"newer": 1}, {}, id="a key of a newer operator"),
    pytest.param(WHOLE | {"replicas": "two"}, WHOLE, id="a word for a number"),
    pytest.param(WHOLE | {"conditions": "none"}, WHOLE, id="a word for a list"),
    pytest.param(WHOLE | {"conditions": {"0": READY}}, WHOLE, id="an object for a list"),
    pytest.param(WHOLE | {"external_id": 5}, WHOLE, id="a name of Python with a bad value"),
    pytest.param(WHOLE | {"endpoint": {"url": "https://a.example"}}, WHOLE, id="half an object"),
    pytest.param(
        WHOLE | {"pending": PENDING | {"deadline": "soon"}},
        {"externalID": "1", "phase": "Ready"},
        id="half an intent",
    ),
    pytest.param(
        WHOLE | {"conditions": [3, READY, READY | {"status": "Maybe"}, {"type": "Ready"}]},
        WHOLE | {"conditions": [READY]},
        id="bad items of a list",
    ),
    pytest.param(
        {
            "lastPowerAction": {"action": "Explode", "at": "2026-01-02T03:04:05Z"},
            "drift": [None],
            "replicas": 1,
        },
        {"replicas": 1},
        id="several at once",
    ),
]


@pytest.mark.parametrize(("raw", "kept"), GARBAGE)
def test_what_cannot_be_understood_is_left_out_and_the_rest_kept(raw, kept):
    assert ModelDeploymentStatus.parse(raw).dump() == {"conditions": [], "drift": []} | kept
