"""The end of a ModelDeployment: what is let go, what stays at the provider and is said, and what vanished unguarded."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from typing_extensions import override

from model_operator.conditions import Reason
from model_operator.domain import FINALIZER, PROVIDER, Key
from model_operator.models.cost import Cost
from model_operator.models.deployment import ModelDeployment
from model_operator.models.metadata import Metadata
from model_operator.models.parse import InvalidResource
from model_operator.modes import Mode
from model_operator.plan.deployment import words
from model_operator.plan.deployment.situation import Release, Situation
from model_operator.providers.base import Vendor
from model_operator.reconcile.base import Pass, still_there
from model_operator.reconcile.budget.counting import counting
from model_operator.reconcile.cache import Entry, provider_key
from model_operator.reconcile.deployment.bill import final_cost
from model_operator.reconcile.deployment.keys import NO_KEYS, mask
from model_operator.reconcile.deployment.leaving import left_behind, left_by
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.modes import mode_for, mode_of
from model_operator.redaction import Redactor

log = logging.getLogger(__name__)


def ignore_cost(_metadata: Metadata, _cost: Cost) -> None:
    """For who keeps no book."""


def count_nowhere(_key: Key, _metadata: Metadata, _cost: Cost) -> timedelta | None:
    """For who has no budgets."""
    return None


_BRIEF: Final = timedelta(seconds=1)
"""A final cost that waits for longer is kept in the object's own status meanwhile."""


@dataclass(slots=True, kw_only=True)
class EndingDeployments(Pass[ModelDeployment, Memory]):
    """What a pass over a ModelDeployment does once its object goes, or has gone."""

    redactor: Redactor = field(default_factory=Redactor, repr=False)
    claims: set[str] = field(default_factory=set)
    """UIDs of those whose name or id nobody else may have, until a pass refuses them."""
    settle: Callable[[Metadata, Cost], None] = ignore_cost
    """Told the final cost of an object, right before it is let go; again should that be refused."""
    settled: Callable[[Key, Metadata, Cost], timedelta | None] = count_nowhere
    """Told the same before that, until it is None: then the cost is kept in all budgets in which it belongs. Else it says when
    to tell it again."""
    told: set[str] = field(default_factory=set)
    """UIDs of objects that are not understood and whose end has been said to leave something."""

    @abstractmethod
    def situation(self, resource: ModelDeployment, vendor: Vendor, memory: Memory) -> Situation:
        """Where the object stands by what is known without a request."""

    async def release(
        self, key: Key, resource: ModelDeployment, memory: Memory, action: Release
    ) -> timedelta | None:
        """Let it go. Returns when to look again, while its final cost is not written yet."""
        now = self.around.clock()
        ended = final_cost(
            memory.bill,
            resource.status.cost,
            now,
            is_left=action.orphaned is not None,
            counted=counting(self.around.cache, resource, now).counted,
        )
        wait = self.settled(key, resource.metadata, ended) if ended is not None else None
        if wait is not None:
            if wait > _BRIEF:
                await self._keep_cost(key, resource, ended)
            return wait
        if not memory.has_told_what_stays:
            await self._say_what_stays(key, resource, action)
            memory.told_what_stays()
        if ended is not None:
            self.settle(resource.metadata, ended)
        memory.finish()
        entry = self.around.cache.entry(key)
        if entry is None or entry.is_vanished or FINALIZER not in resource.metadata.finalizers:
            self.around.signals.gone(key, resource.metadata.uid)
            return None
        await self.let_go(key, resource.metadata)
        await self._say_done(key)
        return None

    async def _keep_cost(self, key: Key, resource: ModelDeployment, ended: Cost | None) -> None:
        """Nothing is added to it any more, neither by the time that it waits nor by a process that comes later."""
        entry, before = self.around.cache.entry(key), resource.status.cost
        is_kept = before is not None and ended is not None and ended.with_(at=before.at) == before
        if not is_kept and entry is not None and not entry.is_vanished:
            await self.write(key, resource, resource.status.with_(cost=ended).dump())

    async def _say_done(self, key: Key) -> None:
        """Somebody else's finalizer holds it: that nothing of it is left must be known without asking again."""
        left = self.around.cache.deployment(key)
        if left is None or not left.metadata.finalizers or FINALIZER in left.metadata.finalizers:
            return
        done = left.status.with_(external_id=None, pending=None)
        await self.write(key, left, done.dump())

    async def _say_what_stays(self, key: Key, resource: ModelDeployment, action: Release) -> None:
        """Before the finalizer goes: afterwards nobody could. Raises `KubeError` where an Event may pass later."""
        endpoint, promise = resource.status.endpoint, self.around.record.promise
        if action.orphaned is not None:
            message = words.orphaned(action)
            await promise(key, resource.metadata, Reason.ORPHANED, message)
            log.warning("%s", message)
            self.around.signals.orphaned()
        lost = resource.status.pending_endpoint
        left = (
            endpoint.id
            if endpoint is not None
            else f'"{lost.name}", if its create succeeded,'
            if lost
            else None
        )
        if left is not None:
            message = f"Endpoint {left} stays at the provider, because the provider's API cannot delete it."
            await promise(key, resource.metadata, Reason.ENDPOINT_ORPHANED, message)
            log.warning("%s", message)

    @override
    def ended(self, key: Key) -> Iterable[Key]:
        resource, entry = self.around.cache.deployment(key), self.around.cache.entry(key)
        account = self.around.bindings.account(provider_key(resource)) if resource else None
        if account is not None:
            account.forget(key)
        memory = self.forget(key)
        if memory is not None:
            self.claims.discard(memory.uid)
            mask(self.redactor, key.namespace, memory.keys, NO_KEYS)
        if resource is None:
            return self._ended_not_understood(key, entry, memory)
        provider = still_there(provider_key(resource), self.around.cache)
        if memory is not None and memory.is_finished:
            return provider
        mode = mode_of(self.around.cache, provider_key(resource))
        memory = memory or Memory(uid=resource.metadata.uid)
        left = left_behind(
            resource, self.situation(resource, self.around.vendors[resource.spec.vendor], memory)
        )
        if left is not None and mode is Mode.OBSERVE:
            self._say_left(key, left)
            return provider
        return provider if left is None else (self._finish_deletion(left), *provider)

    def _say_left(self, key: Key, resource: ModelDeployment) -> None:
        """In mode Observe, of one that went without our finalizer."""
        what = resource.status.external_id or "that a create with a lost reply may have made"
        message = words.orphaned(Release(what, why=words.observes(resource.spec.provider_ref.name)))
        log.warning("%s: %s", key, message)
        self.around.signals.orphaned()
        self.around.record.warn(key, resource.metadata, Reason.ORPHANED, message)

    @override
    def holds(self, key: Key, invalid: InvalidResource) -> bool:
        # Zero-argument super() is lost in a class with slots.
        is_held = super(EndingDeployments, self).holds(key, invalid)
        return is_held and mode_for(self.around.cache, key) is not Mode.OBSERVE

    @override
    def leaves(self, key: Key, invalid: InvalidResource) -> bool:
        return left_by(invalid, self.memories.get(key)) is not None

    @override
    async def tell_what_stays(self, key: Key, invalid: InvalidResource) -> None:
        left = left_by(invalid, self.memories.get(key))
        if left is not None:
            observes = words.observes(invalid.provider or "")
            message = (
                f"{left} stays at the provider ({'deletionPolicy Orphan' if invalid.orphans else observes})."
            )
            if invalid.metadata.uid in self.told:
                return
            await self.around.record.promise(key, invalid.metadata, Reason.ORPHANED, message)
            self.told.add(invalid.metadata.uid)
            log.warning("%s: %s", key, message)
            self.around.signals.orphaned()

    def _ended_not_understood(self, key: Key, entry: Entry | None, memory: Memory | None) -> Iterable[Key]:
        """Nothing can be deleted for it; what it held is said."""
        invalid = entry.invalid if entry is not None else None
        if invalid is None:
            return ()
        left = left_by(invalid, memory)
        if left is not None and invalid.metadata.uid not in self.told:
            message = (
                f"{left} stays at the provider: the object is gone, and this version of the operator does not"
                " understand its spec."
            )
            log.warning("%s: %s", key, message)
            self.around.signals.orphaned()
            self.around.record.warn(key, invalid.metadata, Reason.ORPHANED, message)
        ref = invalid.provider
        provider = Key(PROVIDER, key.namespace, ref) if ref is not None else None
        return still_there(provider, self.around.cache) if provider is not None else ()

    def _finish_deletion(self, resource: ModelDeployment) -> Key:
        """It went without our finalizer: its deletion is finished from what was last known."""
        metadata = resource.metadata
        log.warning(
            "%s/%s was deleted without its finalizer; its deployment %s is deleted at the provider",
            metadata.namespace,
            metadata.name,
            resource.status.external_id or "(of a pending create)",
        )
        gone = metadata.with_(
            deletion_timestamp=metadata.deletion_timestamp or self.around.clock(), finalizers=()
        )
        return self.around.cache.keep_vanished(resource.with_(metadata=gone))
