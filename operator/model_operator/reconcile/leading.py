"""Where a ModelProvider leads: to which account, or why to none. Pure over the cache and the bindings."""

from model_operator.accounts.bindings import Binding, Bindings
from model_operator.conditions import Reason
from model_operator.domain import Key
from model_operator.errors import NotAccepted
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache, Entry, provider_key, provider_of


def leads_nowhere(ref: Key, cache: Cache, binding: Binding | None) -> NotAccepted | None:
    """Why the ModelProvider of that name has no account, if it has none."""
    entry = cache.entry(ref)
    if entry is not None and entry.invalid is not None:
        return NotAccepted(
            Reason.UNSUPPORTED,
            f'This version of the operator does not understand ModelProvider "{ref.name}": {entry.invalid}. Nothing is'
            " changed at the provider until the operator is upgraded or the ModelProvider is edited.",
        )
    if cache.provider(ref) is None:
        return NotAccepted(
            Reason.PROVIDER_NOT_FOUND,
            f'There is no ModelProvider "{ref.name}" in namespace {ref.namespace}. Apply it, or delete this object'
            " and apply it with the right providerRef.",
        )
    if binding is not None and binding.reason is not None:
        return NotAccepted(binding.reason, f'ModelProvider "{ref.name}": {binding.message}')
    return None


def refused_by_provider(
    resource: ModelDeployment, type_: str, cache: Cache, binding: Binding | None
) -> NotAccepted | None:
    """What only a look at the ModelProvider can tell of a spec with that provider's block."""
    ref = provider_key(resource)
    provider = cache.provider(ref)
    if provider is not None and provider.spec.type != type_:
        return NotAccepted(
            Reason.PROVIDER_MISMATCH,
            f'ModelProvider "{ref.name}" is of type {provider.spec.type}, but the spec has the block'
            f" {type_}. Delete this object, and apply it with the block {provider.spec.type}, or with"
            " another providerRef.",
        )
    return leads_nowhere(ref, cache, binding)


def may_be_of(provider: Key, entry: Entry, cache: Cache, bindings: Bindings) -> bool:
    """Whether a CanaryEndpoint is of the account of that ModelProvider; also while nobody can tell."""
    other = provider_of(entry)
    if other is None:
        return True
    is_unseen = bindings.get(other) is None and cache.entry(other) is not None
    return is_unseen or bindings.lead_to_one(provider, other)
