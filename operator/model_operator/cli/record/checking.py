"""The metrics of a record: what the spec limits, beside what the status has measured."""

from collections.abc import Iterator, Sequence
from typing import Final

from model_operator.cli.record.model import CheckRow
from model_operator.durations import format_duration
from model_operator.models.canary_analysis import MetricName, ProviderMetric
from model_operator.models.canary_status import AnalysisStatus, MetricVerdict
from model_operator.plan.canary.course import Check, Judgement

_UNITS: Final = {
    MetricName.ERROR_RATE: "%",
    MetricName.LATENCY_AVERAGE: "ms",
    MetricName.LATENCY_P50: "ms",
    MetricName.LATENCY_P95: "ms",
    MetricName.LATENCY_P99: "ms",
    MetricName.LATENCY_PER_OUTPUT_TOKEN: "ms",
    MetricName.TOKENS_PER_REQUEST: "tokens",
}
NOT_MEASURED: Final = "Not measured"


def check_rows(judgement: Judgement | None, analysis: AnalysisStatus | None) -> tuple[CheckRow, ...]:
    """In the order of the spec; then what was measured by a check that the spec has no more."""
    measured = {one.name: one for one in analysis.metrics} if analysis else {}
    checks: Sequence[Check] = judgement.checks if judgement else ()
    known = {check.name for check in checks}
    rest = (one for name, one in measured.items() if name not in known)
    return (*(_row(check, measured.get(check.name)) for check in checks), *(_stray(one) for one in rest))


def _row(check: Check, found: MetricVerdict | None) -> CheckRow:
    return CheckRow(
        name=check.name,
        metric=str(check.figure.metric),
        unit=_UNITS[check.figure.metric],
        limits=tuple(_limits(check.figure)),
        only_warns=check.only_warns,
        needed=found.needed if found and found.needed is not None else check.needed,
        verdict=found.verdict if found else NOT_MEASURED,
        message=(found.message if found else None) or "",
        canary=(found.canary if found else None) or "",
        bound=(found.lower_bound if found else None) or "",
        baseline=(found.baseline if found else None) or "",
        limit=(found.limit if found else None) or "",
        requests=found.requests if found else None,
    )


def _stray(found: MetricVerdict) -> CheckRow:
    return CheckRow(
        name=found.name,
        metric="",
        unit="",
        limits=(),
        only_warns=False,
        verdict=found.verdict,
        message=found.message or "",
        canary=found.canary or "",
        bound=found.lower_bound or "",
        baseline=found.baseline or "",
        limit=found.limit or "",
        requests=found.requests,
        needed=found.needed,
    )


def _limits(figure: ProviderMetric) -> Iterator[str]:
    points = figure.max_increase_percentage_points
    words = (
        (figure.max_percent, "at most {} %"),
        (figure.max_milliseconds, "at most {} ms"),
        (figure.max_tokens, "at most {} tokens"),
        (points, f"at most {{}} percentage point{'' if points == 1 else 's'} above the baseline"),
        (figure.max_increase_percent, "at most {} % above the baseline"),
    )
    return (text.format(f"{value:f}") for value, text in words if value is not None)


def judged_how(judgement: Judgement | None) -> str:
    """What verdicts lead to."""
    if judgement is None:
        return "No metrics are analyzed: only time and readiness decide."
    if not judgement.enforces:
        return "Verdicts are only observed: they move no traffic."
    then = "the rollout pauses" if judgement.pauses else "the traffic is rolled back"
    return (
        f"A verdict every {format_duration(judgement.interval)}. A step is left with a Pass; after"
        f" {judgement.fail_after} consecutive failed verdicts {then}."
    )
