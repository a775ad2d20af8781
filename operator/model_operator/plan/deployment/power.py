"""Pause and resume: who stopped it decides what to do about it.

`status.lastPowerAction` is the record of our own doing; an out-of-band change is undone once per generation.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from model_operator.billing.stopping import was_meant
from model_operator.conditions import Phase, Reason
from model_operator.domain import Power, Remote, RunState
from model_operator.models.deployment import LastPowerAction
from model_operator.plan.deployment.difference import gap_between
from model_operator.plan.deployment.situation import Decision, SetPower, Situation
from model_operator.plan.deployment.words import (
    moving,
    settled,
    stopped_on_purpose,
    stuck,
    unsynced,
    why_stopped,
)
from model_operator.plan.verdict import Difference, Progress, Verdict

_RESUME = "Resume it there, or set spec.paused to true and back to false."
_PAUSE = "Pause it there, or set driftPolicy to Correct."
_RUNNING = frozenset({RunState.STARTING, RunState.SERVING, RunState.UPDATING})
_DOWN = frozenset({RunState.STOPPING, RunState.STOPPED})


def power_difference(s: Situation) -> tuple[Difference, ...]:
    """`paused`, where the spec names it, the provider does otherwise, and it is not for a scale-down policy to say."""
    wanted = s.desired.paused
    if not s.capabilities.pauses or wanted is None or s.state not in {*_RUNNING, *_DOWN}:
        return ()
    is_down = s.state in _DOWN
    if wanted is is_down or (is_down and s.desired.may_scale_down):
        return ()
    return (Difference("paused", desired=wanted, observed=is_down, is_edit=False),)


def keep_paused(s: Situation) -> Decision | None:
    """spec.paused is true, or it is outside its hours: stop it, and keep it stopped."""
    if not s.capabilities.pauses or not s.desired.paused or s.remote is None:
        return None
    match s.remote.state:
        case RunState.STOPPED:
            return _record(s, Power.PAUSE, _stopped(s, s.remote, Phase.PAUSED, stopped_on_purpose(s)))
        case RunState.STOPPING:
            return _record(s, Power.PAUSE, _pausing(s))
        case RunState.STARTING | RunState.SERVING | RunState.UPDATING:
            return _pause(s, s.remote)
        case RunState.FAILED if not s.is_paused_by_us:
            return _pause(s, s.remote)
        case _:
            return None


def _pause(s: Situation, remote: Remote) -> Decision | None:
    last = s.status.last_power_action
    if not s.is_paused_by_us or _was_another_night(s) or _was_another_stop(s):
        return replace(_pausing(s), action=SetPower(remote.id, Power.PAUSE, is_correction=False))
    if _is_fresh(s):
        serving = None if last and last.correction else stopped_on_purpose(s)
        return replace(_pausing(s), serving=serving, look_again=_grace_left(s))
    if s.desired.off_hours is not None or s.desired.stop is not None:
        return (
            None  # somebody resumed it there: it is left alone until the next edge, or the budget's next stop
        )
    if not s.desired.corrects_drift:
        row = Difference("paused", desired=True, observed=False, is_edit=False)
        message = (
            "The deployment is running at the provider although spec.paused is true. It is not stopped,"
            f" because driftPolicy is Report. {_PAUSE}"
        )
        return Decision(
            synced=unsynced(Reason.DRIFT_REPORTED, message),
            progress=Progress.SETTLED,
            phase=None,
            drift=(row,),
        )
    if _has_corrected(s):
        return stuck(
            Reason.UPDATE_IGNORED,
            "The deployment was paused, but is running again at the provider. Pause it there, or edit the spec to"
            " pause it again.",
            None,
        )
    action = SetPower(remote.id, Power.PAUSE, is_correction=True)
    return replace(_pausing(s), action=action, serving=None)


def _was_another_night(s: Situation) -> bool:
    """Our pause was for hours that are over: whatever has resumed it since, this is another edge."""
    last, off = s.status.last_power_action, s.desired.off_hours
    return last is not None and off is not None and off.since is not None and last.at < off.since


def stop_of(s: Situation) -> datetime | None:
    """Which of a budget's stops it is to be paused for."""
    return s.desired.stop.since if s.desired.stop is not None and s.desired.stop.pauses else None


def _was_another_stop(s: Situation) -> bool:
    """Our pause was for none of a budget, or for one before this."""
    last, since = s.status.last_power_action, stop_of(s)
    return since is not None and last is not None and not was_meant(since, last.stopped_at, s.now)


def _pausing(s: Situation) -> Decision:
    text = f"Stopping the deployment because {why_stopped(s)}."
    return replace(moving(Reason.PAUSING, text, Phase.PAUSING), serving=stopped_on_purpose(s))


def keep_running(s: Situation) -> Decision | None:
    """spec.paused is not true: resume what we paused, or what was stopped out of band against policy NONE."""
    if not s.capabilities.pauses or s.desired.paused or s.remote is None:
        return None
    match s.remote.state:
        case RunState.STOPPED:
            return _resume(s, s.remote) if _is_ours(s) else _leave_stopped(s, s.remote)
        case RunState.STOPPING:
            is_ours = s.is_paused_by_us and _is_ours(s)
            return _resuming() if is_ours else _on_the_way_down(s, s.remote)
        case state if state in _RUNNING and s.is_paused_by_us and _is_ours(s):
            return _keep_resumed(s)
        case RunState.STARTING if _was_resumed(s):
            return _resuming()
        case _:
            return None


def _is_ours(s: Situation) -> bool:
    """Whether it is for us to keep it running. Of what was adopted without a word on `paused` only what a budget stopped."""
    last = s.status.last_power_action
    was_stopped = last is not None and last.action is Power.PAUSE and last.stopped_at is not None
    return s.desired.paused is False or was_stopped


def _keep_resumed(s: Situation) -> Decision:
    """It runs although our last word was Pause."""
    if _is_fresh(s):
        # Our pause may only not show yet, and whoever forgets it would not resume what it stops.
        return replace(_resuming(), look_again=_grace_left(s))
    # Resumed by somebody, or by us just before a restart: from here on it is ours to keep running.
    # Nothing at the provider may move any more, so nothing else would bring the next look.
    return replace(_record(s, Power.RESUME, _resuming()), look_again=timedelta())


def _resume(s: Situation, remote: Remote) -> Decision:
    if s.is_paused_by_us:
        return replace(_resuming(), action=SetPower(remote.id, Power.RESUME, is_correction=False))
    if _did(s, Power.RESUME) and _is_fresh(s):
        return replace(_resuming(), look_again=_grace_left(s))
    if s.desired.may_scale_down:
        scaled = Verdict(
            False, Reason.SCALED_DOWN, "The deployment was stopped by its scale-down policy, as intended."
        )
        return _stopped(s, remote, Phase.SCALED_DOWN, scaled)
    stopped = Verdict(
        False, Reason.STOPPED, f"The deployment was stopped at the provider, outside the operator. {_RESUME}"
    )
    if not s.desired.corrects_drift or _has_corrected(s):
        row = Difference("paused", desired=False, observed=True, is_edit=False)
        decision = _stopped(s, remote, Phase.STOPPED, stopped)
        return replace(decision, progress=Progress.STUCK, drift=(row, *decision.drift))
    action = SetPower(remote.id, Power.RESUME, is_correction=True)
    return replace(_resuming(), action=action)


def _resuming() -> Decision:
    decision = moving(Reason.RESUMING, "Resuming the deployment.", Phase.RESUMING)
    return replace(decision, serving=Verdict(False, Reason.STARTING, "The deployment is being resumed."))


def _leave_stopped(s: Situation, remote: Remote) -> Decision:
    left = Verdict(
        False, Reason.PAUSED, "The deployment is stopped, and stays stopped while spec.paused is true."
    )
    return _stopped(s, remote, Phase.PAUSED, left)


def _on_the_way_down(s: Situation, remote: Remote) -> Decision:
    reason = Reason.SCALED_DOWN if s.desired.may_scale_down else Reason.STOPPED
    serving = Verdict(False, reason, "The deployment is shutting down at the provider.")
    phase = Phase.SCALED_DOWN if s.desired.may_scale_down else Phase.STOPPED
    return replace(_stopped(s, remote, phase, serving), progress=Progress.MOVING)


def _stopped(s: Situation, remote: Remote, phase: Phase, serving: Verdict) -> Decision:
    """Stopped, and left so. Edits are held: whether a stopped deployment takes them is not documented."""
    gap = gap_between(s.desired, remote, s.status.last_applied)
    if not gap:
        return settled(phase, serving)
    message = f"Edits are sent once the deployment runs again: {gap}."
    decision = settled(phase, replace(serving, message=f"{serving.message} {message}"))
    return replace(decision, synced=unsynced(Reason.HELD_WHILE_PAUSED, message), drift=gap.differences)


def _did(s: Situation, power: Power) -> bool:
    last = s.status.last_power_action
    return last is not None and last.action is power


def _is_fresh(s: Situation) -> bool:
    last = s.status.last_power_action
    return last is not None and s.is_recent(last.at)


def _grace_left(s: Situation) -> timedelta:
    last = s.status.last_power_action
    return s.grace_left(last.at) if last else s.timing.transition_poll


def _has_corrected(s: Situation) -> bool:
    last = s.status.last_power_action
    return last is not None and last.correction and last.generation == s.desired.generation


def _was_resumed(s: Situation) -> bool:
    return _did(s, Power.RESUME) and s.status.phase in {Phase.RESUMING, Phase.PAUSED, Phase.STOPPED}


def _record(s: Situation, power: Power, decision: Decision) -> Decision:
    """Note the action as ours although none was needed, so that the way back is known."""
    stopped_at, last = stop_of(s) if power is Power.PAUSE else None, s.status.last_power_action
    if last is not None and last.action is power and last.stopped_at == stopped_at:
        return decision
    last = LastPowerAction(action=power, at=s.now, generation=s.desired.generation, stopped_at=stopped_at)
    return replace(decision, change=replace(decision.change, last_power_action=last))
