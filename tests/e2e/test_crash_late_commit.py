"""A POST that commits seconds after its connection died, with kill -9 in between: still one deployment each."""

import pytest

from support.fault_stage import A_MINUTE, VENDORS, FaultStage, Fleet

pytest_plugins = ("support.fault_fixtures",)
pytestmark = [pytest.mark.e2e, pytest.mark.slow]

# From the intent to the earliest second POST: twice the request's timeout plus the window, 8 s.
SETTINGS = {"request_timeout": "1s", "recovery_window": "6s"}
FLEET = Fleet()
LATE = {"parasail": 5.0, "paitient": 3.0}  # seconds after the connection died


def posts(stage: FaultStage) -> int:
    return sum(stage.simulator.counters(vendor)["requests"]["create"] for vendor in VENDORS)


def die_between_post_and_commit(stage: FaultStage) -> None:
    """All twenty POSTs are under way; then three kills, each as soon as the operator is up again."""
    stage.operator.kill()
    stage.apply_providers()
    stage.deploy(*FLEET.manifests())
    faults = [
        stage.simulator.fault("late_commit", vendor=vendor, operation="create", seconds=LATE[vendor])
        for vendor in VENDORS
    ]
    stage.operator.start()
    for fault in faults:
        fault.wait(len(FLEET) // 2, A_MINUTE)
    for _ in range(2):
        stage.operator.kill()
        stage.operator.restart()
    stage.operator.kill()


@pytest.mark.long
def test_a_late_commit_is_adopted(stage: FaultStage) -> None:
    die_between_post_and_commit(stage)
    stage.operator.restart()
    stage.all_until("Ready=True Available")
    assert posts(stage) == len(FLEET)
    stage.assert_created_once(len(FLEET))
    stage.assert_nothing_is_left()


@pytest.mark.long
def test_a_late_commit_of_what_is_deleted_meanwhile_is_deleted_too(stage: FaultStage) -> None:
    die_between_post_and_commit(stage)
    stage.delete_all()
    stage.operator.restart()
    stage.all_gone()
    stage.assert_created_once(len(FLEET))
    assert posts(stage) == len(FLEET)
    assert stage.live() == 0
