"""One check's verdict for each canary. Pure.

Only a certain breach fails: error rates by their confidence bounds, percentiles by most of the requests. Too few
requests, of a baseline that is compared with as well, or a baseline that breaches as well, are Inconclusive.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final

from model_operator.models.canary_analysis import MetricName
from model_operator.models.canary_status import MetricVerdict
from model_operator.plan.canary.course import Check
from model_operator.plan.canary.statistics import Weighed, least_difference, weigh, wilson
from model_operator.traffic import Bucket


class Said(StrEnum):
    """The four verdicts, the gravest first."""

    FAIL = "Fail"
    ERROR = "Error"
    INCONCLUSIVE = "Inconclusive"
    PASS = "Pass"  # noqa: S105  no password


GRAVEST_FIRST: Final = tuple(Said)


def judge(
    check: Check,
    canaries: Mapping[str, Sequence[Bucket]],
    baseline: Sequence[Bucket],
    *,
    needs_baseline: bool,
) -> MetricVerdict:
    """The gravest verdict over all canaries. `canaries` by name, each with the buckets that count.

    `needs_baseline`: a comparison that cannot be made is no Pass.
    """
    base = weigh(check.figure.metric, baseline)
    if base is not None and round(base.requests) < check.needed:
        base = None
    verdicts = [_judge_one(check, buckets, base) for buckets in canaries.values()]
    said = min(verdicts, key=lambda verdict: GRAVEST_FIRST.index(Said(verdict.verdict)))
    if said.verdict != Said.PASS or not is_relative(check) or _can_compare(check, base):
        return said
    if needs_baseline:
        few = "too few requests on the baseline to compare with"
        return said.with_(verdict=Said.INCONCLUSIVE, message=few)
    return said.with_(
        message="only absolute limits are checked, because the baseline receives no traffic at this step"
    )


def _can_compare(check: Check, base: Weighed | None) -> bool:
    """Nothing is so many percent more than nothing."""
    return base is not None and (base.value > 0 or check.figure.max_increase_percent is None)


def _judge_one(check: Check, buckets: Sequence[Bucket], base: Weighed | None) -> MetricVerdict:
    found = weigh(check.figure.metric, buckets)
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
        return shown.with_(message="too few requests to judge")
    shown = shown.with_(verdict=Said.PASS)
    if check.figure.metric is MetricName.ERROR_RATE:
        return _judge_errors(check, shown, found, base)
    return _judge_amount(check, shown, found, base)


def _judge_errors(check: Check, shown: MetricVerdict, found: Weighed, base: Weighed | None) -> MetricVerdict:
    low = wilson(found.errors, found.requests)[0] * 100
    shown = shown.with_(lower_bound=text(low))
    most = _number(check.figure.max_percent)
    if most is not None:
        shown = shown.with_(limit=text(most))
        if low > most:
            base_low = wilson(base.errors, base.requests)[0] * 100 if base else 0.0
            return _breached(shown, is_everywhere=base_low > most)
        if found.value > most:
            shown = shown.with_(
                verdict=Said.INCONCLUSIVE, message="above the limit, but not yet statistically certain"
            )
    points = _number(check.figure.max_increase_percentage_points)
    return shown if points is None or base is None else _compare_errors(points, shown, found, base)


def _compare_errors(points: float, shown: MetricVerdict, found: Weighed, base: Weighed) -> MetricVerdict:
    compared = shown.with_(limit=text(base.value + points))
    if least_difference(found.errors, found.requests, base.errors, base.requests) * 100 > points:
        return _breached(compared)
    if found.value - base.value > points:
        return compared.with_(
            verdict=Said.INCONCLUSIVE, message="above the baseline, but not yet statistically certain"
        )
    return compared if shown.limit is None else shown


def _judge_amount(check: Check, shown: MetricVerdict, found: Weighed, base: Weighed | None) -> MetricVerdict:
    """Latencies and tokens: a mean over all requests, or a percentile in most of them."""
    most = _number(check.figure.max_milliseconds)
    if most is None:
        most = _number(check.figure.max_tokens)
    if most is not None:
        shown = shown.with_(limit=text(most))
        if found.is_above(most):
            return _breached(shown, is_everywhere=base is not None and base.is_above(most))
    increase = _number(check.figure.max_increase_percent)
    if increase is None or base is None or base.value <= 0:
        return shown
    most_of_base = base.value * (1 + increase / 100)
    compared = shown.with_(limit=text(most_of_base))
    if found.is_above(most_of_base):
        return _breached(compared)
    return compared if shown.limit is None else shown


def _breached(shown: MetricVerdict, *, is_everywhere: bool = False) -> MetricVerdict:
    if is_everywhere:
        return shown.with_(verdict=Said.INCONCLUSIVE, message="the baseline exceeds the limit, too")
    return shown.with_(verdict=Said.FAIL)


def is_relative(check: Check) -> bool:
    figure = check.figure
    return figure.max_increase_percent is not None or figure.max_increase_percentage_points is not None


def is_absolute(check: Check) -> bool:
    figure = check.figure
    return any(most is not None for most in (figure.max_percent, figure.max_milliseconds, figure.max_tokens))


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def text(value: float) -> str:
    """`6.1`, `4000`, `0.04`: what people read in a status."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
