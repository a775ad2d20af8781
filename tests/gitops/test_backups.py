"""Objects whose cluster is lost, and that come back from Git or a backup on a real API server: deployments are found again."""

import copy
import json

import pytest

from e2e.conftest import World
from support import manifests
from support.by_hand import after_sweeps
from support.canary_world import CanaryWorld, canary, traffic
from support.deadlines import eventually
from support.git_sync import ARGO, sync
from support.kube_api import Object, path_of
from support.namespace import Namespace
from support.simulator_process import SimulatorProcess, Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = [pytest.mark.e2e, pytest.mark.long]

BOTH = [pytest.param("parasail", id="parasail"), pytest.param("paitient", id="paitient")]


def external_ids(world: World) -> dict[str, str]:
    """The command of the documentation."""
    template = '{range .items[*]}{.metadata.name}{"\\t"}{.status.externalID}{"\\n"}{end}'
    said = world.namespace.kubectl("get", "modeldeployments", f"--output=jsonpath={template}").stdout
    return dict(line.split("\t") for line in said.splitlines())


def lose_the_cluster(world: World, name: str) -> None:
    """The operator's machine first, then the object, without anybody who could have told the provider."""
    world.operator.kill()
    world.namespace.delete("ModelDeployment", name)
    assert world.namespace.find("ModelDeployment", name) is not None  # it hangs
    patch = '{"metadata":{"finalizers":null}}'
    world.namespace.kubectl("patch", f"modeldeployment/{name}", "--type=merge", f"--patch={patch}")
    world.namespace.wait_gone("ModelDeployment", name)


def made(vendor: Vendor) -> Object:
    return manifests.deployment(vendor, "llama")


@pytest.mark.parametrize("vendor", BOTH)
def test_without_an_operator_the_finalizer_can_be_taken_off_and_the_deployment_goes_on_costing(
    shared: World, vendor: Vendor
) -> None:
    shared.serve(made(vendor))
    id_ = external_ids(shared)["llama"]
    lose_the_cluster(shared, "llama")
    shared.operator.restart()
    after_sweeps(shared.simulator, vendor)
    assert shared.simulator.counters(vendor)["live"] == 1

    # Put right afterwards: taken over by its id, then deleted in the usual way.
    again = made(vendor)
    again["spec"] |= {"externalID": id_, "deletionPolicy": "Delete"}
    shared.serve(again)
    shared.namespace.delete("ModelDeployment", "llama")
    shared.namespace.wait_gone("ModelDeployment", "llama")
    assert shared.simulator.counters(vendor)["live"] == 0


@pytest.mark.parametrize("vendor", BOTH)
def test_a_backup_is_restored_under_new_uids_with_the_ids_that_were_noted(
    shared: World, vendor: Vendor
) -> None:
    (before,) = shared.serve(made(vendor))
    backup = {"spec": copy.deepcopy(before["spec"]), "ids": external_ids(shared)}
    lose_the_cluster(shared, "llama")
    restored = made(vendor)
    restored["spec"] = {**backup["spec"], "externalID": backup["ids"]["llama"], "deletionPolicy": "Delete"}
    sync(shared.namespace, ARGO, restored)
    shared.operator.restart()
    (after,) = shared.serve(restored)
    assert after["metadata"]["uid"] != before["metadata"]["uid"]
    assert after["status"]["externalID"] == before["status"]["externalID"]
    assert sum(shared.simulator.counters(vendor)["creates_by_name"].values()) == 1
    assert shared.simulator.counters(vendor)["live"] == 1


@pytest.mark.parametrize("vendor", BOTH)
def test_a_backup_that_restores_the_status_before_the_operator_starts_needs_no_ids(
    shared: World, vendor: Vendor
) -> None:
    (before,) = shared.serve(made(vendor))
    lose_the_cluster(shared, "llama")
    sync(shared.namespace, ARGO, made(vendor))
    status = path_of("ModelDeployment", shared.namespace.name, "llama", "status")
    shared.namespace.api.merge(status, {"status": before["status"]})
    shared.operator.restart()
    after_sweeps(shared.simulator, vendor)
    after = shared.until("llama", "Ready=True Available")
    assert after["status"]["externalID"] == before["status"]["externalID"]
    assert sum(shared.simulator.counters(vendor)["creates_by_name"].values()) == 1


def test_orphan_waits_for_an_operator_too(shared: World) -> None:
    (llama,) = shared.serve(manifests.parasail_deployment("llama"))
    shared.operator.kill()
    shared.namespace.delete("ModelDeployment", "llama")
    patch = json.dumps({"spec": {"deletionPolicy": "Orphan"}})
    shared.namespace.kubectl("patch", "mdep/llama", "--type=merge", f"--patch={patch}")
    assert shared.namespace.find("ModelDeployment", "llama") is not None
    shared.operator.restart()
    shared.namespace.wait_gone("ModelDeployment", "llama")
    assert shared.remote("parasail", llama)["status"]["status"] == "ONLINE"
    events = eventually(
        lambda: [e for e in shared.namespace.events("llama") if e["reason"] == "Orphaned"], what="the Event"
    )
    assert llama["status"]["externalID"] in events[0]["message"]


def test_a_restored_object_without_its_id_waits_where_its_deployment_has_no_mark(shared: World) -> None:
    """The object that was lost may have been another: a person says whose the deployment is."""
    shared.serve(manifests.parasail_deployment("llama"))
    lose_the_cluster(shared, "llama")
    sync(shared.namespace, ARGO, manifests.parasail_deployment("llama"))
    shared.operator.restart()
    waiting = shared.until("llama", "Synced=False OrphanFound")
    assert "externalID" not in waiting["status"]
    after_sweeps(shared.simulator, "parasail")
    assert shared.simulator.counters("parasail")["live"] == 1


@pytest.mark.simulator("--clock=scaled", "--time-scale=60")
@pytest.mark.parametrize("way", ["status", "externalID"])
def test_a_canary_endpoint_is_restored_and_not_made_again(
    namespace: Namespace, simulator: SimulatorProcess, operator, way: str
) -> None:
    world = CanaryWorld(namespace, simulator, operator)
    world.open("v1", "v2")
    split = canary(traffic=traffic(v1=60, v2=40))
    namespace.apply(split)
    before = world.until("RolloutComplete=True Completed")
    world.operator.kill()
    namespace.delete("CanaryEndpoint", "triage")
    namespace.edit("CanaryEndpoint", "triage", {"metadata": {"finalizers": None}})
    namespace.wait_gone("CanaryEndpoint", "triage")
    if way == "status":
        namespace.apply(split)
        path_ = path_of("CanaryEndpoint", namespace.name, "triage", "status")
        namespace.api.merge(path_, {"status": before["status"]})
    else:
        split["spec"]["externalID"] = before["status"]["externalID"]
        namespace.apply(split)
    world.operator.restart()
    after_sweeps(simulator, "paitient")
    after = world.until("RolloutComplete=True Completed")
    assert after["status"]["externalID"] == before["status"]["externalID"]
    assert world.creates() == 1
    assert world.split() == {"v1": 60, "v2": 40}
