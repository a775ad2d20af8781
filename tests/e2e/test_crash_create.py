"""kill -9 at each step of a create, twenty of them under way: one deployment each, and none left behind."""

import pytest

from support import crash_steps
from support.crash_steps import Step
from support.fault_stage import FaultStage, Fleet
from support.kube_api import Object

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FLEET = Fleet()
# A POST that is held must not end by itself; one that is lost is waited out, twice as long.
LONG, SHORT = "20s", "1s"


def fleet(step: Step) -> list[Object]:
    """Of default names, whose intent is the finalizer; of chosen ones where it is `pending` that is to be written."""
    made = FLEET.manifests()
    if step in (crash_steps.BEFORE_THE_INTENT, crash_steps.AFTER_THE_INTENT):
        for manifest in made:
            manifest["spec"]["deploymentName"] = f"chosen-{manifest['metadata']['name']}"
    return made


def die(stage: FaultStage, step: Step, timeout: str) -> None:
    stage.operator.kill()
    stage.operator.settings["request_timeout"] = timeout
    stage.apply_providers()
    stage.deploy(*fleet(step))
    step.kill_at(stage, "create", stage.operator.start, len(FLEET))


@pytest.mark.parametrize(
    ("step", "timeout", "committed"),
    [
        pytest.param(
            crash_steps.BEFORE_THE_FINALIZER,
            SHORT,
            0,
            id="before the finalizer is on",
            marks=pytest.mark.long,
        ),
        pytest.param(crash_steps.AFTER_THE_FINALIZER, SHORT, 0, id="after the finalizer is on"),
        pytest.param(
            crash_steps.BEFORE_THE_INTENT, SHORT, 0, id="before the intent is written", marks=pytest.mark.long
        ),
        pytest.param(
            crash_steps.AFTER_THE_INTENT, SHORT, 0, id="after the intent is written", marks=pytest.mark.long
        ),
        pytest.param(crash_steps.LOST, SHORT, 0, id="request lost", marks=pytest.mark.long),
        pytest.param(
            crash_steps.UNCOMMITTED, LONG, 0, id="committed after the restart", marks=pytest.mark.long
        ),
        pytest.param(crash_steps.UNANSWERED, LONG, 20, id="answer lost"),
        pytest.param(
            crash_steps.UNRECORDED, LONG, 20, id="answered and id not recorded", marks=pytest.mark.long
        ),
    ],
)
def test_a_create_that_dies_is_finished_once(
    stage: FaultStage, step: Step, timeout: str, committed: int
) -> None:
    die(stage, step, timeout)
    assert stage.live() == committed
    stage.operator.restart()
    stage.simulator.clear_faults()
    stage.all_until("Ready=True Available")
    stage.assert_created_once(len(FLEET))
    stage.assert_nothing_is_left()


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "timeout"),
    [
        pytest.param(crash_steps.AFTER_THE_FINALIZER, SHORT, id="after the finalizer is on"),
        pytest.param(crash_steps.AFTER_THE_INTENT, SHORT, id="after the intent is written"),
        pytest.param(crash_steps.UNCOMMITTED, LONG, id="committed after the restart"),
        pytest.param(crash_steps.UNANSWERED, LONG, id="answer lost"),
    ],
)
def test_a_create_that_dies_and_is_deleted_leaves_nothing(
    stage: FaultStage, step: Step, timeout: str
) -> None:
    die(stage, step, timeout)
    stage.delete_all()
    stage.operator.restart()
    stage.simulator.clear_faults()
    stage.all_gone()
    assert stage.live() == 0
    assert all(count == 1 for count in stage.creates().values())
