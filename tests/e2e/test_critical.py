"""What once orphaned, doubled or deleted what is paid for, or stopped everybody: on the real API server, with processes.

One test for each critical finding; those of the whole API's 404 and of an edit within a create are histories of
`explorer/processes/named.py`, those of rollouts are in `test_critical_canary.py`.
"""

import time
from datetime import timedelta
from typing import Any

import pytest

from support import manifests
from support.by_hand import after_sweeps, create_by_hand
from support.canary_world import canary
from support.deadlines import eventually, throughout
from support.fault_stage import FaultStage
from support.kube_api import Object, path_of
from support.namespace import condition
from support.rows import ROWS
from support.simulator_process import Vendor

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.long]

SETTINGS = {"request_timeout": "1s", "recovery_window": "3s", "create_retry": "1s"}
EACH = list(ROWS)
KIND = "ModelDeployment"
WATCH = r"/modeldeployments\?.*watch=true"
A_MOMENT = 2.0
"""Seconds within which a process that is not held up answers: a busy machine's share of them is large."""


def serve(stage: FaultStage, *objects: Object) -> list[str]:
    """Their ids."""
    stage.deploy(*objects)
    lives = [stage.until(one["metadata"]["name"], "Ready=True Available") for one in objects]
    return [str(live["status"]["externalID"]) for live in lives]


def take_status(stage: FaultStage, name: str, status: Object) -> None:
    """As Velero does with `--status-include-resources`."""
    path = f"{path_of(KIND, stage.namespace.name, name)}/status"
    stage.namespace.api.call("PATCH", path, {"status": status}, "application/merge-patch+json")


def id_of(stage: FaultStage, name: str) -> str | None:
    found = stage.namespace.get(KIND, name).get("status", {}).get("externalID")
    return None if found is None else str(found)


def remove(stage: FaultStage, name: str) -> None:
    stage.namespace.delete(KIND, name)
    stage.namespace.wait_gone(KIND, name)


def longest_silence(stage: FaultStage, seconds: float) -> float:
    """The longest that /healthz took to answer meanwhile."""
    longest, end = 0.0, time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        assert stage.operator.get("/healthz")[0] == 200
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.05)
    return longest


def confirm_what_is_missing(stage: FaultStage, vendor: Vendor) -> None:
    live = stage.namespace.get("ModelProvider", vendor)
    word = {"modeloperator.dev/confirm-absence": live["status"]["missing"]["token"]}
    stage.namespace.edit("ModelProvider", vendor, {"metadata": {"annotations": word}})


def test_a_word_of_absence_left_in_place_makes_no_second_deployment(stage: FaultStage) -> None:
    """core C3: as under Git, whose annotation stays."""
    stage.apply_providers("paitient")
    for id_ in serve(stage, *(manifests.paitient_deployment(name) for name in ("a", "b"))):
        stage.simulator.remove_deployment("paitient", id_)
    stage.provider_until("paitient", "Ready=False AccountMismatch")
    confirm_what_is_missing(stage, "paitient")
    stage.all_until("Ready=True Available")
    stage.simulator.knobs(paitient={"stale_read_s": 2, "list_lag_s": 2})
    serve(stage, manifests.paitient_deployment("c"))
    after_sweeps(stage.simulator, "paitient", sweeps=5)
    uid = stage.namespace.get(KIND, "c")["metadata"]["uid"]
    assert stage.simulator.counters("paitient")["creates_by_tag"][uid] == 1


def test_the_end_of_an_old_object_leaves_the_new_one_its_deployment(stage: FaultStage) -> None:
    """core C5: deleted without the operator's knowledge and applied again, while the watch is deaf."""
    stage.apply_providers("parasail")
    (old,) = serve(stage, manifests.parasail_deployment("llama"))
    deaf = stage.proxy.rule("GET", WATCH, then=None, hold=True)
    stage.proxy.cut_watches()
    stage.namespace.edit(KIND, "llama", {"metadata": {"finalizers": None}})
    remove(stage, "llama")
    stage.deploy(manifests.parasail_deployment("llama"))
    # What the provider shows brings a write, its conflict the new object.
    stage.simulator.edit_deployment("parasail", old, status="ERROR")
    eventually(lambda: id_of(stage, "llama"), what="the new object to be met without a watch")
    stage.proxy.remove(deaf)
    deaf.release()
    new = stage.until("llama", "Ready=True Available")["status"]["externalID"]
    assert new != old
    eventually(stage.live, until=lambda live: live == 1, what="the old one's deployment to go")
    after_sweeps(stage.simulator, "parasail")
    assert (id_of(stage, "llama"), stage.live()) == (new, 1)


def test_a_lost_create_takes_nobody_elses_deployment(stage: FaultStage) -> None:
    """core C6."""
    stage.apply_providers("parasail")
    lost = stage.simulator.fault("reset", operation="create", count=1)
    stage.deploy(manifests.parasail_deployment("llama", deploymentName="shared-llama"))
    lost.wait()
    theirs = create_by_hand(stage.simulator, "parasail", "shared-llama", modelName="somebody/elses-70b")
    stage.until("llama", "Accepted=False NameTaken")
    stage.namespace.delete(KIND, "llama")
    stage.until("llama", "Stalled=True OutcomeUnknown")  # its own may still come: that is for a person to say
    stage.edit("llama", deletionPolicy="Orphan")
    stage.namespace.wait_gone(KIND, "llama")
    assert stage.simulator.deployment("parasail", theirs)["modelName"] == "somebody/elses-70b"
    stage.simulator.remove_deployment("parasail", theirs)


@pytest.mark.parametrize("vendor", EACH)
def test_the_copy_of_an_object_with_its_status_deletes_nothing(stage: FaultStage, vendor: Vendor) -> None:
    """kubernetes F2."""
    stage.apply_providers(vendor)
    (id_,) = serve(stage, manifests.deployment(vendor, "llama"))
    stage.operator.pause()
    stage.deploy(manifests.deployment(vendor, "copy"))
    take_status(stage, "copy", stage.namespace.get(KIND, "llama")["status"])
    stage.operator.resume()
    stage.until("copy", "Ready=False ExternalIDTaken")
    remove(stage, "copy")
    after_sweeps(stage.simulator, vendor)
    assert (id_of(stage, "llama"), stage.live(), stage.creates().popitem()[1]) == (id_, 1, 1)
    assert stage.simulator.counters(vendor)["deletes"] == 0


_BLINKS: dict[Vendor, dict[str, Any]] = {
    "parasail": {"kind": "fields", "extra": {"id": 99999, "deploymentName": "another"}},
    "paitient": {"kind": "fields", "extra": {"deployments": [], "total": 0}},
}


@pytest.mark.parametrize("vendor", EACH)
def test_a_deployment_that_is_forgotten_for_a_moment_is_not_made_twice(
    stage: FaultStage, vendor: Vendor
) -> None:
    """providers 1: shorter than a recovery window; five polls see it."""
    stage.apply_providers(vendor)
    (id_,) = serve(stage, manifests.deployment(vendor, "llama"))
    blink = [
        stage.simulator.fault(**_BLINKS[vendor], vendor=vendor, operation="list"),
        stage.simulator.fault("error", vendor=vendor, operation="get", status=404),
    ]
    after_sweeps(stage.simulator, vendor, sweeps=5)
    for fault in blink:
        fault.remove()
    stage.until("llama", "Ready=True Available")
    after_sweeps(stage.simulator, vendor)
    assert (id_of(stage, "llama"), stage.live()) == (id_, 1)
    stage.assert_created_once(1)


def test_an_endpoint_of_another_account_holds_no_deletion(stage: FaultStage) -> None:
    """security C1."""
    stage.apply_providers()
    (id_,) = serve(stage, manifests.parasail_deployment("llama"))
    stage.namespace.apply(canary(traffic=[{"name": "x", "deploymentID": id_, "percent": 100}]))
    stage.namespace.wait("CanaryEndpoint", "triage", lambda obj: condition(obj, "Accepted"))
    remove(stage, "llama")
    assert stage.live() == 0
    stage.namespace.delete("CanaryEndpoint", "triage")
    stage.namespace.wait_gone("CanaryEndpoint", "triage")


def test_a_key_of_any_length_costs_nobody_a_moment(stage: FaultStage) -> None:
    """security C2."""
    stage.apply_providers("paitient")
    stage.namespace.apply(stage.secret("parasail", apiKey="'\"" * 150_000), stage.provider("parasail"))
    assert longest_silence(stage, 1.5) < A_MOMENT
    stage.provider_until("parasail", "Ready=False CredentialsMissing")
    serve(stage, manifests.paitient_deployment("llama"))


def test_a_refusal_of_any_length_costs_nobody_a_moment(stage: FaultStage) -> None:
    """security C3."""
    stage.apply_providers("parasail")
    stage.simulator.fault("error", operation="create", status=400, message="model " * 30_000)
    stage.deploy(manifests.parasail_deployment("llama"))
    assert longest_silence(stage, 1.5) < A_MOMENT
    stage.until("llama", "Stalled=True InvalidRequest")


def test_an_account_of_one_request_a_minute_takes_nobody_elses_turn(stage: FaultStage) -> None:
    """security M2: more objects than there are workers, and each needs a request."""
    stage.apply_providers("paitient")
    serve(stage, manifests.paitient_deployment("good"))
    stage.apply_providers("parasail", requestsPerMinute=1)
    stage.deploy(
        *(
            manifests.parasail_deployment(
                f"evil-{number}", externalID=f"9000{number}", deletionPolicy="Orphan"
            )
            for number in range(60)
        )
    )
    eventually(
        lambda: stage.operator.metric("model_operator_workqueue_depth"), until=lambda depth: depth == 0
    )
    since, began = stage.simulator.last_request, time.monotonic()
    stage.edit("good", replicas=3)
    stage.simulator.wait_for_request(since, vendor="paitient", operation="update")
    assert time.monotonic() - began < A_MOMENT
    throughout(
        lambda: len(stage.simulator.requests(vendor="parasail")),
        holds=lambda sent: sent <= 2,
        during=timedelta(seconds=0.3),
        what="one request a minute",
    )
