"""GitOps tools at work on a real API server: applied twice, scaled past Git, replaced, and stuck."""

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
from support.git_sync import ARGO, FLUX, sync
from support.kube_api import Object
from support.namespace import Namespace
from support.shared_cluster import ROOT
from support.simulator_process import SimulatorProcess

pytest_plugins = ("support.shared_world",)


pytestmark = [pytest.mark.e2e, pytest.mark.long]
MODELS = ROOT / "manifests" / "gitops" / "models"


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
