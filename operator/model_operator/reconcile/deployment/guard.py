"""Which CanaryEndpoint needs a deployment that is to be deleted. Pure over the cache and the bindings."""

from model_operator.accounts.bindings import Bindings
from model_operator.domain import DEPLOYMENT, Key
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache, Entry, provider_key
from model_operator.reconcile.members import has_traffic, in_words, member_names


def find_guard(resource: ModelDeployment, cache: Cache, bindings: Bindings) -> str | None:
    """A living CanaryEndpoint of the same account with traffic on it, or that would go back to it, in words; or None."""
    metadata = resource.metadata
    if not metadata.is_terminating:
        return None
    members = frozenset(member_names(Key(DEPLOYMENT, metadata.namespace, metadata.name), resource))
    for key in sorted(cache.users(*members)):
        entry = cache.entry(key)
        if entry is None or not _may_be_of(provider_key(resource), entry, cache, bindings):
            continue
        found = entry.resource or entry.invalid
        if found is None or found.metadata.is_terminating:
            continue
        status = found.status
        if isinstance(status, CanaryEndpointStatus) and has_traffic(key.namespace, status, members):
            return in_words(key, metadata.namespace)
    return None


def _may_be_of(provider: Key, entry: Entry, cache: Cache, bindings: Bindings) -> bool:
    """Whether it is of the account of that ModelProvider; also while that is not known yet, or cannot be read."""
    if not isinstance(entry.resource, CanaryEndpoint):
        return True
    other = provider_key(entry.resource)
    is_unseen = bindings.get(other) is None and cache.provider(other) is not None
    return is_unseen or bindings.lead_to_one(provider, other)
