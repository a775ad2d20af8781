"""Bring a running deployment's fields to the spec, each change once.

A change is sent only where the vendor takes it (serving or failed), then read back; what did not take is said, not
sent again.
"""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import Phase, Reason
from model_operator.domain import RunState
from model_operator.plan.difference import describe, differences, removed_fields
from model_operator.plan.power import power_difference
from model_operator.plan.situation import (
    CreateEndpoint,
    Difference,
    Plan,
    Progress,
    Retag,
    RunProbe,
    Situation,
    Update,
    Verdict,
)
from model_operator.plan.verdicts import HELD, moving, phase_of, settled, stuck, unsynced

_SLOWLY = timedelta(minutes=5)


def wait_for_sweep(s: Situation) -> Plan | None:
    """What was just taken over is shown for one sweep before anything of it is changed, its power included."""
    if s.remote is None or not _waits_for_sweep(s):
        return None
    applied = s.status.last_applied or {}
    found = (*power_difference(s), *differences(s.desired, s.remote, applied))
    removed = removed_fields(s.desired, s.remote, applied)
    if not found and not removed:
        return None
    message = f"Taken over; corrected at the next sweep: {describe(found, removed)}."
    plan = moving(Reason.UPDATING, message, phase_of(s.remote.state))
    return replace(plan, drift=found, look_again=s.timing.poll_interval)


def update_fields(s: Situation) -> Plan | None:
    remote = s.remote
    if remote is None:
        return None
    applied = s.status.last_applied or {}
    found = differences(s.desired, remote, applied)
    removed = removed_fields(s.desired, remote, applied)
    if not found and not removed:
        return None
    if remote.state not in {RunState.SERVING, RunState.FAILED}:
        return _wait_until_running(s, found, removed)
    return _awaited(s, found) or _send(s, found, removed)


def _waits_for_sweep(s: Situation) -> bool:
    adopted = s.recall.adopted_at
    return adopted is not None and s.now < adopted + s.timing.poll_interval


def _wait_until_running(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> Plan | None:
    if s.remote is None or not (removed or any(d.is_edit for d in found)):
        return None
    if s.state not in {RunState.STARTING, RunState.UPDATING}:
        return None
    message = f"Sent once the deployment runs: {describe(found, removed)}."
    return moving(Reason.UPDATING, message, phase_of(s.state))


def _awaited(s: Situation, found: tuple[Difference, ...]) -> Plan | None:
    """The change was sent already: wait until it shows, and say so when it does not."""
    sent = s.recall.sent_update
    if sent is None or any(d.field not in sent.fields or sent.fields[d.field] != d.desired for d in found):
        return None
    if not found:
        return None
    if not sent.is_verified or s.now - sent.at < s.timing.power_grace:
        waiting = moving(
            Reason.UPDATING, f"Waiting for the provider to show: {describe(found)}.", _updating_phase(s)
        )
        return replace(
            waiting, look_again=max(sent.at + s.timing.power_grace - s.now, s.timing.transition_poll)
        )
    return _ignored(found)


def _ignored(found: tuple[Difference, ...]) -> Plan:
    message = (
        f"The provider accepted a change and did not make it: {describe(found)}. Take it back or make it at the"
        " provider; the next edit is sent again."
    )
    return replace(stuck(Reason.UPDATE_IGNORED, message, None), drift=found)


def _send(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> Plan | None:
    assert s.remote is not None  # noqa: S101  the caller's guard
    to_send = found if s.desired.corrects_drift else tuple(d for d in found if d.is_edit)
    clearable = removed if s.capabilities.removes_fields else frozenset[str]()
    if not to_send and not clearable:
        return _report(s, found, removed)
    if _was_ignored(s) and not any(d.is_edit for d in to_send):
        return _ignored(found)
    plan = moving(Reason.UPDATING, f"Updating {describe(to_send, clearable)}.", _updating_phase(s))
    return replace(
        plan,
        action=Update(s.remote.id, {d.field: s.desired.fields[d.field] for d in to_send}, clearable),
        drift=() if s.desired.corrects_drift else found,
    )


def _report(s: Situation, found: tuple[Difference, ...], removed: frozenset[str]) -> Plan | None:
    if removed:
        message = f"The provider's API cannot clear {', '.join(sorted(removed))}. Set the value that you want instead."
        return replace(stuck(Reason.REMOVAL_UNSUPPORTED, message, None), drift=found)
    if s.state is RunState.FAILED:
        return None
    message = f"The provider differs from the spec and driftPolicy is Report: {describe(found)}."
    plan = settled(Phase.READY)
    return replace(plan, synced=unsynced(Reason.DRIFT_REPORTED, message), drift=found)


def _was_ignored(s: Situation) -> bool:
    synced = s.status.condition("Synced")
    return (
        synced is not None
        and synced.reason == Reason.UPDATE_IGNORED
        and synced.observed_generation == s.desired.generation
    )


def _updating_phase(s: Situation) -> Phase:
    return Phase.FAILED if s.state is RunState.FAILED else Phase.UPDATING


def retag(s: Situation) -> Plan | None:
    """What was taken over gets our UID tag, so that a later restore knows whose it is."""
    remote = s.remote
    if (
        remote is None
        or not s.capabilities.has_tags
        or not remote.is_full
        or remote.owner_uid == s.desired.uid
    ):
        return None
    if remote.state not in {RunState.SERVING, RunState.FAILED}:
        return None
    if not s.desired.corrects_drift and s.desired.external_id is None:
        return None
    plan = moving(Reason.UPDATING, "Tagging the deployment as ours.", phase_of(remote.state))
    # Nothing else brings the sweep's end to anybody's notice.
    return replace(
        plan,
        action=None if _waits_for_sweep(s) else Retag(remote.id),
        look_again=s.timing.poll_interval if _waits_for_sweep(s) else None,
    )


def report_failure(s: Situation) -> Plan | None:
    if s.state is not RunState.FAILED or s.remote is None:
        return None
    plan = settled(Phase.FAILED)
    return replace(plan, progress=Progress.STUCK, look_again=_SLOWLY)


def wait_for_start(s: Situation) -> Plan | None:
    """On its way: nothing to do but look."""
    match s.state:
        case RunState.STARTING:
            return Plan(synced=HELD, progress=Progress.MOVING, phase=Phase.STARTING)
        case RunState.UPDATING:
            return moving(Reason.UPDATING, "The provider is rolling the change out.", Phase.UPDATING)
        case RunState.DELETING:
            message = "The deployment is being deleted at the provider by somebody else."
            return moving(Reason.DELETING, message, Phase.MISSING)
        case RunState.STOPPING | RunState.STOPPED | RunState.UNKNOWN:
            return Plan(synced=HELD, progress=Progress.MOVING, phase=None)
        case _:
            return None


def wait_for_replicas(s: Situation) -> Plan | None:
    """Up, but with fewer replicas than asked: not rolled out yet."""
    remote, wanted = s.remote, s.desired.fields.get("replicas")
    if remote is None or remote.replicas is None or s.desired.may_scale_down:
        return None
    least = wanted.get("minReplicas") if isinstance(wanted, dict) else wanted
    if not isinstance(least, int) or remote.replicas >= least:
        return None
    is_up = s.status.phase in {Phase.READY, Phase.UPDATING}
    phase = Phase.UPDATING if is_up else Phase.STARTING
    plan = moving(Reason.UPDATING, f"Fewer replicas run than the {least} asked for.", phase)
    return replace(plan, look_again=5 * s.timing.transition_poll)


def wait_for_alias(s: Situation) -> Plan | None:
    """Nobody can address a model without its alias; vendors fill it in late."""
    if not s.capabilities.chats or s.remote is None or s.remote.alias or s.status.external_alias:
        return None
    serving = Verdict(False, Reason.STARTING, "The provider has not assigned an alias yet.")
    return Plan(synced=HELD, progress=Progress.MOVING, phase=Phase.STARTING, serving=serving)


def probe(s: Situation) -> Plan | None:
    """One real completion per transition to serving; a failed one is repeated until the deadline."""
    if s.desired.probe is None or not s.capabilities.chats or s.remote is None:
        return None
    result, serving = s.recall.probe, s.status.condition("Serving")
    if (result is not None and result.passed) or (serving is not None and serving.status == "True"):
        return None
    if result is None:
        waiting = Verdict(
            False, Reason.STARTING, "The provider says it is up; the probe has not answered yet."
        )
        return Plan(
            synced=HELD,
            progress=Progress.MOVING,
            phase=Phase.STARTING,
            serving=waiting,
            action=RunProbe(s.remote),
        )
    failed = Verdict(False, Reason.PROBE_FAILED, result.message)
    is_due = s.now >= result.retry_at
    return Plan(
        synced=HELD,
        progress=Progress.MOVING,
        phase=Phase.STARTING,
        serving=failed,
        action=RunProbe(s.remote) if is_due else None,
        look_again=None if is_due else result.retry_at - s.now,
    )


def create_endpoint(s: Situation) -> Plan | None:
    if s.desired.endpoint_name is None or not s.capabilities.has_endpoints or s.status.endpoint is not None:
        return None
    if s.remote is None or s.state is not RunState.SERVING:
        return None
    action = CreateEndpoint(s.desired.endpoint_name, s.remote.id)
    message = f'Creating the endpoint "{s.desired.endpoint_name}".'
    return moving(Reason.UPDATING, message, Phase.UPDATING, action)


def serve(_: Situation) -> Plan | None:
    """Everything is as the spec says."""
    return settled(Phase.READY)
