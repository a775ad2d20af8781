"""kill -9 at each step of an update, a pause, a resume and a delete, twenty under way: all are finished."""

import pytest

from support import crash_steps, manifests
from support.crash_steps import Step
from support.deadlines import eventually
from support.fault_stage import A_MINUTE, VENDORS, FaultStage, Fleet
from support.kube_api import Object

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SETTINGS = {"request_timeout": "20s"}  # a request that is held must not end by itself

BOTH = Fleet(10, 10)
PARASAIL = Fleet(20, 0)
STEPS = [
    pytest.param(crash_steps.LOST, id="request lost", marks=pytest.mark.long),
    pytest.param(crash_steps.UNCOMMITTED, id="committed after the restart", marks=pytest.mark.long),
    pytest.param(crash_steps.UNANSWERED, id="answer lost", marks=pytest.mark.long),
    pytest.param(crash_steps.UNRECORDED, id="answered and not recorded"),
]


def serve(stage: FaultStage, fleet: Fleet) -> None:
    stage.apply_providers()
    stage.deploy(*fleet.manifests())
    stage.all_until("Ready=True Available")


def restart(stage: FaultStage) -> None:
    stage.operator.restart()
    stage.simulator.clear_faults()


def remote(stage: FaultStage, obj: Object) -> Object:
    return stage.simulator.deployment(manifests.vendor_of(obj), obj["status"]["externalID"])


def assert_replicas(stage: FaultStage, count: int) -> None:
    for obj in stage.all_until("Ready=True Available"):
        shown = remote(stage, obj)
        assert (shown.get("replicas") or shown.get("min_replicas")) == count


@pytest.mark.parametrize("step", STEPS)
def test_an_update_and_a_deletion_that_die_are_finished(stage: FaultStage, step: Step) -> None:
    serve(stage, BOTH)
    step.kill_at(stage, "update", lambda: stage.edit_all(replicas=2), len(BOTH))
    restart(stage)
    assert_replicas(stage, 2)
    step.kill_at(stage, "delete", stage.delete_all, len(BOTH))
    assert len(stage.namespace.objects("ModelDeployment")) == len(BOTH)
    restart(stage)
    stage.all_gone()
    assert stage.live() == 0
    stage.assert_created_once(len(BOTH))


@pytest.mark.long
@pytest.mark.parametrize("step", STEPS)
def test_a_pause_and_a_resume_that_die_are_finished(stage: FaultStage, step: Step) -> None:
    serve(stage, PARASAIL)
    step.kill_at(stage, "pause", lambda: stage.edit_all(paused=True), len(PARASAIL))
    restart(stage)
    for obj in stage.all_until("Ready=True Paused"):
        assert remote(stage, obj)["status"]["status"] == "OFFLINE"
        assert obj["status"]["lastPowerAction"]["action"] == "Pause"
    step.kill_at(stage, "resume", lambda: stage.edit_all(paused=False), len(PARASAIL))
    restart(stage)
    for obj in stage.all_until("Ready=True Available"):
        assert remote(stage, obj)["status"]["status"] == "ONLINE"
        assert obj["status"]["lastPowerAction"]["action"] == "Resume"
    stage.assert_created_once(len(PARASAIL))
    stage.assert_nothing_is_left()


@pytest.mark.long
def test_a_deletion_that_dies_before_the_finalizer_is_removed_is_finished(stage: FaultStage) -> None:
    serve(stage, BOTH)
    crash_steps.BEFORE_RELEASE.kill_at(stage, "delete", stage.delete_all, len(BOTH))
    assert stage.live() == 0
    assert len(stage.namespace.objects("ModelDeployment")) == len(BOTH)
    restart(stage)
    stage.all_gone()
    stage.assert_created_once(len(BOTH))


@pytest.mark.long
def test_an_update_that_commits_late_is_corrected_to_the_newer_one(stage: FaultStage) -> None:
    serve(stage, BOTH)
    late = stage.simulator.fault("hold", operation="update", seconds=100, count=len(BOTH))
    stage.edit_all(replicas=2)
    late.wait(len(BOTH), A_MINUTE)
    stage.operator.kill()
    stage.edit_all(replicas=3)
    stage.operator.restart()
    assert_replicas(stage, 3)
    assert updates(stage) == [1] * len(BOTH)
    late.release()
    eventually(
        lambda: updates(stage), until=lambda made: made == [3] * len(BOTH), what="the correction of each"
    )
    assert_replicas(stage, 3)


def updates(stage: FaultStage) -> list[int]:
    """How many changes each deployment has seen."""
    writes = [stage.simulator.counters(vendor)["writes"] for vendor in VENDORS]
    return [sum(by_operation.values()) for by_id in writes for by_operation in by_id.values()]
