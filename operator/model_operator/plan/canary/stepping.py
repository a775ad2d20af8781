"""A rollout under way, from its first step to its last: what lets it go on, what holds it, what sends it back.

HOLDING is the order of precedence: a failed target, failed metrics, pause and limit, no measure, no evidence, time,
a person's gate, safety, and only then the next step. (An action of a person comes before all of them.)
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import CanaryPhase, Reason
from model_operator.models.canary import OnTargetUnhealthy
from model_operator.models.canary_status import AnalysisStatus, Failure, MetricVerdict
from model_operator.plan.canary import transitions
from model_operator.plan.canary.endpoint import unready
from model_operator.plan.canary.judging import Said
from model_operator.plan.canary.measuring import measure
from model_operator.plan.canary.situation import (
    AT_ONCE,
    Decision,
    Health,
    Notice,
    Outlook,
    Scene,
    State,
    UpdateCanary,
)
from model_operator.plan.canary.split import describe, without_zeros
from model_operator.plan.canary.transitions import elapsed
from model_operator.plan.canary.words import at, notice, step_of, under_way, verdict
from model_operator.plan.verdict import Progress

Rule = Callable[[Scene], Decision | None]


def fail_with_target(scene: Scene) -> Decision | None:
    """A gainer that failed, or was not ready for too long, sends the traffic back; unless the donors are no better."""
    rollout = scene.rollout
    if scene.path.on_unhealthy is OnTargetUnhealthy.NONE or not rollout.origin or not rollout.is_begun:
        return None
    for share in scene.gainers:
        target = scene.target(share)
        is_late = target.health is Health.UNREADY and _unready_for(scene) >= scene.path.unready_timeout
        if target.health is not Health.FAILED and not is_late:
            continue
        reason = "TargetFailed" if target.health is Health.FAILED else "TargetUnready"
        message = f"{share.name}: {target.message}"
        if unready(scene, scene.donors) is not None:
            return _hold_for_donors(scene, message)
        if scene.path.on_unhealthy is OnTargetUnhealthy.HOLD:
            held = verdict(Reason.TARGET_FAILED, message)
            outlook = under_way(CanaryPhase.WAITING, Reason.TARGET_FAILED, message)
            return _stay(scene, replace(outlook, targets=held))
        failed = notice("TargetFailed", message, is_warning=True)
        return _go_back(scene, Failure(reason=reason, message=message, at=scene.now), failed)
    return None


def _hold_for_donors(scene: Scene, message: str) -> Decision:
    """Gainers and donors are both ill: it is not the new version, and there is nowhere to go."""
    words = f"{message}; the donors do not serve either, so nothing is moved."
    ill = verdict(Reason.BASELINE_UNHEALTHY, words)
    outlook = under_way(CanaryPhase.BLOCKED, Reason.BASELINE_UNHEALTHY, words)
    return _stay(scene, replace(outlook, targets=ill))


def _unready_for(scene: Scene) -> timedelta:
    since = scene.rollout.unready_since
    return timedelta() if since is None else scene.now - since


def fail_by_metrics(scene: Scene) -> Decision | None:
    """Enough failed verdicts in a row."""
    judgement, analysis = scene.path.judgement, scene.rollout.analysis
    if judgement is None or analysis is None or not judgement.enforces or scene.rollout.failure is not None:
        return None
    if analysis.verdict != Said.FAIL or analysis.consecutive_fails < judgement.fail_after:
        return None
    failure = _failure(scene, analysis)
    breached = notice("MetricBreached", failure.message, is_warning=True)
    if not judgement.pauses and scene.rollout.origin:
        return _go_back(scene, failure, breached)
    held = scene.with_rollout(is_paused=True, failure=failure)
    outlook = under_way(CanaryPhase.PAUSED, Reason.METRIC_BREACHED, failure.message)
    return Decision(status=held.status, outlook=outlook, notices=(breached,), look_again=AT_ONCE)


def _failure(scene: Scene, analysis: AnalysisStatus) -> Failure:
    warned = {c.name for c in scene.path.judgement.checks if c.only_warns} if scene.path.judgement else set()
    worst = next(m for m in analysis.metrics if m.verdict == Said.FAIL and m.name not in warned)
    return Failure(
        reason="MetricBreached",
        message=_breach(worst),
        metric=worst.name,
        observed=worst.canary,
        lower_bound=worst.lower_bound,
        limit=worst.limit,
        baseline=worst.baseline,
        requests=worst.requests,
        at=scene.now,
    )


def _breach(metric: MetricVerdict) -> str:
    beside = f", donors {metric.baseline}" if metric.baseline is not None else ""
    return f"{metric.name}: {metric.canary}, limit {metric.limit}{beside}, of {metric.requests} requests"


def _go_back(scene: Scene, failure: Failure, seen: Notice) -> Decision:
    """Written down first; the PATCH is the next pass's."""
    after = transitions.roll_back(scene, failure)
    message = f"Going back to {describe(after.intended)}: {failure.message}"
    return Decision(
        status=after.status,
        outlook=under_way(CanaryPhase.ROLLING_BACK, Reason.ROLLING_BACK, message),
        notices=(seen, notice("RollbackStarted", message, is_warning=True)),
        look_again=AT_ONCE,
    )


def end_when_direct(scene: Scene) -> Decision | None:
    """Without steps, or promoted by a person: the acknowledgement is the end."""
    is_done = scene.rollout.is_direct or scene.rollout.is_promoted
    return _complete(scene) if is_done and scene.rollout.step_percent == 100 else None


def wait_when_paused(scene: Scene) -> Decision | None:
    rollout = scene.rollout
    if not (scene.path.is_paused or rollout.is_paused):
        return None
    if scene.path.is_paused:
        reason, how = Reason.PAUSED, "Set spec.rollout.paused to false to go on."
    else:
        reason = Reason.METRIC_BREACHED if rollout.failure else Reason.PAUSED
        how = f"Annotate with modeloperator.dev/action: resume:{rollout.id} to go on."
    why = f"{rollout.failure.message}. " if rollout.failure else ""
    return _stay(scene, under_way(CanaryPhase.PAUSED, reason, f"Paused at {at(scene)}. {why}{how}"))


def wait_at_limit(scene: Scene) -> Decision | None:
    following = scene.path.after(scene.rollout.step_percent, scene.rollout.origin, scene.rollout.to)
    if following is None or following.percent <= scene.path.limit:
        return None
    message = f"At {at(scene)}; spec.rollout.limit is {scene.path.limit}, raise it to go on."
    return _stay(scene, under_way(CanaryPhase.WAITING, Reason.LIMIT_REACHED, message))


def wait_for_measure(scene: Scene) -> Decision | None:
    """Nothing can be measured: hold, for as long as it takes, and count it neither way."""
    analysis = _evidence(scene)
    if analysis is None or analysis.verdict != Said.ERROR:
        return None
    why = next((m.message for m in analysis.metrics if m.message), "") or "no figures"
    message = f"At {at(scene)}, held because nothing can be measured: {why}"
    return _stay(scene, under_way(CanaryPhase.PROGRESSING, Reason.METRICS_UNAVAILABLE, message))


def wait_for_evidence(scene: Scene) -> Decision | None:
    """Only a Pass lets it go on."""
    judgement, analysis = scene.path.judgement, _evidence(scene)
    if judgement is None or analysis is None or analysis.verdict == Said.PASS:
        return None
    if analysis.verdict == Said.FAIL:
        worst = _failure(scene, analysis)
        message = f"At {at(scene)}, held because {worst.message}"
        return _stay(scene, under_way(CanaryPhase.PROGRESSING, Reason.METRIC_BREACHED, message))
    message = f"At {at(scene)}, {_missing(analysis)}"
    since = analysis.inconclusive_since
    if since is not None and scene.now - since >= judgement.inconclusive_timeout:
        late = f"{message}; write advance:{scene.rollout.id} or abort:{scene.rollout.id} to decide yourself"
        return _stay(scene, under_way(CanaryPhase.WAITING, Reason.INSUFFICIENT_TRAFFIC, late))
    reason = Reason.INSUFFICIENT_TRAFFIC if analysis.verdict else Reason.PROGRESSING
    return _stay(scene, under_way(CanaryPhase.PROGRESSING, reason, message + _earliest(scene)))


def _missing(analysis: AnalysisStatus) -> str:
    lacking = next((m for m in analysis.metrics if m.verdict == Said.INCONCLUSIVE), None)
    if lacking is None:
        return "the first verdict is due once there are figures of this step"
    if (lacking.requests or 0) < (lacking.needed or 0):
        return f"at least {lacking.needed} requests needed for the verdict on {lacking.name}"
    return f"no verdict on {lacking.name}: {lacking.message}"


def _evidence(scene: Scene) -> AnalysisStatus | None:
    """The verdicts where they decide; None where time alone does."""
    judgement = scene.path.judgement
    if judgement is None or not judgement.enforces or _is_approved(scene):
        return None
    return scene.rollout.analysis or AnalysisStatus()


def _is_approved(scene: Scene) -> bool:
    return scene.rollout.approved_percent == scene.rollout.step_percent


def wait_for_time(scene: Scene) -> Decision | None:
    hold = scene.path.station(scene.rollout.step_percent).hold
    left = hold - elapsed(scene)
    if left <= timedelta() or _is_approved(scene):
        return None
    message = f"At {at(scene)}{_earliest(scene)}"
    return _stay(scene, under_way(CanaryPhase.PROGRESSING, Reason.PROGRESSING, message), left)


def _earliest(scene: Scene) -> str:
    """The end of the hold; not shown while the clock stands."""
    rollout = scene.rollout
    if rollout.acked_at is None or rollout.stopped_at is not None:
        return ""
    hold = scene.path.station(rollout.step_percent).hold
    due = rollout.acked_at + hold + timedelta(seconds=rollout.paused_seconds)
    return f", earliest advance {due:%H:%M:%S}Z"


def wait_for_gate(scene: Scene) -> Decision | None:
    if not scene.path.station(scene.rollout.step_percent).is_gated or _is_approved(scene):
        return None
    here = step_of(scene).partition("/")[0]
    message = (
        f"At {at(scene)}, waiting for a person: annotate with"
        f" modeloperator.dev/action: advance:{scene.rollout.id}/{here}, or abort:{scene.rollout.id}."
    )
    return _stay(scene, under_way(CanaryPhase.WAITING, Reason.WAITING_FOR_APPROVAL, message))


def wait_for_safety(scene: Scene) -> Decision | None:
    """Gainers must serve, and donors be able to take the traffic back."""
    gaining = unready(scene, scene.gainers)
    if gaining is not None:
        message = f"At {at(scene)}, waiting for {gaining.message}"
        outlook = under_way(CanaryPhase.PROGRESSING, gaining.reason, message)
        return _stay(scene, replace(outlook, targets=gaining), _left_until_late(scene))
    return None if scene.rollout.step_percent == 100 else _wait_for_donors(scene)


def _wait_for_donors(scene: Scene) -> Decision | None:
    giving = unready(scene, scene.donors)
    if giving is None or scene.rollout.is_direct or scene.rollout.is_promoted:
        return None
    unsafe = verdict(Reason.ROLLBACK_UNSAFE, f"The traffic could not be taken back: {giving.message}")
    outlook = under_way(CanaryPhase.PROGRESSING, Reason.ROLLBACK_UNSAFE, unsafe.message)
    return _stay(scene, replace(outlook, targets=unsafe))


def _left_until_late(scene: Scene) -> timedelta | None:
    if scene.rollout.unready_since is None or scene.path.on_unhealthy is OnTargetUnhealthy.NONE:
        return None
    left = scene.path.unready_timeout - _unready_for(scene)
    return left if left > AT_ONCE else None


def advance(scene: Scene) -> Decision | None:
    following = scene.path.after(scene.rollout.step_percent, scene.rollout.origin, scene.rollout.to)
    if following is None:
        return _complete(scene)
    after = transitions.go_to(scene, following.percent)
    return Decision(
        status=after.status,
        outlook=under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Going to {at(after)}."),
        look_again=AT_ONCE,
    )


def _complete(scene: Scene) -> Decision:
    after = transitions.complete(scene)
    message = f"All traffic as specified: {describe(after.intended)}."
    outlook = under_way(CanaryPhase.COMPLETED, Reason.COMPLETED, message)
    done = notice("RolloutCompleted", f"Rollout {after.rollout.id}: {describe(after.intended)}.")
    return Decision(
        status=after.status,
        outlook=replace(outlook, complete=verdict(Reason.COMPLETED, message, is_true=True)),
        notices=(done,),
        look_again=AT_ONCE,
    )


def _stay(scene: Scene, outlook: Outlook, wait: timedelta | None = None) -> Decision:
    """Hold, and look again when a verdict is due at the latest."""
    return Decision(status=scene.status, outlook=outlook, look_again=_sooner(scene, wait))


def _sooner(scene: Scene, wait: timedelta | None) -> timedelta | None:
    rollout, judgement = scene.rollout, scene.path.judgement
    waits = [] if wait is None else [wait]
    late = _left_until_late(scene)
    if late is not None:
        waits.append(late)
    if judgement is not None and rollout.state == State.HOLDING and rollout.next_evaluation_at is not None:
        due = rollout.next_evaluation_at - scene.now
        waits.append(due if due > AT_ONCE else judgement.interval)  # it was due, and could not be done
        if rollout.analysis is not None and rollout.analysis.inconclusive_since is not None:
            patience = rollout.analysis.inconclusive_since + judgement.inconclusive_timeout - scene.now
            waits.extend([patience] if patience > AT_ONCE else [])
    return min(waits, default=None)


HOLDING: tuple[Rule, ...] = (
    fail_with_target,
    end_when_direct,
    fail_by_metrics,
    wait_when_paused,
    wait_at_limit,
    wait_for_measure,
    wait_for_evidence,
    wait_for_time,
    wait_for_gate,
    wait_for_safety,
    advance,
)


def hold(scene: Scene) -> Decision | None:
    """A step that the provider acknowledged."""
    if scene.state is not State.HOLDING:
        return None
    again = follow_ids(scene)
    if again is not None:
        return again
    scene = measure(with_clock(scene))
    return next(decision for rule in HOLDING if (decision := rule(scene)) is not None)


def follow_ids(scene: Scene) -> Decision | None:
    """A target was created anew: the same split under its new id, and the step from its beginning."""
    split = scene.ids(scene.intended)
    if split is None or without_zeros(split) == scene.acknowledged:
        return None
    after = transitions.apply_again(scene)
    outlook = under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Applying {at(after)} again.")
    return Decision(status=after.status, outlook=outlook, look_again=AT_ONCE)


def with_clock(scene: Scene) -> Scene:
    """The step's clock stands while it is paused or a gainer does not serve."""
    healths = {scene.target(share).health for share in scene.gainers}
    is_unready = bool(healths & {Health.UNREADY, Health.FAILED})
    if is_unready != (scene.rollout.unready_since is not None):
        scene = scene.with_rollout(unready_since=scene.now if is_unready else None)
    is_paused = scene.path.is_paused or scene.rollout.is_paused
    return transitions.keep_time(scene, is_stopped=is_paused or healths != {Health.SERVING})


def apply(scene: Scene) -> Decision | None:
    """A step that is meant to be in force: sent until it is acknowledged, unless its targets fail first."""
    if scene.state is not State.APPLYING:
        return None
    scene = with_clock(scene)
    failed = fail_with_target(scene)
    if failed is not None:
        return failed
    going = under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Going to {at(scene)}.")
    rising = tuple(share for share in scene.intended if _rises(scene, share.reference, share.percent))
    waiting = unready(scene, rising)
    if waiting is not None:
        message = f"Going to {at(scene)}, waiting for {waiting.message}"
        outlook = under_way(CanaryPhase.APPLYING, waiting.reason, message)
        outlook = replace(outlook, targets=waiting, progress=Progress.MOVING)
        return _stay(scene, outlook)
    unsafe = _wait_for_donors(scene)
    if unsafe is not None:
        return unsafe
    if not scene.rollout.is_begun:
        # From here on a gainer that fails is a failure of this rollout; before, it was only not there yet.
        begun = scene.with_rollout(is_begun=True)
        return Decision(
            status=begun.status, outlook=replace(going, progress=Progress.MOVING), look_again=AT_ONCE
        )
    split = scene.ids(scene.intended)
    if split is None:
        return _stay(scene, replace(going, progress=Progress.MOVING))
    call = UpdateCanary(scene.status.external_id or "", split)
    return Decision(status=scene.status, outlook=replace(going, progress=_first(scene)), call=call)


def _rises(scene: Scene, reference: str, percent: int) -> bool:
    """More than the provider last acknowledged for it."""
    return percent > sum(s.percent for s in scene.status.traffic if s.reference == reference)


def _first(scene: Scene) -> Progress:
    """A healthy rollout's later steps leave Ready and Reconciling alone."""
    is_first = scene.rollout.peak_percent == 0
    return Progress.MOVING if is_first else Progress.SETTLED
