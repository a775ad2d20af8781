"""A POST whose answer is lost: looked for, never repeated while it may have been done, repeated when it was not."""

from typing import Any

import pytest

from support import manifests
from support.fault_stage import VENDORS, FaultStage, Fleet

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.long]

LONG = pytest.mark.long

SETTINGS = {"recovery_window": "3s", "request_timeout": "1s"}
FLEET = Fleet(5, 5)
Rule = dict[str, Any]


def create(stage: FaultStage, rule: Rule) -> None:
    stage.simulator.fault(operation="create", **rule)
    stage.apply_providers()
    stage.deploy(*FLEET.manifests())


def posts(stage: FaultStage) -> int:
    return sum(stage.simulator.counters(vendor)["requests"]["create"] for vendor in VENDORS)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "commit_then_reset"}, id="connection reset"),
        pytest.param({"kind": "commit_then_timeout", "seconds": 30}, id="no answer", marks=LONG),
        pytest.param({"kind": "cut"}, id="connection cut within the body", marks=LONG),
        pytest.param({"kind": "truncate"}, id="half of the JSON", marks=LONG),
        pytest.param({"kind": "invalid_json"}, id="no JSON", marks=LONG),
        pytest.param({"kind": "oversize"}, id="2 MiB", marks=LONG),
        pytest.param({"kind": "fields", "drop": ["id"]}, id="no id", marks=LONG),
        pytest.param({"kind": "error", "status": 500, "commit": True}, id="500", marks=LONG),
        pytest.param(
            {"kind": "error", "status": 502, "commit": True, "body": "html"}, id="502 in HTML", marks=LONG
        ),
        pytest.param(
            {"kind": "error", "status": 504, "commit": True, "body": "empty"},
            id="504 without a body",
            marks=LONG,
        ),
    ],
)
def test_a_create_that_was_done_is_found_and_not_repeated(stage: FaultStage, rule: Rule) -> None:
    create(stage, rule)
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(FLEET))
    assert posts(stage) == len(FLEET)
    stage.assert_nothing_is_left()


@pytest.mark.long
def test_a_create_that_was_done_is_found_in_a_list_that_lags(stage: FaultStage) -> None:
    stage.simulator.knobs(parasail={"list_lag_s": 2.5}, paitient={"list_lag_s": 2.5})
    create(stage, {"kind": "commit_then_reset"})
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(FLEET))
    assert posts(stage) == len(FLEET)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "reset", "count": len(FLEET)}, id="connection reset"),
        pytest.param({"kind": "error", "status": 500, "count": len(FLEET)}, id="500", marks=LONG),
    ],
)
def test_a_create_that_was_not_done_is_repeated_once_that_is_certain(stage: FaultStage, rule: Rule) -> None:
    create(stage, rule)
    stage.all_until("Ready=False OutcomeUnknown")
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(FLEET))
    assert posts(stage) == 2 * len(FLEET)
    times: dict[str, list[float]] = {}
    for request in stage.simulator.requests(operation="create"):
        body = request["body"]
        times.setdefault(body.get("deploymentName") or body["deployment_name"], []).append(request["at"])
    waits = [second - first for first, second in times.values()]
    assert min(waits) > 3  # the recovery window


@pytest.mark.long
def test_a_refused_create_is_no_lost_one(stage: FaultStage) -> None:
    """429 is an answer: nothing was made, and the next POST need not wait for a recovery window."""
    create(stage, {"kind": "error", "status": 429, "retry_after": 1, "count": 2})
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(FLEET))
    assert posts(stage) == len(FLEET) + 2


def test_a_deletion_waits_for_a_create_that_may_have_been_done(stage: FaultStage) -> None:
    fault = stage.simulator.fault("late_commit", operation="create", seconds=3)
    stage.apply_providers()
    stage.deploy(*FLEET.manifests())
    fault.wait(len(FLEET))
    stage.delete_all()
    stage.all_gone()
    assert len(stage.creates()) == len(FLEET)  # they came after all
    assert stage.live() == 0
    assert posts(stage) == len(FLEET)


def test_a_name_conflict_where_nobody_can_look_waits_for_a_person(stage: FaultStage) -> None:
    stage.simulator.knobs(parasail={"listing": "405", "duplicate_names": "reject"})
    stage.simulator.fault("commit_then_reset", operation="create", count=1)
    stage.apply_providers("parasail")
    stage.deploy(manifests.parasail_deployment("llama"))
    stage.until("llama", "Accepted=False NameTaken")
    assert stage.live() == 1
    (remote,) = stage.simulator.state()["parasail"]
    stage.edit("llama", externalID=str(remote["id"]), deletionPolicy="Delete")
    stage.until("llama", "Ready=True Available")
    stage.assert_created_once(1)
    stage.assert_nothing_is_left()


@pytest.mark.long
def test_a_create_that_fails_where_nobody_can_look_is_not_repeated_without_a_pause(stage: FaultStage) -> None:
    stage.simulator.knobs(parasail={"listing": "405"})
    fault = stage.simulator.fault("error", operation="create", status=500)
    stage.apply_providers("parasail")
    stage.deploy(manifests.parasail_deployment("llama"))
    fault.wait(3)
    first, second, third = (request["at"] for request in stage.simulator.requests(operation="create")[:3])
    # Intents are two timeouts (2 s) apart; between an intent and its POST there is a write to the API server.
    assert min(second - first, third - second) > 1.5
    stage.simulator.clear_faults()
    stage.until("llama", "Ready=True Available")
    stage.assert_created_once(1)


@pytest.mark.long
@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "commit_then_reset", "count": 2}, id="connection reset"),
        pytest.param(
            {"kind": "error", "status": 500, "commit": True, "count": 2}, id="500 although it was made"
        ),
        pytest.param({"kind": "error", "status": 500, "count": 2}, id="500 and not made"),
    ],
)
def test_an_update_whose_answer_is_lost_is_made(stage: FaultStage, rule: Rule) -> None:
    stage.apply_providers()
    stage.deploy(manifests.parasail_deployment("llama"), manifests.paitient_deployment("triage"))
    stage.all_until("Ready=True Available")
    stage.simulator.fault(operation="update", **rule)
    stage.edit_all(contextLength=4096)
    llama, triage = (stage.until(name, "Ready=True Available")["status"] for name in ("llama", "triage"))
    assert stage.simulator.deployment("parasail", llama["externalID"])["contextLength"] == 4096
    remote = stage.simulator.deployment("paitient", triage["externalID"])
    assert remote["model_config"]["context_length"] == 4096
    # What was sent and never confirmed is ours all the same: taking it back is noticed.
    stage.edit_all(contextLength=None)
    stage.until("llama", "Ready=True Available")
    assert stage.simulator.deployment("parasail", llama["externalID"])["contextLength"] is None
    stage.until("triage", "Synced=False RemovalUnsupported")
