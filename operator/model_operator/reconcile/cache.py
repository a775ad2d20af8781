"""The objects as the API server last showed them, parsed once, with the few indexes that passes need.

Fed by the watch and by the replies to our own writes; whatever is not newer than what is here is dropped.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from model_operator.accounts.account import Ids
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.deployment import ModelDeployment
from model_operator.models.parse import InvalidResource
from model_operator.models.provider import ModelProvider
from model_operator.reconcile.members import members_of
from model_operator.signals import Signals

Resource = ModelProvider | ModelDeployment | CanaryEndpoint

_PARSERS: Final[dict[str, Callable[[dict[str, Any]], Resource]]] = {
    PROVIDER: ModelProvider.parse,
    DEPLOYMENT: ModelDeployment.parse,
    CANARY: CanaryEndpoint.parse,
}


@dataclass(frozen=True, slots=True)
class Entry:
    version: int
    resource: Resource | None
    invalid: InvalidResource | None = None
    is_vanished: bool = False
    """Gone from the API server without our finalizer, while something of it may still be at the provider."""


class Cache:
    def __init__(self, signals: Signals) -> None:
        """`signals` are told of every change, also of our own writes."""
        self._signals = signals
        self._entries: dict[Key, Entry] = {}
        self._dependents: dict[Key, set[Key]] = {}
        self._canaries: dict[Key, set[Key]] = {}
        self._members: dict[Key, frozenset[str]] = {}
        self._users: dict[str, set[Key]] = {}
        self._claims: dict[Key, frozenset[str]] = {}
        self._claimants: dict[str, set[Key]] = {}

    def put(self, key: Key, body: dict[str, Any]) -> bool:
        """False if this is not newer than what is here."""
        version = int(body["metadata"]["resourceVersion"])
        before = self._entries.get(key)
        if before is not None and before.version >= version:
            return False
        try:
            entry = Entry(version, _PARSERS[key.kind](body))
        except InvalidResource as error:
            entry = Entry(version, None, error)
        self._store(key, entry)
        return True

    def renew(self, key: Key, body: dict[str, Any]) -> bool:
        """`put` for replies to our own requests: the watch may have shown the object's end before they arrived."""
        return key in self._entries and self.put(key, body)

    def keep_vanished(self, resource: ModelDeployment) -> Key:
        """Keep a vanished object until what it left at the provider is gone; returns the key that it has now.

        `@` is in no object's name, so that a new object of the same name does not meet the old one.
        """
        metadata = resource.metadata
        key = Key("ModelDeployment", metadata.namespace, f"{metadata.name.partition('@')[0]}@{metadata.uid}")
        self._store(key, Entry(0, resource, is_vanished=True))
        return key

    def remove(self, key: Key) -> None:
        self._entries.pop(key, None)
        for keys in (*self._dependents.values(), *self._canaries.values()):
            keys.discard(key)
        self._change_claims(key, frozenset())
        self._change_members(key, frozenset())

    def entry(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def keys(self) -> tuple[Key, ...]:
        return tuple(self._entries)

    def generation(self, key: Key) -> int | None:
        entry = self._entries.get(key)
        return entry.resource.metadata.generation if entry and entry.resource else None

    def deployment(self, key: Key) -> ModelDeployment | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, ModelDeployment) else None

    def provider(self, key: Key) -> ModelProvider | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, ModelProvider) else None

    def canary(self, key: Key) -> CanaryEndpoint | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, CanaryEndpoint) else None

    def canaries(self, provider: Key) -> frozenset[Key]:
        """CanaryEndpoints that name that ModelProvider."""
        return frozenset(self._canaries.get(provider, ()))

    def users(self, *members: str) -> frozenset[Key]:
        """CanaryEndpoints that have any of these as a member, by `members.py`'s names."""
        return frozenset(key for member in members for key in self._users.get(member, ()))

    def members(self, canary: Key) -> frozenset[str]:
        """What that CanaryEndpoint may send traffic to."""
        return self._members.get(canary, frozenset())

    def dependents(self, provider: Key) -> frozenset[Key]:
        """ModelDeployments that name that ModelProvider, terminating ones included."""
        return frozenset(self._dependents.get(provider, ()))

    def deployments(self, provider: Key) -> Iterator[tuple[Key, ModelDeployment]]:
        for key in self.dependents(provider):
            resource = self.deployment(key)
            if resource is not None:
                yield key, resource

    def ids(self, providers: AbstractSet[Key]) -> Ids:
        """The remote ids that ModelDeployments of these ModelProviders hold."""
        held: dict[Key, str] = {}
        expected: set[str] = set()
        for provider in providers:
            for key, resource in self.deployments(provider):
                if resource.status.external_id is None:
                    continue
                held[key] = resource.status.external_id
                if not resource.metadata.is_terminating and not _is_missing(resource):
                    expected.add(resource.status.external_id)
        return Ids(held, expected)

    def by_uid(self, uid: str) -> ModelDeployment | None:
        """The ModelDeployment with that UID, terminating or not."""
        return next((found for _, found in self.claimants(f"uid/{uid}")), None)

    def claimants(self, claim: str) -> Iterator[tuple[Key, ModelDeployment]]:
        """The ModelDeployments that have or want it: `id/<remote id>`, `name/<chosen name>`; `uid/<UID>` is one's own."""
        for key in tuple(self._claimants.get(claim, ())):
            resource = self.deployment(key)
            if resource is not None:
                yield key, resource

    def phases(self) -> Counter[tuple[str, str]]:
        """(kind, phase) → how many, for the metrics."""
        counts: Counter[tuple[str, str]] = Counter()
        for key, entry in self._entries.items():
            resource = entry.resource
            phase = resource.status.phase if isinstance(resource, ModelDeployment | CanaryEndpoint) else None
            counts[key.kind, phase or "Pending"] += 1
        return counts

    def _store(self, key: Key, entry: Entry) -> None:
        self._entries[key] = entry
        if isinstance(entry.resource, ModelDeployment):
            self._dependents.setdefault(provider_key(entry.resource), set()).add(key)
        if isinstance(entry.resource, CanaryEndpoint):
            self._canaries.setdefault(provider_key(entry.resource), set()).add(key)
        self._change_claims(key, _claims_of(entry.resource))
        self._change_members(key, members_of(key, entry.resource or entry.invalid))

    def _change_claims(self, key: Key, claims: frozenset[str]) -> None:
        before = self._claims.pop(key, frozenset())
        for claim in before - claims:
            self._claimants[claim].discard(key)
            if not self._claimants[claim]:
                del self._claimants[claim]
        for claim in claims - before:
            self._claimants.setdefault(claim, set()).add(key)
        if claims:
            self._claims[key] = claims

    def _change_members(self, key: Key, members: frozenset[str]) -> None:
        before = self._members.pop(key, frozenset())
        for member in before - members:
            self._users[member].discard(key)
            if not self._users[member]:
                del self._users[member]
        for member in members:
            self._users.setdefault(member, set()).add(key)
        if members:
            self._members[key] = members
        self._signals.cached(key, before)


def provider_key(resource: ModelDeployment | CanaryEndpoint) -> Key:
    return Key("ModelProvider", resource.metadata.namespace, resource.spec.provider_ref.name)


def _claims_of(resource: Resource | None) -> frozenset[str]:
    if not isinstance(resource, ModelDeployment):
        return frozenset()
    spec, held = resource.spec, resource.status.external_id
    claims = {f"uid/{resource.metadata.uid}"} | {f"id/{id_}" for id_ in (spec.external_id, held) if id_}
    return frozenset(claims | ({f"name/{spec.deployment_name}"} if spec.deployment_name else set()))


def _is_missing(resource: ModelDeployment) -> bool:
    synced = resource.status.condition(ConditionType.SYNCED)
    return synced is not None and synced.reason == Reason.EXTERNAL_RESOURCE_MISSING
