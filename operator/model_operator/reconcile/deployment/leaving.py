"""What a ModelDeployment that goes, or that this version does not understand, may leave at its provider."""

from model_operator.domain import FINALIZER
from model_operator.models.deployment import DeletionPolicy, ModelDeployment
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.parse import InvalidResource
from model_operator.plan.deployment import intents
from model_operator.plan.deployment.remembered import Underway
from model_operator.plan.deployment.situation import Situation
from model_operator.reconcile.deployment.memory import Memory


def may_have_something(resource: ModelDeployment, memory: Memory) -> bool:
    """Whether our finalizer belongs on a living object: it has something at the provider, or may have."""
    status = resource.status
    is_recorded = status.external_id is not None or status.pending is not None
    return is_recorded or memory.creation.underway is Underway.MAYBE


def left_behind(resource: ModelDeployment, s: Situation) -> ModelDeployment | None:
    """An object that is gone without our word for it, as far as something of it is to be deleted at the provider."""
    if resource.spec.deletion_policy is DeletionPolicy.ORPHAN:
        return None
    status = resource.status
    if status.external_id is not None or status.pending is not None:
        return resource
    if not s.may_have_made:
        return None
    made = s.creation.created
    told = (
        status.with_(external_id=made.id)
        if made is not None
        else status.with_(pending=intents.unknown_intent(s))
    )
    return resource.with_(status=told)


def may_have_made(invalid: InvalidResource, memory: Memory | None) -> bool:
    """`Situation.may_have_made`, of an object that is not understood."""
    if memory is not None and memory.creation.underway is not Underway.UNTOLD:
        return memory.creation.underway is Underway.MAYBE
    status, metadata = invalid.status, invalid.metadata
    if not isinstance(status, ModelDeploymentStatus) or FINALIZER not in metadata.finalizers:
        return False
    only_adopts = invalid.external_id is not None and metadata.generation == 1
    return status.is_untold and invalid.deployment_name is None and not only_adopts


def left_by(invalid: InvalidResource, memory: Memory | None) -> str | None:
    """What an object that is not understood has at the provider, as far as can be told, in words for a message."""
    status = invalid.status
    if not isinstance(status, ModelDeploymentStatus):
        return None
    if status.external_id is not None:
        return f"Deployment {status.external_id}"
    may_have_one = status.pending is not None or may_have_made(invalid, memory)
    return "The deployment that a create with a lost reply may have made" if may_have_one else None
