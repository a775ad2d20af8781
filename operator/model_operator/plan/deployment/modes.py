"""What the ModelProvider's mode leaves of a decision: all of it, the look without the deed, or not even the look.

The bolt is elsewhere (`modes.admits`, at the account): these rules say it, and keep what is durable as it is.
"""

from dataclasses import replace
from typing import Final

from model_operator.conditions import Phase, Reason
from model_operator.domain import Power, Remote, RunState
from model_operator.errors import NotAccepted, ProviderError
from model_operator.models.deployment_status import NO_CHANGE, UNCHANGED, Pending
from model_operator.modes import Mode
from model_operator.plan.deployment.difference import gap_between
from model_operator.plan.deployment.power import power_difference
from model_operator.plan.deployment.situation import (
    Action,
    Create,
    CreateEndpoint,
    Decision,
    Delete,
    Release,
    Retag,
    RunProbe,
    SetPower,
    Situation,
    Update,
)
from model_operator.plan.deployment.words import stuck, unseen
from model_operator.plan.verdict import Difference, Progress, Verdict

_NOTHING: Final = "In mode Observe, nothing is sent to the provider"


def rest_while_suspended(s: Situation) -> Decision | None:
    """Nothing is looked at, so nothing is said but that; save of a ModelProvider that is not understood: that is the news."""
    if s.mode is not Mode.SUSPEND or is_not_understood(s.observed.error):
        return None
    message = (
        f'ModelProvider "{s.desired.provider}" is in mode Suspend: nothing is asked of the provider, and nothing is'
        " sent. Set its spec.mode to Manage to continue."
    )
    return Decision(
        synced=Verdict(None, Reason.SUSPENDED, message),
        progress=Progress.SETTLED,
        phase=None,
        serving=unseen(s, message),
    )


def is_not_understood(error: ProviderError | None) -> bool:
    """The ModelProvider is of a newer version."""
    return isinstance(error, NotAccepted) and error.reason is Reason.UNSUPPORTED


def wait_while_suspended(s: Situation) -> Decision | None:
    """What is to be deleted waits, with its finalizer: a person has to say what becomes of the deployment."""
    if s.mode is not Mode.SUSPEND or is_not_understood(s.observed.error):
        return None
    message = (
        f'ModelProvider "{s.desired.provider}" is in mode Suspend, so the deployment is not deleted. Set its'
        " spec.mode to Manage to delete it, or spec.deletionPolicy of this object to Orphan to leave it at the"
        " provider."
    )
    return replace(stuck(Reason.SUSPENDED, message, Phase.DELETING), serving=unseen(s, message))


def only_observe(s: Situation, step: Decision) -> Decision:
    """In mode Observe: what was seen, and what would be done. Neither is done, and nothing durable begins.

    What an earlier create has made, or may have, is no beginning: that is written down whatever the mode.
    """
    if s.mode is not Mode.OBSERVE or isinstance(step.action, Release) or _is_of_before(s, step):
        return step
    would = _would(step)
    # Who comes back at once, having written nothing, would do so for ever.
    again = step.look_again if step.change == NO_CHANGE else s.timing.poll_interval
    looked = replace(step, action=None, change=NO_CHANGE, drift=step.drift or _drift(s), look_again=again)
    if would is None:
        return _as_it_is(looked)
    return replace(
        looked,
        synced=Verdict(False, Reason.OBSERVED, f"{_NOTHING}. In mode Manage, the operator would {would}."),
        progress=Progress.SETTLED,
        phase=None,
        serving=_serving(s, step),
        look_again=s.timing.poll_interval,
        keeps_status=False,
        needs_list=False,
    )


def _is_of_before(s: Situation, step: Decision) -> bool:
    """It records what a create of ours has led to that was sent before the mode was this one."""
    made = s.creation.created
    return s.may_have_made or (made is not None and step.change.external_id == made.id)


def _as_it_is(step: Decision) -> Decision:
    """Nothing would be sent now: what is under way at the provider goes on, and what is refused stays refused."""
    if not step.synced.is_true:
        return step
    message = f"The provider has the values of the spec. {_NOTHING}."
    return replace(step, synced=Verdict(True, Reason.OBSERVED, message))


def _would(step: Decision) -> str | None:
    """What the step would do next, in words; None: nothing."""
    if step.action is not None:
        return _deed(step.action)
    change = step.change
    if change.external_id is not UNCHANGED and change.external_id is not None:
        return f"adopt deployment {change.external_id}"
    if isinstance(change.pending, Pending):
        return _deed(Create())
    if change.pending_endpoint is not UNCHANGED and change.pending_endpoint is not None:
        return f'create the endpoint "{change.pending_endpoint.name}"'
    return None


def _deed(action: Action) -> str | None:
    match action:
        case Create():
            return "create the deployment"
        case Update(id=id_, changes=changes, removed=removed):
            return f"update {', '.join([*changes, *sorted(removed)])} of deployment {id_}"
        case SetPower(id=id_, power=power):
            return f"{'pause' if power is Power.PAUSE else 'resume'} deployment {id_}"
        case Delete(id=id_):
            return f"delete deployment {id_}"
        case Retag(id=id_):
            return f"put this object's tags on deployment {id_}"
        case CreateEndpoint(name=name):
            return f'create the endpoint "{name}"'
        case RunProbe() | Release():
            return None


def _drift(s: Situation) -> tuple[Difference, ...]:
    """All that differs, whoever would correct it."""
    if s.remote is None or not s.wanted:
        return ()
    return (
        *power_difference(s),
        *gap_between(s.desired, s.remote, s.status.last_applied).differences,
    )


def _serving(s: Situation, step: Decision) -> Verdict | None:
    """Of a deployment that would be adopted or resumed: what the provider says. None: as it is seen by its id."""
    if isinstance(step.action, SetPower):  # it is not stopped on purpose any more, or not yet
        return _of(s.remote) if step.action.power is Power.RESUME and s.remote is not None else None
    id_ = step.change.external_id
    found = (*s.observed.candidates, *s.observed.former)
    remote = next((c for c in found if c.id == id_), None)
    if remote is None or (s.remote is not None and s.remote.id == id_):
        return step.serving if id_ is UNCHANGED else None
    return _of(remote)


def _of(remote: Remote) -> Verdict:
    said = f'The provider reports deployment {remote.id} as "{remote.word}".'
    match remote.state:
        case RunState.SERVING | RunState.UPDATING:
            return Verdict(True, Reason.SERVING, said)
        case RunState.STARTING:
            return Verdict(False, Reason.STARTING, said)
        case RunState.STOPPING | RunState.STOPPED:
            return Verdict(False, Reason.STOPPED, said)
        case RunState.FAILED:
            return Verdict(False, Reason.FAILED, said)
        case RunState.DELETING | RunState.GONE:
            return Verdict(False, Reason.MISSING, said)
        case RunState.UNKNOWN:
            return Verdict(None, Reason.UNKNOWN, said)
