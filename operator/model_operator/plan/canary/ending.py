"""How a rollout ends: sent back by a failed target or by metrics, back again, or at the destination, and kept there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from model_operator.conditions import CanaryPhase, Reason
from model_operator.models.canary import OnTargetUnhealthy
from model_operator.models.canary_analysis import MetricName
from model_operator.models.canary_status import AnalysisStatus, MetricVerdict, RolloutFailure
from model_operator.plan.canary import transitions
from model_operator.plan.canary.checks import Said
from model_operator.plan.canary.course import describe, without_zeros
from model_operator.plan.canary.observed import Health
from model_operator.plan.canary.situation import AT_ONCE, Decision, Notice, Outlook, Situation, State
from model_operator.plan.canary.transitions import stay, unready_for
from model_operator.plan.canary.words import REPAIR, blocked, notice, under_way, unready
from model_operator.plan.verdict import Progress, Verdict

UNITS: Final[Mapping[MetricName, str]] = {
    **dict.fromkeys(MetricName, " ms"),
    MetricName.ERROR_RATE: " %",
    MetricName.TOKENS_PER_REQUEST: " tokens",
}
_DEAD: Final = frozenset({Health.FAILED, Health.UNREADY})


def fail_with_target(s: Situation) -> Decision | None:
    """A canary that failed, or was not ready for too long, sends the traffic back; unless the baseline is no better."""
    rollout = s.rollout
    if s.course.on_unhealthy is OnTargetUnhealthy.NONE or not rollout.origin or not rollout.is_begun:
        return None
    for share in s.canaries:
        target = s.target(share)
        is_known = s.is_clock_heard or s.state is not State.HOLDING
        is_late = target.health is Health.UNREADY and unready_for(s) >= s.course.unready_timeout and is_known
        if target.health is not Health.FAILED and not is_late:
            continue
        reason = Reason.TARGET_FAILED if target.health is Health.FAILED else Reason.TARGET_UNREADY
        message = f"{share.name}: {target.message}"
        if unready(s, s.baselines) is not None:
            return _hold_for_baseline(s, message)
        if s.course.on_unhealthy is OnTargetUnhealthy.HOLD:
            held = Verdict(False, Reason.TARGET_FAILED, message)
            outlook = under_way(CanaryPhase.WAITING, Reason.TARGET_FAILED, message)
            return stay(s, replace(outlook, targets=held))
        failed = notice(Reason.TARGET_FAILED, message, is_warning=True)
        return _go_back(s, RolloutFailure(reason=reason, message=message, at=s.now), failed)
    return None


def _hold_for_baseline(s: Situation, message: str) -> Decision:
    """Canary and baseline are both ill: it is not the new version, and there is nowhere to go."""
    words = (
        f"{message}; the baseline deployments are not serving either, so the traffic is unchanged. {REPAIR}"
    )
    ill = Verdict(False, Reason.BASELINE_UNHEALTHY, words)
    outlook = under_way(CanaryPhase.BLOCKED, Reason.BASELINE_UNHEALTHY, words)
    return stay(s, replace(outlook, targets=ill))


def fail_by_metrics(s: Situation) -> Decision | None:
    """Enough failed verdicts in a row."""
    judgement, analysis = s.course.judgement, s.rollout.analysis
    if judgement is None or analysis is None or not judgement.enforces or s.rollout.failure is not None:
        return None
    if analysis.verdict != Said.FAIL or analysis.consecutive_fails < judgement.fail_after:
        return None
    failure = breach(s, analysis)
    breached = notice(Reason.METRIC_BREACHED, failure.message, is_warning=True)
    if not judgement.pauses and s.rollout.origin:
        return _go_back(s, failure, breached)
    held = s.with_rollout(s.rollout.with_(is_paused=True, failure=failure))
    outlook = under_way(CanaryPhase.PAUSED, Reason.METRIC_BREACHED, failure.message)
    return Decision(status=held.status, outlook=outlook, notices=(breached,), look_again=AT_ONCE)


def breach(s: Situation, analysis: AnalysisStatus) -> RolloutFailure:
    checks = s.course.judgement.checks if s.course.judgement else ()
    warned = {c.name for c in checks if c.only_warns}
    worst = next(m for m in analysis.metrics if m.verdict == Said.FAIL and m.name not in warned)
    unit = next((UNITS[c.figure.metric] for c in checks if c.name == worst.name), "")
    return RolloutFailure(
        reason=Reason.METRIC_BREACHED,
        message=in_words(worst, unit),
        metric=worst.name,
        observed=worst.canary,
        lower_bound=worst.lower_bound,
        limit=worst.limit,
        baseline=worst.baseline,
        requests=worst.requests,
        at=s.now,
    )


def in_words(metric: MetricVerdict, unit: str) -> str:
    """`errors: 6.1 %, limit 2 %, baseline 0.2 %, of 560 requests`."""
    beside = f", baseline {metric.baseline}{unit}" if metric.baseline is not None else ""
    return f"{metric.name}: {metric.canary}{unit}, limit {metric.limit}{unit}{beside}, of {metric.requests} requests"


def _go_back(s: Situation, failure: RolloutFailure, seen: Notice) -> Decision:
    """Written down first; the PATCH is the next pass's."""
    after = transitions.roll_back(s, failure)
    message = f"Rolling back to {describe(after.intended)}: {failure.message}"
    return Decision(
        status=after.status,
        outlook=under_way(CanaryPhase.ROLLING_BACK, Reason.ROLLING_BACK, message),
        notices=(seen, notice(Reason.ROLLBACK_STARTED, message, is_warning=True)),
        look_again=AT_ONCE,
    )


def roll_back(s: Situation) -> Decision | None:
    """Sent until it is acknowledged, and never towards a target that does not serve."""
    if s.state is not State.ROLLING_BACK:
        return None
    why = s.rollout.failure.message if s.rollout.failure else ""
    message = f"Rolling back to {describe(s.intended)}: {why}"
    going = under_way(CanaryPhase.ROLLING_BACK, Reason.ROLLING_BACK, message)
    dead = _dead(s)
    if dead is not None or s.update is None:
        words = (
            f"Not rolling back to {describe(s.intended)} yet: {dead or 'a target does not exist'}. {REPAIR}"
        )
        ill = Verdict(False, Reason.BASELINE_UNHEALTHY, words)
        outlook = replace(going, message=words, targets=ill, complete=ill, phase=CanaryPhase.BLOCKED)
        return Decision(status=s.status, outlook=replace(outlook, progress=Progress.STUCK))
    return Decision(status=s.status, outlook=replace(going, progress=Progress.MOVING), action=s.update)


def _dead(s: Situation) -> str | None:
    """A target to which the way back would move traffic although it does not serve."""
    acked = {share.reference: share.percent for share in s.status.traffic}
    for share in s.intended:
        target = s.target(share)
        if share.percent > acked.get(share.reference, 0) and target.health in _DEAD:
            return f"{share.name}: {target.message}"
    return None


def keep(s: Situation) -> Decision:
    """At the destination, or back: nothing to do but to keep it so."""
    outlook = _rolled_back(s) if s.state is State.ROLLED_BACK else _completed(s)
    is_kept = s.update is None or without_zeros(s.update.split) == s.acknowledged or s.is_intended_refused
    return Decision(status=s.status, outlook=outlook, action=None if is_kept else s.update)


def _completed(s: Situation) -> Outlook:
    message = f"The target split is in force: {describe(s.intended)}."
    return Outlook(
        phase=CanaryPhase.COMPLETED,
        message=message,
        complete=Verdict(True, Reason.COMPLETED, message),
    )


def _rolled_back(s: Situation) -> Outlook:
    rollout = s.rollout
    failure = rollout.failure
    why = f"{failure.reason}: {failure.message.rstrip('.')}" if failure else ""
    message = (
        f"Rolled back to {describe(rollout.origin)} after {why}. Change spec.traffic or spec.rollout.retry, or"
        f" annotate with modeloperator.dev/action: retry:{rollout.id}."
    )
    return replace(blocked(Reason.ROLLED_BACK, message), phase=CanaryPhase.ROLLED_BACK)
