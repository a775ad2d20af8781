"""GitOps tools at work on a real API server: applied twice, scaled past Git, replaced, restored, and stuck."""

import copy
import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from e2e.conftest import World
from model_operator_demo.controlplane_access import KubectlFailed
from support import manifests
from support.argo_lua import act, offered
from support.by_hand import after_sweeps
from support.canary_world import CanaryWorld, canary, path, traffic
from support.deadlines import eventually
from support.kube_api import Object, path_of
from support.namespace import Namespace
from support.shared_cluster import ROOT
from support.simulator_process import SimulatorProcess, Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = [pytest.mark.e2e, pytest.mark.long]

MODELS = ROOT / "manifests" / "gitops" / "models"
ARGO, FLUX = "argocd-controller", "kustomize-controller"
BOTH = [pytest.param("parasail", id="parasail"), pytest.param("paitient", id="paitient")]


def sync(
    namespace: Namespace, manager: str, *objects: Object, force: bool = True, verb: str = "apply"
) -> str:
    """`kubectl apply --server-side` as that tool does it; or `verb="diff"`: what it would change."""
    arguments = ["--server-side", f"--field-manager={manager}", "--filename=-"]
    if force:
        arguments.append("--force-conflicts")
    done = namespace.kubectl(verb, *arguments, input=yaml.safe_dump_all(objects), check=verb != "diff")
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def shipped(url: str) -> list[Object]:
    """manifests/gitops/models, with the simulator's address."""
    found = [
        document
        for file in ("provider.yaml", "deployments.yaml", "canary.yaml")
        for document in yaml.safe_load_all(Path(MODELS, file).read_text())
        if document
    ]
    found[0]["spec"]["baseURL"] = f"{url}/paitient"
    return found


@pytest.mark.parametrize("manager", [ARGO, FLUX])
def test_what_was_applied_is_applied_again_without_conflict_or_difference(
    shared: World, manager: str
) -> None:
    shared.namespace.delete("ModelProvider", "paitient")
    shared.namespace.wait_gone("ModelProvider", "paitient")
    objects = shipped(shared.simulator.url)
    sync(shared.namespace, manager, *objects)
    shared.namespace.wait_for_condition("CanaryEndpoint", "triage", "RolloutComplete=True Completed")
    after_sweeps(shared.simulator, "paitient", sweeps=2)
    before = live(shared, objects)
    assert sync(shared.namespace, manager, *objects, verb="diff") == ""
    sync(shared.namespace, manager, *objects, force=False)
    assert live(shared, objects) == before


def live(world: World, objects: list[Object]) -> dict[str, str]:
    found = [world.namespace.get(obj["kind"], obj["metadata"]["name"]) for obj in objects]
    return {obj["metadata"]["name"] + obj["kind"]: obj["metadata"]["resourceVersion"] for obj in found}


def test_scaling_past_git_conflicts_or_is_reverted(shared: World) -> None:
    git = manifests.parasail_deployment("llama", replicas=1)
    sync(shared.namespace, ARGO, git)
    shared.until("llama", "Ready=True Available")
    scale(shared, 3)
    with pytest.raises(KubectlFailed, match=r"conflict.*\.spec\.replicas"):
        sync(shared.namespace, ARGO, git, force=False)
    assert "replicas" in sync(shared.namespace, ARGO, git, verb="diff")
    sync(shared.namespace, ARGO, git)
    assert shared.until("llama", "Ready=True Available")["spec"]["replicas"] == 1


def scale(world: World, replicas: int) -> None:
    world.namespace.kubectl("scale", "mdep/llama", f"--replicas={replicas}")
    world.namespace.kubectl(
        "wait", "mdep/llama", f"--for=jsonpath={{.status.replicas}}={replicas}", "--timeout=20s"
    )


def test_replicas_that_git_lets_go_of_stay_with_whoever_scaled(shared: World) -> None:
    git = manifests.parasail_deployment("llama", replicas=1)
    sync(shared.namespace, FLUX, git)
    shared.until("llama", "Ready=True Available")
    scale(shared, 3)
    git["spec"].pop("replicas")
    sync(shared.namespace, FLUX, git, force=False)
    assert sync(shared.namespace, FLUX, git, verb="diff") == ""
    assert shared.until("llama", "Ready=True Available")["spec"]["replicas"] == 3
    git["metadata"]["name"] = "anew"
    with pytest.raises(KubectlFailed, match="replicas"):
        sync(shared.namespace, FLUX, git)


def test_what_an_argo_action_pauses_survives_a_sync_unless_git_says_otherwise(shared: World) -> None:
    git = manifests.parasail_deployment("llama")
    sync(shared.namespace, ARGO, git)
    running = shared.until("llama", "Ready=True Available")
    assert offered(running) == {"pause": True, "resume": False}
    shared.namespace.edit("ModelDeployment", "llama", act(running, "pause"))
    paused = shared.until("llama", "Ready=True Paused")
    sync(shared.namespace, ARGO, git)
    assert shared.namespace.get("ModelDeployment", "llama")["spec"]["paused"] is True
    shared.namespace.edit("ModelDeployment", "llama", act(paused, "resume"))
    shared.until("llama", "Ready=True Available")
    git["spec"]["paused"] = True
    sync(shared.namespace, ARGO, git)
    shared.until("llama", "Ready=True Paused")


@pytest.mark.simulator("--clock=scaled", "--time-scale=60")
def test_argo_actions_steer_a_rollout(namespace: Namespace, simulator: SimulatorProcess, operator) -> None:
    world = CanaryWorld(namespace, simulator, operator)
    world.open("v1", "v2")
    namespace.apply(canary(traffic=traffic(v1=100)))
    world.until("RolloutComplete=True Completed")
    world.edit(traffic=traffic(v2=100), rollout=path(25, 50, 100, hold="10m"))

    def click(action: str) -> None:
        obj = namespace.get("CanaryEndpoint", "triage")
        assert offered(obj)[action], obj["status"]
        namespace.edit("CanaryEndpoint", "triage", act(obj, action))

    def held(split: str, *, paused: bool = False) -> None:
        def is_so(status: Object) -> bool:
            rollout = status.get("rollout", {})
            is_held = rollout.get("state") == "Holding" and rollout.get("isPaused", False) is paused
            return is_held and status.get("split") == split

        world.when(is_so, f"{split}, paused: {paused}")

    held("v1=75 v2=25")
    click("advance")
    held("v1=50 v2=50")
    click("pause")
    held("v1=50 v2=50", paused=True)
    click("resume")
    held("v1=50 v2=50")
    click("abort")
    world.until("Stalled=True RolledBack")
    click("retry")
    held("v1=75 v2=25")
    click("promote")
    world.when(lambda s: s.get("split") == "v2=100", "the destination")
    assert "ActionRejected" not in world.reasons()


def test_a_replace_makes_no_second_deployment_and_its_finalizer_is_back_in_seconds(shared: World) -> None:
    git = manifests.parasail_deployment("llama")
    (before,) = shared.serve(git)
    shared.namespace.kubectl("replace", "--filename=-", input=yaml.safe_dump(git))
    shared.namespace.wait(
        "ModelDeployment",
        "llama",
        lambda obj: obj["metadata"].get("finalizers"),
        within=timedelta(seconds=5),
        what="the finalizer",
    )
    after_sweeps(shared.simulator, "parasail")
    after = shared.until("llama", "Ready=True Available")
    assert after["status"]["externalID"] == before["status"]["externalID"]
    assert shared.simulator.counters("parasail")["live"] == 1
    assert sum(shared.simulator.counters("parasail")["creates_by_name"].values()) == 1


def test_a_deletion_in_the_gap_after_a_replace_is_still_carried_out_at_the_provider(shared: World) -> None:
    git = manifests.parasail_deployment("llama")
    shared.serve(git)
    shared.operator.pause()  # it does not come to put its finalizer back
    shared.namespace.kubectl("replace", "--filename=-", input=yaml.safe_dump(git))
    shared.namespace.delete("ModelDeployment", "llama")
    assert shared.namespace.find("ModelDeployment", "llama") is None
    assert shared.simulator.counters("parasail")["live"] == 1
    shared.operator.resume()
    eventually(lambda: shared.simulator.counters("parasail")["live"] == 0, what="nothing left")


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
