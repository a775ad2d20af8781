"""Rollouts on a real API server, judged by the simulator's figures in scaled time."""

from datetime import timedelta

import pytest

from support.canary_world import CanaryWorld, canary, judged, path, traffic
from support.deadlines import throughout
from support.namespace import Namespace, condition
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.simulator("--clock=scaled", "--time-scale=60")]

LONG = "100h"
"""A hold that no test outlives, by the provider's clock, which goes sixty times as fast."""


@pytest.fixture
def world(namespace: Namespace, simulator: SimulatorProcess, operator) -> CanaryWorld:
    """Two versions serve, and v1 has all the traffic."""
    made = CanaryWorld(namespace, simulator, operator)
    made.open("v1", "v2")
    made.namespace.apply(canary(traffic=traffic(v1=100)))
    made.until("RolloutComplete=True Completed")
    return made


def never_rises(world: CanaryWorld, above: int, seconds: float = 3) -> None:
    throughout(
        world.split,
        holds=lambda split: split.get("v2", 0) <= above,
        during=timedelta(seconds=seconds),
        what=f"v2 at most at {above} %",
    )


def test_a_healthy_version_takes_over_step_by_step(world):
    world.edit(traffic=traffic(v2=100), rollout=path(25, 50, 100, analysis=judged()))
    seen = []

    def is_done(status):
        ready = next(c for c in status["conditions"] if c["type"] == "Ready")
        seen.append((ready["status"], status.get("split")))
        complete = next(c for c in status["conditions"] if c["type"] == "RolloutComplete")
        return complete["status"] == "True" and status["split"] == "v2=100"

    live = world.when(is_done, "the rollout to complete")
    assert {split for ready, split in seen if ready == "True"} >= {"v1=75 v2=25", "v1=50 v2=50", "v2=100"}
    assert world.sent() == [
        {"v1": 100},
        {"v1": 75, "v2": 25},
        {"v1": 50, "v2": 50},
        {"v2": 100},
    ]
    assert live["status"]["verdict"] == "Pass"
    assert live["status"]["step"] == "3/3"
    assert [past["result"] for past in live["status"]["history"]] == ["Completed", "Completed"]
    assert world.creates() == 1
    world.has_told({"RolloutStarted", "StepApplied", "RolloutCompleted"})


@pytest.mark.long
def test_a_bad_version_is_taken_back_and_stays_away_until_somebody_retries(world):
    world.behave("v2", error_percent=6)
    world.edit(traffic=traffic(v2=100), rollout=path(5, 25, 50, 100, analysis=judged()))
    live = world.until("Stalled=True RolledBack")
    status = live["status"]
    assert world.split() == {"v1": 100}
    assert status["rollout"]["peakPercent"] < 50
    failure = status["rollout"]["failure"]
    assert (failure["reason"], failure["metric"]) == ("MetricBreached", "errors")
    assert float(failure["lowerBound"]) > 2
    assert condition(live, "Ready")["status"] == "True"
    world.has_told({"MetricBreached", "RollbackStarted", "RolledBack"})
    never_rises(world, 0, seconds=2)

    world.behave("v2", error_percent=0)
    world.act("retry:{id}")
    world.when(lambda s: s.get("split") == "v2=100", "the second try to complete")
    world.until("RolloutComplete=True Completed")
    results = [past["result"] for past in world.status()["history"]]
    assert results == ["Completed", "RolledBack", "Completed"]


@pytest.mark.long
def test_without_traffic_or_figures_it_waits_and_goes_neither_way(world):
    world.simulator.knobs(metrics={"endpoint_rps": 0, "direct_rps": 0})
    world.edit(traffic=traffic(v2=100), rollout=path(5, 100, analysis=judged()))
    world.when(lambda s: s.get("verdict") == "Inconclusive", "an inconclusive verdict")
    assert world.conditions()["RolloutComplete"] == "False InsufficientTraffic"
    assert "100 requests are needed" in world.status()["message"]
    never_rises(world, 5)
    assert world.split() == {"v1": 95, "v2": 5}

    down = world.simulator.fault("error", operation="metrics", status=503)
    world.simulator.knobs(metrics={"endpoint_rps": 100})
    world.until("MetricsAvailable=False MetricsUnavailable")
    never_rises(world, 5)
    assert world.split() == {"v1": 95, "v2": 5}
    assert world.conditions()["Ready"] == "True Available"
    down.remove()
    world.when(lambda s: s.get("split") == "v2=100", "the end once there are figures")


@pytest.mark.long
def test_a_kill_at_any_moment_changes_nothing_but_the_time(world):
    world.edit(traffic=traffic(v2=100), rollout=path(25, 100, hold=LONG, analysis=judged()))
    world.when(lambda s: s.get("verdict") == "Pass", "a verdict at the first step")
    acked = world.status()["rollout"]["ackedAt"]
    world.operator.kill()
    world.operator.restart()
    never_rises(world, 25, seconds=2)
    assert world.status()["rollout"]["ackedAt"] == acked

    lost = world.simulator.fault("error", operation="update_canary", status=503)
    world.behave("v2", error_percent=50)
    world.when(lambda s: s.get("phase") == "RollingBack", "the decision to go back")
    lost.wait()
    world.operator.kill()
    world.behave("v2", error_percent=0)
    lost.remove()
    world.operator.restart()
    world.until("Stalled=True RolledBack")
    assert world.split() == {"v1": 100}
    assert world.creates() == 1
    never_rises(world, 0, seconds=1)


@pytest.mark.long
def test_people_steer_it_by_annotation(world):
    world.edit(traffic=traffic(v2=100), rollout=path(25, 50, 100, hold=LONG))
    world.when(lambda s: s.get("split") == "v1=75 v2=25", "the first step")
    world.act("advance:{id}/2")
    world.when(lambda s: s.get("lastAction", {}).get("result") == "Rejected", "the refusal of a stale step")
    world.act("advance:{id}/1")
    world.when(lambda s: s.get("split") == "v1=50 v2=50", "the second step")
    world.act("abort:{id}")
    world.until("Stalled=True RolledBack")
    assert world.split() == {"v1": 100}
    assert world.status()["history"][0]["result"] == "Aborted"

    world.edit(rollout={"retry": "again"})
    world.when(lambda s: s.get("split") == "v1=75 v2=25", "the retry's first step")
    world.act("promote:{id}")
    world.until("RolloutComplete=True Completed")
    assert world.split() == {"v2": 100}
    world.has_told({"ActionAccepted", "ActionRejected"})


@pytest.mark.long
def test_another_destination_midway_starts_from_the_last_good_split(world):
    world.edit(traffic=traffic(v2=100), rollout=path(50, 100, hold=LONG))
    world.when(lambda s: s.get("split") == "v1=50 v2=50", "the first step")
    world.edit(rollout=path(30, 75, 100, hold=LONG))
    never_rises(world, 50, seconds=1)
    assert world.split() == {"v1": 50, "v2": 50}
    world.edit(traffic=traffic(v1=40, v2=60), rollout=path(50, 100, hold=LONG))
    world.when(lambda s: s.get("split") == "v1=70 v2=30", "the new rollout's first step")
    assert world.status()["history"][0]["result"] == "Superseded"
    world.edit(traffic=traffic(v1=100))
    world.until("RolloutComplete=True Completed")
    assert world.split() == {"v1": 100}
