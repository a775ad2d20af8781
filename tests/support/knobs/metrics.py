"""Knobs of metrics, and what a probe sees of each."""

import math

DAY = "interval=1h&start_time=2026-01-01T12:00:00Z&end_time=2026-01-01T18:00:00Z"


def metrics(look, query=DAY, wait=6 * 3600 + 1):
    """Look at the metrics of a deployment that has run for six hours with direct traffic alone."""

    async def seen(sim):
        identifier = (await sim.create_paitient())["id"]
        await sim.advance(wait)
        answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/metrics?{query}")
        return look(answer.body)

    return seen


async def endpoint_traffic(sim):
    identifier = (await sim.create_paitient())["id"]
    await sim.advance(7)
    await sim.paitient("POST", "/v1/endpoints", {"name": "e", "deployment_id": identifier})
    await sim.advance(6 * 3600)
    query = "interval=1h&start_time=2026-01-01T13:00:00Z&end_time=2026-01-01T18:00:00Z"
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/metrics?{query}")
    return round(answer.body["summary"]["throughput"]["average_requests_per_second"])


def summary(metric, name, digits=0):
    return lambda body: round(body["summary"][metric][name], digits)


def points(body):
    return len(body["metrics"]["latency"]["timestamps"])


def ratio(upper):
    def look(body):
        latency = body["summary"]["latency"]
        return round(latency[upper] / latency["average"], 1)

    return look


def spread(body):
    rates = body["metrics"]["throughput"]["requests_per_second"]
    return max(rates) - min(rates) > 0.3


def wave(body):
    """Traffic at 18:00, where the daily wave is lowest, beside that at noon."""
    rates = body["metrics"]["throughput"]["requests_per_second"]
    return round(rates[-1] / rates[0], 1)


def holds_nan(body):
    return any(isinstance(v, float) and math.isnan(v) for v in body["metrics"]["latency"]["average"])


def nones(body):
    return body["metrics"]["latency"]["average"].count(None)


def shorter(body):
    latency = body["metrics"]["latency"]
    return len(latency["timestamps"]) - len(latency["average"])


EARLY = "interval=1m&start_time=2026-01-01T11:57:00Z&end_time=2026-01-01T12:00:00Z"


def early(body):
    return body["metrics"]["latency"]["average"]


METRICS = [
    ("metrics.endpoint_rps", 40, endpoint_traffic, 9, 37),
    ("metrics.direct_rps", 5, metrics(summary("throughput", "average_requests_per_second")), 1, 5),
    ("metrics.latency_ms", 500, metrics(lambda b: round(b["summary"]["latency"]["average"], -2)), 100, 500),
    ("metrics.p95_factor", 4, metrics(ratio("p95")), 1.5, 4.0),
    ("metrics.p99_factor", 9, metrics(ratio("p99")), 1.8, 9.0),
    ("metrics.error_percent", 50, metrics(summary("error_rate", "average_percentage", -1)), 0, 50),
    ("metrics.input_tokens", 0, metrics(lambda b: b["summary"]["token_usage"]["input"] > 0), True, False),
    ("metrics.output_tokens", 0, metrics(lambda b: b["summary"]["token_usage"]["output"] > 0), True, False),
    ("metrics.noise", 0.5, metrics(spread), False, True),
    ("metrics.diurnal", 0.9, metrics(wave), 0.9, 0.1),
    ("metrics.lag_s", 7200, metrics(points), 6, 4),
    ("metrics.partial", True, metrics(points, wait=5.5 * 3600), 5, 6),
    ("metrics.gap_probability", 1, metrics(points), 6, 0),
    ("metrics.nan_probability", 1, metrics(nones), 0, 6),
    ("metrics.nan_form", "nan", metrics(holds_nan), False, True),
    ("metrics.unequal", True, metrics(shorter), 0, 1),
    ("metrics.empty", "null", metrics(early, EARLY), [0, 0, 0], [None, None, None]),
    ("metrics.empty", "omit", metrics(early, EARLY), [0, 0, 0], []),
    (
        "metrics.rps_decimals",
        0,
        metrics(lambda b: b["metrics"]["throughput"]["requests_per_second"][0] % 1 == 0),
        False,
        True,
    ),
    ("metrics.max_points", 2, metrics(points), 6, 2),
]
