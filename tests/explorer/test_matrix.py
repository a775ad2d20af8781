"""The crash matrix: what goes wrong at each point of each act, a part that changes each day here, all in test-long."""

import subprocess

import pytest

from explorer.acts import ACTS, points_of
from explorer.alone import alone
from explorer.matrix import Case, every_one, every_pair

FOUND = (
    "paitient-canary-create,CanaryEndpoint.status.sent:2=reply-lost",
    "paitient-canary-create,CanaryEndpoint.status.sent:2=lease-lost,CanaryEndpoint.status.sent:3=refused-500",
)
"""Cases that once failed."""
PARTS = 4
EFFECTS = {
    "create": {
        "ModelDeployment.finalizer",
        "create",
        "ModelDeployment.status",
        "ConfigMap.create",
        "Event.create",
    },
    "scale": {"update", "ModelDeployment.status"},
    "update": {"update", "ModelDeployment.status"},
    "pause": {"power", "ModelDeployment.status"},
    "resume": {"power", "ModelDeployment.status"},
    "delete": {"delete", "ModelDeployment.status", "ModelDeployment.finalizer"},
    "delete-early": {"ModelDeployment.finalizer", "create", "delete", "ModelDeployment.status"},
    "orphan": {"ModelDeployment.finalizer", "Event.create"},
    "canary-create": {"CanaryEndpoint.finalizer", "CanaryEndpoint.status", "create_canary"},
    "canary-traffic": {"CanaryEndpoint.status", "update_canary"},
    "canary-rollback": {"CanaryEndpoint.status", "update_canary"},
    "canary-delete": {"CanaryEndpoint.finalizer", "Event.create"},
}
"""What each act changes, wherever."""


def assert_well(done: subprocess.CompletedProcess[str]) -> None:
    """Each case that failed is shown with the command that repeats it."""
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ACTS)
def test_every_effect_of_an_act_is_a_point(name: str) -> None:
    points = points_of(ACTS[name])
    assert EFFECTS[ACTS[name].name] <= {point.what for point in points if point.is_sent}
    assert EFFECTS[ACTS[name].name] <= {point.what for point in points if not point.is_sent}


def test_a_case_is_known_by_its_name() -> None:
    cases = [*every_one(), *every_pair()]
    assert [Case.named(str(case)) for case in cases] == cases
    assert len(set(cases)) == len(cases)


@pytest.mark.parametrize("name", FOUND)
def test_a_case_that_once_failed_ends_well(name: str) -> None:
    assert_well(alone("explorer.matrix", "--case", name))


@pytest.mark.slow
def test_the_cases_of_the_day_end_well() -> None:
    assert_well(alone("explorer.matrix", "--seconds", "28"))


@pytest.mark.long
@pytest.mark.slow(260)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_all_cases_end_well(part: int) -> None:
    assert_well(alone("explorer.matrix", "--whole", f"{part}/{PARTS}", limit=1100))
