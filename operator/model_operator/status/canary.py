"""What a CanaryEndpoint's status says: conditions and the words for people, from a decision. Pure.

Ready stays True through a healthy rollout, so that nothing that waits for it hangs; RolloutComplete tells the end.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.conditions import ConditionType, Reason
from model_operator.models.canary_status import CanaryEndpointStatus, TrafficShare
from model_operator.plan.canary.checks import Said
from model_operator.plan.canary.course import describe, percents, without_zeros
from model_operator.plan.canary.judging import is_old
from model_operator.plan.canary.situation import Decision, Health, Situation, State, intended
from model_operator.plan.verdict import Progress, Verdict
from model_operator.status.conditions import merge

_ACCEPTED: Final = Verdict(True, Reason.ACCEPTED, "The spec is valid and can be applied.")
_IDLE: Final = Verdict(False, Reason.IDLE, "No change is in progress.")
_NOT_STALLED: Final = Verdict(False, Reason.NOT_STALLED, "No manual action is needed.")
_MESSAGE_LIMIT: Final = 1024


def summarize(before: Situation, decision: Decision, grace: timedelta) -> CanaryEndpointStatus:
    """The whole status after this pass. `grace` is how long a spec may be refused before that is Stalled."""
    s = replace(before, status=decision.status)
    conditions = _conditions(s, decision, grace)
    status, rollout = decision.status, decision.status.rollout
    analysis = rollout.analysis if rollout else None
    return status.with_(
        observed_generation=s.desired.generation,
        phase=decision.outlook.phase,
        message=decision.outlook.message[:_MESSAGE_LIMIT],
        split=describe(status.traffic) or None,
        step=_step(s),
        verdict=analysis.verdict if analysis else None,
        traffic=_traffic(s),
        conditions=merge(before.status.conditions, conditions, s.desired.generation, s.now),
    )


def _step(s: Situation) -> str | None:
    """`2/4`; nothing for a split without steps."""
    rollout = s.status.rollout
    if rollout is None or rollout.is_direct or s.course.is_static:
        return None
    return f"{s.course.index(rollout.step_percent) + 1}/{len(s.course.steps)}"


def _traffic(s: Situation) -> tuple[TrafficShare, ...]:
    desired = percents(s.status.rollout.to) if s.status.rollout else {}
    serving = {Health.SERVING: True, Health.UNREADY: False, Health.FAILED: False, Health.UNKNOWN: None}
    return tuple(
        share.with_(desired_percent=desired.get(share.reference, 0), serving=serving[s.target(share).health])
        for share in s.status.traffic
    )


def _conditions(s: Situation, decision: Decision, grace: timedelta) -> Mapping[ConditionType, Verdict]:
    outlook = decision.outlook
    accepted = outlook.accepted or _ACCEPTED
    synced = outlook.synced or _synced(s)
    ready = _ready(s, accepted, synced, outlook.progress)
    reconciling, stalled = _progress(s, decision, ready, grace)
    return {
        ConditionType.READY: ready,
        ConditionType.ACCEPTED: accepted,
        ConditionType.TARGETS_READY: outlook.targets or _targets(s),
        ConditionType.TRAFFIC_SYNCED: synced,
        ConditionType.METRICS_AVAILABLE: _metrics(s),
        ConditionType.ROLLOUT_COMPLETE: outlook.complete,
        ConditionType.RECONCILING: reconciling,
        ConditionType.STALLED: stalled,
    }


def _synced(s: Situation) -> Verdict:
    status, rollout = s.status, s.status.rollout
    if status.external_id is None or rollout is None:
        return Verdict(False, Reason.CREATING, "No endpoint exists at the provider yet.")
    split = s.ids(intended(rollout))
    is_acknowledged = split is not None and without_zeros(split) == s.acknowledged
    if is_acknowledged and rollout.state not in {State.APPLYING, State.ROLLING_BACK}:
        return Verdict(True, Reason.SYNCED, f"The provider confirmed {describe(status.traffic)}.")
    return Verdict(False, Reason.UPDATING, f"Sending {describe(intended(rollout))} to the provider.")


def _targets(s: Situation) -> Verdict:
    """Everything that gets traffic now, or next."""
    rollout = s.status.rollout
    wanted = intended(rollout) if rollout else s.desired.destination
    for share in (*s.status.traffic, *wanted):
        target = s.target(share)
        if not share.percent or target.health is Health.SERVING:
            continue
        reason = Reason.TARGET_FAILED if target.health is Health.FAILED else Reason.TARGET_NOT_READY
        is_true = None if target.health is Health.UNKNOWN else False
        return Verdict(is_true, reason, f"{share.name}: {target.message or 'its state is not known'}")
    return Verdict(True, Reason.SERVING, "All targets are serving.")


def _metrics(s: Situation) -> Verdict:
    rollout = s.status.rollout
    if s.course.judgement is None or rollout is None or rollout.is_direct:
        return Verdict(None, Reason.NOT_JUDGED, "No metrics are analyzed now.")
    if rollout.analysis is None:
        return Verdict(None, Reason.NOT_MEASURED, "The first metrics of this step have not been read yet.")
    if rollout.analysis.verdict == Said.ERROR:
        why = next((m.message for m in rollout.analysis.metrics if m.message), None) or "no metrics"
        is_shared = any(share.reference in s.observed.shared for share in (*s.canaries, *s.baselines))
        reason = Reason.SHARED_TARGET if is_shared else Reason.METRICS_UNAVAILABLE
        return Verdict(False, reason, why)
    if is_old(s, rollout.analysis):
        words = f"The provider's newest metrics end at {rollout.analysis.judged_until:%H:%M:%S}Z."
        return Verdict(False, Reason.FIGURES_OLD, words)
    warning = rollout.analysis.detectability
    return Verdict(
        True, Reason.MEASURED, f"The provider's metrics can be read{f'; {warning}' if warning else ''}."
    )


def _ready(s: Situation, accepted: Verdict, synced: Verdict, progress: Progress) -> Verdict:
    """The first that fails says why, in this order. A later step on its way changes nothing."""
    if not accepted.is_true:
        return accepted
    is_next_step = synced.reason is Reason.UPDATING and progress is Progress.SETTLED
    if not synced.is_true and not is_next_step:
        return synced
    for share in s.status.traffic:
        target = s.target(share)
        if share.percent and target.health is not Health.SERVING:
            is_true = None if target.health is Health.UNKNOWN else False
            return Verdict(is_true, Reason.TARGET_NOT_READY, f"{share.name}: {target.message}")
    return Verdict(True, Reason.AVAILABLE, "The endpoint is serving with the confirmed split.")


def _progress(s: Situation, decision: Decision, ready: Verdict, grace: timedelta) -> tuple[Verdict, Verdict]:
    """Reconciling and Stalled, never both True."""
    outlook = decision.outlook
    told = replace(ready if not ready.is_true else outlook.complete, is_true=True)
    if outlook.accepted is not None and left_of(s, decision, grace) is None:
        return _IDLE, told
    match outlook.progress:
        case Progress.SETTLED:
            return _IDLE, _NOT_STALLED
        case Progress.STUCK:
            return _IDLE, told
        case Progress.MOVING:
            return told, _NOT_STALLED


def left_of(s: Situation, decision: Decision, grace: timedelta) -> timedelta | None:
    """Until a spec that is not accepted is Stalled; None: it is, or was accepted."""
    refused = decision.outlook.accepted
    if refused is None or refused.reason is Reason.UNSUPPORTED:  # which no waiting mends
        return None
    before = s.status.condition(ConditionType.ACCEPTED)
    since = before.last_transition_time if before and before.status == "False" else s.now
    left = min(since + grace - s.now, grace)  # a clock may have been set back since
    return left if left > timedelta() else None
