"""What Argo CD and Flux make of everything that a real operator ever wrote into a status."""

from datetime import timedelta

import pytest

from e2e.conftest import World
from support import manifests, samples
from support.argo_lua import health
from support.canary_world import CanaryWorld, canary, path, traffic
from support.deadlines import eventually
from support.kstatus import Status, kstatus
from support.kube_api import Object
from support.namespace import Namespace, condition, conditions
from support.recorder import Recorder
from support.simulator_process import SimulatorProcess

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

EXPECTED: dict[Status, str] = {
    "InProgress": "Progressing",
    "Terminating": "Progressing",
    "Current": "Healthy",
    "Failed": "Degraded",
}


def recording(namespace: Namespace, kind: str) -> Recorder:
    return Recorder(namespace.access, namespace.name, kind)


def assert_sound(versions: list[Object]) -> None:
    """Every state that anybody could see: Argo CD and kstatus agree, and nothing holds a wave for ever."""
    assert versions
    for version in versions:
        status, message = health(version)
        assert status == EXPECTED[kstatus(version)], (message, version["status"])
        assert message
        is_stalled = condition(version, "Stalled")
        if status == "Degraded":
            assert is_stalled["status"] == "True"
        if version["metadata"]["generation"] != version["status"]["observedGeneration"]:
            assert status == "Progressing"


def has(**wanted: str):
    """`has(Ready="True Paused")`, about the present generation, and not while it is deleted."""

    def pick(obj: Object) -> bool:
        is_current = obj["status"]["observedGeneration"] == obj["metadata"]["generation"]
        found = conditions(obj)
        return (
            is_current
            and "deletionTimestamp" not in obj["metadata"]
            and all(found.get(k, "").startswith(v) for k, v in wanted.items())
        )

    return pick


def is_new(obj: Object) -> bool:
    return bool(obj["status"]["observedGeneration"] == -1)


def is_stale(obj: Object) -> bool:
    return bool(0 < obj["status"]["observedGeneration"] < obj["metadata"]["generation"])


def is_deleting(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"] and conditions(obj)["Synced"] == "False Deleting"


@pytest.mark.long
def test_a_deployments_whole_life(shared: World) -> None:
    with recording(shared.namespace, "ModelDeployment") as recorder:
        _live(shared)
        eventually(lambda: len(recorder.of("late")), what="the last object")
    llama, late = recorder.of("llama"), recorder.of("late")
    assert_sound(recorder.versions)
    picks = {
        "created": (llama, is_new, "Progressing"),
        "starting": (llama, has(Reconciling="True Starting"), "Progressing"),
        "ready": (llama, has(Ready="True Available"), "Healthy"),
        "edited": (llama, is_stale, "Progressing"),
        "updating": (llama, has(Reconciling="True Updating"), "Progressing"),
        "paused": (llama, has(Ready="True Paused"), "Healthy"),
        "scaled-down": (recorder.of("idle"), has(Ready="True ScaledDown"), "Healthy"),
        "unreachable": (llama, has(Ready="Unknown ProviderUnavailable"), "Progressing"),
        "failed": (llama, has(Stalled="True Failed"), "Degraded"),
        "deleting": (llama, is_deleting, "Progressing"),
        "no-provider-yet": (late, has(Reconciling="True ProviderNotFound"), "Progressing"),
        "no-provider": (late, has(Stalled="True ProviderNotFound"), "Degraded"),
    }
    for name, (versions, pick, expected) in picks.items():
        live = samples.first(versions, pick, name)
        assert health(live)[0] == expected, name
        samples.check(f"deployment-{name}", live)
    samples.write_index()


def _live(world: World) -> None:
    """Created, starting, ready, edited, paused, unreachable, failed, deleted; scaled down; without an account."""
    policy = {"scaleDownPolicy": "TIMER", "scaleDownThreshold": "1h"}
    stuck = world.simulator.fault("stuck", vendor="parasail", operation="create", count=1)
    world.namespace.apply(manifests.parasail_deployment("llama"))
    live = world.until("llama", "Reconciling=True Starting")
    stuck.remove()
    id_ = live["status"]["externalID"]
    world.simulator.edit_deployment("parasail", id_, stuck=False)
    world.until("llama", "Ready=True Available")
    world.edit("llama", replicas=2)
    world.until("llama", "Ready=True Available")
    world.edit("llama", paused=True)
    world.until("llama", "Ready=True Paused")
    world.edit("llama", paused=False)
    (idle, _) = world.serve(
        manifests.parasail_deployment("idle", parasail=policy),
        manifests.parasail_deployment("llama", replicas=2, paused=False),
    )
    world.simulator.edit_deployment("parasail", idle["status"]["externalID"], status="OFFLINE")
    world.until("idle", "Ready=True ScaledDown")
    down = world.simulator.fault("error", vendor="parasail", status=503)
    world.until("llama", "Ready=Unknown ProviderUnavailable")
    down.remove()
    world.until("llama", "Ready=True Available")
    world.simulator.edit_deployment("parasail", id_, status="ERROR", message="No GPU left")
    world.until("llama", "Stalled=True Failed")
    world.namespace.apply(manifests.parasail_deployment("late", providerRef={"name": "nobody"}))
    world.until("late", "Stalled=True ProviderNotFound")
    world.namespace.delete("ModelDeployment", "llama")
    world.namespace.wait_gone("ModelDeployment", "llama")


def test_an_accounts_whole_life(shared: World) -> None:
    with recording(shared.namespace, "ModelProvider") as recorder:
        shared.namespace.apply(
            manifests.paitient_provider(shared.simulator.url, name="other", secret="other")
        )
        wait = shared.namespace.wait_for_condition
        wait("ModelProvider", "other", "Stalled=True CredentialsMissing")
        shared.namespace.apply(manifests.paitient_secret("other"))
        wait("ModelProvider", "other", "Ready=True Available")
        shared.namespace.apply(manifests.paitient_secret("other", apiKey="not-the-right-key"))
        wait("ModelProvider", "other", "Stalled=True CredentialsInvalid", within=timedelta(seconds=20))
    versions = recorder.of("other")
    assert_sound(recorder.versions)
    picks = {
        "created": (is_new, "Progressing"),
        "secret-missing-yet": (has(Reconciling="True CredentialsMissing"), "Progressing"),
        "secret-missing": (has(Stalled="True CredentialsMissing"), "Degraded"),
        "ready": (has(Ready="True Available"), "Healthy"),
        "key-refused": (has(Stalled="True CredentialsInvalid"), "Degraded"),
    }
    for name, (pick, expected) in picks.items():
        live = samples.first(versions, pick, name)
        assert health(live)[0] == expected, name
        samples.check(f"provider-{name}", live)
    samples.write_index()


@pytest.mark.simulator("--clock=scaled", "--time-scale=60")
def test_a_canary_endpoints_whole_life(namespace: Namespace, simulator: SimulatorProcess, operator) -> None:
    world = CanaryWorld(namespace, simulator, operator)
    with recording(namespace, "CanaryEndpoint") as recorder:
        world.open("v1", "v2")
        namespace.apply(canary(traffic=traffic(v1=100)))
        world.until("RolloutComplete=True Completed")
        world.edit(traffic=traffic(v2=100), rollout=path(25, 50, 100, hold="10m"))
        world.when(lambda s: s.get("split") == "v1=75 v2=25", "the first step")
        world.act("pause:{id}")
        world.when(lambda s: s["rollout"].get("isPaused"), "the pause")
        world.act("abort:{id}")
        world.until("Stalled=True RolledBack")
        namespace.delete("CanaryEndpoint", "triage")
        namespace.wait_gone("CanaryEndpoint", "triage")
    assert_sound(recorder.versions)

    def at(state: str, *, paused: bool = False):
        def pick(obj: Object) -> bool:
            rollout = obj["status"].get("rollout") or {}
            is_at = rollout.get("state") == state and rollout.get("isPaused", False) is paused
            return is_at and has()(obj) and obj["status"].get("step", "").endswith("/3")

        return pick

    picks = {
        "created": (is_new, "Progressing"),
        "ready": (has(RolloutComplete="True Completed"), "Healthy"),
        "step": (at("Holding"), "Healthy"),
        "paused": (at("Holding", paused=True), "Healthy"),
        "rolled-back": (has(Stalled="True RolledBack"), "Degraded"),
    }
    for name, (pick, expected) in picks.items():
        live = samples.first(recorder.of("triage"), pick, name)
        assert health(live)[0] == expected, name
        samples.check(f"canary-{name}", live)
    samples.write_index()
