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
from model_operator.plan.canary.observed import Health
from model_operator.plan.canary.situation import Decision, Outlook, Situation, State, intended
from model_operator.plan.canary.words import shortfall
from model_operator.plan.verdict import Progress, Verdict
from model_operator.status.conditions import merge

_ACCEPTED: Final = Verdict(True, Reason.ACCEPTED, "The spec is valid and can be applied.")
_IDLE: Final = Verdict(False, Reason.IDLE, "No change is in progress.")
_NOT_STALLED: Final = Verdict(False, Reason.NOT_STALLED, "The object is not stalled.")
_NEEDS_PERSON: Final = frozenset({Reason.TARGET_NOT_FOUND, Reason.TARGET_FAILED})
"""Of a target's reasons those that its ModelDeployment's own work does not end."""
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
    ready = _ready(s, accepted, synced, outlook)
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
        short = shortfall(s, share) if share.percent else None
        if short is not None:
            return short
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


def _ready(s: Situation, accepted: Verdict, synced: Verdict, outlook: Outlook) -> Verdict:
    """The first that fails says why, in this order. A later step on its way changes nothing."""
    if not accepted.is_true:
        return accepted
    waits_for = _waits_for(outlook)
    if waits_for is not None:
        return waits_for
    is_next_step = synced.reason is Reason.UPDATING and outlook.progress is Progress.SETTLED
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
    if _hindrance(outlook) is not None and left_of(s, decision, grace) is None:
        return _IDLE, told
    match outlook.progress:
        case Progress.SETTLED:
            return _IDLE, _NOT_STALLED
        case Progress.STUCK:
            return _IDLE, told
        case Progress.MOVING:
            return told, _NOT_STALLED


def _waits_for(outlook: Outlook) -> Verdict | None:
    """What stands between the spec and the provider, where it is a target: Ready says so, and no more."""
    short = outlook.targets
    return (
        short
        if short is not None and not short.is_true and outlook.progress is not Progress.SETTLED
        else None
    )


def _hindrance(outlook: Outlook) -> tuple[ConditionType, Verdict] | None:
    """What may go by itself while things are applied in any order, and needs a person if it stays."""
    if outlook.accepted is not None:
        return ConditionType.ACCEPTED, outlook.accepted
    short = _waits_for(outlook)
    return (
        (ConditionType.TARGETS_READY, short) if short is not None and short.reason in _NEEDS_PERSON else None
    )


def left_of(s: Situation, decision: Decision, grace: timedelta) -> timedelta | None:
    """Until what hinders the spec is Stalled; None: it is, or nothing hinders it."""
    hindrance = _hindrance(decision.outlook)
    if hindrance is None or hindrance[1].reason is Reason.UNSUPPORTED:  # which no waiting mends
        return None
    before = s.status.condition(hindrance[0])
    since = before.last_transition_time if before and before.status == "False" else s.now
    left = min(since + grace - s.now, grace)  # a clock may have been set back since
    return left if left > timedelta() else None
