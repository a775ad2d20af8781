"""Which figures the next verdict needs, and what they say of the present step.

Only buckets that lie wholly within the step count: after its warm-up, and old enough to be complete.
"""

from datetime import datetime, timedelta
from typing import Final

from model_operator.domain import Bucket, Figure, Figures
from model_operator.models.canary_status import AnalysisStatus, MetricVerdict, Share
from model_operator.plan.canary.judging import Said, gravest, judge, text
from model_operator.plan.canary.path import Judgement
from model_operator.plan.canary.situation import Question, Scene, State
from model_operator.plan.canary.statistics import detectable

_MOST_BUCKETS: Final = 500
"""The vendor sends at most 1,000 points, and what is older says little about now."""

_WORTH_A_WARNING: Final = 3.0
"""Times the limit: a rate that is detectable below that needs no words."""


def question(scene: Scene) -> Question | None:
    """What to read in this pass; None if no verdict is due."""
    judgement = scene.path.judgement
    rollout = scene.status.rollout
    if judgement is None or rollout is None or rollout.state != State.HOLDING:
        return None
    due = rollout.next_evaluation_at
    if rollout.is_direct or rollout.is_promoted or (due is not None and scene.now < due):
        return None
    if _sharer(scene, judgement) is not None:
        return None
    start, end = _window(scene, judgement)
    references = tuple(s.reference for s in (*_judged(scene), *scene.donors) if scene.target(s).id)
    return Question(references, start, end, judgement.interval)


def _judged(scene: Scene) -> tuple[Share, ...]:
    getting = {share.reference for share in scene.intended if share.percent}
    return tuple(share for share in scene.gainers if share.reference in getting)


def _sharer(scene: Scene, judgement: Judgement) -> str | None:
    """Another CanaryEndpoint in whose traffic a judged deployment's figures would be mixed."""
    if judgement.allows_shared:
        return None
    members = (*_judged(scene), *scene.donors)
    return next((scene.seen.shared[s.reference] for s in members if s.reference in scene.seen.shared), None)


def _window(scene: Scene, judgement: Judgement) -> tuple[datetime, datetime]:
    """From the end of the warm-up to what is complete by now, by the provider's clock, in whole seconds."""
    rollout = scene.rollout
    acked = rollout.provider_acked_at or (rollout.acked_at or scene.now) + scene.seen.clock_offset
    start = (acked + judgement.warmup + timedelta(milliseconds=999)).replace(microsecond=0)
    end = (scene.now + scene.seen.clock_offset - judgement.delay).replace(microsecond=0)
    return max(start, end - _MOST_BUCKETS * judgement.interval), max(start, end)


def measure(scene: Scene) -> Scene:
    """The scene with what this pass read, or why it could not, in its analysis."""
    judgement, reading = scene.path.judgement, scene.seen.reading
    if judgement is None:
        return scene if scene.rollout.analysis is None else scene.with_rollout(analysis=None)
    if scene.rollout.is_direct or scene.rollout.is_promoted:
        return scene
    analysis = scene.rollout.analysis or AnalysisStatus(inconclusive_since=scene.now)
    sharer = _sharer(scene, judgement)
    if sharer is not None:
        return scene.with_rollout(
            analysis=_erred(analysis, f"shared with CanaryEndpoint {sharer}", scene.now)
        )
    if reading is None:
        return scene
    again = scene.now + judgement.interval
    if reading.error is not None:
        return scene.with_rollout(
            analysis=_erred(analysis, str(reading.error), scene.now), next_evaluation_at=again
        )
    return scene.with_rollout(analysis=_judged_by(scene, judgement, analysis), next_evaluation_at=again)


def _erred(analysis: AnalysisStatus, message: str, now: datetime) -> AnalysisStatus:
    """Nothing counts: neither the fails in a row nor anything else moves."""
    return analysis.model_copy(
        update={
            "verdict": Said.ERROR,
            "errors_since": analysis.errors_since or now,
            "metrics": (MetricVerdict(name="provider", verdict=Said.ERROR, message=message[:256]),),
        }
    )


def _judged_by(scene: Scene, judgement: Judgement, analysis: AnalysisStatus) -> AnalysisStatus:
    found = scene.seen.reading.figures if scene.seen.reading else {}
    start, end = _window(scene, judgement)
    gainers = {s.name: _within(found.get(s.reference), start, end) for s in _judged(scene)}
    donors = [b for s in scene.donors for b in _within(found.get(s.reference), start, end)]
    until = _newest(scene, start, end)
    is_news = until is not None and (analysis.judged_until is None or until > analysis.judged_until)
    if not is_news and analysis.verdict not in (None, Said.ERROR):
        return analysis.model_copy(update={"errors_since": None})
    metrics = tuple(judge(check, gainers, donors) for check in judgement.checks) if gainers else ()
    warned = {check.name for check in judgement.checks if check.only_warns}
    verdict = gravest([m.verdict for m in metrics if m.name not in warned])
    fails = analysis.consecutive_fails
    if is_news:
        fails = {Said.FAIL: fails + 1, Said.PASS: 0}.get(Said(verdict), fails)
    undecided = None if verdict in (Said.PASS, Said.FAIL) else analysis.inconclusive_since or scene.now
    return AnalysisStatus(
        verdict=verdict,
        consecutive_fails=fails,
        judged_until=until or analysis.judged_until,
        inconclusive_since=undecided,
        detectability=_detectability(scene, judgement, gainers),
        metrics=metrics,
    )


def _within(figures: Figures | None, start: datetime, end: datetime) -> list[Bucket]:
    if figures is None:
        return []
    return [b for b in figures.buckets if b.start >= start and b.start + figures.length <= end]


def _newest(scene: Scene, start: datetime, end: datetime) -> datetime | None:
    """End of the newest bucket of a gainer that counts."""
    reading = scene.seen.reading
    ends = [
        bucket.start + figures.length
        for share in _judged(scene)
        if reading is not None and (figures := reading.figures.get(share.reference)) is not None
        for bucket in _within(figures, start, end)
    ]
    return max(ends, default=None)


def _detectability(
    scene: Scene,
    judgement: Judgement,
    gainers: dict[str, list[Bucket]],
) -> str | None:
    """A warning if the step's traffic is too thin for its limit."""
    limits = [
        float(check.figure.max_percent)
        for check in judgement.checks
        if check.figure.max_percent is not None and not check.only_warns
    ]
    reading = scene.seen.reading
    figures = next(iter(reading.figures.values()), None) if reading is not None else None
    counts = [len(buckets) for buckets in gainers.values()]
    if not limits or figures is None or not counts or not max(counts):
        return None
    hold = scene.path.station(scene.rollout.step_percent).hold
    span = max(counts) * figures.length
    least = min(sum(b.figures[Figure.REQUESTS] for b in buckets) for buckets in gainers.values())
    return warning(round(least * max(hold, figures.length) / span), min(limits))


def warning(requests: int, limit: float) -> str | None:
    """`6 requests expected in this step: error rates below 40 % cannot be seen`; None if all is well."""
    rate = 100 * detectable(min(requests, 100_000), limit / 100)
    if rate <= max(_WORTH_A_WARNING * limit, limit + 1):
        return None
    return (
        f"{requests} requests expected in this step: error rates below {text(round(rate))} % cannot be seen"
    )
