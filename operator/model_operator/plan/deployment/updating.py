"""Bring a running deployment's fields to the spec, each change once.

A change is sent only where the vendor takes it (serving or failed), then read back; what did not take is said, not
sent again.
"""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.domain import UID_TAG, Remote, RunState
from model_operator.plan.deployment.difference import Gap, describe, gap_between
from model_operator.plan.deployment.marks import shows_mark
from model_operator.plan.deployment.power import power_difference
from model_operator.plan.deployment.situation import Decision, Retag, Situation, Update
from model_operator.plan.deployment.words import moving, phase_of, settled, stuck, unsynced
from model_operator.plan.verdict import Difference, Progress

_TAKES_CHANGES = frozenset({RunState.SERVING, RunState.FAILED})


def wait_for_sweep(s: Situation) -> Decision | None:
    """What was just adopted is shown for one sweep before anything of it is changed, its power included."""
    if s.remote is None or not _waits_for_sweep(s):
        return None
    gap = gap_between(s.desired, s.remote, s.status.last_applied)
    gap = replace(gap, differences=(*power_difference(s), *gap.differences))
    if not gap:
        return None
    decision = moving(
        Reason.UPDATING,
        f"Adopted. These differences will be corrected at the next poll: {gap}.",
        phase_of(s.remote.state),
    )
    return replace(decision, drift=gap.differences, look_again=s.timing.poll_interval)


def update_fields(s: Situation) -> Decision | None:
    remote = s.remote
    if remote is None:
        return None
    gap = gap_between(s.desired, remote, s.status.last_applied)
    if not gap:
        return _await_reading(s, remote)
    if remote.state not in _TAKES_CHANGES:
        return _wait_until_running(remote, gap)
    return _await(s, gap) or _send(s, remote, gap)


def _waits_for_sweep(s: Situation) -> bool:
    adopted = s.creation.adopted_at
    return adopted is not None and s.now < adopted + s.timing.poll_interval


def _wait_until_running(remote: Remote, gap: Gap) -> Decision | None:
    if not gap.removed and not any(d.is_edit for d in gap.differences):
        return None
    if remote.state not in {RunState.STARTING, RunState.UPDATING, RunState.UNKNOWN}:
        return None
    return moving(Reason.UPDATING, f"Edits are sent once the deployment runs: {gap}.", phase_of(remote.state))


def _await(s: Situation, gap: Gap) -> Decision | None:
    """The change was sent already: wait until it shows."""
    sent = s.sent.update
    if sent is None or not _was_sent(s, gap) or _did_not_take(s):
        return None
    waiting = moving(
        Reason.UPDATING, f"Waiting until the provider shows the edits: {gap}.", _updating_phase(s)
    )
    return replace(waiting, look_again=s.grace_left(sent.at))


def _await_reading(s: Situation, remote: Remote) -> Decision | None:
    """A change was sent and only the LIST was seen since, which does not show it: nobody knows whether it took."""
    sent = s.sent.update
    if sent is None or sent.is_verified or remote.is_full or sent.fields.keys() <= remote.fields.keys():
        return None
    waiting = "An edit was sent. It can be confirmed once the provider shows the deployment in full."
    return replace(moving(Reason.UPDATING, waiting, _updating_phase(s)), look_again=s.timing.poll_interval)


def _was_sent(s: Situation, gap: Gap) -> bool:
    """All that is different, and can be sent, was in the last update."""
    sent = s.sent.update
    cleared = gap.removed if s.capabilities.removes_fields else frozenset[str]()
    if sent is None or not (gap.differences or cleared):
        return False
    is_set = all(sent.fields.get(d.field) == d.desired for d in gap.differences)
    return is_set and cleared <= sent.removed.keys()


def _is_ignored(s: Situation, gap: Gap) -> bool:
    """The provider accepted these changes and did not make them, as far as is known or was said before."""
    if _was_sent(s, gap):
        return _did_not_take(s)
    return _was_said(s, Reason.UPDATE_IGNORED) and not any(d.is_edit for d in gap.differences)


def _is_kept(s: Situation, gap: Gap) -> bool:
    """The provider does not clear what the spec has no more: its API has no way, or it did not when it was asked to."""
    if not s.capabilities.removes_fields:
        return True
    return _did_not_take(s) if _was_sent(s, gap) else _was_said(s, Reason.REMOVAL_UNSUPPORTED)


def _did_not_take(s: Situation) -> bool:
    sent = s.sent.update
    return sent is not None and sent.is_verified and not s.is_recent(sent.at)


def _was_said(s: Situation, reason: Reason) -> bool:
    synced = s.status.condition(ConditionType.SYNCED)
    return synced is not None and (synced.reason, synced.observed_generation) == (
        reason,
        s.desired.generation,
    )


def _send(s: Situation, remote: Remote, gap: Gap) -> Decision | None:
    is_due = not _is_ignored(s, gap)
    to_send = tuple(d for d in gap.differences if is_due and (d.is_edit or _is_to_correct(s, d.field)))
    clearable = frozenset[str]() if _is_kept(s, gap) else gap.removed
    if not to_send and not clearable:
        return None
    decision = moving(Reason.UPDATING, f"Updating {describe(to_send, clearable)}.", _updating_phase(s))
    return replace(
        decision,
        action=Update(remote.id, {d.field: s.desired.fields[d.field] for d in to_send}, clearable),
        drift=() if s.desired.corrects_drift else gap.differences,
    )


def _is_to_correct(s: Situation, name: str) -> bool:
    """Whether what somebody did to that field at the provider is undone now."""
    return s.desired.corrects_drift and not s.sent.truce_left(name, s.now)


def _fought_over(s: Situation, gap: Gap) -> tuple[Difference, ...]:
    """What somebody has set back after each correction, and is left so for a while."""
    if not s.desired.corrects_drift:
        return ()
    fields = tuple(d for d in gap.differences if not d.is_edit and not _is_to_correct(s, d.field))
    remote = s.remote
    if remote is None or not remote.is_full or remote.owner_uid == s.desired.uid:
        return fields
    tag = Difference(UID_TAG, s.desired.uid, remote.owner_uid or "unset", is_edit=False)
    return fields if _is_to_correct(s, UID_TAG) else (*fields, tag)


def _fight(s: Situation, fought: tuple[Difference, ...]) -> Decision:
    names = ", ".join(d.field for d in fought)
    who = (
        "the owner of that UID, perhaps in another cluster"
        if any(d.field == UID_TAG for d in fought)
        else "an autoscaler or a person at the provider, or another controller with this account's key"
    )
    message = (
        f"Something else changes {names} at the provider after each correction: {who}. Not corrected for an hour:"
        f" {describe(fought)}. Stop the other writer, put its value into the spec, or set driftPolicy to Report."
    )
    again = min(s.sent.truce_left(d.field, s.now) for d in fought)
    return replace(stuck(Reason.FIELD_CONTESTED, message, None), look_again=again)


def say_what_differs(s: Situation, step: Decision) -> Decision:
    """Differences that are not sent, or did not take: said wherever the step itself has nothing to say of them."""
    if s.remote is None or not s.wanted or not step.synced.is_true:
        return step
    gap = gap_between(s.desired, s.remote, s.status.last_applied)
    left = _unsent(s, gap)
    if left is None:
        return step
    is_news = step.progress is Progress.SETTLED and left.progress is Progress.STUCK
    return replace(
        step,
        synced=left.synced,
        drift=gap.differences,
        progress=left.progress if is_news else step.progress,
        phase=None if is_news else step.phase,
        look_again=_sooner(step.look_again, left.look_again),
    )


def _sooner(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return one if other is None else other if one is None else min(one, other)


def _unsent(s: Situation, gap: Gap) -> Decision | None:
    if gap.removed and _is_kept(s, gap):
        message = (
            f"The provider does not clear {', '.join(sorted(gap.removed))}. Set the field to the value that you"
            " want."
        )
        return stuck(Reason.REMOVAL_UNSUPPORTED, message, None)
    fought = _fought_over(s, gap)
    if fought:
        return _fight(s, fought)
    if not gap.differences:
        return None
    if s.state in _TAKES_CHANGES and _is_ignored(s, gap):
        message = (
            f"The provider accepted a change but did not apply it: {describe(gap.differences)}. Revert it in the"
            " spec, or make it at the provider. The next edit is sent again."
        )
        return stuck(Reason.UPDATE_IGNORED, message, None)
    if s.desired.corrects_drift:
        return None
    message = (
        f"The provider's values differ from the spec, and driftPolicy is Report: {describe(gap.differences)}. Edit"
        " the spec, change the value at the provider, or set driftPolicy to Correct."
    )
    return replace(settled(Phase.READY), synced=unsynced(Reason.DRIFT_REPORTED, message))


def _updating_phase(s: Situation) -> Phase:
    return Phase.FAILED if s.state is RunState.FAILED else Phase.UPDATING


def retag(s: Situation) -> Decision | None:
    """What was adopted gets our UID tag, so that a later restore knows whose it is."""
    remote = s.remote
    if (
        remote is None
        or not s.capabilities.has_tags
        or not shows_mark(remote)
        or (remote.owner_uid == s.desired.uid and not _takes_over(s, remote))
        or s.sent.truce_left(UID_TAG, s.now)
        or s.sent.has_tagged  # a provider that ignores tags is not asked again and again
    ):
        return None
    if remote.state not in {RunState.SERVING, RunState.FAILED}:
        return None
    if not s.desired.corrects_drift and s.desired.external_id is None and not _takes_over(s, remote):
        return None
    decision = moving(
        Reason.UPDATING, "Tagging the deployment with the UID of this object.", phase_of(remote.state)
    )
    # Nothing else brings the sweep's end to anybody's notice.
    return replace(
        decision,
        action=None if _waits_for_sweep(s) else Retag(remote.id, s.status.epoch),
        look_again=s.timing.poll_interval if _waits_for_sweep(s) else None,
    )


def _takes_over(s: Situation, remote: Remote) -> bool:
    """The status has a newer epoch than the tags: the mark is not put there yet."""
    return (s.status.epoch or 0) > (remote.epoch or 0)


def put_mark(s: Situation) -> Decision | None:
    """What was taken over in the status goes into the tags before anything else is changed there."""
    return retag(s) if s.remote is not None and _takes_over(s, s.remote) else None
