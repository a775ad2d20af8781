"""The status subresource: a default from the first moment on, and nothing that could refuse what we must keep."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from model_operator.domain import Power
from model_operator.models import (
    Condition,
    DriftRow,
    LastPowerAction,
    ModelDeployment,
    ModelDeploymentStatus,
    ModelProvider,
    ModelProviderStatus,
    Pending,
    RemoteEndpoint,
    Truth,
)
from support.least_manifests import PARASAIL, PROVIDER, edited

BOTH = pytest.mark.parametrize("base", [PARASAIL, PROVIDER], ids=["ModelDeployment", "ModelProvider"])
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
READY = Condition(
    type="Ready",
    status=Truth.FALSE,
    observed_generation=1,
    last_transition_time=NOW,
    reason="Starting",
    message="Wait.",
)
LONG = "x" * 100_000


def made(api, base):
    return api.create(edited(base, {}, name=f"a-{uuid4().hex[:8]}"))


def report(api, live, status):
    return api.report(live["kind"], live["metadata"]["name"], status)


@BOTH
def test_a_new_object_says_that_nobody_has_looked_at_it(api, base):
    status = made(api, base)["status"]
    (ready,) = status["conditions"]
    assert status["observedGeneration"] == -1
    assert "check that the operator is running" in ready.pop("message")
    assert ready == {
        "type": "Ready",
        "status": "Unknown",
        "reason": "Pending",
        "lastTransitionTime": "1970-01-01T00:00:00Z",
    }


@BOTH
def test_users_do_not_write_a_status_by_applying(api, base):
    live = api.create(edited(base, {}, name=f"a-{uuid4().hex[:8]}") | {"status": {"phase": "Ready"}})
    assert live["status"]["observedGeneration"] == -1
    changed = api.edit(live["kind"], live["metadata"]["name"], {"status": {"observedGeneration": 1}})
    assert changed["status"] == live["status"]


@BOTH
def test_a_status_write_changes_neither_spec_nor_generation(api, base):
    live = made(api, base)
    written = report(api, live, {"observedGeneration": 1})
    assert (written["spec"], written["metadata"]["generation"]) == (live["spec"], 1)
    assert written["status"]["observedGeneration"] == 1


def test_the_server_keeps_all_of_a_deployments_status(api):
    status = ModelDeploymentStatus(
        observed_generation=1,
        conditions=(READY,),
        phase="Starting",
        external_id="33665",
        external_alias="acme-m",
        endpoint_url="https://api.parasail.io/v1",
        endpoint=RemoteEndpoint(id="ep_1", url="https://a.example"),
        provider_state="STARTING",
        replicas=0,
        selector="modeloperator.dev/deployment=a",
        drift=(
            DriftRow(field="replicas", desired=1, observed=2),
            DriftRow(field="paitient.tags", desired={"a": "b"}, observed=None),
            DriftRow(field="parasail.generative", desired=True, observed=["odd", {"thing": 1.5}]),
        ),
        last_applied={"replicas": 1, "paitient.tags": {"a": "b"}, "paitient.vpcConfig": {"subnetIDs": ["s"]}},
        pending=Pending(operation="Create", started_at=NOW, deadline=NOW, absent_before=True),
        last_power_action=LastPowerAction(action=Power.RESUME, at=NOW, generation=1, correction=True),
        recreated_generation=1,
    )
    live = made(api, PARASAIL)
    assert ModelDeployment.parse(report(api, live, status.dump())).status == status
    assert ModelDeployment.parse(api.get(live["kind"], live["metadata"]["name"])).status == status


def test_the_server_keeps_all_of_a_providers_status(api):
    status = ModelProviderStatus(
        observed_generation=1, conditions=(READY,), deployments=3, proven_secret_version="12345"
    )
    assert ModelProvider.parse(report(api, made(api, PROVIDER), status.dump())).status == status


def test_no_value_of_the_right_type_is_refused(api):
    status = {
        "phase": LONG,
        "externalID": "",
        "replicas": 2**31 - 1,
        "lastPowerAction": {"action": "Explode"},
        "pending": {"startedAt": "yesterday"},
        "endpoint": {},
        "drift": [{}] * 1000,
        "lastApplied": {LONG: LONG},
    }
    written = report(api, made(api, PARASAIL), status)["status"]
    assert {key: written[key] for key in status} == status


@pytest.mark.parametrize("count", [-1, 2**31])
def test_a_vendors_odd_number_of_replicas_does_not_cost_the_status(api, count):
    status = ModelDeploymentStatus(external_id="33665", replicas=count)
    assert report(api, made(api, PARASAIL), status.dump())["status"]["externalID"] == "33665"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        pytest.param({"reason": ""}, "reason", id="empty reason"),
        pytest.param({"reason": "not one word"}, "reason", id="reason in a sentence"),
        pytest.param({"status": "Maybe"}, "status", id="unknown status"),
        pytest.param({"message": None}, "message", id="no message"),
        pytest.param({"lastTransitionTime": "yesterday"}, "lastTransitionTime", id="no time"),
    ],
)
def test_conditions_are_as_every_tool_expects_them(api, wrong, field):
    condition = {key: value for key, value in (READY.dump() | wrong).items() if value is not None}
    refusal = report(api, made(api, PARASAIL), {"conditions": [condition]})
    assert refusal.names(f"status.conditions[0].{field}", "")


def test_there_is_one_condition_of_each_type(api):
    refusal = report(api, made(api, PARASAIL), {"conditions": [READY.dump(), READY.dump()]})
    assert refusal.names("status.conditions[1]", "Duplicate value")
