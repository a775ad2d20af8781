"""Whether a spec can be acted on, as far as only a look at the provider or at other objects can tell.

A refused spec changes nothing at the provider, and its deployment (if any) is left as it is.
"""

from dataclasses import replace

from model_operator.conditions import Phase, Reason
from model_operator.domain import Remote
from model_operator.plan.deployment.situation import Decision, Presence, Situation
from model_operator.plan.deployment.words import ANOTHER_NAME, OR_ANOTHER_NAME, refusal


def refuse_rival(s: Situation) -> Decision | None:
    """Two objects may claim one name or id, and a status may have been copied: one of them has it."""
    if s.rival is None:
        return None
    if s.desired.external_id is None and s.status.external_id is not None:
        refused = refusal(
            s,
            Reason.EXTERNAL_ID_TAKEN,
            f"Deployment {s.status.external_id}, which this object's status names, belongs to {s.rival}. This object"
            " does not change that deployment, and deleting this object does not delete it. Delete this object and"
            " apply it again to create a deployment of its own.",
        )
        return replace(refused, phase=Phase.PENDING)  # of its own it has none
    if s.desired.external_id is not None:
        return refusal(
            s,
            Reason.EXTERNAL_ID_TAKEN,
            f"Deployment {s.desired.external_id} belongs to {s.rival}. Delete the other ModelDeployment with"
            " deletionPolicy Orphan first; or delete this object and apply it with another spec.externalID, which is immutable.",
        )
    return refusal(
        s,
        Reason.NAME_TAKEN,
        f'The deployment name "{s.desired.deployment_name}" is taken at this provider account by {s.rival}.'
        f" {ANOTHER_NAME}",
    )


def refuse_foreign_name(s: Situation) -> Decision | None:
    """A deployment of our name that is not ours is never touched, and never said not to exist: also while paused."""
    if not s.holds_nothing or s.desired.external_id is not None or s.creation.created is not None:
        return None
    others = (c for c in s.observed.candidates if c.id != s.status.external_id)
    foreign = next((c for c in others if not is_ours(s, c)), None)
    if foreign is None:
        return None
    return refusal(
        s,
        Reason.NAME_TAKEN,
        f'The provider has a deployment "{foreign.name}" already (id {foreign.id}) that this ModelDeployment did not'
        f" create. Set spec.externalID to {foreign.id}, and spec.deletionPolicy, to adopt it. {OR_ANOTHER_NAME}",
    )


def is_ours(s: Situation, remote: Remote) -> bool:
    """Whether what a LIST shows was created for this CR: by tag, or, without one, by a name that holds the CR's UID.

    A name that the user chose proves nothing by itself, unless it was seen to be free before our own create.
    """
    if remote.id == s.creation.made and remote.owner_uid in {None, s.desired.uid}:
        return True  # the answer to our own POST, whatever has become of the status
    if s.capabilities.has_tags:
        is_named_so = s.has_default_name and remote.name == s.desired.deployment_name
        return remote.owner_uid == s.desired.uid or (remote.owner_uid is None and is_named_so)
    pending = s.status.pending
    was_free = pending is not None and pending.absent_before
    if remote.name != s.desired.deployment_name:
        return False
    return s.has_default_name or (was_free and _is_as_sent(s, remote))


def _is_as_sent(s: Situation, remote: Remote) -> bool:
    """Somebody else may have taken the name meanwhile: model and fields are those of our create."""
    if remote.model not in {None, s.desired.model}:
        return False
    pending = s.status.pending
    sent = s.desired.fields if pending is None or pending.sent is None else pending.sent
    return all(remote.holds(name, value, unknown=True) for name, value in sent.items())


def refuse_stranger(s: Situation) -> Decision | None:
    """The recorded id shows another name or model than ours, and no mark of ours: an id that was used again."""
    if s.remote is None or not is_stranger(s, s.remote):
        return None
    refused = refusal(
        s,
        Reason.MODEL_MISMATCH,
        f'Deployment {s.remote.id} is "{s.remote.name}" with the model "{s.remote.model}" at the provider, but'
        f' this object created "{s.desired.deployment_name}" with "{s.desired.model}". The operator does not'
        " change that deployment. Delete this object with deletionPolicy Orphan, and apply it again.",
    )
    return replace(refused, phase=Phase.MISSING)  # its own is not there


def is_stranger(s: Situation, remote: Remote) -> bool:
    """Whether what is there under the recorded id is not what this object has created."""
    if s.desired.external_id is not None or s.status.external_id is None or remote.owner_uid == s.desired.uid:
        return False
    if s.has_default_name and remote.name == s.desired.deployment_name:
        return False
    has_other_name = bool(remote.name) and remote.name != s.desired.deployment_name
    return has_other_name and remote.model not in {None, s.desired.model}


def refuse_wrong_model(s: Situation) -> Decision | None:
    remote = s.remote
    if s.desired.external_id is None or remote is None or s.observed.presence is not Presence.PRESENT:
        return None
    if remote.model is None or remote.model == s.desired.model:
        return None
    return refusal(
        s,
        Reason.MODEL_MISMATCH,
        f'Deployment {remote.id} runs the model "{remote.model}", not "{s.desired.model}". Delete this object'
        " and apply it with the deployment's model, or with another externalID.",
    )


REFUSALS = (refuse_rival, refuse_foreign_name, refuse_wrong_model, refuse_stranger)
