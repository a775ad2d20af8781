"""Which CanaryEndpoint needs a deployment that is to be deleted. Pure over the cache and the bindings."""

from model_operator.accounts.bindings import Bindings
from model_operator.domain import DEPLOYMENT, Key
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache, provider_key
from model_operator.reconcile.leading import may_be_of
from model_operator.reconcile.members import has_traffic, in_words, member_names


def find_guard(resource: ModelDeployment, cache: Cache, bindings: Bindings) -> str | None:
    """A living CanaryEndpoint of the same account with traffic on it, or that would go back to it, in words; or None."""
    metadata, spec = resource.metadata, resource.spec
    ends_by_itself = (spec.expires_at, spec.expires_after, spec.idle) != (None, None, None)
    if not metadata.is_terminating and not ends_by_itself:
        return None
    return in_use_by(resource, cache, bindings)


def in_use_by(resource: ModelDeployment, cache: Cache, bindings: Bindings) -> str | None:
    """The same, of one that is neither to be deleted nor expires."""
    metadata = resource.metadata
    named = Key(DEPLOYMENT, metadata.namespace, metadata.name)
    names = member_names(named, resource)
    # Another object may have the name by now: what goes to it by that name is its traffic.
    has_name = cache.uid(named) in {None, metadata.uid}
    members = frozenset(names if has_name else names[1:])
    for key in sorted(cache.users(*members)):
        entry = cache.entry(key)
        if entry is None or not may_be_of(provider_key(resource), entry, cache, bindings):
            continue
        found = entry.resource or entry.invalid
        if found is None or found.metadata.is_terminating:
            continue
        status = found.status
        if isinstance(status, CanaryEndpointStatus) and has_traffic(key.namespace, status, members):
            return in_words(key, metadata.namespace)
    return None
