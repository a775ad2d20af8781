"""A rollout in a mode other than Manage: it stays where it is, and no traffic is moved."""

from typing import Final

from model_operator.conditions import CanaryPhase, Reason
from model_operator.modes import Mode
from model_operator.plan.canary.situation import Decision, Outlook, Situation, State
from model_operator.plan.verdict import Verdict

_OVER: Final = {
    State.COMPLETED: CanaryPhase.COMPLETED,
    State.ROLLED_BACK: CanaryPhase.ROLLED_BACK,
}


def hold(s: Situation) -> Decision | None:
    """Before everything else, commands of people included: they are obeyed once the mode is Manage again."""
    refusal = s.observed.refusal
    if s.mode is Mode.MANAGE or (refusal is not None and refusal.reason is Reason.UNSUPPORTED):
        return None  # a ModelProvider that is not understood has no account: that is the news, and nothing is sent
    reason = Reason.SUSPENDED if s.mode is Mode.SUSPEND else Reason.OBSERVED
    message = (
        f'ModelProvider "{s.desired.provider}" is in mode {s.mode}: nothing is sent, and no traffic is moved. Set its'
        " spec.mode to Manage to continue."
    )
    held = Verdict(None, reason, message)
    outlook = Outlook(phase=_phase(s), message=message, complete=held, synced=held)
    return Decision(status=s.status, outlook=outlook)


def _phase(s: Situation) -> CanaryPhase:
    rollout = s.status.rollout
    if s.status.external_id is None or rollout is None:
        return CanaryPhase.PENDING
    return (
        _OVER.get(State(rollout.state), CanaryPhase.PAUSED)
        if rollout.state in tuple(State)
        else CanaryPhase.PAUSED
    )
