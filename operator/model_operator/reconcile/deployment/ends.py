"""What a ModelDeployment's own record of not being used adds to its wish, and when it expires. Pure."""

from datetime import datetime

from model_operator.idleness import IdleAction, IdleRule
from model_operator.models.deployment import ModelDeployment, ModelDeploymentSpec
from model_operator.plan.deployment.idle import is_found
from model_operator.reconcile.deployment.hours import Scheduled


def idle_rule(spec: ModelDeploymentSpec, hours: Scheduled) -> IdleRule | None:
    if spec.idle is None:
        return None
    return IdleRule(
        after=spec.idle.after, then=spec.idle.then, counts=hours.is_active, not_before=hours.active_since
    )


def is_at_fewest(resource: ModelDeployment) -> bool:
    """It was found idle, and keeps its fewest replicas until somebody uses it."""
    return _is_idle(resource, IdleAction.MIN_REPLICAS)


def expiry_of(resource: ModelDeployment) -> datetime | None:
    """By the spec (with a duration, from the creation of the object), or by its having been found idle: the earlier."""
    created, after, record = (
        resource.metadata.creation_timestamp,
        resource.spec.expires_after,
        resource.status.idle,
    )
    by_spec = resource.spec.expires_at if after is None or created is None else created + after
    found = record.found_at if record is not None and _is_idle(resource, IdleAction.EXPIRE) else None
    return min((due for due in (by_spec, found) if due is not None), default=None)


def _is_idle(resource: ModelDeployment, then: IdleAction) -> bool:
    rule = resource.spec.idle
    is_asked = rule is not None and rule.then is then
    return is_asked and is_found(resource.status.idle, resource.metadata.generation)
