"""Which of several ModelDeployments has the first claim to one remote name or id. Pure over the cache.

What is at the provider counts first, then the intent in the status, then who was let through in this process (its
intent may still be on its way to the API server), and only then the age.
"""

from collections.abc import Callable, Container
from datetime import UTC, datetime

from model_operator.accounts.account import Account
from model_operator.domain import Key
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def find_rival(
    key: Key, resource: ModelDeployment, account: Account, cache: Cache, claims: Container[str]
) -> str | None:
    """`namespace/name` of the ModelDeployment of this account that comes first, or None.

    `claims` has the UIDs of those that were let through at their last pass. A default name holds the CR's own UID, so only a chosen name or an `externalID` can have rivals.
    """
    wants_the_same = _claim_on(resource)
    if wants_the_same is None:
        return None
    for member in account.members:
        for other_key, other in cache.deployments(member):
            if other_key != key and wants_the_same(other) and _rank(other, claims) < _rank(resource, claims):
                return f"{other.metadata.namespace}/{other.metadata.name}"
    return None


def _claim_on(resource: ModelDeployment) -> Callable[[ModelDeployment], bool] | None:
    id_, name = resource.spec.external_id, resource.spec.deployment_name
    if id_ is not None:
        return lambda other: id_ in (other.status.external_id, other.spec.external_id)
    if name is not None:
        return lambda other: other.spec.deployment_name == name and other.spec.external_id is None
    return None


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
