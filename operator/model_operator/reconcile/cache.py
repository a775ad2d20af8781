"""The objects as the API server last showed them, parsed once, with the few indexes that passes need.

Fed by the watch and by the replies to our own writes; whatever is not newer than what is here is dropped.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from model_operator.accounts.holders import Ids
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, FINALIZER, PROVIDER, Key
from model_operator.kube import Version
from model_operator.models.budget import ModelBudget
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment import ModelDeployment
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.parse import InvalidResource
from model_operator.models.provider import ModelProvider
from model_operator.reconcile.claims import Claimant, Claims
from model_operator.reconcile.foreign import without_news
from model_operator.reconcile.members import members_of
from model_operator.reconcile.places import Places
from model_operator.sharding import Shards
from model_operator.signals import Signals

_LATE: Final = 4096
"""Objects that have gone, of which a watch may still tell."""

Resource = ModelProvider | ModelDeployment | CanaryEndpoint | ModelBudget

_PARSERS: Final[dict[str, Callable[[dict[str, Any]], Resource]]] = {
    PROVIDER: ModelProvider.parse,
    DEPLOYMENT: ModelDeployment.parse,
    CANARY: CanaryEndpoint.parse,
    BUDGET: ModelBudget.parse,
}


@dataclass(frozen=True, slots=True)
class Entry:
    version: int
    uid: str
    resource: Resource | None
    invalid: InvalidResource | None = None
    is_vanished: bool = False
    """Gone from the API server without our finalizer, while something of it may still be at the provider."""


class Cache:
    def __init__(self, signals: Signals, shards: Shards | None = None) -> None:
        """`signals` are told of every change, also of our own writes. Objects of all `shards` are here."""
        self._signals = signals
        self._shards = shards or Shards()
        self._entries: dict[Key, Entry] = {}
        self._dependents: dict[Key, set[Key]] = {}
        self._canaries: dict[Key, set[Key]] = {}
        self._needed: dict[Key, Key] = {}
        self._ended: OrderedDict[str, int] = OrderedDict()
        """UID → what was last known of an object that has gone: a watch that is late does not bring it back."""
        self._members: dict[Key, frozenset[str]] = {}
        self._users: dict[str, set[Key]] = {}
        self._places = Places()
        self.claims = Claims()
        """What ModelDeployments claim at their providers."""

    def put(self, key: Key, body: dict[str, Any]) -> bool:
        """False if this is not newer than what is here."""
        version, uid = int(body["metadata"]["resourceVersion"]), str(body["metadata"].get("uid", ""))
        before = self._entries.get(key)
        if before is not None and before.version >= version:
            return False
        if version <= self._ended.get(uid, 0):
            return False
        if key.kind == DEPLOYMENT and self._shards.excludes(key.namespace):
            body = without_news(body)
        try:
            entry = Entry(version, uid, _PARSERS[key.kind](body))
        except InvalidResource as error:
            # Its frames hold the body.
            entry = Entry(version, uid, None, error.with_traceback(None))
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
        self._store(key, Entry(0, metadata.uid, resource, is_vanished=True))
        return key

    def remove(self, key: Key) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None and not entry.is_vanished:
            self._ended[entry.uid] = entry.version
            if len(self._ended) > _LATE:
                self._ended.popitem(last=False)
        self.claims.remove(key)
        self._places.remove(key)
        self._change_needed(key, None)
        self._change_members(key, frozenset())

    def entry(self, key: Key) -> Entry | None:
        return self._entries.get(key)

    def uid(self, key: Key) -> str | None:
        """Of the life of that name that is known."""
        entry = self._entries.get(key)
        return entry.uid if entry is not None else None

    def version(self, key: Key) -> Version | None:
        """What the server has shown of that object; None also of one that is kept after its end."""
        entry = self._entries.get(key)
        return Version(entry.uid, entry.version) if entry is not None and not entry.is_vanished else None

    def keys(self) -> tuple[Key, ...]:
        return tuple(self._entries)

    def own_keys(self) -> tuple[Key, ...]:
        """Without those that other shards look after."""
        return tuple(key for key in self._entries if self._shards.owns(key.namespace))

    def generation(self, key: Key) -> int | None:
        entry = self._entries.get(key)
        return entry.resource.metadata.generation if entry and entry.resource else None

    def is_behind(self, key: Key) -> bool:
        """Its spec was edited since its status was last written: somebody waits. What is new has -1 there, or nothing."""
        entry = self._entries.get(key)
        if entry is None or entry.resource is None:
            return False
        answered = entry.resource.status.observed_generation
        return answered is not None and 0 <= answered != entry.resource.metadata.generation

    def deployment(self, key: Key) -> ModelDeployment | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, ModelDeployment) else None

    def provider(self, key: Key) -> ModelProvider | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, ModelProvider) else None

    def canary(self, key: Key) -> CanaryEndpoint | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, CanaryEndpoint) else None

    def budget(self, key: Key) -> ModelBudget | None:
        entry = self._entries.get(key)
        return entry.resource if entry and isinstance(entry.resource, ModelBudget) else None

    def budgets(self, namespace: str) -> Iterator[tuple[Key, ModelBudget | None]]:
        """The ModelBudgets there; None for one that is not understood."""
        for key in self._places.of(BUDGET, namespace):
            yield key, self.budget(key)

    def deployments_in(self, namespace: str) -> Iterator[tuple[Key, ModelDeployment]]:
        """What vanished is among them."""
        for key in self._places.of(DEPLOYMENT, namespace):
            if (resource := self.deployment(key)) is not None:
                yield key, resource

    def canaries(self, provider: Key) -> frozenset[Key]:
        """CanaryEndpoints that name that ModelProvider."""
        return _users(self._canaries, provider)

    def users(self, *members: str) -> frozenset[Key]:
        """CanaryEndpoints that have any of these as a member, by `members.py`'s names."""
        return frozenset(key for member in members for key in self._users.get(member, ()))

    def members(self, canary: Key) -> frozenset[str]:
        """What that CanaryEndpoint may send traffic to."""
        return self._members.get(canary, frozenset())

    def dependents(self, provider: Key) -> frozenset[Key]:
        """ModelDeployments that name that ModelProvider, terminating ones included."""
        return _users(self._dependents, provider)

    def deployments(self, provider: Key) -> Iterator[tuple[Key, ModelDeployment]]:
        for key in self.dependents(provider):
            resource = self.deployment(key)
            if resource is not None:
                yield key, resource

    def ids(self, providers: AbstractSet[Key]) -> Ids:
        """The remote ids that ModelDeployments of these ModelProviders hold."""
        held: dict[Key, str] = {}
        expected: set[str] = set()
        leaving: set[str] = set()
        for provider in providers:
            for key, resource in self.deployments(provider):
                if resource.status.external_id is None:
                    continue
                held[key] = resource.status.external_id
                if not _is_known_gone(resource):
                    (leaving if resource.is_leaving else expected).add(held[key])
        foreign = {key for key in held if not self._shards.owns(key.namespace)}
        return Ids(held, expected, leaving, foreign)

    def phases(self) -> Counter[tuple[str, str]]:
        """(kind, phase) → how many, for the metrics."""
        counts: Counter[tuple[str, str]] = Counter()
        for key in self.own_keys():
            resource = self._entries[key].resource
            phase = resource.status.phase if isinstance(resource, ModelDeployment | CanaryEndpoint) else None
            counts[key.kind, phase or "Pending"] += 1
        return counts

    def _store(self, key: Key, entry: Entry) -> None:
        self._entries[key] = entry
        self._places.add(key)
        found = entry.resource or entry.invalid
        if key.kind == DEPLOYMENT and isinstance(found, ModelDeployment | InvalidResource):
            self.claims.put(Claimant.of(key, found))
        self._change_needed(key, _needed_by(key, entry))
        self._change_members(key, members_of(key, entry.resource or entry.invalid))

    def _change_needed(self, key: Key, provider: Key | None) -> None:
        before = self._needed.pop(key, None)
        users = self._canaries if key.kind == CANARY else self._dependents
        if before is not None:
            users[before].discard(key)
        if provider is not None:
            self._needed[key] = provider
            users.setdefault(provider, set()).add(key)

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


def _users(users: Mapping[Key, AbstractSet[Key]], provider: Key) -> frozenset[Key]:
    """Those of which nobody can tell whose they are need every ModelProvider of their namespace."""
    return frozenset((*users.get(provider, ()), *users.get(_any(provider.namespace), ())))


def _any(namespace: str) -> Key:
    return Key(PROVIDER, namespace, "")


def _needed_by(key: Key, entry: Entry) -> Key | None:
    found = provider_of(entry)
    if found is not None or entry.invalid is None:
        return found
    return _any(key.namespace) if _may_have_something(entry.invalid) else None


def _may_have_something(invalid: InvalidResource) -> bool:
    """At its provider, by what the API server shows: an id, an intent, or a finalizer, which is one until a status is written."""
    status = invalid.status
    if not isinstance(status, ModelDeploymentStatus | CanaryEndpointStatus):
        return False
    if status.external_id or status.pending:
        return True
    is_untold = isinstance(status, ModelDeploymentStatus) and status.is_untold
    return is_untold and FINALIZER in invalid.metadata.finalizers


def provider_of(entry: Entry) -> Key | None:
    """The ModelProvider that the object names, understood or not."""
    if isinstance(entry.resource, ModelDeployment | CanaryEndpoint):
        return provider_key(entry.resource)
    invalid = entry.invalid
    if invalid is None or invalid.provider is None:
        return None
    return Key(PROVIDER, invalid.metadata.namespace, invalid.provider)


def provider_key(resource: ModelDeployment | CanaryEndpoint) -> Key:
    return Key("ModelProvider", resource.metadata.namespace, resource.spec.provider_ref.name)


def _is_known_gone(resource: ModelDeployment) -> bool:
    """Proven before, and kept in the status until its successor is there."""
    synced = resource.status.condition(ConditionType.SYNCED)
    is_told = synced is not None and synced.reason == Reason.EXTERNAL_RESOURCE_MISSING
    has_no_state = synced is not None and resource.status.provider_state is None
    return is_told or has_no_state or resource.status.pending is not None
