"""kill -9 at each step of a create, twenty of them under way: one deployment each, and none left behind."""

import pytest

from support import crash_steps
from support.crash_steps import SOON, Step
from support.fault_stage import FaultStage, Fleet

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FLEET = Fleet()


@pytest.mark.parametrize(
    ("step", "committed"),
    [
        pytest.param(crash_steps.BEFORE_THE_INTENT, 0, id="before the intent is written"),
        pytest.param(crash_steps.AFTER_THE_INTENT, 0, id="after the intent is written"),
        pytest.param(crash_steps.LOST, 0, id="request lost"),
        pytest.param(crash_steps.UNCOMMITTED, 0, id="committed after the restart"),
        pytest.param(crash_steps.UNANSWERED, 20, id="answer lost"),
        pytest.param(crash_steps.UNRECORDED, 20, id="answered and id not recorded"),
    ],
)
def test_a_create_that_dies_is_finished_once(stage: FaultStage, step: Step, committed: int) -> None:
    stage.operator.kill()
    stage.apply_providers()
    stage.deploy(*FLEET.manifests())
    step.kill_at(stage, "create", stage.operator.start, len(FLEET))
    assert stage.live() == committed
    stage.operator.restart()
    stage.simulator.clear_faults()
    stage.all_until("Ready=True Available", within=SOON)
    stage.assert_created_once(len(FLEET))
    stage.assert_nothing_is_left()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(crash_steps.AFTER_THE_INTENT, id="after the intent is written"),
        pytest.param(crash_steps.UNCOMMITTED, id="committed after the restart"),
        pytest.param(crash_steps.UNANSWERED, id="answer lost"),
        pytest.param(crash_steps.UNRECORDED, id="answered and id not recorded"),
    ],
)
def test_a_create_that_dies_and_is_deleted_leaves_nothing(stage: FaultStage, step: Step) -> None:
    stage.operator.kill()
    stage.apply_providers()
    stage.deploy(*FLEET.manifests())
    step.kill_at(stage, "create", stage.operator.start, len(FLEET))
    stage.delete_all()
    stage.operator.restart()
    stage.simulator.clear_faults()
    stage.all_gone(within=SOON)
    assert stage.live() == 0
    assert all(count == 1 for count in stage.creates().values())
