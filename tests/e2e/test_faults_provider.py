"""Providers that fail, babble, throttle and lag: nothing is concluded from it, and all converge when it is over."""

import time
from typing import Any

import pytest

from support import manifests
from support.by_hand import after_sweeps
from support.deadlines import eventually
from support.fault_stage import VENDORS, FaultStage, Fleet
from support.namespace import conditions
from support.recorder import Recorder

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.long]

NAMES = {"parasail": "llama", "paitient": "triage"}
RUBBISH = [
    pytest.param({"kind": "error", "status": 500}, id="500"),
    pytest.param({"kind": "error", "status": 502, "body": "html"}, id="502 in HTML"),
    pytest.param({"kind": "error", "status": 503, "body": "empty"}, id="503 without a body"),
    pytest.param({"kind": "truncate"}, id="half of the JSON"),
    pytest.param({"kind": "invalid_json"}, id="no JSON"),
    pytest.param({"kind": "cut"}, id="connection cut within the body"),
    pytest.param({"kind": "redirect", "location": "/parasail/api/v1/elsewhere"}, id="redirect"),
    pytest.param({"kind": "reset"}, id="connection reset"),
]
Rule = dict[str, Any]


def begin(stage: FaultStage) -> None:
    stage.apply_providers()
    stage.deploy(manifests.parasail_deployment("llama"), manifests.paitient_deployment("triage"))


def changes(stage: FaultStage, since: int = 0) -> list[str]:
    """What was asked of the vendors that is no GET."""
    found = stage.simulator.requests(since)
    return [f"{request['method']} {request['path']}" for request in found if request["method"] != "GET"]


@pytest.mark.parametrize("rule", RUBBISH)
def test_nothing_is_created_at_a_provider_that_cannot_be_understood(stage: FaultStage, rule: Rule) -> None:
    stage.simulator.fault(**rule)
    begin(stage)
    for vendor, name in NAMES.items():
        live = stage.until(name, "Ready=False ProviderUnavailable")
        assert conditions(live) == {
            "Ready": "False ProviderUnavailable",
            "Accepted": "True Accepted",
            "Synced": "False ProviderUnavailable",
            "Serving": "False Missing",
            "Reconciling": "True ProviderUnavailable",
            "Stalled": "False NotStalled",
        }
        assert live["status"]["phase"] == "Pending"
        stage.provider_until(vendor, "Ready=False ProviderUnavailable")
    assert changes(stage) == []
    stage.simulator.clear_faults()
    stage.all_until("Ready=True Available")
    stage.assert_created_once(2)
    assert stage.simulator.requests(path="elsewhere") == []


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "content_type", "value": "text/html"}, id="JSON under another name"),
        pytest.param({"kind": "oversize", "operation": "list"}, id="a list of 2 MiB"),
    ],
)
def test_what_can_be_understood_is_read_all_the_same(stage: FaultStage, rule: Rule) -> None:
    stage.simulator.fault(**rule)
    begin(stage)
    stage.all_until("Ready=True Available")
    stage.assert_created_once(2)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "error", "status": 500}, id="500"),
        pytest.param({"kind": "invalid_json"}, id="no JSON"),
        pytest.param({"kind": "timeout", "seconds": 60}, id="no answer"),
    ],
)
def test_a_served_model_is_unknown_only_after_the_third_failed_poll(stage: FaultStage, rule: Rule) -> None:
    begin(stage)
    stage.all_until("Ready=True Available")
    since = stage.simulator.last_request
    with Recorder(stage.namespace.access, stage.namespace.name, "ModelDeployment") as recorder:
        for two in [stage.simulator.fault(vendor=vendor, count=2, **rule) for vendor in VENDORS]:
            two.wait(2)
        after_sweeps(stage.simulator, *VENDORS)
        assert {conditions(obj).get("Ready") for obj in recorder.versions} <= {"True Available"}
        faults = {vendor: stage.simulator.fault(vendor=vendor, **rule) for vendor in VENDORS}
        unknown = stage.all_until("Ready=Unknown ProviderUnavailable")
        assert {obj["status"]["phase"] for obj in unknown} == {"Ready"}
        assert {conditions(obj)["Stalled"] for obj in unknown} == {"False NotStalled"}
        assert all(fault.report()["hits"] >= 3 for fault in faults.values())
        stage.simulator.clear_faults()
        stage.all_until("Ready=True Available")
    told = {conditions(obj).get("Ready") for obj in recorder.versions}
    assert told == {"True Available", "Unknown ProviderUnavailable"}
    assert changes(stage, since) == []


def test_a_status_that_no_document_names_is_shown_and_changes_nothing(stage: FaultStage) -> None:
    begin(stage)
    stage.all_until("Ready=True Available")
    since = stage.simulator.last_request
    stage.simulator.fault("unknown_status", value="HIBERNATING")
    for obj in stage.all_until("Serving=Unknown Unknown"):
        assert obj["status"]["providerState"] == "HIBERNATING"
        assert conditions(obj)["Ready"] == "Unknown Unknown"
    stage.simulator.clear_faults()
    stage.all_until("Ready=True Available")
    assert changes(stage, since) == []


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_throttled_account_rests_as_long_as_it_is_told(stage: FaultStage, form: str) -> None:
    rest = 2.0
    rule = {"status": 429, "retry_after": rest, "retry_after_form": form}
    faults = [stage.simulator.fault("error", vendor=vendor, **rule) for vendor in VENDORS]
    began = time.monotonic()
    begin(stage)
    stage.all_until("Ready=False RateLimited")
    for fault in faults:
        fault.wait(3)
    # One request after each rest, of the whole account; a date has whole seconds only.
    least = rest - 1 if form == "date" else rest
    for vendor in VENDORS:
        asked = len(stage.simulator.requests(vendor=vendor))
        assert asked <= 1 + (time.monotonic() - began) / least
    assert changes(stage) == []
    stage.simulator.clear_faults()
    stage.all_until("Ready=True Available")
    stage.assert_created_once(2)


def test_a_throttled_edit_is_sent_after_the_rest(stage: FaultStage) -> None:
    begin(stage)
    stage.all_until("Ready=True Available")
    faults = [
        stage.simulator.fault("error", vendor=vendor, operation="update", status=429, retry_after=1, count=2)
        for vendor in VENDORS
    ]
    stage.edit_all(replicas=2)
    stage.all_until("Synced=False RateLimited")
    llama, triage = (stage.until(name, "Ready=True Available")["status"] for name in ("llama", "triage"))
    assert stage.simulator.deployment("parasail", llama["externalID"])["replicas"] == 2
    assert stage.simulator.deployment("paitient", triage["externalID"])["min_replicas"] == 2
    assert [fault.report()["hits"] for fault in faults] == [2, 2]
    assert len(changes(stage)) == 2 + 2 * 3  # two creates, each edit twice refused


def test_a_list_that_lags_neither_doubles_nor_loses(stage: FaultStage) -> None:
    stage.simulator.knobs(parasail={"list_lag_s": 2}, paitient={"list_lag_s": 2})
    fleet = Fleet(3, 3)
    stage.apply_providers()
    stage.deploy(*fleet.manifests())
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(fleet))
    stage.assert_nothing_is_left()


def test_reads_that_lag_behind_a_write_do_not_repeat_it(stage: FaultStage) -> None:
    begin(stage)
    stage.all_until("Ready=True Available")
    stage.simulator.knobs(parasail={"stale_read_s": 1.5}, paitient={"stale_read_s": 1.5})
    since = stage.simulator.last_request
    with Recorder(stage.namespace.access, stage.namespace.name, "ModelDeployment") as recorder:
        stage.edit_all(replicas=2)
        live = stage.all_until("Ready=True Available")
        stage.edit("llama", paused=True)
        stage.until("llama", "Ready=True Paused")
    ids = {obj["metadata"]["name"]: obj["status"]["externalID"] for obj in live}
    assert sorted(changes(stage, since)) == [
        f"PATCH /v1/deployments/{ids['triage']}",
        f"POST /api/v1/dedicated/deployments/{ids['llama']}/pause",
        f"PUT /api/v1/dedicated/deployments/{ids['llama']}",
    ]
    assert "False UpdateIgnored" not in {conditions(obj).get("Synced") for obj in recorder.versions}


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"kind": "error", "status": 500}, id="500"),
        pytest.param({"kind": "reset"}, id="connection reset"),
        pytest.param({"kind": "timeout", "seconds": 60}, id="no answer"),
    ],
)
def test_a_deletion_goes_on_until_the_provider_is_back(stage: FaultStage, rule: Rule) -> None:
    begin(stage)
    stage.all_until("Ready=True Available")
    stage.simulator.fault(**rule)
    stage.delete_all()
    for obj in stage.all_until("Synced=False ProviderUnavailable"):
        assert obj["status"]["phase"] == "Deleting"
        assert conditions(obj)["Reconciling"] == "True ProviderUnavailable"
        assert obj["metadata"]["finalizers"] == ["modeloperator.dev/finalizer"]
    before = stage.simulator.last_request
    for vendor in VENDORS:  # it keeps trying
        eventually(lambda v=vendor: stage.simulator.requests(before, vendor=v), what=f"a try at {vendor}")
    assert len(stage.namespace.objects("ModelDeployment")) == 2
    stage.simulator.clear_faults()
    stage.all_gone()
    assert stage.live() == 0


def test_a_deletion_under_way_says_that_nobody_can_see_its_end(stage: FaultStage) -> None:
    begin(stage)
    stage.all_until("Ready=True Available")
    deleted = [stage.simulator.fault("hold", vendor=v, method="DELETE", when="after") for v in VENDORS]
    stage.delete_all()
    for fault in deleted:
        fault.wait()
    stage.simulator.fault("error", method="GET", status=500)
    for fault in deleted:
        fault.release()
    stage.all_until("Synced=False ProviderUnavailable")
    assert len(stage.namespace.objects("ModelDeployment")) == 2
    stage.simulator.clear_faults()
    stage.all_gone()
    assert stage.live() == 0
