"""Pause and resume: by the spec, by a scale-down policy, and by somebody's hand."""

import pytest

from e2e.conftest import World
from support import manifests
from support.namespace import condition

pytestmark = pytest.mark.e2e


def test_edits_while_paused_are_held_and_sent_after_the_resume(world: World) -> None:
    world.serve(manifests.parasail_deployment("llama"))
    world.edit("llama", paused=True)
    world.until("llama", "Ready=True Paused")
    world.edit("llama", replicas=3)
    live = world.until("llama", "Synced=False HeldWhilePaused")
    assert condition(live, "Ready")["reason"] == "Paused"  # type: ignore[index]
    assert "replicas 1 → 3" in condition(live, "Synced")["message"]  # type: ignore[index]
    assert world.remote("parasail", live)["replicas"] == 1
    world.edit("llama", paused=False)
    live = world.until("llama", "Ready=True Available")
    world.when("llama", lambda o: world.remote("parasail", o)["replicas"] == 3, "held edit sent")


@pytest.mark.long
def test_what_is_created_paused_costs_nothing_until_it_is_unpaused(world: World) -> None:
    world.namespace.apply(manifests.parasail_deployment("llama", paused=True))
    live = world.until("llama", "Ready=True Paused")
    assert "externalID" not in live["status"]
    assert world.simulator.counters("parasail")["creates_by_name"] == {}
    world.edit("llama", paused=False)
    world.until("llama", "Ready=True Available")


@pytest.mark.long
def test_a_pause_is_defended_once_per_generation_against_hands(world: World) -> None:
    (llama,) = world.serve(manifests.parasail_deployment("llama"))
    id_ = llama["status"]["externalID"]
    world.edit("llama", paused=True)
    world.until("llama", "Ready=True Paused")
    world.simulator.edit_deployment("parasail", id_, status="ONLINE")
    world.until("llama", "Ready=False Pausing")
    world.until("llama", "Ready=True Paused")
    world.simulator.edit_deployment("parasail", id_, status="ONLINE")
    live = world.until("llama", "Synced=False UpdateIgnored")
    assert condition(live, "Stalled")["status"] == "True"  # type: ignore[index]


@pytest.mark.long
def test_a_stop_by_its_own_policy_is_left_alone(world: World) -> None:
    world.serve(
        manifests.parasail_deployment(
            "llama", parasail={"scaleDownPolicy": "TIMER", "scaleDownThreshold": "20s"}
        )
    )
    before = world.simulator.last_request
    live = world.until("llama", "Ready=True ScaledDown")
    assert live["status"]["phase"] == "ScaledDown"
    world.when("llama", lambda o: o["status"]["replicas"] == 0, "no replica runs")
    assert world.writes(before, "parasail") == []


@pytest.mark.long
def test_a_stop_by_hand_is_undone_once_and_then_reported(world: World) -> None:
    (llama,) = world.serve(manifests.parasail_deployment("llama"))
    id_ = llama["status"]["externalID"]
    world.simulator.edit_deployment("parasail", id_, status="OFFLINE")
    world.until("llama", "Ready=False Resuming")
    world.until("llama", "Ready=True Available")
    world.simulator.edit_deployment("parasail", id_, status="OFFLINE")
    live = world.until("llama", "Ready=False Stopped")
    assert condition(live, "Stalled")["status"] == "True"  # type: ignore[index]
    assert live["status"]["phase"] == "Stopped"
