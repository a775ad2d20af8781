"""What the figures say of the present step: which are needed, which count, and how long a verdict holds. Pure.

Only buckets that lie wholly within the step count: after its warm-up, and old enough to be complete. A Pass ends with
the age of its figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from model_operator.conditions import Reason
from model_operator.models.canary_status import AnalysisStatus, MetricVerdict, Share
from model_operator.plan.canary.checks import GRAVEST_FIRST, Said, is_absolute, is_relative, judge, text
from model_operator.plan.canary.course import Check, Judgement, Shares
from model_operator.plan.canary.observed import Reading
from model_operator.plan.canary.situation import Situation, State
from model_operator.plan.canary.statistics import detectable
from model_operator.traffic import Bucket, Figure

_MOST_BUCKETS: Final = 500
"""The vendor sends at most 1,000 points, and what is older says little about now."""

_WORTH_A_WARNING: Final = 3.0
"""Times the limit: a rate that is detectable below that needs no words."""

Window = tuple[datetime, datetime]
"""Buckets from the one until the other count."""


_CERTAIN: Final = (Said.PASS, Said.FAIL)


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures the next verdict needs. Times are by the provider's clock."""

    references: tuple[str, ...]
    start: datetime
    end: datetime
    interval: timedelta


def question(s: Situation) -> Question | None:
    """What to read in this pass; None if no verdict is due."""
    judgement = s.course.judgement
    rollout = s.status.rollout
    if judgement is None or rollout is None or rollout.state != State.HOLDING:
        return None
    due = s.evaluation_due
    if rollout.is_direct or rollout.is_promoted or (due is not None and s.now < due):
        return None
    if _sharer(s, judgement) is not None or not _judged(s):
        return None
    start, end = _window(s, judgement)
    references = tuple(share.reference for share in (*_judged(s), *s.baselines) if s.target(share).id)
    return Question(references, start, end, judgement.interval)


def _judged(s: Situation) -> Shares:
    return tuple(share for share in s.canaries if share.reference in _getting(s))


def _compared(s: Situation) -> Shares:
    """The baseline as far as it gets traffic at this step."""
    return tuple(share for share in s.baselines if share.reference in _getting(s))


def _getting(s: Situation) -> frozenset[str]:
    return frozenset(share.reference for share in s.intended if share.percent)


def is_judged(s: Situation) -> bool:
    """Whether anything of this step is judged: a canary gets traffic."""
    return bool(_judged(s))


def _sharer(s: Situation, judgement: Judgement) -> str | None:
    """Another CanaryEndpoint in whose traffic a judged deployment's figures would be mixed."""
    if judgement.allows_shared:
        return None
    members = (*_judged(s), *s.baselines)
    return next(
        (s.observed.shared[share.reference] for share in members if share.reference in s.observed.shared),
        None,
    )


def _window(s: Situation, judgement: Judgement) -> Window:
    """From the end of the warm-up to what is complete by now, by the provider's clock, in whole seconds.

    What has become complete while figures were read, one deployment's after the other's, was not so in the first.
    """
    rollout, reading = s.rollout, s.observed.reading
    acked = rollout.provider_acked_at or (rollout.acked_at or s.now) + s.clock_offset
    start = (acked + judgement.warmup + timedelta(milliseconds=999)).replace(microsecond=0)
    end = (s.provider_now - judgement.delay).replace(microsecond=0)
    if reading is not None and reading.until is not None:
        end = min(end, reading.until)
    return max(start, end - _MOST_BUCKETS * judgement.interval), max(start, end)


def measure(s: Situation) -> Situation:
    """The situation with what this pass read, or why it could not, in its analysis."""
    judgement, reading, rollout = s.course.judgement, s.observed.reading, s.rollout
    if judgement is None:
        return s if rollout.analysis is None else s.with_rollout(rollout.with_(analysis=None))
    if rollout.is_direct or rollout.is_promoted:
        return s
    analysis = rollout.analysis or AnalysisStatus(inconclusive_since=s.provider_now)
    sharer = _sharer(s, judgement)
    if sharer is not None:
        erred = _erred(analysis, f"shared with {sharer}", s.now)
        return s.with_rollout(rollout.with_(analysis=erred))
    if reading is None:
        aged = rollout.analysis and _aged(s, judgement, rollout.analysis)
        return s.with_rollout(rollout.with_(analysis=aged))
    if reading.error is not None:
        analysis = _erred(analysis, str(reading.error), s.now)
    else:
        analysis = _judge_step(s, judgement, reading, analysis)
    return s.with_rollout(rollout.with_(analysis=analysis, next_evaluation_at=s.now + judgement.interval))


def _erred(analysis: AnalysisStatus, message: str, now: datetime) -> AnalysisStatus:
    """Nothing counts: neither the fails in a row nor anything else moves."""
    why = MetricVerdict(name="provider", verdict=Said.ERROR, message=message[:256])
    return analysis.with_(verdict=Said.ERROR, errors_since=analysis.errors_since or now, metrics=(why,))


def _judge_step(
    s: Situation, judgement: Judgement, reading: Reading, analysis: AnalysisStatus
) -> AnalysisStatus:
    window = _window(s, judgement)
    canaries = {share.name: _counting(reading, share, window) for share in _judged(s)}
    until = _newest(reading, _judged(s), window)
    is_news = until is not None and (analysis.judged_until is None or until > analysis.judged_until)
    if not is_news and analysis.verdict not in (None, Said.ERROR):
        return _aged(s, judgement, analysis.with_(errors_since=None))
    baseline = [bucket for share in s.baselines for bucket in _counting(reading, share, window)]
    needs_baseline = bool(_compared(s)) or not any(map(is_absolute, _deciding(judgement)))
    metrics = tuple(judge(c, canaries, baseline, needs_baseline=needs_baseline) for c in judgement.checks)
    verdict = _gravest(judgement, metrics)
    formed = AnalysisStatus(
        verdict=verdict,
        consecutive_fails=_fails_in_a_row(analysis, verdict) if is_news else analysis.consecutive_fails,
        judged_until=until or analysis.judged_until,
        valid_until=_valid_until(s, judgement, reading),
        inconclusive_since=None if verdict in _CERTAIN else analysis.inconclusive_since or s.provider_now,
        detectability=_detectability(s, judgement, reading, canaries),
        metrics=metrics,
    )
    return _aged(s, judgement, formed)


def _valid_until(s: Situation, judgement: Judgement, reading: Reading) -> datetime | None:
    """Two intervals after the newest figures were due, of whichever deployment's are the oldest."""
    compares = any(map(is_relative, _deciding(judgement)))
    used = (*_judged(s), *(_compared(s) if compares else ()))
    newest = [_newest(reading, (share,), _window(s, judgement)) for share in used]
    known = [end for end in newest if end is not None]
    if not known or len(known) < len(newest):
        return None
    length = max(figures.length for figures in reading.figures.values())
    return min(known) + judgement.delay + 2 * max(judgement.interval, length)


def _aged(s: Situation, judgement: Judgement, analysis: AnalysisStatus) -> AnalysisStatus:
    """A Pass ends with the age of its figures: that none come any more may be the failure itself."""
    if analysis.verdict != Said.PASS or not _deciding(judgement) or not is_old(s, analysis):
        return analysis
    why = f"the provider's newest metrics end at {analysis.judged_until:%H:%M:%S}Z, and none came since"
    return analysis.with_(
        verdict=Said.INCONCLUSIVE,
        inconclusive_since=s.provider_now,
        metrics=tuple(m.with_(verdict=Said.INCONCLUSIVE, message=why) for m in analysis.metrics),
    )


def is_old(s: Situation, analysis: AnalysisStatus) -> bool:
    """Whether newer figures should have come by now."""
    judgement, until = s.course.judgement, analysis.valid_until
    if until is None and analysis.judged_until is not None and judgement is not None:
        until = analysis.judged_until + judgement.delay + 2 * judgement.interval
    return until is not None and s.provider_now > until


def lack(s: Situation, analysis: AnalysisStatus) -> Reason:
    """What a verdict needs."""
    if analysis.verdict is None:
        return Reason.PROGRESSING
    return Reason.FIGURES_OLD if is_old(s, analysis) else Reason.INSUFFICIENT_TRAFFIC


def missing(analysis: AnalysisStatus) -> str:
    """The same in words."""
    lacking = next((m for m in analysis.metrics if m.verdict == Said.INCONCLUSIVE), None)
    if lacking is None:
        return "the first verdict follows once this step has metrics"
    if (lacking.requests or 0) < (lacking.needed or 0):
        return f"at least {lacking.needed} requests are needed to judge {lacking.name}"
    return f"{lacking.name} cannot be judged: {lacking.message}"


def _counting(reading: Reading, share: Share, window: Window) -> list[Bucket]:
    figures, (start, end) = reading.figures.get(share.reference), window
    if figures is None:
        return []
    return [b for b in figures.buckets if b.start >= start and b.start + figures.length <= end]


def _newest(reading: Reading, shares: Shares, window: Window) -> datetime | None:
    """End of the newest bucket that counts."""
    ends = [
        bucket.start + reading.figures[share.reference].length
        for share in shares
        for bucket in _counting(reading, share, window)
    ]
    return max(ends, default=None)


def _gravest(judgement: Judgement, metrics: Sequence[MetricVerdict]) -> Said:
    """Of the checks that decide; a Pass where there is none."""
    deciding = {check.name for check in _deciding(judgement)}
    said = [Said(metric.verdict) for metric in metrics if metric.name in deciding]
    return min(said, key=GRAVEST_FIRST.index, default=Said.PASS)


def _deciding(judgement: Judgement) -> tuple[Check, ...]:
    return tuple(check for check in judgement.checks if not check.only_warns)


def _fails_in_a_row(analysis: AnalysisStatus, verdict: Said) -> int:
    """One more; any other verdict ends the row."""
    return analysis.consecutive_fails + 1 if verdict is Said.FAIL else 0


def _detectability(
    s: Situation, judgement: Judgement, reading: Reading, canaries: Mapping[str, Sequence[Bucket]]
) -> str | None:
    """A warning if the step's traffic is too thin for its limit."""
    limits = [
        float(check.figure.max_percent)
        for check in judgement.checks
        if check.figure.max_percent is not None and not check.only_warns
    ]
    figures = next(iter(reading.figures.values()), None)
    most = max((len(buckets) for buckets in canaries.values()), default=0)
    if not limits or figures is None or not most:
        return None
    hold = s.course.step(s.rollout.step_percent).hold
    least = min(sum(b.figures[Figure.REQUESTS] for b in buckets) for buckets in canaries.values())
    return warning(round(least * max(hold, figures.length) / (most * figures.length)), min(limits))


def warning(requests: int, limit: float) -> str | None:
    """`6 requests expected in this step: error rates below 40 % cannot be seen`; None if all is well."""
    rate = 100 * detectable(requests, limit / 100)
    if rate <= max(_WORTH_A_WARNING * limit, limit + 1):
        return None
    return (
        f"{requests} requests are expected in this step, so error rates below {text(round(rate))} % cannot be"
        " detected"
    )
