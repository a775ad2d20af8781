"""One pass over one ModelDeployment: observe, decision, act, report. Level-triggered: every pass starts from what is.

A pass does at most one remote change and writes the status at most once, and only if it says something new.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from model_operator.accounts.account import Account, Binding, Clock
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import FINALIZER, Key, Priority
from model_operator.errors import NotAccepted
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.situation import Decision, Observed, Release, Situation, Timing
from model_operator.plan.verdict import Progress
from model_operator.providers.base import Vendor
from model_operator.reconcile.cache import Cache, provider_key
from model_operator.reconcile.deployment.act import act
from model_operator.reconcile.deployment.connection import publish
from model_operator.reconcile.deployment.desire import desire
from model_operator.reconcile.deployment.guard import find_guard
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.deployment.observe import Look, observe
from model_operator.reconcile.deployment.rivals import find_owner, find_rival
from model_operator.reconcile.invalid import report_invalid
from model_operator.reconcile.recorder import Recorder
from model_operator.reconcile.store import Store
from model_operator.status.deployment import summarize, time_left
from model_operator.status.events import of_deployment

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class DeploymentPass:
    """What passes over ModelDeployments share. `reconcile` is the loop."""

    kube: Store
    cache: Cache
    bindings: Mapping[Key, Binding]
    vendors: Mapping[str, Vendor]
    timing: Timing
    full_read_interval: timedelta
    clock: Clock
    record: Recorder
    on_orphan: Callable[[], None]
    vanished: Callable[[Key], None]
    """Told of an object that is no more."""
    memories: dict[Key, Memory] = field(default_factory=dict)
    claims: set[str] = field(default_factory=set)
    """UIDs of those whose name or id nobody else may have, until a pass refuses them."""

    async def reconcile(self, key: Key) -> timedelta | None:
        """One pass. Returns when to look again at the latest; None: when something happens.

        Raises `KubeError` where the API server refuses a write: the queue tries again.
        """
        entry = self.cache.entry(key)
        if entry is not None and entry.invalid is not None:
            await report_invalid(self.kube, self.cache, key, entry.invalid, self.clock())
            return None
        resource = self.cache.deployment(key)
        if resource is None or self._is_early(key, resource):
            return None
        memory = self._memory(key, resource)
        resource = await self._keep_finalizer(key, resource)
        s, account = await self._observe(key, resource, memory)
        step = decide(s)
        self._note_claim(resource.metadata.uid, s, step, account)
        if account is not None:
            provider = account.provider.at(_priority(s))
            s, step = await act(s, step, provider, account, memory)
        if isinstance(step.action, Release):
            await self._release(key, resource, memory, step.action)
            return None
        step = await publish(self.kube, resource, s, step, memory)
        await self._report(key, resource, s, step, memory)
        return self._settle(key, s, step, account, memory)

    def _is_early(self, key: Key, resource: ModelDeployment) -> bool:
        """Its ModelProvider's first pass, or its account's first LIST, is still to come and will bring it back."""
        ref = provider_key(resource)
        binding = self.bindings.get(ref)
        if binding is None:
            return self.cache.provider(ref) is not None
        account = binding.account
        if account is None or account.has_answered:
            return False
        account.waiting.add(key)
        return True

    async def _keep_finalizer(self, key: Key, resource: ModelDeployment) -> ModelDeployment:
        """Put it (back) on a living object; a `kubectl replace` may have taken it off."""
        metadata = resource.metadata
        if metadata.is_terminating or FINALIZER in metadata.finalizers:
            return resource
        body = await self.kube.add_finalizer(key, metadata.resource_version, metadata.finalizers)
        self.cache.renew(key, body)
        return self.cache.deployment(key) or resource

    async def _observe(
        self, key: Key, resource: ModelDeployment, memory: Memory
    ) -> tuple[Situation, Account | None]:
        vendor = self.vendors[resource.spec.vendor]
        binding = self.bindings.get(provider_key(resource))
        s = self._situation(resource, vendor, memory)
        refused = self._refuse(resource, vendor, binding)
        account = binding.account if binding else None
        if refused is not None and (s.wanted or account is None):
            return replace(s, observed=Observed(error=refused)), None
        if account is None:
            return s, None
        timing = replace(self.timing, poll_interval=account.poll_interval)
        observed = await observe(
            Look(
                key=key,
                resource=resource,
                desired=s.desired,
                account=account,
                provider=account.provider.at(_priority(s)),
                memory=memory,
                timing=timing,
                full_read_interval=self.full_read_interval,
                now=s.now,
            )
        )
        rival = find_rival(key, resource, account, self.cache, self.claims)
        if resource.status.external_id is None and observed.remote is not None:
            rival = rival or find_owner(observed.remote.owner_uid, resource, self.cache)
        pending = resource.status.pending
        situation = replace(
            s,
            observed=observed,
            recall=memory.recall(pending.started_at if pending else None),
            timing=timing,
            paused_until=account.paused_until(s.now),
            rival=rival,
        )
        return situation, account

    def _situation(self, resource: ModelDeployment, vendor: Vendor, memory: Memory) -> Situation:
        pending = resource.status.pending
        return Situation(
            desired=desire(resource, vendor),
            wanted=not resource.metadata.is_terminating,
            status=memory.complete(resource.status),
            observed=Observed(),
            recall=memory.recall(pending.started_at if pending else None),
            capabilities=vendor.capabilities,
            timing=self.timing,
            now=self.clock(),
            has_default_name=resource.spec.deployment_name is None,
            guard=find_guard(resource, self.cache),
        )

    def _note_claim(self, uid: str, s: Situation, step: Decision, account: Account | None) -> None:
        """At once, and not with the write that follows: a rival's pass may come before that arrives."""
        if account is not None and s.rival is None and step.accepted is None:
            self.claims.add(uid)
        else:
            self.claims.discard(uid)

    def _refuse(
        self, resource: ModelDeployment, vendor: Vendor, binding: Binding | None
    ) -> NotAccepted | None:
        """What only a look at the ModelProvider can tell."""
        ref = provider_key(resource)
        provider = self.cache.provider(ref)
        if provider is None:
            return NotAccepted(
                Reason.PROVIDER_NOT_FOUND,
                f'There is no ModelProvider "{ref.name}" in namespace {ref.namespace}. Apply it, or delete this object'
                " and apply it with the right providerRef.",
            )
        if provider.spec.type != vendor.type:
            return NotAccepted(
                Reason.PROVIDER_MISMATCH,
                f'ModelProvider "{ref.name}" is of type {provider.spec.type}, and the spec has the block'
                f" {vendor.type}. Delete this object and apply it with the block {provider.spec.type}, or with another"
                " providerRef.",
            )
        if binding is not None and binding.reason is not None:
            return NotAccepted(binding.reason, f'ModelProvider "{ref.name}": {binding.message}')
        return None

    async def _release(self, key: Key, resource: ModelDeployment, memory: Memory, action: Release) -> None:
        memory.is_finished = True
        if action.orphaned is not None:
            self.on_orphan()
            message = f"Deployment {action.orphaned} stays at the provider (deletionPolicy Orphan)."
            log.warning("%s", message)
            self.record.warn(key, resource.metadata, "Orphaned", message)
        if resource.status.endpoint is not None:
            message = (
                f"Endpoint {resource.status.endpoint.id} stays at the provider: its API cannot delete it."
            )
            log.warning("%s", message)
            self.record.warn(key, resource.metadata, "EndpointOrphaned", message)
        metadata, entry = resource.metadata, self.cache.entry(key)
        if entry is None or entry.is_ghost or FINALIZER not in metadata.finalizers:
            self.vanished(key)
            return
        body = await self.kube.remove_finalizer(key, metadata.resource_version, metadata.finalizers)
        self.cache.renew(key, body)
        log.info("released")
        present = self.cache.deployment(key)
        if not body["metadata"].get("finalizers") and present and present.metadata.uid == metadata.uid:
            # Nothing holds it any more. A watch that begins only now will never tell.
            self.vanished(key)

    async def _report(
        self, key: Key, resource: ModelDeployment, s: Situation, step: Decision, memory: Memory
    ) -> None:
        status = summarize(s, step)
        if status == resource.status:
            return
        entry = self.cache.entry(key)
        if entry is not None and entry.is_ghost:
            self.cache.haunt(resource.model_copy(update={"status": status}))
        else:
            version = resource.metadata.resource_version
            body = await self.kube.replace_status(key, version, status.dump())
            self.cache.renew(key, body)
            self.record.note(key, resource.metadata, of_deployment(resource.status, status))
        if memory.lost_endpoint is not None and status.endpoint is not None:
            message = f'A create of endpoint "{memory.lost_endpoint}" got no answer and was sent again: a spare one may stay.'
            self.record.warn(key, resource.metadata, "EndpointOrphaned", message)
            memory.lost_endpoint = None
        memory.note_written(resource.status, status, s.now)

    def _settle(
        self, key: Key, s: Situation, step: Decision, account: Account | None, memory: Memory
    ) -> timedelta | None:
        """How closely to watch it from now on."""
        waits = [step.look_again, time_left(s, step)]
        if account is not None:
            is_moving = step.progress is Progress.MOVING
            account.settle(key, is_moving=is_moving)
            if step.needs_list:
                account.want_list(key)
            elif s.observed.error is not None:
                account.waiting.add(key)
            if step.accepted is not None:
                waits.append(account.poll_interval)  # a name gets free without anybody telling
            if not account.can_list:
                waits.append(self.timing.transition_poll if is_moving else account.poll_interval)
            if memory.read_again_at is not None:
                waits.append(max(memory.read_again_at - s.now, timedelta(seconds=1)))
        known = [wait for wait in waits if wait is not None]
        return min(known) if known else None

    def _memory(self, key: Key, resource: ModelDeployment) -> Memory:
        memory = self.memories.get(key)
        if memory is None or memory.uid != resource.metadata.uid:
            memory = self.memories[key] = Memory(uid=resource.metadata.uid)
        return memory

    def forget(self, key: Key) -> None:
        """The object is gone and nothing is left to do about it."""
        resource = self.cache.deployment(key)
        binding = self.bindings.get(provider_key(resource)) if resource else None
        if binding is not None and binding.account is not None:
            binding.account.forget(key)
        self.cache.remove(key)
        memory = self.memories.pop(key, None)
        if memory is not None:
            self.claims.discard(memory.uid)


def _priority(s: Situation) -> Priority:
    if not s.wanted:
        return Priority.DELETE
    if s.status.observed_generation != s.desired.generation:
        return Priority.EDIT
    reconciling = s.status.condition(ConditionType.RECONCILING)
    return Priority.TRANSITION if reconciling and reconciling.is_true else Priority.SWEEP
