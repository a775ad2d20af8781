"""A rollout under way, from its first step to its last: what lets it go on, what holds it, what sends it back.

APPLYING: a failed target, targets that do not serve, and only then the request. HOLDING, in this order of precedence: a
failed target, failed metrics, pause and limit, no measure, no evidence, time, a person's gate, safety, and only then
the next step. (A command of a person comes before all of them.)
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import CanaryPhase, Reason
from model_operator.models.canary_status import AnalysisStatus
from model_operator.plan.canary import transitions
from model_operator.plan.canary.checks import Said
from model_operator.plan.canary.course import describe, without_zeros
from model_operator.plan.canary.ending import breach, fail_by_metrics, fail_with_target
from model_operator.plan.canary.judging import is_judged, is_old, lack, measure, missing
from model_operator.plan.canary.observed import Health
from model_operator.plan.canary.situation import AT_ONCE, Decision, Outlook, Situation, State
from model_operator.plan.canary.transitions import elapsed, left_until_late, stay
from model_operator.plan.canary.words import REPAIR, at, notice, step_of, under_way, unready
from model_operator.plan.verdict import Progress, Verdict

Rule = Callable[[Situation], Decision | None]


def end_when_direct(s: Situation) -> Decision | None:
    """Without steps, or promoted by a person: the acknowledgement is the end."""
    is_done = s.rollout.is_direct or s.rollout.is_promoted
    return _complete(s) if is_done and s.rollout.step_percent == 100 else None


def hear_the_clock(s: Situation) -> Decision | None:
    """A new process sends the present split again: the answer says how long the step has been held by now."""
    if s.is_clock_heard or s.update is None or s.is_intended_refused:
        return None
    going = under_way(CanaryPhase.PROGRESSING, Reason.PROGRESSING, f"At {at(s)}.")
    return Decision(status=s.status, outlook=going, action=s.update)


def wait_when_refused(s: Situation) -> Decision | None:
    """Nobody wishes the next step any more, and what is wished instead cannot be done."""
    if s.observed.refusal is None:
        return None
    return stay(s, under_way(CanaryPhase.BLOCKED, s.observed.refusal.reason, f"Holding at {at(s)}."))


def wait_when_paused(s: Situation) -> Decision | None:
    rollout = s.rollout
    if not (s.course.is_paused or rollout.is_paused):
        return None
    if s.course.is_paused:
        reason, how = Reason.PAUSED, "Set spec.rollout.paused to false to continue."
    else:
        reason = Reason.METRIC_BREACHED if rollout.failure else Reason.PAUSED
        how = f"Annotate with modeloperator.dev/action: resume:{rollout.id} to continue."
    why = f"{rollout.failure.message}. " if rollout.failure else ""
    return stay(s, under_way(CanaryPhase.PAUSED, reason, f"Paused at {at(s)}. {why}{how}"))


def wait_at_limit(s: Situation) -> Decision | None:
    following = s.course.after(s.rollout.step_percent, s.rollout.origin, s.rollout.to)
    if following is None or following.percent <= s.course.limit:
        return None
    message = f"At {at(s)}. spec.rollout.limit is {s.course.limit}; increase it to continue."
    return stay(s, under_way(CanaryPhase.WAITING, Reason.LIMIT_REACHED, message))


def wait_for_measure(s: Situation) -> Decision | None:
    """Nothing can be measured: hold, for as long as it takes, and count it neither way."""
    analysis = _evidence(s)
    if analysis is None or analysis.verdict != Said.ERROR:
        return None
    why = next((m.message for m in analysis.metrics if m.message), "") or "no metrics"
    message = f"Holding at {at(s)}, because the provider's metrics cannot be read: {why}"
    return stay(s, under_way(CanaryPhase.PROGRESSING, Reason.METRICS_UNAVAILABLE, message))


def wait_for_evidence(s: Situation) -> Decision | None:
    """Only a Pass lets it go on."""
    judgement, analysis = s.course.judgement, _evidence(s)
    if judgement is None or analysis is None or analysis.verdict == Said.PASS:
        return None
    if analysis.verdict == Said.FAIL:
        worst = breach(s, analysis)
        message = f"Holding at {at(s)}, because {worst.message}"
        return stay(s, under_way(CanaryPhase.PROGRESSING, Reason.METRIC_BREACHED, message))
    message = f"At {at(s)}, {missing(analysis)}"
    since = analysis.inconclusive_since
    if since is not None and s.provider_now - since >= judgement.inconclusive_timeout:
        late = (
            f"{message}; to decide yourself, annotate with modeloperator.dev/action: advance:{s.rollout.id} or"
            f" abort:{s.rollout.id}"
        )
        return stay(s, under_way(CanaryPhase.WAITING, lack(s, analysis), late))
    earliest = "" if is_old(s, analysis) else _earliest(s)
    return stay(s, under_way(CanaryPhase.PROGRESSING, lack(s, analysis), message + earliest))


def _evidence(s: Situation) -> AnalysisStatus | None:
    """The verdicts where they decide; None where time alone does."""
    judgement = s.course.judgement
    if judgement is None or not judgement.enforces or _is_approved(s) or not is_judged(s):
        return None
    return s.rollout.analysis or AnalysisStatus()


def _is_approved(s: Situation) -> bool:
    return s.rollout.approved_percent == s.rollout.step_percent


def wait_for_time(s: Situation) -> Decision | None:
    hold = s.course.step(s.rollout.step_percent).hold
    left = hold - elapsed(s)
    if left <= timedelta() or _is_approved(s):
        return None
    message = f"At {at(s)}{_earliest(s)}"
    return stay(s, under_way(CanaryPhase.PROGRESSING, Reason.PROGRESSING, message), left)


def _earliest(s: Situation) -> str:
    """The end of the hold; not shown while the clock stands."""
    rollout = s.rollout
    if rollout.acked_at is None or rollout.stopped_at is not None:
        return ""
    hold = s.course.step(rollout.step_percent).hold
    due = rollout.acked_at + hold + timedelta(seconds=rollout.paused_seconds)
    return f", earliest advance {due:%H:%M:%S}Z"


def wait_for_gate(s: Situation) -> Decision | None:
    if not s.course.step(s.rollout.step_percent).is_gated or _is_approved(s):
        return None
    here = step_of(s).partition("/")[0]
    message = (
        f"At {at(s)}, waiting for manual approval: annotate with modeloperator.dev/action:"
        f" advance:{s.rollout.id}/{here}, or abort:{s.rollout.id}."
    )
    return stay(s, under_way(CanaryPhase.WAITING, Reason.WAITING_FOR_APPROVAL, message))


def wait_for_safety(s: Situation) -> Decision | None:
    """Canaries must serve, and the baseline be able to take the traffic back."""
    gaining = unready(s, s.canaries)
    if gaining is not None:
        message = f"At {at(s)}, waiting for {gaining.message}"
        outlook = under_way(CanaryPhase.PROGRESSING, gaining.reason, message)
        return stay(s, replace(outlook, targets=gaining), left_until_late(s))
    return None if s.rollout.step_percent == 100 else wait_for_baseline(s)


def wait_for_baseline(s: Situation) -> Decision | None:
    giving = unready(s, s.baselines)
    if giving is None or s.rollout.is_direct or s.rollout.is_promoted:
        return None
    message = f"The traffic could not be taken back: {giving.message}. {REPAIR}"
    outlook = under_way(CanaryPhase.PROGRESSING, Reason.ROLLBACK_UNSAFE, message)
    return stay(s, replace(outlook, targets=Verdict(False, Reason.ROLLBACK_UNSAFE, message)))


def advance(s: Situation) -> Decision | None:
    following = s.course.after(s.rollout.step_percent, s.rollout.origin, s.rollout.to)
    if following is None:
        return _complete(s)
    after = transitions.go_to(s, following.percent)
    return Decision(
        status=after.status,
        outlook=under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Moving traffic to {at(after)}."),
        look_again=AT_ONCE,
    )


def _complete(s: Situation) -> Decision:
    after = transitions.complete(s)
    split = describe(after.intended)
    complete = Verdict(True, Reason.COMPLETED, f"The target split is in force: {split}.")
    outlook = under_way(CanaryPhase.COMPLETED, Reason.COMPLETED, complete.message)
    return Decision(
        status=after.status,
        outlook=replace(outlook, complete=complete),
        notices=(notice(Reason.ROLLOUT_COMPLETED, f"Rollout {after.rollout.id}: {split}."),),
        look_again=AT_ONCE,
    )


HOLDING: tuple[Rule, ...] = (
    fail_with_target,
    end_when_direct,
    fail_by_metrics,
    hear_the_clock,
    wait_when_refused,
    wait_when_paused,
    wait_at_limit,
    wait_for_measure,
    wait_for_evidence,
    wait_for_time,
    wait_for_gate,
    wait_for_safety,
    advance,
)


def hold(s: Situation) -> Decision | None:
    """A step that the provider acknowledged."""
    if s.state is not State.HOLDING:
        return None
    again = follow_ids(s)
    if again is not None:
        return again
    s = measure(with_clock(s))
    return next(decision for rule in HOLDING if (decision := rule(s)) is not None)


def follow_ids(s: Situation) -> Decision | None:
    """A target was created anew: the same split under its new id, and the step from its beginning."""
    split = s.ids(s.intended)
    if split is None or without_zeros(split) == s.acknowledged or s.is_intended_refused:
        return None
    after = transitions.apply_again(s)
    outlook = under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Sending {at(after)} again.")
    return Decision(status=after.status, outlook=outlook, look_again=AT_ONCE)


def with_clock(s: Situation) -> Situation:
    """The step's clock stands while it is paused or a canary does not serve."""
    if s.state is State.HOLDING and not s.is_clock_heard:
        return s
    healths = {s.target(share).health for share in s.canaries}
    is_unready = bool(healths & {Health.UNREADY, Health.FAILED})
    if is_unready != (s.rollout.unready_since is not None):
        s = s.with_rollout(s.rollout.with_(unready_since=s.provider_now if is_unready else None))
    is_paused = s.course.is_paused or s.rollout.is_paused
    return transitions.keep_time(s, is_stopped=is_paused or not healths <= {Health.SERVING})


def wait_when_not_sent(s: Situation) -> Decision | None:
    """A step that may be in force is acknowledged, to be judged; another is not begun for a refused wish."""
    if s.observed.refusal is None or (s.rollout.is_begun and not s.is_intended_refused):
        return None
    return stay(
        s, under_way(CanaryPhase.BLOCKED, s.observed.refusal.reason, f"Not moving traffic to {at(s)}.")
    )


def wait_for_rising(s: Situation) -> Decision | None:
    """Traffic is moved to what serves only."""
    waiting = unready(s, tuple(share for share in s.intended if _rises(s, share.reference, share.percent)))
    if waiting is None:
        return None
    message = f"Moving traffic to {at(s)}, waiting for {waiting.message}"
    outlook = under_way(CanaryPhase.APPLYING, waiting.reason, message)
    return stay(s, replace(outlook, targets=waiting, progress=Progress.MOVING))


def _rises(s: Situation, reference: str, percent: int) -> bool:
    """More than the provider last acknowledged for it."""
    return percent > sum(share.percent for share in s.status.traffic if share.reference == reference)


def begin(s: Situation) -> Decision | None:
    """From here on a canary that fails is a failure of this rollout; before, it was only not there yet."""
    if s.rollout.is_begun:
        return None
    begun = s.with_rollout(s.rollout.with_(is_begun=True))
    return Decision(status=begun.status, outlook=_going(s, Progress.MOVING), look_again=AT_ONCE)


def send(s: Situation) -> Decision:
    if s.update is None:
        return stay(s, _going(s, Progress.MOVING))
    return Decision(status=s.status, outlook=_going(s, _first(s)), action=s.update)


def _going(s: Situation, progress: Progress) -> Outlook:
    going = under_way(CanaryPhase.APPLYING, Reason.PROGRESSING, f"Moving traffic to {at(s)}.")
    return replace(going, progress=progress)


def _first(s: Situation) -> Progress:
    """A healthy rollout's later steps leave Ready and Reconciling alone."""
    return Progress.MOVING if s.rollout.peak_percent == 0 else Progress.SETTLED


APPLYING: tuple[Rule, ...] = (
    fail_with_target,
    wait_when_not_sent,
    wait_for_rising,
    wait_for_baseline,
    begin,
    send,
)


def apply(s: Situation) -> Decision | None:
    """A step that is meant to be in force: sent until it is acknowledged, unless its targets fail first."""
    if s.state is not State.APPLYING:
        return None
    s = with_clock(s)
    return next(decision for rule in APPLYING if (decision := rule(s)) is not None)
