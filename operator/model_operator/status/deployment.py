"""What a ModelDeployment's status says, from what was observed and what is done about it. Pure.

One status per pass; written only if it differs from the one before.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from model_operator.conditions import ConditionType, Phase, Reason, reason_of
from model_operator.domain import RunState
from model_operator.meanings import MEANINGS
from model_operator.models.deployment_status import (
    NO_CHANGE,
    UNCHANGED,
    DriftRow,
    ModelDeploymentStatus,
    StatusChange,
)
from model_operator.plan.deployment import idle
from model_operator.plan.deployment.difference import render
from model_operator.plan.deployment.expiry import expiring_of, noted
from model_operator.plan.deployment.serving import unproven_serving
from model_operator.plan.deployment.situation import Decision, Presence, Situation
from model_operator.plan.deployment.words import stopped_on_purpose, why_stopped
from model_operator.plan.verdict import Progress, Verdict
from model_operator.status.conditions import merge

SELECTOR = "modeloperator.dev/no-pods=true"
"""Matches no pod: none run in the cluster. A HorizontalPodAutoscaler insists on a selector."""

_ACCEPTED = Verdict(True, Reason.ACCEPTED, "The spec is valid and can be applied.")
_IDLE = Verdict(False, Reason.IDLE, "No change is in progress.")
_NOT_STALLED = Verdict(False, Reason.NOT_STALLED, "The object is not stalled.")
_STATIONS = frozenset({Reason.STARTING, Reason.UPDATING, Reason.PAUSING, Reason.RESUMING})
_LOOK_THERE = "Check the deployment at the provider. An edit of the spec, and the deletion of this object, are carried out meanwhile."
_ENOUGH = {
    Reason.QUOTA_EXCEEDED: "the account's quota is raised or something else is deleted",
    Reason.INSUFFICIENT_CAPACITY: "a machine is free, or another device is named",
}
_STOPPED_ON_PURPOSE = frozenset({Reason.PAUSED, Reason.SCALED_DOWN, Reason.OUTSIDE_ACTIVE_HOURS})
_WAITS_FOR_START = frozenset({Reason.STARTING, Reason.RESUMING})
_COUNTS_AS_SYNCED = frozenset(
    {Reason.HELD_WHILE_PAUSED, Reason.DRIFT_REPORTED, Reason.DUPLICATE_FOUND, Reason.OBSERVED}
)


def summarize(s: Situation, decision: Decision) -> ModelDeploymentStatus:
    """The whole status after this pass."""
    if decision.keeps_status and decision.accepted is None:
        return s.status
    changed = decision.change.made_to(s.status)
    verdicts = _verdicts(s, decision)
    return (
        _remote_parts(s, changed)
        .made_to(changed)
        .with_(
            observed_generation=s.desired.generation,
            phase=decision.phase or changed.phase or Phase.PENDING,
            next_edge=s.desired.next_edge,
            active_until=s.desired.active_until,
            expires_at=s.desired.expires_at,
            expired=noted(s.desired.expires_at, changed.expired, s.now),
            idle=idle.noted(s),
            selector=SELECTOR,
            drift=tuple(
                DriftRow(field=d.field, desired=render(d.desired), observed=render(d.observed))
                for d in decision.drift
            ),
            conditions=merge(s.status.conditions, verdicts, s.desired.generation, s.now),
        )
    )


def _remote_parts(s: Situation, status: ModelDeploymentStatus) -> StatusChange:
    """What applications use. Kept as it was while nothing is known; cleared only when it is gone."""
    remote = s.remote
    if status.external_id is None or s.observed.presence is Presence.ABSENT:
        return StatusChange(replicas=0, provider_state=None)
    if remote is None or remote.id != status.external_id:
        return NO_CHANGE
    replicas = _running(s)
    return StatusChange(
        provider_state=remote.word,
        # Other replies than a GET's may come before it is final.
        external_alias=remote.alias if remote.alias and remote.is_full else UNCHANGED,
        endpoint_url=remote.url or UNCHANGED,
        replicas=UNCHANGED if replicas is None else replicas,
    )


def _running(s: Situation) -> int | None:
    remote = s.remote
    match s.state:
        case RunState.STOPPED | RunState.GONE | RunState.DELETING:
            return 0
        case _ if remote is not None and remote.replicas is not None:
            return remote.replicas
        case RunState.STARTING:
            return 0
        case _:
            return None


def _verdicts(s: Situation, decision: Decision) -> Mapping[ConditionType, Verdict]:
    accepted = decision.accepted or _ACCEPTED
    serving = decision.serving or _serving(s)
    ready = _short_of(s, _at_fewest(s, _ready(accepted, decision.synced, serving)))
    if decision.phase is Phase.EXPIRED and ready.reason is Reason.MISSING:
        ready = replace(ready, is_true=True, reason=Reason.EXPIRED)
    expiring = expiring_of(s, decision)
    reconciling, stalled = _progress(s, decision, ready)
    verdicts = {
        ConditionType.READY: ready,
        ConditionType.ACCEPTED: accepted,
        ConditionType.SYNCED: decision.synced,
        ConditionType.SERVING: serving,
        ConditionType.RECONCILING: reconciling,
        ConditionType.STALLED: stalled,
    }
    others = {ConditionType.EXPIRING: expiring, ConditionType.IDLE: idle.idle_of(s)}
    return {**verdicts, **{type: verdict for type, verdict in others.items() if verdict is not None}}


def _serving(s: Situation) -> Verdict:
    """By the vendor's state alone; the last word stands while the provider is not heard."""
    remote = s.remote
    if remote is None:
        return _serving_unseen(s)
    said = f'The provider reports "{remote.word}"' + (f": {remote.message}" if remote.message else ".")
    match remote.state:
        case RunState.SERVING | RunState.UPDATING:
            return unproven_serving(s) or Verdict(True, Reason.SERVING, "The deployment is serving requests.")
        case RunState.STARTING:
            return Verdict(False, Reason.STARTING, said)
        case RunState.STOPPING | RunState.STOPPED:
            reason = Reason.SCALED_DOWN if s.desired.may_scale_down else Reason.STOPPED
            is_paused = s.desired.paused or s.is_paused_by_us
            return Verdict(False, stopped_on_purpose(s).reason if is_paused else reason, said)
        case RunState.FAILED:
            what_next = MEANINGS[Reason.FAILED].remedy
            return Verdict(False, Reason.FAILED, f"{said.rstrip('.')}.{_where_to_look(s)} {what_next}")
        case RunState.DELETING | RunState.GONE:
            return Verdict(False, Reason.MISSING, said)
        case RunState.UNKNOWN:
            return Verdict(
                None,
                Reason.UNKNOWN,
                f"{said} The operator does not recognize this state, so it takes no action.",
            )


def _where_to_look(s: Situation) -> str:
    """A state without a reason: where there are logs, it is in them."""
    if not s.capabilities.keeps_logs or (s.remote and s.remote.message):
        return ""
    return f" `model-operator logs {s.desired.name} -n {s.desired.namespace}` may say why."


def _serving_unseen(s: Situation) -> Verdict:
    before = s.status.condition(ConditionType.SERVING)
    if s.status.external_id is None or s.observed.presence is Presence.ABSENT or before is None:
        return Verdict(False, Reason.MISSING, "No deployment exists at the provider.")
    is_true = {"True": True, "False": False}.get(before.status)
    return Verdict(is_true, reason_of(before.reason), before.message)


def _ready(accepted: Verdict, synced: Verdict, serving: Verdict) -> Verdict:
    """The first condition that fails says why, in this order."""
    if not accepted.is_true:
        return accepted
    if not synced.is_true and synced.reason not in _COUNTS_AS_SYNCED:
        return synced
    if synced.reason is Reason.OBSERVED and serving.reason is Reason.MISSING and not synced.is_true:
        return synced  # which says what would be made
    if serving.is_true:
        return Verdict(True, Reason.AVAILABLE, "The deployment serves as specified.")
    if serving.reason in _STOPPED_ON_PURPOSE:
        return replace(serving, is_true=True)
    return serving


def _at_fewest(s: Situation, ready: Verdict) -> Verdict:
    """It serves, and with fewer replicas than in its hours."""
    if ready.reason is not Reason.AVAILABLE or s.desired.off_hours is None or s.desired.paused:
        return ready
    text = f"The deployment serves with its fewest replicas because {why_stopped(s)}."
    return Verdict(True, Reason.OUTSIDE_ACTIVE_HOURS, text)


def _short_of(s: Situation, ready: Verdict) -> Verdict:
    """What a start waits for, where the provider says so: it goes on by itself once there is some."""
    remote = s.remote
    if remote is None or remote.shortage is None or ready.reason not in _WAITS_FOR_START:
        return ready
    enough = _ENOUGH.get(remote.shortage, "there is enough")
    said = (
        f'The provider reports "{remote.word}": {remote.message.rstrip(".")}. The deployment continues by itself'
        f" once {enough}."
    )
    return replace(ready, reason=remote.shortage, message=said)


def _progress(s: Situation, decision: Decision, ready: Verdict) -> tuple[Verdict, Verdict]:
    """Reconciling and Stalled, never both True."""
    reconciling = replace(ready, is_true=True)
    match decision.progress:
        case Progress.SETTLED:
            return _IDLE, _NOT_STALLED
        case Progress.STUCK:
            return _IDLE, replace(ready, is_true=True)
        case Progress.MOVING:
            exceeded = _exceeded(s, decision, ready)
            return (_IDLE, exceeded) if exceeded else (reconciling, _NOT_STALLED)


def _exceeded(s: Situation, decision: Decision, ready: Verdict) -> Verdict | None:
    """Not None: the work has been under way for too long, and a person should look."""
    stalled = s.status.condition(ConditionType.STALLED)
    if decision.accepted is not None:
        since = _since(s, ConditionType.ACCEPTED, "False")
        return replace(ready, is_true=True) if s.now - since >= s.timing.accepted_grace else None
    verdict = Verdict(
        True,
        Reason.PROGRESS_DEADLINE_EXCEEDED,
        f"The change has been in progress for longer than spec.progressDeadline. {ready.message}"
        + (f" {_LOOK_THERE}" if ready.reason in _STATIONS else ""),
    )
    if stalled is not None and stalled.is_true and _is_same_work(s):
        return verdict
    since = _since(s, ConditionType.RECONCILING, "True")
    return verdict if s.now - since >= s.desired.progress_deadline else None


def _is_same_work(s: Situation) -> bool:
    """Still late with what was late before; a new generation or a deletion gets a new deadline."""
    stalled = s.status.condition(ConditionType.STALLED)
    return (
        stalled is not None
        and stalled.reason == Reason.PROGRESS_DEADLINE_EXCEEDED
        and stalled.observed_generation == s.desired.generation
    )


def _since(s: Situation, type_: ConditionType, status: str) -> datetime:
    condition = s.status.condition(type_)
    if condition is None or condition.status != status:
        return s.now
    return condition.last_transition_time


def time_left(s: Situation, decision: Decision) -> timedelta | None:
    """Until the status would change by time alone; None: never."""
    if decision.progress is not Progress.MOVING:
        return None
    if decision.accepted is not None:
        due = _since(s, ConditionType.ACCEPTED, "False") + s.timing.accepted_grace
    else:
        due = _since(s, ConditionType.RECONCILING, "True") + s.desired.progress_deadline
    return max(due - s.now, timedelta()) if due > s.now else None
