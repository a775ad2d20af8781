"""What does not get on: `progressDeadline`, and the way back from it."""

import pytest

from e2e.conftest import World
from support import manifests
from support.namespace import condition, conditions
from support.rows import ROWS
from support.simulator_process import Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("vendor", "word"),
    [pytest.param(vendor, row.starting, id=vendor) for vendor, row in ROWS.items()],
)
def test_a_deployment_that_does_not_come_up_is_stalled_until_it_does(
    shared: World, vendor: Vendor, word: str
) -> None:
    shared.simulator.fault("stuck", vendor=vendor, operation="create", count=1)
    shared.namespace.apply(manifests.deployment(vendor, "slow", progressDeadline="2s"))
    live = shared.until("slow", "Reconciling=True Starting")
    assert conditions(live)["Stalled"] == "False NotStalled"
    live = shared.until("slow", "Stalled=True ProgressDeadlineExceeded")
    assert conditions(live)["Ready"] == "False Starting"
    assert conditions(live)["Reconciling"] == "False Idle"
    assert live["status"]["providerState"] == word

    shared.simulator.edit_deployment(vendor, live["status"]["externalID"], stuck=False)
    live = shared.until("slow", "Ready=True Available")
    assert conditions(live)["Stalled"] == "False NotStalled"


def test_an_edit_of_a_late_deployment_gets_a_deadline_of_its_own(shared: World) -> None:
    shared.simulator.fault("stuck", vendor="parasail", operation="create", count=1)
    shared.namespace.apply(manifests.parasail_deployment("slow", progressDeadline="2s"))
    live = shared.until("slow", "Stalled=True ProgressDeadlineExceeded")
    id_ = live["status"]["externalID"]
    shared.edit("slow", replicas=2, progressDeadline="1m")
    live = shared.until("slow", "Reconciling=True Updating")
    assert conditions(live)["Stalled"] == "False NotStalled"
    assert "replicas 1 → 2" in condition(live, "Synced")["message"]  # type: ignore[index]
    shared.simulator.edit_deployment("parasail", id_, stuck=False)
    shared.until("slow", "Ready=True Available")
    assert shared.simulator.deployment("parasail", id_)["replicas"] == 2
