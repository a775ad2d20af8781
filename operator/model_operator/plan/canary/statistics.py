"""What figures say together, and how sure a rate is: one-sided 95 % bounds, by Wilson's score and Newcombe's
difference of two of them.

Sources: Wilson, JASA 22 (1927) 209; Newcombe, Statistics in Medicine 17 (1998) 873, method 10.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from model_operator.models.canary_analysis import MetricName
from model_operator.traffic import Bucket, Figure

Z: Final = 1.6448536269514722
"""Of a one-sided 95 % bound."""

CERTAINTY: Final = 0.95
"""With which a rate that is called detectable is seen in one look."""

_PERCENTILES: Final = {
    MetricName.LATENCY_P50: Figure.LATENCY_P50,
    MetricName.LATENCY_P95: Figure.LATENCY_P95,
    MetricName.LATENCY_P99: Figure.LATENCY_P99,
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """One figure over some buckets: a value with the number of requests behind it."""

    metric: MetricName
    points: tuple[tuple[float, float], ...]
    """(value, requests) of each bucket."""
    value: float

    @property
    def errors(self) -> float:
        """How many, where the value is a rate in percent."""
        return self.value / 100 * self.requests

    @property
    def requests(self) -> float:
        return sum(requests for _, requests in self.points)

    def is_above(self, limit: float) -> bool:
        if self.metric not in _PERCENTILES:
            return self.value > limit
        # Percentiles of buckets make no percentile of the whole, so each bucket is judged by itself.
        return sum(n for value, n in self.points if value > limit) > self.requests / 2


def weigh(metric: MetricName, buckets: Sequence[Bucket]) -> Weighed | None:
    """None if no bucket with requests has the figure."""
    points = [
        (value, bucket.figures[Figure.REQUESTS])
        for bucket in buckets
        if bucket.figures[Figure.REQUESTS] > 0 and (value := _VALUES[metric](bucket)) is not None
    ]
    if not points:
        return None
    if metric in _PERCENTILES:
        return Weighed(metric, tuple(points), _median(points))
    return Weighed(metric, tuple(points), _mean(metric, buckets, points))


def _mean(metric: MetricName, buckets: Sequence[Bucket], points: Sequence[tuple[float, float]]) -> float:
    if metric is not MetricName.LATENCY_PER_OUTPUT_TOKEN:
        return sum(value * n for value, n in points) / sum(n for _, n in points)
    # Weighed by tokens, not by requests: milliseconds of all answers over the tokens of all answers.
    usable = [b.figures for b in buckets if _VALUES[metric](b) is not None]
    milliseconds = sum(f[Figure.LATENCY_AVERAGE] * f[Figure.REQUESTS] for f in usable)
    return milliseconds / sum(f[Figure.OUTPUT_TOKENS] for f in usable)


def _median(points: Sequence[tuple[float, float]]) -> float:
    half, passed = sum(n for _, n in points) / 2, 0.0
    for value, n in sorted(points):
        passed += n
        if passed >= half:
            return value
    return points[-1][0]


def _figure(figure: Figure) -> Callable[[Bucket], float | None]:
    return lambda bucket: bucket.figures.get(figure)


def _tokens_per_request(bucket: Bucket) -> float | None:
    tokens, requests = bucket.figures.get(Figure.TOKENS), bucket.figures[Figure.REQUESTS]
    return None if tokens is None or requests <= 0 else tokens / requests


def _latency_per_token(bucket: Bucket) -> float | None:
    latency, tokens = bucket.figures.get(Figure.LATENCY_AVERAGE), bucket.figures.get(Figure.OUTPUT_TOKENS)
    requests = bucket.figures[Figure.REQUESTS]
    return None if latency is None or not tokens else latency * requests / tokens


_VALUES: Final[Mapping[MetricName, Callable[[Bucket], float | None]]] = {
    MetricName.ERROR_RATE: _figure(Figure.ERRORS),
    MetricName.LATENCY_AVERAGE: _figure(Figure.LATENCY_AVERAGE),
    MetricName.LATENCY_P50: _figure(Figure.LATENCY_P50),
    MetricName.LATENCY_P95: _figure(Figure.LATENCY_P95),
    MetricName.LATENCY_P99: _figure(Figure.LATENCY_P99),
    MetricName.LATENCY_PER_OUTPUT_TOKEN: _latency_per_token,
    MetricName.TOKENS_PER_REQUEST: _tokens_per_request,
}


def wilson(errors: float, requests: float) -> tuple[float, float]:
    """Lower and upper bound of the true rate, each as a fraction and with 95 % confidence by itself."""
    if requests <= 0:
        return 0.0, 1.0
    rate = min(1.0, max(0.0, errors / requests))
    denominator = 1 + Z * Z / requests
    centre = (rate + Z * Z / (2 * requests)) / denominator
    spread = Z * math.sqrt(rate * (1 - rate) / requests + Z * Z / (4 * requests * requests)) / denominator
    return max(0.0, centre - spread), min(1.0, centre + spread)


def least_difference(errors: float, requests: float, base_errors: float, base_requests: float) -> float:
    """By how much the first rate is above the second at least, as a fraction, with 95 % confidence."""
    rate, base = errors / requests, base_errors / base_requests
    low, _ = wilson(errors, requests)
    _, base_high = wilson(base_errors, base_requests)
    return rate - base - math.hypot(rate - low, base_high - base)


def least_breach(requests: int, limit: float) -> int | None:
    """The fewest errors in so many requests that are a breach of the limit (a fraction) for certain."""
    # Where Wilson's lower bound is the limit: his bounds are what the score test does not reject.
    limit = min(limit, 1.0)
    needed = math.floor(requests * limit + Z * math.sqrt(requests * limit * (1 - limit))) + 1
    return needed if needed <= requests else None


def detectable(requests: int, limit: float) -> float:
    """The lowest true rate that one look at so many requests would find to be a breach, 95 times of 100."""
    needed = least_breach(requests, limit) if requests > 0 else None
    return 1.0 if needed is None else max(limit, _rate_of_at_least(needed, requests))


def _rate_of_at_least(count: int, requests: int) -> float:
    """With which so many errors or more come with `CERTAINTY`: a quantile of the beta distribution.

    Exact at both ends, and within 0.4 points between them (Abramowitz and Stegun 26.5.22).
    """
    if count == 1:
        return float(1 - (1 - CERTAINTY) ** (1 / requests))
    if count == requests:
        return float(CERTAINTY ** (1 / requests))
    a, b = count, requests - count + 1
    left, right = 1 / (2 * a - 1), 1 / (2 * b - 1)
    h, curve = 2 / (left + right), (Z * Z - 3) / 6
    w = -Z * math.sqrt(h + curve) / h - (right - left) * (curve + 5 / 6 - 2 / (3 * h))
    return a / (a + b * math.exp(2 * w))
