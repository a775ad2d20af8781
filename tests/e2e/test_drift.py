"""Hands at the provider: corrected or reported by policy, owned fields only, and a vanished deployment once."""

import pytest

from e2e.conftest import World
from support import manifests
from support.namespace import condition

pytestmark = [pytest.mark.e2e, pytest.mark.long]


def test_drift_is_corrected_and_what_is_not_ours_is_left_alone(world: World) -> None:
    (llama,) = world.serve(manifests.parasail_deployment("llama", replicas=2))
    id_, before = llama["status"]["externalID"], world.simulator.last_request
    world.simulator.edit_deployment("parasail", id_, fields={"replicas": 1, "description": "by hand"})
    world.simulator.wait_for_request(before, vendor="parasail", method="PUT")
    world.when("llama", lambda _: world.remote("parasail", llama)["replicas"] == 2, "corrected")
    live = world.until("llama", "Ready=True Available")
    assert world.remote("parasail", live)["description"] == "by hand"
    assert "drift" not in live["status"] or live["status"]["drift"] == []


def test_drift_is_only_reported_where_the_policy_says_so(world: World) -> None:
    (triage,) = world.serve(
        manifests.paitient_deployment("triage", driftPolicy="Report", paitient={"tags": {"env": "prod"}})
    )
    id_ = triage["status"]["externalID"]
    before = world.simulator.last_request
    world.simulator.edit_deployment("paitient", id_, fields={"tags": {"env": "dev"}})
    live = world.until("triage", "Synced=False DriftReported")
    assert live["status"]["drift"] == [{"field": "paitient.tags.env", "desired": "prod", "observed": "dev"}]
    assert condition(live, "Ready")["status"] == "True"  # type: ignore[index]
    assert world.writes(before, "paitient") == []

    # An edit of the spec is an edit all the same.
    world.edit("triage", replicas=2)
    world.when("triage", lambda _: world.remote("paitient", triage)["min_replicas"] == 2, "edit sent")


def test_half_an_account_gone_at_once_is_a_wrong_account_until_somebody_vouches(world: World) -> None:
    names = ["a", "b", "c"]
    lives = world.serve(*(manifests.parasail_deployment(name) for name in names))
    for live in lives:
        world.simulator.remove_deployment("parasail", live["status"]["externalID"])
    for name in names:
        world.until(name, "Ready=False AccountMismatch")
    world.namespace.wait_for_condition("ModelProvider", "parasail", "Ready=False AccountMismatch")
    assert world.simulator.counters("parasail")["live"] == 0

    token = world.namespace.get("ModelProvider", "parasail")["status"]["missing"]["token"]
    world.namespace.edit(
        "ModelProvider",
        "parasail",
        {"metadata": {"annotations": {"modeloperator.dev/confirm-absence": token}}},
    )
    for name in names:
        world.until(name, "Ready=True Available")
    assert world.simulator.counters("parasail")["live"] == 3
