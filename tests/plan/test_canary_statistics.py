"""How sure a verdict is: the bounds against published values, the rates of docs/canary.md, and what is judged how."""

import importlib.util
from datetime import timedelta
from math import comb
from pathlib import Path
from time import process_time

import pytest

from model_operator.models.canary_analysis import MetricSpec
from model_operator.plan.canary.checks import judge
from model_operator.plan.canary.course import Check
from model_operator.plan.canary.judging import warning
from model_operator.plan.canary.statistics import detectable, least_breach, least_difference, wilson
from model_operator.traffic import Bucket, Figure
from support.canary_paper import START

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(
    ("errors", "requests", "low", "high"),
    [
        pytest.param(0, 0, 0, 1, id="nothing is known of nothing"),
        pytest.param(0, 100, 0, 0.0263, id="no errors"),
        pytest.param(6, 100, 0.0313, 0.1120, id="some"),
        pytest.param(81, 263, 0.2630, 0.3566, id="Newcombe's example"),
        pytest.param(100, 100, 0.9737, 1, id="all"),
    ],
)
def test_bounds_are_wilsons(errors, requests, low, high):
    assert wilson(errors, requests) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_a_difference_is_certain_only_with_enough_requests():
    assert least_difference(6, 100, 1, 100) < 0.02 < least_difference(600, 10_000, 100, 10_000)


@pytest.mark.parametrize(("requests", "errors"), [(6, 1), (50, 3), (100, 5), (1, 1), (1000, 28)])
def test_the_least_breach_is_the_first_count_that_is_certain(requests, errors):
    found = least_breach(requests, 0.02)
    assert wilson(found, requests)[0] > 0.02 >= wilson(found - 1, requests)[0]
    assert found == errors


@pytest.mark.parametrize("requests", [6, 50, 1000, 10_000_000])
@pytest.mark.parametrize("limit", [0.001, 0.02, 0.5, 1.0])
def test_what_a_look_can_detect_costs_next_to_nothing(requests, limit):
    """It is asked at each verdict of each rollout, on the event loop."""
    began = process_time()
    for _ in range(100):
        detectable(requests, limit)
    assert (process_time() - began) / 100 < 0.0005


@pytest.mark.parametrize("limit", [0.001, 0.02, 0.05, 0.3])
@pytest.mark.parametrize("requests", [1, 6, 10, 50, 77, 300])
def test_what_a_look_can_detect_is_the_binomials(requests, limit):
    needed, rate = least_breach(requests, limit), detectable(requests, limit)
    if needed is not None:
        below = sum(comb(requests, k) * rate**k * (1 - rate) ** (requests - k) for k in range(needed))
        assert 1 - below == pytest.approx(0.95, abs=0.006)


def test_six_requests_show_next_to_nothing():
    assert detectable(6, 0.02) == pytest.approx(0.393, abs=0.005)
    assert (
        warning(6, 2) == "6 requests are expected in this step, so error rates below 39 % cannot be detected"
    )
    assert (
        warning(0, 2) == "0 requests are expected in this step, so error rates below 100 % cannot be detected"
    )
    assert warning(100_000, 2) is None


@pytest.mark.long
def test_the_rates_in_the_document_are_the_simulations():
    location = importlib.util.spec_from_file_location(
        "canary_rates", DOCS.parent / "tools" / "canary_rates.py"
    )
    rates = importlib.util.module_from_spec(location)
    location.loader.exec_module(rates)
    assert rates.table() in (DOCS / "canary.md").read_text()


def check(needed=100, **provider):
    spec = MetricSpec.read({"name": "m", "type": "Provider", "provider": provider})
    return Check(name="m", figure=spec.provider, needed=needed, only_warns=False)


def buckets(*figures):
    return [Bucket(START + n * timedelta(minutes=1), one) for n, one in enumerate(figures)]


def errors(n, percent):
    return {Figure.REQUESTS: n, Figure.ERRORS: percent}


def p95(n, value):
    return {Figure.REQUESTS: n, Figure.LATENCY_P95: value}


def tokens(n, each):
    return {Figure.REQUESTS: n, Figure.TOKENS: n * each}


ERRORS = check(metric="ErrorRate", maxPercent="2")
RELATIVE = check(metric="ErrorRate", maxIncreasePercentagePoints="1")
BOTH = check(metric="ErrorRate", maxPercent="2", maxIncreasePercentagePoints="1")
P95 = check(metric="LatencyP95", maxMilliseconds="400", maxIncreasePercent="20")
TOKENS = check(metric="TokensPerRequest", maxIncreasePercent="30")
PER_TOKEN = check(metric="LatencyPerOutputToken", maxMilliseconds="10")


@pytest.mark.parametrize(
    ("check", "canary", "baseline", "verdict"),
    [
        pytest.param(ERRORS, [errors(1000, 1)], [], "Pass", id="few errors"),
        pytest.param(ERRORS, [errors(1000, 6)], [], "Fail", id="many errors"),
        pytest.param(ERRORS, [errors(100, 3)], [], "Inconclusive", id="above, and not certainly"),
        pytest.param(ERRORS, [errors(99, 100)], [], "Inconclusive", id="too few requests"),
        pytest.param(ERRORS, [], [], "Inconclusive", id="no buckets"),
        pytest.param(ERRORS, [{Figure.REQUESTS: 1000.0}], [], "Inconclusive", id="no error figures"),
        pytest.param(ERRORS, [errors(0, 0)], [], "Inconclusive", id="no requests"),
        pytest.param(ERRORS, [errors(1000, 6)], [errors(1000, 6)], "Inconclusive", id="everywhere"),
        pytest.param(ERRORS, [errors(500, 0), errors(500, 12)], [], "Fail", id="over all buckets"),
        pytest.param(RELATIVE, [errors(9000, 3)], [errors(9000, 1)], "Fail", id="worse than the baseline"),
        pytest.param(RELATIVE, [errors(9000, 3)], [errors(9000, 2.5)], "Pass", id="like the baseline"),
        pytest.param(RELATIVE, [errors(100, 3)], [errors(100, 1)], "Inconclusive", id="perhaps worse"),
        pytest.param(RELATIVE, [errors(9000, 50)], [errors(50, 1)], "Inconclusive", id="too little baseline"),
        pytest.param(BOTH, [errors(9000, 1)], [errors(50, 1)], "Inconclusive", id="within, and not compared"),
        pytest.param(BOTH, [errors(9000, 50)], [], "Fail", id="beyond, and not compared"),
        pytest.param(TOKENS, [tokens(100, 1)], [tokens(100, 0)], "Inconclusive", id="a baseline of nothing"),
        pytest.param(P95, [p95(100, 300)], [p95(100, 300)], "Pass", id="quick"),
        pytest.param(P95, [p95(100, 500), p95(100, 500), p95(100, 300)], [], "Fail", id="mostly slow"),
        pytest.param(P95, [p95(100, 5000), p95(150, 300)], [p95(250, 300)], "Pass", id="slow for a minute"),
        pytest.param(P95, [p95(300, 300)], [p95(300, 200)], "Fail", id="slower than the baseline"),
        pytest.param(P95, [p95(300, 300)], [p95(300, 280)], "Pass", id="as slow as the baseline"),
        pytest.param(
            TOKENS,
            [tokens(100, 200)],
            [tokens(100, 100)],
            "Fail",
            id="wordy",
        ),
        pytest.param(
            PER_TOKEN,
            [{Figure.REQUESTS: 100, Figure.LATENCY_AVERAGE: 1000, Figure.OUTPUT_TOKENS: 5_000}],
            [],
            "Fail",
            id="slow by the token",
        ),
        pytest.param(
            PER_TOKEN,
            [{Figure.REQUESTS: 100, Figure.LATENCY_AVERAGE: 1000, Figure.OUTPUT_TOKENS: 0}],
            [],
            "Inconclusive",
            id="no tokens",
        ),
    ],
)
def test_what_a_check_says(check, canary, baseline, verdict):
    said = judge(check, {"v2": buckets(*canary)}, buckets(*baseline), needs_baseline=True)
    assert said.verdict == verdict


def test_without_traffic_on_the_baseline_absolute_limits_decide_and_the_verdict_says_so():
    said = judge(BOTH, {"v2": buckets(errors(9000, 1))}, [], needs_baseline=False)
    assert (said.verdict, said.message) == (
        "Pass",
        "only absolute limits are checked, because the baseline receives no traffic at this step",
    )


def test_the_worst_canary_speaks():
    said = judge(
        ERRORS, {"v2": buckets(errors(1000, 0)), "v3": buckets(errors(1000, 9))}, [], needs_baseline=True
    )
    assert (said.verdict, said.canary, said.limit, said.requests) == ("Fail", "9", "2", 1000)
