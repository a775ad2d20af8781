"""Parameters of the metrics that are refused or bound what is answered."""

import pytest

from support.simulated_metrics import MINUTES, metrics, rates


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("", ["latency", "throughput", "error_rate", "token_usage"], id="all"),
        pytest.param("&metrics=latency", ["latency"], id="one"),
        pytest.param("&metrics=error_rate&metrics=latency", ["latency", "error_rate"], id="repeated"),
        pytest.param("&metrics=error_rate,latency", ["latency", "error_rate"], id="with a comma"),
        pytest.param("&metrics[]=throughput", ["throughput"], id="with brackets"),
    ],
)
async def test_only_what_is_asked_for_is_answered(noisy, query, names):
    body = await metrics(noisy, noisy.identifier, MINUTES + query)
    assert list(body["metrics"]) == names
    assert list(body["summary"]) == names


@pytest.mark.parametrize(
    "query",
    [
        "interval=2m",
        "metrics=happiness",
        "start_time=yesterday",
        "start_time=2026-13-01T00:00:00Z",
        "start_time=0001-01-01T00:00:00%2B23:00",
        "start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z",
    ],
)
async def test_an_unfit_parameter_is_a_validation_error(noisy, query):
    answer = await noisy.paitient("GET", f"/v1/deployments/{noisy.identifier}/metrics?{query}")
    assert (answer.status, answer.body["error"]["code"]) == (422, "validation_error")


async def test_a_series_is_cut_after_a_thousand_points(noisy):
    query = "start_time=2025-12-01T00:00:00Z&end_time=2026-01-01T12:00:00Z&interval=1m"
    assert len(rates(await metrics(noisy, noisy.identifier, query))) == 1000


async def test_an_offset_in_a_time_counts(noisy):
    query = "start_time=2026-01-01T14:00:00%2B01:00&end_time=2026-01-01T14:05:00+01:00&interval=1m"
    body = await metrics(noisy, noisy.identifier, query)
    assert (body["start_time"], body["end_time"]) == ("2026-01-01T13:00:00Z", "2026-01-01T13:05:00Z")
    assert rates(body) == rates(await metrics(noisy, noisy.identifier))[:5]
