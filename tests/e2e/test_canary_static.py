"""A static split on a real API server: created once, followed, kept, and left behind with a word."""

import pytest

from support.canary_world import CanaryWorld, canary, traffic
from support.deadlines import eventually
from support.namespace import Namespace, condition
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.simulator("--clock=scaled", "--time-scale=60")]


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


def test_a_lost_create_is_never_repeated_and_asks_for_the_id(world):
    world.open("v1")
    world.simulator.fault("commit_then_reset", operation="create_canary")
    world.namespace.apply(canary(traffic=traffic(v1=100)))
    live = world.until("Stalled=True OutcomeUnknown")
    assert "spec.externalID" in live["status"]["message"]
    world.simulator.clear_faults()
    world.operator.kill()
    world.operator.restart()
    world.until("Stalled=True OutcomeUnknown")
    assert world.creates() == 1
    made = world.simulator.state()["endpoints"][0]["id"]
    world.edit(externalID=made)
    world.until("RolloutComplete=True Completed")
    assert (world.status()["externalID"], world.split(), world.creates()) == (made, {"v1": 100}, 1)


def test_members_that_the_provider_fixes_are_told(world):
    world.open("v1", "v2")
    world.simulator.knobs(paitient={"canary_membership": "fixed"})
    world.namespace.apply(canary(traffic=traffic(v1=100)))
    world.until("RolloutComplete=True Completed")
    world.edit(traffic=traffic(v2=100))
    live = world.until("Stalled=True MembershipFixed")
    assert "percent 0" in live["status"]["message"]
    assert world.split() == {"v1": 100}
    world.edit(traffic=traffic(v1=100))
    world.until("RolloutComplete=True Completed")
    assert world.conditions()["Stalled"] == "False NotStalled"


def test_what_somebody_changed_at_the_vendor_is_undone(world):
    world.open("v1", "v2")
    world.namespace.apply(canary(traffic=traffic(v1=90, v2=10), resync="1s"))
    world.until("RolloutComplete=True Completed")
    before = world.status()
    id = before["externalID"]
    ids = {world.id_of("v1"): 0, world.id_of("v2"): 100}
    world.simulator.control("PATCH", f"/endpoints/{id}", {"split": ids})
    eventually(world.split, until=lambda split: split == {"v1": 90, "v2": 10}, what="the split to be back")
    assert world.status() == before
    world.simulator.control("DELETE", f"/endpoints/{id}")
    world.until("Stalled=True ExternalResourceMissing")
    assert world.creates() == 1


def test_a_model_provider_is_kept_for_the_canary_endpoints_that_use_it(world):
    world.open("v1")
    by_id = {"name": "old", "deploymentID": world.id_of("v1"), "percent": 100}
    world.namespace.apply(canary(traffic=[by_id]))
    world.until("RolloutComplete=True Completed")
    world.namespace.edit("ModelDeployment", "triage-v1", {"spec": {"deletionPolicy": "Orphan"}})
    world.namespace.delete("ModelDeployment", "triage-v1")
    world.namespace.wait_gone("ModelDeployment", "triage-v1")
    world.namespace.delete("ModelProvider", "paitient")
    kept = world.namespace.wait_for_condition("ModelProvider", "paitient", "Ready=False InUse")
    assert "CanaryEndpoints" in condition(kept, "Ready")["message"]
    world.namespace.delete("CanaryEndpoint", "triage")
    world.namespace.wait_gone("CanaryEndpoint", "triage")
    world.namespace.wait_gone("ModelProvider", "paitient")


@pytest.mark.long
def test_a_deployment_can_be_named_by_its_id_alone(world):
    world.open("v1", "v2")
    by_id = {"name": "old", "deploymentID": world.id_of("v1"), "percent": 100}
    world.namespace.apply(canary(traffic=[by_id]))
    world.until("RolloutComplete=True Completed")
    assert world.split() == {"v1": 100}
    world.namespace.delete("ModelDeployment", "triage-v1")
    world.namespace.wait_for_condition("ModelDeployment", "triage-v1", "Synced=False InUse")
    world.namespace.edit("ModelDeployment", "triage-v1", {"spec": {"deletionPolicy": "Orphan"}})
    world.namespace.wait_gone("ModelDeployment", "triage-v1")
    assert world.conditions()["Ready"] == "True Available"
