"""What once moved traffic to a failing version, or lost an endpoint: on the real API server, with processes."""

from datetime import timedelta

import pytest

from support import manifests
from support.canary_world import CanaryWorld, canary, judged, path, target, traffic
from support.deadlines import throughout
from support.namespace import Namespace, condition
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.simulator("--clock=scaled", "--time-scale=60"), pytest.mark.long]


@pytest.fixture
def world(namespace: Namespace, simulator: SimulatorProcess, operator) -> CanaryWorld:
    made = CanaryWorld(namespace, simulator, operator)
    made.open("v1", "v2")
    return made


def test_an_id_that_was_received_is_recorded_whatever_is_refused_meanwhile(world: CanaryWorld) -> None:
    """core C4: the write of the id conflicts with an edit, and that is refused."""
    world.namespace.apply(manifests.paitient_deployment("triage-away", providerRef={"name": "elsewhere"}))
    held = world.simulator.fault("hold", operation="create_canary", when="after", seconds=1.5, count=1)
    world.namespace.apply(canary(traffic=traffic(v1=100)))
    held.wait()
    world.edit(traffic=[target("away", 100)])
    (made,) = world.simulator.state()["endpoints"]
    live = world.when(lambda status: status.get("externalID"), "its id")
    assert live["status"]["externalID"] == made["id"]
    world.edit(traffic=traffic(v1=100))
    world.until("Ready=True Available")
    assert world.creates() == 1


def test_figures_that_stop_move_no_traffic(world: CanaryWorld) -> None:
    """providers 2: a Pass is on record, and from then on the figures end where they ended; the version fails."""
    world.namespace.apply(canary(traffic=traffic(v1=100)))
    world.until("RolloutComplete=True Completed")
    world.edit(traffic=traffic(v2=100), rollout=path(25, 100, hold="5m", analysis=judged()))
    world.when(lambda status: status.get("verdict") == "Pass", "a verdict at the first step")
    world.simulator.knobs(metrics={"lag_s": 3600})
    world.behave("v2", error_percent=60)
    throughout(
        world.split,
        holds=lambda split: split.get("v2", 0) <= 25,
        during=timedelta(seconds=7),  # seven minutes of the provider's
        what="v2 at most at 25 %",
    )
    complete = condition(world.namespace.get("CanaryEndpoint", "triage"), "RolloutComplete")
    assert complete is not None
    assert complete["status"] == "False"
