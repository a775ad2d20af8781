"""A static split on a real API server: created once, followed, kept, and left behind with a word."""

import pytest

from support.canary_world import CanaryWorld, canary, traffic
from support.namespace import Namespace
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.simulator("--clock=scaled", "--time-scale=60")]


@pytest.fixture
def world(namespace: Namespace, simulator: SimulatorProcess, operator) -> CanaryWorld:
    return CanaryWorld(namespace, simulator, operator)


def test_a_split_lives_from_apply_to_delete(world):
    world.namespace.apply(canary(traffic=traffic(v1=90, v2=10)))
    world.open("v1", "v2")
    live = world.until("Ready=True Available")
    status = live["status"]
    assert world.split() == {"v1": 90, "v2": 10}
    assert status["externalID"].startswith("cep_")
    assert status["endpointURL"].endswith(f"/v1/endpoints/{status['externalID']}/generate")
    assert status["split"] == "v1=90 v2=10"
    world.until("RolloutComplete=True Completed")
    assert world.conditions() == {
        "Ready": "True Available",
        "Accepted": "True Accepted",
        "TargetsReady": "True Serving",
        "TrafficSynced": "True Synced",
        "MetricsAvailable": "Unknown NotJudged",
        "RolloutComplete": "True Completed",
        "Reconciling": "False Idle",
        "Stalled": "False NotStalled",
    }

    world.edit(traffic=traffic(v1=0, v2=100))
    world.until("RolloutComplete=True Completed")
    assert world.split() == {"v2": 100}
    assert world.creates() == 1

    world.namespace.delete("CanaryEndpoint", "triage")
    world.namespace.wait_gone("CanaryEndpoint", "triage")
    said = next(e for e in world.namespace.events("triage") if e["reason"] == "EndpointOrphaned")
    assert status["externalID"] in said["message"]
