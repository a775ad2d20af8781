"""Which of several ModelDeployments has the first claim to one remote name or id. Pure over the cache.

What is at the provider counts first, then the intent in the status, then who was let through in this process (its
intent may still be on its way to the API server), and only then the age.
"""

from collections.abc import Container, Iterator
from datetime import UTC, datetime

from model_operator.accounts.account import Account
from model_operator.domain import Key
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache, provider_key

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def find_rival(
    key: Key, resource: ModelDeployment, account: Account, cache: Cache, claims: Container[str]
) -> str | None:
    """`namespace/name` of the ModelDeployment of this account that comes first, or None.

    `claims` has the UIDs of those that were let through at their last pass. A default name holds the CR's own UID, so only a chosen name or an `externalID` can have rivals.
    """
    rank = _rank(resource, claims)
    for other_key, other in _claimants(resource, cache):
        if other_key != key and provider_key(other) in account.members and _rank(other, claims) < rank:
            return f"{other.metadata.namespace}/{other.metadata.name}"
    return None


def _claimants(resource: ModelDeployment, cache: Cache) -> Iterator[tuple[Key, ModelDeployment]]:
    """Who has or wants the same, this one included."""
    id_, name = resource.spec.external_id, resource.spec.deployment_name
    if id_ is not None:
        yield from cache.claimants(f"id/{id_}")
    elif name is not None:
        yield from (one for one in cache.claimants(f"name/{name}") if one[1].spec.external_id is None)


def _rank(resource: ModelDeployment, claims: Container[str]) -> tuple[bool, bool, bool, datetime, str]:
    status, metadata = resource.status, resource.metadata
    return (
        status.external_id is None,
        status.pending is None,
        metadata.uid not in claims,
        metadata.creation_timestamp or _FIRST,
        metadata.uid,
    )


def find_owner(observed_uid: str | None, resource: ModelDeployment, cache: Cache) -> str | None:
    """The living ModelDeployment whose UID tag a deployment carries, unless that is this one."""
    if observed_uid is None or observed_uid == resource.metadata.uid:
        return None
    owner = cache.by_uid(observed_uid)
    return f"{owner.metadata.namespace}/{owner.metadata.name}" if owner else None
