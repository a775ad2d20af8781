"""The main job on a real API server: from `kubectl apply` to a served model, through every edit, to nothing left."""

from collections.abc import Callable
from typing import Any

import pytest

from support import manifests
from support.namespace import Namespace, conditions
from support.operator_process import OperatorProcess
from support.simulator_process import SimulatorProcess

Start = Callable[..., OperatorProcess]
READY = {
    "Ready": "True Available",
    "Accepted": "True Accepted",
    "Synced": "True Synced",
    "Serving": "True Serving",
    "Reconciling": "False Idle",
    "Stalled": "False NotStalled",
}


def test_a_parasail_deployment_lives_from_apply_to_delete(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start
) -> None:
    operator()
    namespace.apply(
        manifests.parasail_secret(),
        manifests.parasail_provider(simulator.url),
        manifests.parasail_deployment("llama"),
    )
    live = namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    status = live["status"]
    assert conditions(live) == READY
    assert status["phase"] == "Ready"
    assert status["externalAlias"].startswith("sim-llama-")
    assert status["endpointURL"] == f"{simulator.url}/parasail/v1"
    assert status["replicas"] == 1
    remote = simulator.deployment("parasail", status["externalID"])
    assert remote["modelName"] == manifests.PARASAIL_MODEL

    namespace.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    live = namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert simulator.deployment("parasail", status["externalID"])["replicas"] == 2

    namespace.edit("ModelDeployment", "llama", {"spec": {"paused": True}})
    live = namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Paused")
    assert live["status"]["phase"] == "Paused"
    namespace.edit("ModelDeployment", "llama", {"spec": {"paused": False}})
    live = namespace.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    assert live["status"]["externalID"] == status["externalID"]

    namespace.delete("ModelDeployment", "llama")
    namespace.wait_gone("ModelDeployment", "llama")
    assert simulator.counters("parasail")["live"] == 0
    assert simulator.counters("parasail")["creates_by_name"][remote["deploymentName"]] == 1


def test_a_paitient_deployment_lives_from_apply_to_delete(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start
) -> None:
    operator()
    namespace.apply(
        manifests.paitient_secret(),
        manifests.paitient_provider(simulator.url),
        manifests.paitient_deployment("triage", paitient={"endpointName": "triage"}),
    )
    live = namespace.wait_for_condition("ModelDeployment", "triage", "Ready=True Available")
    status = live["status"]
    assert conditions(live) == READY
    assert status["endpointURL"].endswith(f"/v1/deployments/{status['externalID']}/generate")
    assert status["endpoint"]["id"].startswith("ep_")

    namespace.edit("ModelDeployment", "triage", {"spec": {"replicas": 2, "contextLength": 4096}})
    namespace.wait_for_condition("ModelDeployment", "triage", "Ready=True Available")
    remote: dict[str, Any] = simulator.deployment("paitient", status["externalID"])
    assert (remote["min_replicas"], remote["max_replicas"], remote["auto_scaling"]) == (2, 2, False)
    assert remote["model_config"]["context_length"] == 4096

    namespace.delete("ModelDeployment", "triage")
    namespace.wait_gone("ModelDeployment", "triage")
    assert simulator.counters("paitient")["live"] == 0


pytestmark = pytest.mark.e2e
