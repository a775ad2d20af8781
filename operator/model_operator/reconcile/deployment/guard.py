"""Which CanaryEndpoint needs a deployment that is to be deleted. Pure over the cache."""

from model_operator.domain import DEPLOYMENT, Key
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.members import has_traffic, member_names


def find_guard(resource: ModelDeployment, cache: Cache) -> str | None:
    """`namespace/name` of a living CanaryEndpoint with traffic on it, or that would go back to it; or None."""
    metadata = resource.metadata
    if not metadata.is_terminating:
        return None
    members = frozenset(member_names(Key(DEPLOYMENT, metadata.namespace, metadata.name), resource))
    for key in sorted(cache.users(*members)):
        entry = cache.entry(key)
        found = entry.resource or entry.invalid if entry is not None else None
        if found is None or found.metadata.is_terminating:
            continue
        status = found.status
        if isinstance(status, CanaryEndpointStatus) and has_traffic(key.namespace, status, members):
            return f"{key.namespace}/{key.name}"
    return None
