"""The way out: the finalizer stays until the remote deployment is proven gone or the user lets it be.

Touches only the recorded id and what our own pending create may have made.
"""

from dataclasses import replace

from model_operator.conditions import Phase, Reason
from model_operator.domain import RunState
from model_operator.modes import Mode
from model_operator.plan.deployment import creating
from model_operator.plan.deployment.acceptance import is_stranger
from model_operator.plan.deployment.creating import wait_for_absence
from model_operator.plan.deployment.situation import Decision, Delete, Presence, Release, Situation
from model_operator.plan.deployment.taking import made_by_us, take
from model_operator.plan.deployment.words import HELD, is_going, lost, moving, observes, stuck, wait_for_look
from model_operator.plan.verdict import Progress

_NOTHING_STAYS = Release()
_ORPHAN = "deletionPolicy Orphan"


def let_go(s: Situation) -> Decision | None:
    """deletionPolicy Orphan, also when it is patched in while the object is terminating; or who only observes."""
    if not s.desired.orphans and s.mode is not Mode.OBSERVE:
        return None
    is_lost = s.may_have_made or (s.status.pending is not None and not s.intent_unsent)
    made = made_by_us(s)
    unknown = (
        f'"{s.desired.deployment_name}", if the create with the lost reply succeeded,' if is_lost else None
    )
    is_none = s.rival is not None or s.observed.presence is Presence.ABSENT
    held = None if is_none else s.status.external_id
    why = _ORPHAN if s.desired.orphans else observes(s.desired.provider)
    return _release(Release(held or (made.id if made else unknown), held is not None and is_going(s), why))


def release_when_never_created(s: Situation) -> Decision | None:
    return None if s.status.external_id is not None or may_have_landed(s) else _release()


def may_have_landed(s: Situation) -> bool:
    """A create was announced, and this process does not know that it was not sent."""
    return s.status.pending is not None and not (s.intent_unsent and s.creation.created is None)


def take_what_is_marked(s: Situation) -> Decision | None:
    """Nothing of ours is recorded, or what is recorded is gone, and the last LIST shows another with our mark."""
    made = made_by_us(s) if s.holds_nothing or s.rival is not None else None
    if made is None:
        return None
    return replace(take(made, s), synced=_deleting(made.id).synced, serving=None, phase=Phase.DELETING)


def say_what_may_exist(s: Situation) -> Decision | None:
    """A create may have been sent, and the status says nothing of it: it will be looked for."""
    said = creating.say_what_may_exist(s)
    return replace(said, phase=Phase.DELETING) if said is not None else None


def release_when_anothers(s: Situation) -> Decision | None:
    """The recorded id is another object's: a copied or exchanged status. There is nothing of ours to delete."""
    if s.rival is None or s.status.external_id is None or s.status.pending is not None:
        return None
    return _release()


def keep_off_a_stranger(s: Situation) -> Decision | None:
    """What is there under the recorded id is not what this object has created."""
    if s.remote is None or not is_stranger(s, s.remote):
        return None
    return stuck(
        Reason.MODEL_MISMATCH,
        f'Deployment {s.remote.id} is "{s.remote.name}" with the model "{s.remote.model}" at the provider. This'
        " object did not create it, so it is not deleted. Set spec.deletionPolicy to Orphan to remove this object.",
        Phase.DELETING,
    )


def look_for_lost_create(s: Situation) -> Decision | None:
    """A create may still land: what it made is found and deleted, and only its proven absence ends this."""
    pending = s.status.pending
    if pending is None or not s.holds_nothing:
        return None
    if s.observed.candidates or not s.observed.can_list:
        decision = _ask(s)
    else:
        found = wait_for_absence(s, pending)
        if found is None:
            return _release()
        decision = found
    return replace(decision, phase=Phase.DELETING)


def _ask(s: Situation) -> Decision:
    return stuck(
        Reason.OUTCOME_UNKNOWN,
        f'{lost(s.status.pending)} It is not known whether a deployment "{s.desired.deployment_name}" exists.'
        " Check the provider's console, delete the deployment there if it exists, then set spec.deletionPolicy to"
        " Orphan.",
        Phase.DELETING,
    )


def release_when_gone(s: Situation) -> Decision | None:
    is_over = s.observed.presence is Presence.ABSENT and not may_have_landed(s)
    return _release() if is_over else None


def wait_while_in_use(s: Situation) -> Decision | None:
    """A deployment with traffic is not taken away from under its endpoint."""
    if s.guard is None:
        return None
    message = (
        f"{s.guard[:1].upper()}{s.guard[1:]} sends traffic to this deployment, or would on a rollback. Remove the"
        " deployment from spec.traffic of the CanaryEndpoint and wait until the rollout is complete, delete the"
        " CanaryEndpoint, or set spec.deletionPolicy to Orphan."
    )
    return replace(moving(Reason.IN_USE, message, Phase.DELETING), look_again=s.timing.poll_interval)


def delete(s: Situation) -> Decision | None:
    remote, sent = s.remote, s.sent.delete_at
    if remote is None:
        return None
    decision = _deleting(remote.id)
    is_going = remote.state in {RunState.DELETING, RunState.STOPPING}
    if sent is not None and (is_going or s.is_recent(sent)):
        return replace(decision, look_again=s.timing.power_grace)
    if remote.state is RunState.DELETING:
        return decision
    return replace(decision, action=Delete(remote.id, s.desired.forces_delete))


def _deleting(id_: str) -> Decision:
    return moving(Reason.DELETING, f"Deleting deployment {id_} at the provider.", Phase.DELETING)


def wait_for_proof(s: Situation) -> Decision | None:
    message = "Waiting until the provider shows whether the deployment is gone."
    return wait_for_look(s, moving(Reason.DELETING, message, Phase.DELETING))


def _release(action: Release = _NOTHING_STAYS) -> Decision:
    return Decision(synced=HELD, progress=Progress.MOVING, phase=Phase.DELETING, action=action)
