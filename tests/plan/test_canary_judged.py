"""Verdicts over metrics: too few, unreadable, bad, and what each leads to."""

from datetime import timedelta

from support.canary_first_step import TEN, at_first_step, serving
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec


def test_zero_traffic_goes_neither_way_and_asks_a_person_in_the_end():
    driver = at_first_step()
    driver.rps = 0
    driver.run(100 * MINUTE)
    assert (driver.at(), driver.status.verdict) == ({"v1": 75, "v2": 25}, "Inconclusive")
    assert driver.condition("RolloutComplete") == "False InsufficientTraffic"
    assert driver.status.phase == "Progressing"
    driver.run(60 * MINUTE)
    assert (driver.at(), driver.status.phase) == ({"v1": 75, "v2": 25}, "Waiting")
    driver.action = f"advance:{driver.status.rollout.id}/1"
    driver.settle()
    assert driver.at() == {"v1": 50, "v2": 50}


def test_metrics_that_cannot_be_read_count_neither_way():
    driver = at_first_step()
    driver.errors = {"v2": 50.0}
    driver.run(MINUTE + timedelta(seconds=30))
    fails = driver.status.rollout.analysis.consecutive_fails
    driver.metrics_fail = True
    driver.run(300 * MINUTE)
    assert driver.at() == {"v1": 75, "v2": 25}
    assert driver.condition("MetricsAvailable") == "False MetricsUnavailable"
    assert driver.status.rollout.analysis.consecutive_fails == fails == 1
    driver.metrics_fail = False
    driver.run(TEN)
    assert driver.at() == {"v1": 100}


def test_a_bad_version_is_taken_back_after_enough_verdicts():
    driver = at_first_step()
    driver.errors = {"v2": 8.0}
    driver.run(MINUTE + timedelta(seconds=30))
    assert (driver.at(), driver.status.verdict) == ({"v1": 75, "v2": 25}, "Fail")
    driver.run(MINUTE)
    assert driver.at() == {"v1": 100}
    assert driver.notices[-3:] == ["MetricBreached", "RollbackStarted", "RolledBack"]
    failure = driver.status.rollout.failure
    assert failure.observed == "8"
    assert failure.message.startswith("errors: 8 %, limit ")
    assert f" %, baseline {failure.baseline} %, of {failure.requests} requests" in failure.message


def test_both_versions_bad_is_the_environment():
    driver = at_first_step()
    driver.errors = {"v1": 8.0, "v2": 8.0}
    driver.run(20 * MINUTE)
    assert (driver.at(), driver.status.verdict) == ({"v1": 75, "v2": 25}, "Inconclusive")


def test_on_failure_it_may_pause_instead():
    driver = serving(path(25, 100, analysis=judged(onFail="Pause")))
    driver.errors = {"v2": 8.0}
    driver.run(TEN)
    assert (driver.at(), driver.status.phase) == ({"v1": 75, "v2": 25}, "Paused")
    driver.errors = {}
    driver.action = f"resume:{driver.status.rollout.id}"
    driver.run(20 * TEN)
    assert driver.at() == {"v2": 100}


def test_observing_moves_nothing_and_stops_nothing():
    driver = serving(path(25, 100, analysis=judged(mode="Observe")))
    driver.errors = {"v2": 90.0}
    driver.run(2 * TEN)
    assert (driver.at(), driver.status.condition("RolloutComplete").status) == ({"v2": 100}, "True")


def test_a_check_that_only_warns_does_not_decide():
    analysis = judged()
    analysis["metrics"][0]["action"] = "Warn"
    driver = serving(path(25, 100, analysis=analysis))
    driver.errors = {"v2": 90.0}
    driver.run(2 * TEN)
    assert driver.at() == {"v2": 100}


def test_shared_targets_are_not_judged_unless_allowed():
    driver = serving(path(25, 100, analysis=judged()))
    driver.share("v1")
    driver.run(2 * TEN)
    assert (driver.at(), driver.condition("MetricsAvailable")) == (
        {"v1": 75, "v2": 25},
        "False SharedTarget",
    )
    driver.edit(spec(path(25, 100, analysis=judged(allowSharedTargets=True)), v2=100))
    driver.run(2 * TEN)
    assert driver.at() == {"v2": 100}
