"""kill -9 at each step of an update, a pause, a resume and a delete, twenty under way: all are finished."""

import pytest

from support import crash_steps
from support.crash_steps import SOON, Step
from support.fault_stage import FaultStage, Fleet
from support.kube_api import Object
from support.simulator_process import Vendor

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SETTINGS = {"request_timeout": "20s"}  # a request that is held must not end by itself

BOTH = Fleet(10, 10)
PARASAIL = Fleet(20, 0)
STEPS = [
    pytest.param(crash_steps.LOST, id="request lost"),
    pytest.param(crash_steps.UNCOMMITTED, id="committed after the restart"),
    pytest.param(crash_steps.UNANSWERED, id="answer lost"),
    pytest.param(crash_steps.UNRECORDED, id="answered and not recorded"),
]


def serve(stage: FaultStage, fleet: Fleet) -> None:
    stage.apply_providers()
    stage.deploy(*fleet.manifests())
    stage.all_until("Ready=True Available", within=SOON)


def restart(stage: FaultStage) -> None:
    stage.operator.restart()
    stage.simulator.clear_faults()


def remote(stage: FaultStage, obj: Object) -> Object:
    vendor: Vendor = "parasail" if "parasail" in obj["spec"] else "paitient"
    return stage.simulator.deployment(vendor, obj["status"]["externalID"])


@pytest.mark.parametrize("step", STEPS)
def test_an_update_that_dies_is_made(stage: FaultStage, step: Step) -> None:
    serve(stage, BOTH)
    step.kill_at(stage, "update", lambda: stage.edit_all(replicas=2), len(BOTH))
    restart(stage)
    for obj in stage.all_until("Ready=True Available", within=SOON):
        shown = remote(stage, obj)
        assert (shown.get("replicas") or shown.get("min_replicas")) == 2
    stage.assert_created_once(len(BOTH))
    stage.assert_nothing_is_left()


@pytest.mark.parametrize("step", STEPS)
def test_a_pause_that_dies_is_made(stage: FaultStage, step: Step) -> None:
    serve(stage, PARASAIL)
    step.kill_at(stage, "pause", lambda: stage.edit_all(paused=True), len(PARASAIL))
    restart(stage)
    for obj in stage.all_until("Ready=True Paused", within=SOON):
        assert remote(stage, obj)["status"]["status"] == "OFFLINE"
        assert obj["status"]["lastPowerAction"]["action"] == "Pause"
    stage.assert_created_once(len(PARASAIL))
    stage.assert_nothing_is_left()


@pytest.mark.parametrize("step", STEPS)
def test_a_resume_that_dies_is_made(stage: FaultStage, step: Step) -> None:
    serve(stage, PARASAIL)
    stage.edit_all(paused=True)
    stage.all_until("Ready=True Paused", within=SOON)
    step.kill_at(stage, "resume", lambda: stage.edit_all(paused=False), len(PARASAIL))
    restart(stage)
    for obj in stage.all_until("Ready=True Available", within=SOON):
        assert remote(stage, obj)["status"]["status"] == "ONLINE"
    stage.assert_created_once(len(PARASAIL))
    stage.assert_nothing_is_left()


@pytest.mark.parametrize(
    "step", [*STEPS, pytest.param(crash_steps.BEFORE_RELEASE, id="gone and finalizer not removed")]
)
def test_a_deletion_that_dies_is_finished(stage: FaultStage, step: Step) -> None:
    serve(stage, BOTH)
    step.kill_at(stage, "delete", stage.delete_all, len(BOTH))
    assert len(stage.namespace.objects("ModelDeployment")) == len(BOTH)
    restart(stage)
    stage.all_gone(within=SOON)
    assert stage.live() == 0
    stage.assert_created_once(len(BOTH))
