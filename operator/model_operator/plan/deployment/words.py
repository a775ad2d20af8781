"""The sentences that several rules share: how a step is described in the `Synced` condition and the phase.

Messages are stable: no counters, times or request ids, so that an unchanged situation writes nothing.
"""

from dataclasses import replace
from datetime import timedelta

from model_operator.advice import advised
from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.domain import RunState
from model_operator.errors import (
    AccountMismatch,
    Conflict,
    CredentialsInvalid,
    NameTaken,
    ProviderError,
    Unsupported,
    retry_for,
)
from model_operator.models.deployment_status import Pending
from model_operator.models.wire import format_time
from model_operator.plan.deployment.situation import Action, CreateEndpoint, Decision, Release, Situation
from model_operator.plan.verdict import Progress, Verdict

ANOTHER_NAME = "Delete this object and apply it with another spec.deploymentName, which is immutable."
_ON_THE_WAY = frozenset({RunState.STOPPING, RunState.DELETING, RunState.GONE})
OR_ANOTHER_NAME = "Or delete this object and apply it with another spec.deploymentName, which is immutable."
"""It has nothing at the provider, so its deletion costs nothing."""

_ADOPT = (
    "Set spec.externalID and spec.deletionPolicy to adopt the deployment that has the name. "
    + OR_ANOTHER_NAME
)
_FREE_THE_ENDPOINT = (
    "Free the name at the provider. endpointName is immutable: for another one, delete this object and apply it"
    " again, which replaces the deployment as well."
)

HELD = Verdict(True, Reason.SYNCED, "The provider has the values of the spec.")


def unsynced(reason: Reason, message: str) -> Verdict:
    return Verdict(False, reason, message)


def moving(reason: Reason, message: str, phase: Phase | None, action: Action | None = None) -> Decision:
    """Work is under way: `Synced=False` with that reason, Reconciling."""
    return Decision(synced=unsynced(reason, message), progress=Progress.MOVING, phase=phase, action=action)


def stuck(reason: Reason, message: str, phase: Phase | None) -> Decision:
    """Only a person can help: `Synced=False` with that reason, Stalled."""
    return Decision(synced=unsynced(reason, message), progress=Progress.STUCK, phase=phase)


def refusal(s: Situation, reason: Reason, message: str) -> Decision:
    """The decision of a spec that is not accepted: Reconciling for a while, since things are applied in any order."""
    return Decision(
        synced=unsynced(reason, message),
        progress=Progress.MOVING,
        phase=_phase_when_refused(s),
        accepted=Verdict(False, reason, message),
    )


def unseen(s: Situation, why: str) -> Verdict | None:
    """What is said of serving while the provider shows nothing: the last word may be hours old."""
    return None if s.holds_nothing else Verdict(None, Reason.UNKNOWN, why)


def in_full(s: Situation, error: ProviderError, action: Action | None = None) -> str:
    """What the provider said (to the action), and what to do about it."""
    said = advised(error.reason, str(error), f'the Secret of ModelProvider "{s.desired.provider}"')
    if not isinstance(error, NameTaken):
        return said
    return f"{said.rstrip('.')}. {_FREE_THE_ENDPOINT if isinstance(action, CreateEndpoint) else _ADOPT}"


def lost(pending: Pending | None) -> str:
    """How every message about a create with an unknown outcome begins."""
    if pending is None or not pending.announces:
        return "A create may have been sent before the operator was restarted, and its outcome is not known."
    return "A create was sent, but its reply was lost."


def looking_for(pending: Pending | None) -> str:
    return f"{lost(pending)} The operator first looks for the deployment that it may have created."


def why_stopped(s: Situation) -> str:
    """What says that it is not to run."""
    off, stop = s.desired.off_hours, s.desired.stop
    if off is None:
        return "spec.paused is true" if stop is None else f'ModelBudget "{stop.budget}" has spent its limit'
    until = f" until {format_time(off.until)}" if off.until is not None else ""
    return f"it is outside the hours of spec.schedule{until}"


def stopped_on_purpose(s: Situation) -> Verdict:
    """Serving, of one that is not to run."""
    if s.desired.off_hours is None and s.desired.stop is not None:
        return Verdict(False, Reason.BUDGET_EXCEEDED, f"The deployment is stopped because {why_stopped(s)}.")
    if s.desired.off_hours is None:
        return Verdict(False, Reason.PAUSED, "The deployment is stopped, as the spec asks.")
    return Verdict(False, Reason.OUTSIDE_ACTIVE_HOURS, f"The deployment is stopped because {why_stopped(s)}.")


def settled(phase: Phase, serving: Verdict | None = None) -> Decision:
    return Decision(synced=HELD, progress=Progress.SETTLED, phase=phase, serving=serving)


def observes(provider: str) -> str:
    """Why something stays at the provider whose object goes."""
    return f'ModelProvider "{provider}" is in mode Observe'


def is_going(s: Situation) -> bool:
    """A DELETE of ours was sent, or may have been by a process before this one: that has said so, or nothing is shown."""
    if s.sent.delete_at is not None or s.sent.is_delete_unanswered:
        return True
    if s.remote is None:
        return s.status.phase == Phase.DELETING or s.observed.next_look is not None
    said = s.status.condition(ConditionType.SYNCED)
    return s.remote.state in _ON_THE_WAY or (said is not None and said.reason == Reason.DELETING)


def orphaned(action: Release) -> str:
    """What is said of a deployment that is to stay when its object goes."""
    if action.is_going:
        return (
            f"Deployment {action.orphaned} is left at the provider ({action.why}). A delete may have been"
            " sent before that was set: check the provider's console."
        )
    return f"Deployment {action.orphaned} stays at the provider ({action.why})."


def phase_of(state: RunState | None) -> Phase | None:
    """The phase that a vendor state shows by itself."""
    match state:
        case None | RunState.GONE:
            return Phase.PENDING
        case RunState.STARTING:
            return Phase.STARTING
        case RunState.SERVING:
            return Phase.READY
        case RunState.UPDATING:
            return Phase.UPDATING
        case RunState.FAILED:
            return Phase.FAILED
        case RunState.STOPPING | RunState.STOPPED | RunState.DELETING | RunState.UNKNOWN:
            return None


def _phase_when_refused(s: Situation) -> Phase | None:
    """What is known stays said: a refusal deletes nothing, and what runs goes on running, at its price."""
    if not s.wanted:
        return Phase.DELETING
    if s.holds_nothing and s.status.pending is None:
        return Phase.PENDING
    return Phase.PAUSED if s.state is RunState.STOPPED and s.is_paused_by_us else None


def wait_for_look(s: Situation, decision: Decision) -> Decision:
    """Until a LIST can say more than the last one did."""
    left = s.observed.next_look
    return replace(decision, look_again=left) if left else replace(decision, needs_list=True)


def failed_step(s: Situation, decision: Decision, error: ProviderError, look_again: timedelta) -> Decision:
    """What the status says when the provider refused the step of `decision`, or cannot be asked.

    An unreachable provider is `Unknown` once a deployment exists, since it may well be serving.
    """
    is_known = not s.holds_nothing
    reason = Reason.CREATING if isinstance(error, Conflict) and s.holds_nothing else error.reason
    message = in_full(s, error, decision.action)
    is_of_endpoint = isinstance(error, NameTaken) and isinstance(decision.action, CreateEndpoint)
    if not is_of_endpoint and (isinstance(error, NameTaken) or (isinstance(error, Unsupported) and s.wanted)):
        return replace(refusal(s, reason, message), look_again=look_again, change=decision.change)
    if retry_for(error).needs_person:
        hides = isinstance(error, CredentialsInvalid | AccountMismatch)
        return Decision(
            synced=unsynced(reason, message),
            progress=Progress.STUCK,
            phase=_phase_when_refused(s),
            serving=unseen(s, str(error)) if hides else None,
            look_again=look_again,
            change=decision.change,
        )
    return Decision(
        synced=unsynced(reason, message),
        progress=Progress.MOVING,
        phase=decision.phase if is_known or not s.wanted else Phase.PENDING,
        serving=decision.serving,
        look_again=look_again,
        change=decision.change,
    )
