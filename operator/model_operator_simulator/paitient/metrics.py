"""PaiTIENT's metrics of a deployment: seeded buckets of the traffic that `traffic.py` works out.

The same question about the past has the same answer each time. Knobs make buckets late, missing, not a number or of
unequal length, as real metrics are.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from model_operator_simulator.call import Call, Json, Reply
from model_operator_simulator.chance import seeded
from model_operator_simulator.clock import rfc3339
from model_operator_simulator.core import Core

from .deployment import Deployment
from .errors import PaitientError
from .knobs import MetricsKnobs
from .state import Paitient
from .times import date_of, parsed_time
from .traffic import Load, Traffic

INTERVALS = {"1m": 60, "5m": 300, "1h": 3600, "1d": 86_400}
DEFAULT_SPAN = 3600.0

# Metric -> its series. The order is that of the vendor's example.
SERIES = {
    "latency": ("average", "p50", "p95", "p99"),
    "throughput": ("requests_per_second",),
    "error_rate": ("percentage",),
    "token_usage": ("total", "input", "output"),
}
SUMMARY_NAMES = {"requests_per_second": "average_requests_per_second", "percentage": "average_percentage"}
Value = float | int | None


@dataclass
class Point:
    """One bucket: its start and the value of each series."""

    at: float
    values: dict[str, Value]


class Metrics:
    """Answers ``GET …/metrics``.

    Args:
        core: clock, knobs, seed.
        state: for who sends traffic where.
    """

    def __init__(self, core: Core, state: Paitient) -> None:
        self._core = core
        self._traffic = Traffic(core, state.endpoints)

    def reply(self, call: Call, deployment: Deployment) -> Reply:
        """The metrics asked for with ``start_time``, ``end_time``, ``metrics`` (repeated or with commas), ``interval``.

        Raises:
            PaitientError: a parameter does not fit.
        """
        now = self._core.clock.now()
        end = parsed_time(call, "end_time", now)
        start = parsed_time(call, "start_time", end - DEFAULT_SPAN)
        if end < start:
            raise PaitientError("invalid_parameters", "end_time is before start_time", "end_time")
        interval = call.param("interval") or "5m"
        if interval not in INTERVALS:
            raise PaitientError(
                "invalid_parameters", f"interval must be one of {', '.join(INTERVALS)}", "interval"
            )
        wanted = _wanted(call)
        points = list(self._points(deployment, start, end, INTERVALS[interval]))
        knobs = self._core.knobs.of(MetricsKnobs)
        payload = {
            "deployment_id": deployment.id,
            "start_time": rfc3339(start),
            "end_time": rfc3339(end),
            "interval": interval,
            "metrics": {name: _series(name, points, knobs.unequal) for name in wanted},
            "summary": {name: _summary(name, points) for name in wanted},
        }
        # NaN is no JSON, and some servers send it all the same: json.dumps writes it when the knob asks.
        return Reply(200, text=json.dumps(payload), headers=date_of(self._core.clock))

    def _points(self, deployment: Deployment, start: float, end: float, interval: int) -> Iterator[Point]:
        knobs = self._core.knobs.of(MetricsKnobs)
        known = self._core.clock.now() - knobs.lag_s
        for place in range(knobs.max_points):
            at = start + place * interval
            over = at + interval
            if at >= end or at >= known or (over > known and not knobs.partial):
                return
            chance = seeded(self._core.seed, deployment.id, int(at), interval)
            if chance.random() < knobs.gap_probability:
                continue
            load = self._traffic.load(deployment, at, min(over, known))
            values = _values(load, interval, chance, knobs)
            yield Point(at, {name: _spoilt(value, chance, knobs) for name, value in values.items()})


def _values(load: Load, interval: int, chance: Random, knobs: MetricsKnobs) -> dict[str, Value]:
    def noisy(value: float) -> float:
        return value * (1 + chance.uniform(-knobs.noise, knobs.noise))

    simulated = round(noisy(load.requests))
    count = simulated + load.real_requests
    errors = _binomial(simulated, load.error_percent / 100, chance)
    average = noisy(load.latency_ms)
    p95 = average * max(1.0, noisy(load.p95_factor))
    latency = {
        "average": average,
        "p50": average * 0.917,
        "p95": p95,
        "p99": max(p95, average * noisy(load.p99_factor)),
    }
    tokens_in = round(noisy(simulated * load.input_tokens)) + load.real_input_tokens
    tokens_out = round(noisy(simulated * load.output_tokens)) + load.real_output_tokens
    values: dict[str, Value] = {name: round(value) for name, value in latency.items()}
    values["requests_per_second"] = round(count / interval, knobs.rps_decimals)
    values["percentage"] = round(100 * errors / count, 2) if count else 0
    values |= {"total": tokens_in + tokens_out, "input": tokens_in, "output": tokens_out}
    if not count:
        values |= dict.fromkeys((*latency, "percentage"), 0 if knobs.empty == "zero" else None)
        if knobs.empty == "omit":
            values = {name: value for name, value in values.items() if name not in (*latency, "percentage")}
    return values


def _spoilt(value: Value, chance: Random, knobs: MetricsKnobs) -> Value:
    if knobs.nan_probability and chance.random() < knobs.nan_probability:
        return None if knobs.nan_form == "null" else math.nan
    return value


def _binomial(count: int, probability: float, chance: Random) -> int:
    """How many of ``count`` fail: drawn one by one while few, by the normal approximation when many."""
    probability = min(max(probability, 0.0), 1.0)  # knobs and out-of-band changes may add up to more
    if count <= 1000:
        return sum(chance.random() < probability for _ in range(count))
    spread = math.sqrt(count * probability * (1 - probability))
    return min(count, max(0, round(chance.gauss(count * probability, spread))))


def _series(metric: str, points: list[Point], unequal: bool) -> dict[str, Json]:
    names = SERIES[metric]
    held = [point for point in points if names[0] in point.values]
    series: dict[str, Json] = {name: [point.values[name] for point in held] for name in names}
    if unequal:
        series = {name: values[:-1] for name, values in series.items()}
    return {**series, "timestamps": [rfc3339(point.at) for point in held]}


def _summary(metric: str, points: list[Point]) -> dict[str, Json]:
    summary: dict[str, Json] = {}
    for name in SERIES[metric]:
        found = [point.values.get(name) for point in points]
        values = [value for value in found if value is not None and not math.isnan(value)]
        if metric == "token_usage":
            summary[name] = round(sum(values))
        else:
            mean = sum(values) / len(values) if values else 0.0
            decimals = {"requests_per_second": 1, "percentage": 2}.get(name)
            summary[SUMMARY_NAMES.get(name, name)] = round(mean, decimals)
    return summary


def _wanted(call: Call) -> list[str]:
    given = [
        name for text in (*call.params("metrics"), *call.params("metrics[]")) for name in text.split(",")
    ]
    for name in given:
        if name not in SERIES:
            raise PaitientError("invalid_parameters", f"metrics must be among {', '.join(SERIES)}", "metrics")
    return [name for name in SERIES if name in given] if given else list(SERIES)
