"""Whether a spec can be acted on, as far as only a look at the provider or at other objects can tell.

A refused spec changes nothing at the provider, and its deployment (if any) is left as it is.
"""

from model_operator.conditions import Reason
from model_operator.domain import Remote
from model_operator.plan.deployment.situation import Decision, Presence, Situation
from model_operator.plan.deployment.words import refusal


def refuse_rival(s: Situation) -> Decision | None:
    """Two CRs may ask for one name or id; the elder has it."""
    if s.rival is None or s.status.external_id is not None:
        return None
    if s.desired.external_id is not None:
        return refusal(
            Reason.EXTERNAL_ID_TAKEN,
            f"Deployment {s.desired.external_id} belongs to ModelDeployment {s.rival}. Delete that one with"
            " deletionPolicy Orphan first, or name another deployment.",
        )
    return refusal(
        Reason.NAME_TAKEN,
        f'ModelDeployment {s.rival} has the deployment name "{s.desired.deployment_name}" at this provider account.'
        " Choose another deploymentName.",
    )


def refuse_foreign_name(s: Situation) -> Decision | None:
    """A deployment of our name that is not ours is never touched."""
    if (
        s.status.external_id is not None
        or s.desired.external_id is not None
        or s.creation.created is not None
    ):
        return None
    foreign = next((c for c in s.observed.candidates if not is_ours(s, c)), None)
    if foreign is None or s.desired.paused:
        return None
    return refusal(
        Reason.NAME_TAKEN,
        f'The provider has a deployment "{foreign.name}" already (id {foreign.id}) that this ModelDeployment did not'
        " create. Set spec.externalID and spec.deletionPolicy to adopt it, or choose another deploymentName.",
    )


def is_ours(s: Situation, remote: Remote) -> bool:
    """Whether what a LIST shows was created for this CR: by tag, or, without one, by a name that holds the CR's UID.

    A name that the user chose proves nothing by itself, unless it was seen to be free before our own create.
    """
    if s.capabilities.has_tags:
        is_named_so = s.has_default_name and remote.name == s.desired.deployment_name
        return remote.owner_uid == s.desired.uid or (remote.owner_uid is None and is_named_so)
    pending = s.status.pending
    was_free = pending is not None and pending.absent_before
    return remote.name == s.desired.deployment_name and (s.has_default_name or was_free)


def refuse_wrong_model(s: Situation) -> Decision | None:
    remote = s.remote
    if s.desired.external_id is None or remote is None or s.observed.presence is not Presence.PRESENT:
        return None
    if remote.model is None or remote.model == s.desired.model:
        return None
    return refusal(
        Reason.MODEL_MISMATCH,
        f'Deployment {remote.id} runs the model "{remote.model}", not "{s.desired.model}". Apply the object with the'
        " deployment's model, or name another deployment.",
    )


REFUSALS = (refuse_rival, refuse_foreign_name, refuse_wrong_model)
