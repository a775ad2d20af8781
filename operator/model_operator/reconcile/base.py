"""What a pass over any kind of object needs besides its own steps.

A pass finds its object in the cache, keeps our finalizer on it, remembers what it did, writes the status if that
says something new, and lets the object go at its end.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from model_operator.accounts.account import Clock
from model_operator.accounts.bindings import Bindings
from model_operator.conditions import Reason
from model_operator.domain import FINALIZER, Key
from model_operator.errand import Errand, sent_on
from model_operator.kube import KubeError
from model_operator.models.budget import ModelBudget
from model_operator.models.metadata import Metadata
from model_operator.models.parse import InvalidResource
from model_operator.models.provider import ModelProvider
from model_operator.modes import Mode
from model_operator.observability.audit import Subject, on_behalf_of
from model_operator.providers.base import Vendor
from model_operator.reconcile.cache import Cache, Resource, provider_key
from model_operator.reconcile.contested import LONGEST, Fights, fought_over, writers
from model_operator.reconcile.errands import Errands
from model_operator.reconcile.modes import mode_for
from model_operator.reconcile.recorder import Recorder
from model_operator.reconcile.store import Store
from model_operator.sharding import Shards
from model_operator.signals import Signals
from model_operator.status.conditions import without_numbers
from model_operator.status.invalid import not_understood
from model_operator.status.refused import refused_write

log = logging.getLogger(__name__)


class Remembered(Protocol):
    """What a process remembers of one object. All of it may be lost with the process."""

    uid: str
    """Of the object this is about; another object of the same name starts afresh."""


@dataclass(slots=True)
class Refusal:
    """Writes about one object that the API server refuses, pass after pass."""

    uid: str
    since: float
    """By the event loop's clock."""
    said: set[str] = field(default_factory=set)
    """Each in one Event."""


_MOST_SAID = 20
"""Refusals of one object in different words; the status has the last one."""
_REFUSED = (
    "Grant the operator the permission, or change the quota, policy or rule that refuses it. The operator"
    " keeps retrying."
)

R = TypeVar("R", bound=Resource)
M = TypeVar("M", bound=Remembered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the passes of all kinds share. Made once, for the whole process."""

    store: Store
    cache: Cache
    bindings: Bindings
    vendors: Mapping[str, Vendor]
    signals: Signals
    record: Recorder
    clock: Clock
    fights: Fights = field(default_factory=Fights)
    shards: Shards = field(default_factory=Shards)
    changing: Counter[Key] = field(default_factory=Counter)
    """By ModelProvider: see `Errands`."""


@dataclass(slots=True, kw_only=True)
class Pass(ABC, Generic[R, M]):
    """One kind's passes. `reconcile` is one of them; between two, only `memories` stays."""

    around: Surroundings
    find: Callable[[Key], R | None]
    """The kind's objects in the cache."""
    remember: Callable[..., M]
    """A new memory: `remember(uid=…)`."""
    patience: timedelta = timedelta(minutes=1)
    """How long the API server may refuse a write before only a person can help."""
    longest_turn: timedelta = LONGEST
    """Between two looks at an object over which somebody else fights with us."""
    memories: dict[Key, M] = field(default_factory=dict)
    refusals: dict[Key, Refusal] = field(default_factory=dict)

    async def reconcile(self, key: Key) -> timedelta | None:
        """One pass. Returns when to look again at the latest; None: when something happens.

        Raises `KubeError` where the API server refuses a write: the queue tries again.
        """
        if not self.around.shards.owns(key.namespace):
            return await self.look_on(key)
        entry = self.around.cache.entry(key)
        if entry is not None and entry.invalid is not None:
            await self._report_invalid(key, entry.invalid)
        resource = self.find(key)
        if resource is None:
            self.lost(key)
            return None
        metadata = resource.metadata
        wait = self.around.fights.wait(key, metadata, resource.status, self.longest_turn)
        if wait > 0:
            return timedelta(seconds=wait)
        who = Subject(uid=metadata.uid, generation=metadata.generation, manager=metadata.manager)
        with on_behalf_of(who), sent_on(self._errand(key, resource)):
            again = await self.look_after(key, resource)
        self.refusals.pop(key, None)
        return again

    async def look_on(self, key: Key) -> timedelta | None:  # noqa: ARG002  for who needs it
        """Another shard looks after the object: nothing is written, nothing sent. Returns as `reconcile`."""
        return None

    async def refused(self, key: Key, error: KubeError) -> None:
        """The API server refuses what the last pass needed. Said on the object, by whatever way is left."""
        if not self.around.shards.owns(key.namespace):
            return
        resource, now = self.find(key), asyncio.get_running_loop().time()
        entry = self.around.cache.entry(key)
        found = entry.resource or entry.invalid if entry is not None and not entry.is_vanished else None
        if found is None:
            return
        metadata, message = found.metadata, f"{str(error).rstrip('.')}. {_REFUSED}"[:1024]
        refusal = self.refusals.get(key)
        if refusal is None or refusal.uid != metadata.uid:
            refusal = self.refusals[key] = Refusal(metadata.uid, now)
        words = without_numbers(message)
        if words not in refusal.said and len(refusal.said) < _MOST_SAID:
            refusal.said.add(words)
            self.around.record.warn(key, metadata, Reason.WRITE_REFUSED, message)
        if resource is None:
            return  # its status says already that it is not understood
        is_stalled = now - refusal.since >= self.patience.total_seconds()
        clock, generation = self.around.clock(), metadata.generation
        status = refused_write(resource.status, message, generation, clock, is_stalled=is_stalled)
        if status != resource.status:
            try:
                await self.write(key, resource, status.dump())
            except KubeError:
                log.debug("the refusal could not be written into the status either")

    def _errand(self, key: Key, resource: R) -> Errand:
        """What the pass wants of a provider, as long as it would decide about the same object, spec and account."""
        ref = None if isinstance(resource, ModelProvider | ModelBudget) else provider_key(resource)
        around = self.around

        def is_same() -> bool:
            found = self.find(key)
            return found is not None and _decided_by(found) == _decided_by(resource)

        return Errands(around.cache, around.bindings, around.signals, around.changing).of(key, ref, is_same)

    @abstractmethod
    async def look_after(self, key: Key, resource: R) -> timedelta | None:
        """The pass itself, over an object that is there and understood."""

    @abstractmethod
    def ended(self, key: Key) -> Iterable[Key]:
        """The object is gone from the API server. Forgets it; returns the keys that need a pass because of it."""

    def lost(self, key: Key) -> None:
        """There is no such object, or none that this version understands."""

    @abstractmethod
    def leaves(self, key: Key, invalid: InvalidResource) -> bool:
        """Whether the end of an object that is not understood would leave something behind."""

    def holds(self, key: Key, invalid: InvalidResource) -> bool:
        """Whether it has to stay for that."""
        return self.leaves(key, invalid) and not invalid.orphans

    async def tell_what_stays(self, key: Key, invalid: InvalidResource) -> None:
        """Before the finalizer of an object that is not understood goes: what its end leaves at the provider."""

    async def _report_invalid(self, key: Key, invalid: InvalidResource) -> None:
        """Write what is wrong; let a terminating object go that holds nothing, and no other."""
        metadata, status = invalid.metadata, invalid.status
        if metadata.is_terminating and FINALIZER in metadata.finalizers and not self.holds(key, invalid):
            await self.tell_what_stays(key, invalid)
            await self.let_go(key, metadata)
            return
        after = not_understood(invalid, self.around.clock())
        if after != status:
            version = metadata.resource_version
            body = await self.around.store.replace_status(key, version, after.dump())
            metadata = Metadata.read(body["metadata"])
            self.around.cache.renew(key, body)
        if self.leaves(key, invalid):
            await self._put_finalizer(key, metadata)

    def is_early(self, provider: Key) -> bool:
        """The ModelProvider is there, and its first pass, which will bring its dependents back, is still to come."""
        return self.around.cache.provider(provider) is not None and self.around.bindings.get(provider) is None

    def uid(self, key: Key) -> str | None:
        """Of the object of that name that is known."""
        return self.around.cache.uid(key)

    def memory(self, key: Key, uid: str) -> M:
        memory = self.memories.get(key)
        if memory is None or memory.uid != uid:
            memory = self.memories[key] = self.remember(uid=uid)
        return memory

    async def keep_finalizer(self, key: Key, resource: R) -> R:
        """Put it (back) on a living object; a `kubectl replace` may have taken it off."""
        if not await self._put_finalizer(key, resource.metadata):
            return resource
        what = self.around.fights.finalizer_put(key, resource.metadata, resource.status)
        await self._tell_of_fight(key, resource.metadata, what)
        found = self.find(key)  # of that name: meanwhile it may be another object
        return found if found is not None and found.metadata.uid == resource.metadata.uid else resource

    async def _put_finalizer(self, key: Key, metadata: Metadata) -> bool:
        """False if it is there already, cannot be put on any more, or has nothing to guard: who only observes deletes nothing."""
        if metadata.is_terminating or FINALIZER in metadata.finalizers:
            return False
        if mode_for(self.around.cache, key) is Mode.OBSERVE:
            return False
        body = await self.around.store.add_finalizer(key, metadata.resource_version, metadata.finalizers)
        self.around.cache.renew(key, body)
        return True

    async def let_go(self, key: Key, metadata: Metadata) -> None:
        """Take our finalizer off. Where nothing else holds the object, this is its end."""
        body = await self.around.store.remove_finalizer(key, metadata.resource_version, metadata.finalizers)
        self.around.cache.renew(key, body)
        log.info("released")
        if not body["metadata"].get("finalizers"):
            # A watch that begins only now will never tell.
            self.around.signals.gone(key, metadata.uid)

    async def write(self, key: Key, resource: R, status: Mapping[str, Any]) -> None:
        """Replace the whole status."""
        metadata, fights = resource.metadata, self.around.fights
        with fights.writing(key):
            body = await self.around.store.replace_status(key, metadata.resource_version, status)
        is_newest = self.around.cache.renew(key, body)
        found = self.find(key) if is_newest else None
        after = found.status if found is not None else type(resource.status).parse(body.get("status"))
        await self._tell_of_fight(key, metadata, fights.status_written(key, metadata, resource.status, after))

    async def _tell_of_fight(self, key: Key, metadata: Metadata, what: str | None) -> None:
        if what is not None:
            message = fought_over(what, await writers(self.around.store, key), self.longest_turn)
            self.around.record.warn(key, metadata, Reason.FIELD_CONTESTED, message)

    def forget(self, key: Key) -> M | None:
        """The object is gone and nothing is left to do about it. Returns what was remembered."""
        self.around.cache.remove(key)
        self.around.fights.forget(key)
        self.refusals.pop(key, None)
        return self.memories.pop(key, None)


def _decided_by(resource: Resource) -> tuple[object, ...]:
    """What people say of an object: its life, its spec (deletionPolicy included), its end, an annotation's command."""
    metadata = resource.metadata
    return metadata.uid, metadata.generation, metadata.is_terminating, metadata.annotations


def still_there(provider: Key, cache: Cache) -> tuple[Key, ...]:
    """That ModelProvider, for its count of dependents; none if there is no such object."""
    return (provider,) if cache.entry(provider) is not None else ()
