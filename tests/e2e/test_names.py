"""Names at the provider: whose a deployment is, where two want one, and where nobody can list them."""

import pytest

from e2e.conftest import World
from support import manifests
from support.by_hand import after_sweeps, create_by_hand
from support.kube_api import Object
from support.namespace import condition
from support.rows import ROWS
from support.simulator_process import Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = [pytest.mark.e2e, pytest.mark.long]

EACH = list(ROWS)


def message_of(live: Object) -> str:
    return str(condition(live, "Accepted")["message"])  # type: ignore[index]


@pytest.mark.parametrize("vendor", EACH)
def test_a_foreign_deployment_of_the_same_name_is_never_touched(shared: World, vendor: Vendor) -> None:
    id_ = create_by_hand(shared.simulator, vendor, "triage-v1")
    before, since = shared.simulator.deployment(vendor, id_), shared.simulator.last_request
    after_sweeps(shared.simulator, vendor, sweeps=1)  # it is in the LIST by now
    shared.namespace.apply(manifests.deployment(vendor, "triage", deploymentName="triage-v1", replicas=2))
    live = shared.until("triage", "Accepted=False NameTaken")
    assert id_ in message_of(live)
    shared.until("triage", "Stalled=True NameTaken")
    assert shared.writes(since, vendor) == []
    assert shared.simulator.deployment(vendor, id_) == before

    shared.simulator.remove_deployment(vendor, id_)
    live = shared.until("triage", "Ready=True Available")
    assert live["status"]["externalID"] != id_


@pytest.mark.parametrize("vendor", EACH)
def test_a_refused_name_is_not_deleted_with_its_object(shared: World, vendor: Vendor) -> None:
    id_ = create_by_hand(shared.simulator, vendor, "triage-v1")
    before = shared.simulator.deployment(vendor, id_)
    after_sweeps(shared.simulator, vendor, sweeps=1)
    shared.namespace.apply(manifests.deployment(vendor, "triage", deploymentName="triage-v1"))
    shared.until("triage", "Accepted=False NameTaken")
    shared.namespace.delete("ModelDeployment", "triage")
    shared.namespace.wait_gone("ModelDeployment", "triage")
    assert shared.simulator.deployment(vendor, id_) == before


@pytest.fixture
def unlisted(shared: World) -> World:
    """A world whose Parasail has never listed anything, as its document, which names no list, would have it."""
    shared.namespace.delete("ModelProvider", "parasail")
    shared.namespace.wait_gone("ModelProvider", "parasail")
    shared.simulator.knobs(parasail={"listing": "405"})
    shared.namespace.apply(manifests.parasail_provider(shared.simulator.url, pollInterval=None))
    shared.simulator.wait_for_request(
        shared.simulator.last_request, vendor="parasail", operation="list", status="405"
    )
    return shared


def test_without_a_list_all_goes_by_id(unlisted: World) -> None:
    since = unlisted.simulator.last_request
    (llama,) = unlisted.serve(manifests.parasail_deployment("llama"))
    unlisted.edit("llama", replicas=2, contextLength=4096)
    unlisted.until("llama", "Ready=True Available")
    assert unlisted.remote("parasail", llama)["replicas"] == 2
    unlisted.simulator.edit_deployment("parasail", llama["status"]["externalID"], fields={"replicas": 1})
    unlisted.when("llama", lambda _: unlisted.remote("parasail", llama)["replicas"] == 2, "corrected")
    unlisted.edit("llama", paused=True)
    unlisted.until("llama", "Ready=True Paused")
    unlisted.namespace.delete("ModelDeployment", "llama")
    unlisted.namespace.wait_gone("ModelDeployment", "llama")
    assert unlisted.simulator.counters("parasail")["live"] == 0
    seen = unlisted.simulator.requests(since, vendor="parasail", operation="list", status="200")
    assert seen == []


def test_without_a_list_a_deployment_that_vanished_is_created_again(unlisted: World) -> None:
    (llama,) = unlisted.serve(manifests.parasail_deployment("llama"))
    first = llama["status"]["externalID"]
    unlisted.simulator.remove_deployment("parasail", first)
    live = unlisted.when(
        "llama", lambda o: o["status"].get("externalID") not in (None, first), "created again"
    )
    unlisted.until("llama", "Ready=True Available")
    assert unlisted.remote("parasail", live)


def test_without_a_list_a_conflict_of_names_stops(unlisted: World) -> None:
    id_ = create_by_hand(unlisted.simulator, "parasail", "triage-v1")
    before = unlisted.simulator.deployment("parasail", id_)
    unlisted.namespace.apply(manifests.parasail_deployment("triage", deploymentName="triage-v1", replicas=2))
    live = unlisted.until("triage", "Accepted=False NameTaken")
    assert "externalID" not in live["status"]
    assert unlisted.simulator.deployment("parasail", id_) == before

    unlisted.simulator.remove_deployment("parasail", id_)
    unlisted.until("triage", "Ready=True Available")


def test_without_a_list_a_lost_create_waits_for_somebody_to_say_which_it_is(unlisted: World) -> None:
    unlisted.simulator.fault("commit_then_reset", vendor="parasail", operation="create", count=1)
    unlisted.namespace.apply(manifests.parasail_deployment("triage", deploymentName="triage-v1"))
    unlisted.until("triage", "Accepted=False NameTaken")
    (found,) = unlisted.simulator.state()["parasail"]
    unlisted.edit("triage", externalID=str(found["id"]), deletionPolicy="Delete")
    live = unlisted.until("triage", "Ready=True Available")
    assert live["status"]["externalID"] == str(found["id"])
    assert unlisted.simulator.counters("parasail")["creates_by_name"] == {"triage-v1": 1}
    unlisted.namespace.delete("ModelDeployment", "triage")
    unlisted.namespace.wait_gone("ModelDeployment", "triage")
    assert unlisted.simulator.counters("parasail")["live"] == 0
