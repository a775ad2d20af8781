"""From figures to verdicts: each check, for each gainer, against its limits and against the donors. Pure.

Only a certain breach fails: error rates by their confidence bounds, percentiles by most of the requests. Too few
requests, or donors that breach as well, are Inconclusive.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from model_operator.domain import Bucket, Figure
from model_operator.models.canary_analysis import MetricName
from model_operator.models.canary_status import MetricVerdict
from model_operator.plan.canary.path import Check
from model_operator.plan.canary.statistics import least_difference, wilson


class Said(StrEnum):
    """The four verdicts, the gravest first."""

    FAIL = "Fail"
    ERROR = "Error"
    INCONCLUSIVE = "Inconclusive"
    PASS = "Pass"  # noqa: S105  no password


_ORDER: Final = tuple(Said)

_PERCENTILES: Final = {
    MetricName.LATENCY_P50: Figure.LATENCY_P50,
    MetricName.LATENCY_P95: Figure.LATENCY_P95,
    MetricName.LATENCY_P99: Figure.LATENCY_P99,
}


def gravest(verdicts: Sequence[str]) -> str:
    return min(verdicts, key=lambda verdict: _ORDER.index(Said(verdict)), default=Said.PASS)


@dataclass(frozen=True, slots=True)
class Weighed:
    """One figure over some buckets: a value with the number of requests behind it."""

    points: tuple[tuple[float, float], ...]
    """(value, requests) of each bucket."""
    value: float

    @property
    def requests(self) -> float:
        return sum(requests for _, requests in self.points)


def judge(check: Check, gainers: Mapping[str, Sequence[Bucket]], donors: Sequence[Bucket]) -> MetricVerdict:
    """The gravest verdict over all gainers. `gainers` by name, each with the buckets that count."""
    base = _weigh(check, donors)
    baseline = base if base is not None and round(base.requests) >= check.needed else None
    verdicts = [_judge_one(check, buckets, baseline) for buckets in gainers.values()]
    return min(verdicts, key=lambda verdict: _ORDER.index(Said(verdict.verdict)))


def _judge_one(check: Check, buckets: Sequence[Bucket], base: Weighed | None) -> MetricVerdict:
    found = _weigh(check, buckets)
    requests = round(found.requests) if found is not None else 0
    shown = MetricVerdict(
        name=check.name,
        verdict=Said.INCONCLUSIVE,
        baseline=None if base is None else text(base.value),
        canary=None if found is None else text(found.value),
        requests=requests,
        needed=check.needed,
    )
    if found is None or requests < check.needed:
        return shown.model_copy(update={"message": "too few requests for a verdict"})
    rule = _error_rate if check.figure.metric is MetricName.ERROR_RATE else _amount
    said = rule(check, found, base)
    if base is None and _is_relative(check):
        said.setdefault("message", "too few requests of the donors to compare with")
    return shown.model_copy(update=said)


def _error_rate(check: Check, found: Weighed, base: Weighed | None) -> dict[str, object]:
    errors, n = found.value / 100 * found.requests, found.requests
    low = wilson(errors, n)[0] * 100
    said: dict[str, object] = {"verdict": Said.PASS, "lower_bound": text(low)}
    most = _number(check.figure.max_percent)
    if most is not None:
        said["limit"] = text(most)
        if low > most:
            base_low = wilson(base.value / 100 * base.requests, base.requests)[0] * 100 if base else 0.0
            return said | _breach(is_everywhere=base_low > most)
        if found.value > most:
            said |= {"verdict": Said.INCONCLUSIVE, "message": "above the limit, and not yet for certain"}
    points = _number(check.figure.max_increase_percentage_points)
    if points is not None and base is not None:
        difference = least_difference(errors, n, base.value / 100 * base.requests, base.requests) * 100
        limit = {"limit": text(base.value + points)}
        if difference > points:
            return said | limit | _breach()
        if found.value - base.value > points:
            said |= limit | {
                "verdict": Said.INCONCLUSIVE,
                "message": "above the donors, and not yet for certain",
            }
        elif most is None:
            said |= limit
    return said


def _amount(check: Check, found: Weighed, base: Weighed | None) -> dict[str, object]:
    """Latencies and tokens: a mean over all requests, or a percentile in most of them."""
    said: dict[str, object] = {"verdict": Said.PASS}
    most = _number(check.figure.max_milliseconds)
    if most is None:
        most = _number(check.figure.max_tokens)
    if most is not None:
        said["limit"] = text(most)
        if _is_above(check, found, most):
            return said | _breach(is_everywhere=base is not None and _is_above(check, base, most))
    increase = _number(check.figure.max_increase_percent)
    if increase is not None and base is not None and base.value > 0:
        most_of_base = base.value * (1 + increase / 100)
        if _is_above(check, found, most_of_base):
            return said | {"limit": text(most_of_base)} | _breach()
        said.setdefault("limit", text(most_of_base))
    return said


def _breach(*, is_everywhere: bool = False) -> dict[str, object]:
    if is_everywhere:
        return {"verdict": Said.INCONCLUSIVE, "message": "the donors breach the limit as well"}
    return {"verdict": Said.FAIL}


def _is_above(check: Check, found: Weighed, limit: float) -> bool:
    if check.figure.metric not in _PERCENTILES:
        return found.value > limit
    # Percentiles of buckets make no percentile of the whole, so each bucket is judged by itself.
    return sum(n for value, n in found.points if value > limit) > found.requests / 2


def _is_relative(check: Check) -> bool:
    figure = check.figure
    return figure.max_increase_percent is not None or figure.max_increase_percentage_points is not None


def _weigh(check: Check, buckets: Sequence[Bucket]) -> Weighed | None:
    """None if no bucket with requests has the figure."""
    metric = check.figure.metric
    points = [
        (value, bucket.figures[Figure.REQUESTS])
        for bucket in buckets
        if bucket.figures[Figure.REQUESTS] > 0 and (value := _VALUES[metric](bucket)) is not None
    ]
    if not points:
        return None
    if metric in _PERCENTILES:
        return Weighed(tuple(points), _median(points))
    return Weighed(tuple(points), _mean(metric, buckets, points))


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


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def text(value: float) -> str:
    """`6.1`, `4000`, `0.04`: what people read in a status."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
