"""Bring a running deployment's fields to the spec, each change once.

A change is sent only where the vendor takes it (serving or failed), then read back; what did not take is said, not
sent again.
"""

from dataclasses import replace

from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.domain import Remote, RunState
from model_operator.plan.deployment.difference import describe, differences, removed_fields
from model_operator.plan.deployment.power import power_difference
from model_operator.plan.deployment.situation import Decision, Retag, Situation, Update
from model_operator.plan.deployment.words import moving, phase_of, settled, stuck, unsynced
from model_operator.plan.verdict import Difference, Progress

_TAKES_CHANGES = frozenset({RunState.SERVING, RunState.FAILED})


def wait_for_sweep(s: Situation) -> Decision | None:
    """What was just adopted is shown for one sweep before anything of it is changed, its power included."""
    if s.remote is None or not _waits_for_sweep(s):
        return None
    applied = s.status.last_applied or {}
    found = (*power_difference(s), *differences(s.desired, s.remote, applied))
    removed = removed_fields(s.desired, s.remote, applied)
    if not found and not removed:
        return None
    message = f"Adopted; corrected at the next sweep: {describe(found, removed)}."
    decision = moving(Reason.UPDATING, message, phase_of(s.remote.state))
    return replace(decision, drift=found, look_again=s.timing.poll_interval)


def update_fields(s: Situation) -> Decision | None:
    remote = s.remote
    if remote is None:
        return None
    applied = s.status.last_applied or {}
    found = differences(s.desired, remote, applied)
    removed = removed_fields(s.desired, remote, applied)
    if not found and not removed:
        return None
    if remote.state not in _TAKES_CHANGES:
        return _wait_until_running(s, found, removed)
    return _await(s, found, removed) or _send(s, remote, found, removed)


def _waits_for_sweep(s: Situation) -> bool:
    adopted = s.creation.adopted_at
    return adopted is not None and s.now < adopted + s.timing.poll_interval


def _wait_until_running(
    s: Situation, found: tuple[Difference, ...], removed: frozenset[str]
) -> Decision | None:
    if s.remote is None or not (removed or any(d.is_edit for d in found)):
        return None
    if s.state not in {RunState.STARTING, RunState.UPDATING, RunState.UNKNOWN}:
        return None
    message = f"Sent once the deployment runs: {describe(found, removed)}."
    return moving(Reason.UPDATING, message, phase_of(s.state))


def _await(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> Decision | None:
    """The change was sent already: wait until it shows."""
    sent = s.sent.update
    if sent is None or not _was_sent(s, found, removed) or _did_not_take(s):
        return None
    message = f"Waiting for the provider to show: {describe(found, removed)}."
    waiting = moving(Reason.UPDATING, message, _updating_phase(s))
    return replace(waiting, look_again=max(sent.at + s.timing.power_grace - s.now, s.timing.transition_poll))


def _was_sent(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> bool:
    """All that is different, and can be sent, was in the last update."""
    sent, cleared = s.sent.update, _clearable(s, removed)
    if sent is None or not (found or cleared):
        return False
    return cleared <= sent.removed.keys() and all(sent.fields.get(d.field) == d.desired for d in found)


def _clearable(s: Situation, removed: frozenset[str]) -> frozenset[str]:
    return removed if s.capabilities.removes_fields else frozenset()


def _is_ignored(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> bool:
    """The provider accepted these changes and did not make them, as far as is known or was said before."""
    if _was_sent(s, found, removed):
        return _did_not_take(s)
    return _was_said(s, Reason.UPDATE_IGNORED) and not any(d.is_edit for d in found)


def _is_kept(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> bool:
    """The provider does not clear what the spec has no more: its API has no way, or it did not when it was asked to."""
    if not s.capabilities.removes_fields:
        return True
    return _did_not_take(s) if _was_sent(s, found, removed) else _was_said(s, Reason.REMOVAL_UNSUPPORTED)


def _did_not_take(s: Situation) -> bool:
    sent = s.sent.update
    return sent is not None and sent.is_verified and s.now - sent.at >= s.timing.power_grace


def _was_said(s: Situation, reason: Reason) -> bool:
    synced = s.status.condition(ConditionType.SYNCED)
    return synced is not None and (synced.reason, synced.observed_generation) == (
        reason,
        s.desired.generation,
    )


def _send(
    s: Situation, remote: Remote, found: tuple[Difference, ...], removed: frozenset[str]
) -> Decision | None:
    is_due = not _is_ignored(s, found, removed)
    to_send = tuple(d for d in found if is_due and (d.is_edit or s.desired.corrects_drift))
    clearable = frozenset[str]() if _is_kept(s, found, removed) else removed
    if not to_send and not clearable:
        return None
    decision = moving(Reason.UPDATING, f"Updating {describe(to_send, clearable)}.", _updating_phase(s))
    return replace(
        decision,
        action=Update(remote.id, {d.field: s.desired.fields[d.field] for d in to_send}, clearable),
        drift=() if s.desired.corrects_drift else found,
    )


def say_what_differs(s: Situation, step: Decision) -> Decision:
    """Differences that are not sent, or did not take: said wherever the step itself has nothing to say of them."""
    if s.remote is None or not s.wanted or not step.synced.is_true:
        return step
    applied = s.status.last_applied or {}
    found = differences(s.desired, s.remote, applied)
    removed = removed_fields(s.desired, s.remote, applied)
    left = _unsent(s, found, removed)
    if left is None:
        return step
    is_news = step.progress is Progress.SETTLED and left.progress is Progress.STUCK
    return replace(
        step,
        synced=left.synced,
        drift=found,
        progress=left.progress if is_news else step.progress,
        phase=None if is_news else step.phase,
    )


def _unsent(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> Decision | None:
    if removed and _is_kept(s, found, removed):
        message = (
            f"The provider does not clear {', '.join(sorted(removed))}. Set the value that you want instead."
        )
        return stuck(Reason.REMOVAL_UNSUPPORTED, message, None)
    if not found:
        return None
    if s.state in _TAKES_CHANGES and _is_ignored(s, found, removed):
        message = (
            f"The provider accepted a change and did not make it: {describe(found)}. Take it back or make it at the"
            " provider; the next edit is sent again."
        )
        return stuck(Reason.UPDATE_IGNORED, message, None)
    if s.desired.corrects_drift:
        return None
    message = f"The provider differs from the spec and driftPolicy is Report: {describe(found)}."
    return replace(settled(Phase.READY), synced=unsynced(Reason.DRIFT_REPORTED, message))


def _updating_phase(s: Situation) -> Phase:
    return Phase.FAILED if s.state is RunState.FAILED else Phase.UPDATING


def retag(s: Situation) -> Decision | None:
    """What was adopted gets our UID tag, so that a later restore knows whose it is."""
    remote = s.remote
    if (
        remote is None
        or not s.capabilities.has_tags
        or not remote.is_full
        or remote.owner_uid == s.desired.uid
        or s.sent.has_tagged  # a provider that ignores tags is not asked again and again
    ):
        return None
    if remote.state not in {RunState.SERVING, RunState.FAILED}:
        return None
    if not s.desired.corrects_drift and s.desired.external_id is None:
        return None
    decision = moving(Reason.UPDATING, "Tagging the deployment as ours.", phase_of(remote.state))
    # Nothing else brings the sweep's end to anybody's notice.
    return replace(
        decision,
        action=None if _waits_for_sweep(s) else Retag(remote.id),
        look_again=s.timing.poll_interval if _waits_for_sweep(s) else None,
    )
