"""What a verdict needs before it counts: a measured baseline, fresh figures, and for a row no other verdict between."""

from datetime import timedelta

import pytest

from model_operator.models.canary_analysis import MetricName
from model_operator.models.canary_status import MetricVerdict
from model_operator.plan.canary.ending import UNITS, in_words
from support.canary_driver import Driver
from support.canary_paper import MINUTE
from support.canary_specs import judged, path, spec

HALF = timedelta(seconds=30)


def analysis(**limits):
    """Of error rates, with these limits."""
    errors = {"name": "errors", "type": "Provider", "provider": {"metric": "ErrorRate", **limits}}
    return judged(metrics=[errors])


def under_way(rollout):
    """v1 has everything, and v2 is to get it."""
    driver = Driver(spec(v1=100))
    driver.settle()
    driver.edit(spec(rollout, v2=100))
    driver.settle()
    return driver


@pytest.mark.parametrize(
    "steps", [(75, 100), (100,)], ids=["baseline with traffic", "baseline without traffic"]
)
def test_a_comparison_that_cannot_be_made_moves_nothing(steps):
    """A version that fails every request, and a baseline that never gets its hundred."""
    driver = under_way(path(*steps, hold="10m", analysis=analysis(maxIncreasePercentagePoints="1")))
    driver.rps, driver.errors = 0.5, {"v2": 100.0}
    before = driver.at()
    driver.run(11 * MINUTE)
    assert (driver.at(), driver.status.verdict) == (before, "Inconclusive")
    assert driver.condition("RolloutComplete") == "False InsufficientTraffic"
    driver.run(60 * MINUTE)
    assert driver.at() == ({"v1": 100} if len(steps) == 2 else before), "with enough requests it is seen"


def test_an_absolute_limit_decides_where_the_baseline_gets_nothing():
    limits = {"maxPercent": "2", "maxIncreasePercentagePoints": "1"}
    driver = under_way(path(50, 100, hold="5m", analysis=analysis(**limits)))
    driver.run(30 * MINUTE)
    assert driver.condition("RolloutComplete") == "True Completed"
    (metric,) = driver.status.rollout.analysis.metrics
    assert metric.message == (
        "only absolute limits are checked, because the baseline receives no traffic at this step"
    )


def test_fails_with_another_verdict_between_are_not_in_a_row():
    driver = under_way(path(25, 100, analysis=analysis(maxPercent="2")))
    seen = []
    for baseline in (0.0, 8.0, 0.0, 0.0):
        driver.errors = {"v1": baseline, "v2": 8.0}
        driver.run(MINUTE + (HALF if not seen else timedelta()))
        fails = driver.status.rollout.analysis.consecutive_fails
        seen.append((driver.status.verdict, fails, driver.at().get("v2")))
    assert seen == [("Fail", 1, 25), ("Inconclusive", 0, 25), ("Fail", 1, 25), ("Fail", 2, None)]


def test_a_status_without_canaries_does_not_stand_for_ever():
    """Its rollout was broken at the very split that is the destination."""
    driver = under_way(path(25, 100, analysis=judged()))
    driver.status = driver.status.with_(
        rollout=driver.status.rollout.with_(state="Flying"),
        last_good=driver.status.last_good.with_(traffic=driver.status.rollout.to),
        traffic=tuple(
            share.with_(percent=100 if share.name == "v2" else 0) for share in driver.status.traffic
        ),
    )
    driver.run(MINUTE)
    assert driver.status.phase == "Paused"
    driver.action = f"resume:{driver.status.rollout.id}"
    driver.run(60 * MINUTE)
    assert (driver.at(), driver.condition("RolloutComplete")) == ({"v2": 100}, "True Completed")


def test_figures_from_before_the_step_count_for_nothing():
    drivers = [under_way(path(25, 50, 100, hold="30m", analysis=judged())) for _ in range(2)]
    for driver, more in zip(drivers, (timedelta(), 60 * MINUTE), strict=True):
        driver.tells_more = more
        driver.run(45 * MINUTE)
    asked, told = (driver.status.rollout.analysis for driver in drivers)
    assert drivers[0].at() == {"v1": 50, "v2": 50}
    assert told == asked


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("ErrorRate", "m: 6.1 %, limit 2 %, of 560 requests"),
        ("LatencyP95", "m: 6.1 ms, limit 2 ms, of 560 requests"),
        ("LatencyPerOutputToken", "m: 6.1 ms, limit 2 ms, of 560 requests"),
        ("TokensPerRequest", "m: 6.1 tokens, limit 2 tokens, of 560 requests"),
    ],
)
def test_a_breach_is_said_with_its_unit(metric, said):
    verdict = MetricVerdict(name="m", verdict="Fail", canary="6.1", limit="2", requests=560)
    assert in_words(verdict, UNITS[MetricName(metric)]) == said


def test_every_metric_has_a_unit():
    assert set(UNITS) == set(MetricName)
