"""Metrics as the simulator answers them."""

HOUR = "start_time=2026-01-01T13:00:00Z&end_time=2026-01-01T14:00:00Z"
MINUTES = f"{HOUR}&interval=1m"
EXACT = {"metrics.noise": 0, "metrics.diurnal": 0}


async def metrics(sim, identifier, query=MINUTES):
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/metrics?{query}")
    assert answer.status == 200, answer.text
    return answer.body


def rates(body):
    return body["metrics"]["throughput"]["requests_per_second"]


def split(pair, *percents):
    return [{"id": one, "traffic_percentage": percent} for one, percent in zip(pair, percents, strict=True)]
