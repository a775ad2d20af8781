"""One pass over one CanaryEndpoint: look, read figures if a verdict is due, decide, call once, report.

A call is made only of what the status already says, so that whatever dies, the next pass knows what may be in force.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from model_operator.accounts.account import Account, Binding, Clock
from model_operator.conditions import Reason
from model_operator.domain import ACTION, FINALIZER, Canary, Figures, Key, Priority
from model_operator.errors import ProviderError, Unavailable
from model_operator.models.canary import CanaryEndpoint
from model_operator.plan.canary import outcome
from model_operator.plan.canary.decide import decide
from model_operator.plan.canary.measuring import question
from model_operator.plan.canary.situation import (
    AT_ONCE,
    CanaryCall,
    CanaryFailure,
    CreateCanary,
    Decision,
    Reading,
    Scene,
    Seen,
    State,
    Wish,
)
from model_operator.plan.verdict import Verdict
from model_operator.providers.base import Provider, Vendor
from model_operator.reconcile.cache import Cache, provider_key
from model_operator.reconcile.canary.targets import Lookup, refuse_targets, sharers, shares_of
from model_operator.reconcile.invalid import report_invalid
from model_operator.reconcile.recorder import Recorder
from model_operator.reconcile.store import Store
from model_operator.status.canary import left_of, summarize
from model_operator.status.events import Event

log = logging.getLogger(__name__)


@dataclass(slots=True)
class CanaryMemory:
    """What the process remembers of one CanaryEndpoint between passes. All of it may be lost with the process."""

    uid: str = ""
    intent: datetime | None = None
    """`pending.startedAt` of the intent that this process wrote and has not sent yet."""
    created: Canary | None = None
    failure: CanaryFailure | None = None
    failures: int = 0
    synced_at: datetime | None = None
    clock_offset: timedelta | None = None
    is_finished: bool = False


@dataclass(slots=True, kw_only=True)
class CanaryPass:
    """What passes over CanaryEndpoints share. `reconcile` is the loop."""

    kube: Store
    cache: Cache
    bindings: Mapping[Key, Binding]
    vendors: Mapping[str, Vendor]
    grace: timedelta
    clock: Clock
    record: Recorder
    on_gone: Callable[[Key], None]
    """Told of an object that is no more."""
    on_end: Callable[[str], None] = lambda _: None
    """Told of the result of every rollout that ends."""
    memories: dict[Key, CanaryMemory] = field(default_factory=dict)

    async def reconcile(self, key: Key) -> timedelta | None:
        """One pass. Returns when to look again at the latest. Raises `KubeError`."""
        entry = self.cache.entry(key)
        if entry is not None and entry.invalid is not None:
            await report_invalid(self.kube, self.cache, key, entry.invalid, self.clock())
            return None
        resource = self.cache.canary(key)
        if resource is None or self._is_early(resource):
            return None
        memory = self._memory(key, resource)
        if resource.metadata.is_terminating:
            await self._release(key, resource, memory)
            return None
        resource = await self._keep_finalizer(key, resource)
        scene, account = await self._look(key, resource, memory)
        decision = decide(scene)
        if decision.call is not None and account is not None:
            scene, decision = await self._call(scene, decision, decision.call, account, memory)
        await self._report(key, resource, scene, decision, memory)
        return self._next_look(resource, scene, decision, account)

    def _is_early(self, resource: CanaryEndpoint) -> bool:
        """Its ModelProvider is there and has not had its first pass, which will bring this one back."""
        ref = provider_key(resource)
        return self.cache.provider(ref) is not None and ref not in self.bindings

    async def _keep_finalizer(self, key: Key, resource: CanaryEndpoint) -> CanaryEndpoint:
        """From the second pass on: on an object without a status it tells that one was lost."""
        metadata, seen = resource.metadata, resource.status.observed_generation
        if FINALIZER in metadata.finalizers or seen is None or seen < 0:
            return resource
        body = await self.kube.add_finalizer(key, metadata.resource_version, metadata.finalizers)
        self.cache.renew(key, body)
        return self.cache.canary(key) or resource

    async def _look(
        self, key: Key, resource: CanaryEndpoint, memory: CanaryMemory
    ) -> tuple[Scene, Account | None]:
        status = resource.status
        wish = Wish(
            name=resource.metadata.name,
            generation=resource.metadata.generation,
            spec=resource.spec,
            action=resource.metadata.annotations.get(ACTION, ""),
        )
        lost = FINALIZER in resource.metadata.finalizers and (status.observed_generation or -1) < 0
        seen = Seen(
            intent_unsent=status.pending is not None and memory.intent == status.pending.started_at,
            created=memory.created,
            synced_at=memory.synced_at,
            failure=memory.failure,
            status_lost=lost,
            clock_offset=_offset(resource, memory),
        )
        scene = Scene(wish=wish, status=status, seen=seen, now=self.clock())
        binding = self.bindings.get(provider_key(resource))
        refused = self._refuse(resource, binding)
        account = binding.account if binding is not None else None
        if refused is not None or account is None:
            return replace(scene, seen=replace(seen, refusal=refused, can_call=False)), None
        provider = account.provider.at(_priority(scene))
        look = Lookup(key=key, cache=self.cache, account=account, provider=provider)
        targets = await look.targets(resource)
        seen = replace(
            seen,
            targets=targets,
            refusal=refuse_targets(resource, self.cache, targets),
            shared=sharers(key, resource, self.cache, targets),
            rests_until=account.paused_until(self.clock()),
        )
        scene = replace(scene, seen=seen, now=self.clock())
        return await self._read(scene, account.provider.at(Priority.SWEEP), memory), account

    def _refuse(self, resource: CanaryEndpoint, binding: Binding | None) -> Verdict | None:
        """What only a look at the ModelProvider can tell."""
        ref = provider_key(resource)
        provider = self.cache.provider(ref)
        if provider is None:
            message = f'There is no ModelProvider "{ref.name}" in namespace {ref.namespace}. Apply it.'
            return Verdict(False, Reason.PROVIDER_NOT_FOUND, message)
        if not self.vendors[provider.spec.type].capabilities.splits_traffic:
            message = (
                f'ModelProvider "{ref.name}" is of type {provider.spec.type}, which has no canary endpoints. Delete this'
                " object, and apply it with a providerRef of a provider that has them."
            )
            return Verdict(False, Reason.UNSUPPORTED, message)
        if binding is not None and binding.reason is not None:
            return Verdict(False, binding.reason, f'ModelProvider "{ref.name}": {binding.message}')
        return None

    async def _read(self, scene: Scene, provider: Provider, memory: CanaryMemory) -> Scene:
        """Figures of gainers and donors, if a verdict is due."""
        asked = question(scene) if scene.seen.refusal is None else None
        if asked is None:
            return scene
        figures: dict[str, Figures] = {}
        try:
            for reference in asked.references:
                id = scene.seen.targets[reference].id or ""
                figures[reference] = await provider.figures(id, asked.start, asked.end, asked.interval)
                self._note_time(memory, figures[reference].at)
        except ProviderError as error:
            reading = Reading(error=error)
        else:
            reading = Reading(figures=figures)
        return replace(scene, seen=replace(scene.seen, reading=reading), now=self.clock())

    def _note_time(self, memory: CanaryMemory, shown: datetime | None) -> None:
        if shown is not None:
            memory.clock_offset = shown - self.clock()

    async def _call(
        self, scene: Scene, decision: Decision, call: CanaryCall, account: Account, memory: CanaryMemory
    ) -> tuple[Scene, Decision]:
        """The one remote change of a pass. Never raises a ProviderError."""
        provider = account.provider.at(_priority(scene))
        try:
            canary = await self._send(call, provider, memory)
        except ProviderError as error:
            scene = replace(scene, now=self.clock())
            return scene, self._failed(
                scene, outcome.refused(scene, decision, call, error), call, error, memory
            )
        scene = replace(scene, now=self.clock())
        self._note_time(memory, canary.at)
        memory.synced_at = scene.now
        if isinstance(call, CreateCanary):
            memory.created = canary
        done = outcome.answered(scene, decision, call, canary)
        if canary.split is not None and not _is_same(call, canary):
            return scene, self._failed(scene, done, call, None, memory)
        memory.failure, memory.failures = None, 0
        return scene, done

    async def _send(self, call: CanaryCall, provider: Provider, memory: CanaryMemory) -> Canary:
        if isinstance(call, CreateCanary):
            memory.intent = None  # from here on its outcome may be unknown
            return await provider.create_canary(call.name, call.split)
        return await provider.update_canary(call.id, call.split)

    def _failed(
        self,
        scene: Scene,
        decision: Decision,
        call: CanaryCall,
        error: ProviderError | None,
        memory: CanaryMemory,
    ) -> Decision:
        if isinstance(call, CreateCanary) and isinstance(error, Unavailable) and error.may_have_landed:
            return decision
        wait = outcome.delay(decision, error, memory.failures)
        memory.failures += 1
        memory.failure = CanaryFailure(call, error, scene.now + wait)
        return replace(decision, look_again=wait)

    async def _report(
        self, key: Key, resource: CanaryEndpoint, scene: Scene, decision: Decision, memory: CanaryMemory
    ) -> None:
        status = summarize(scene, decision, self.grace)
        if status != resource.status:
            version = resource.metadata.resource_version
            self.cache.renew(key, await self.kube.replace_status(key, version, status.dump()))
            if status.pending is not None and status.pending != resource.status.pending:
                memory.intent = status.pending.started_at
        memory.created = None
        known = {past.id for past in resource.status.history}
        for past in status.history:
            if past.id not in known:
                self.on_end(past.result)
        events = [
            Event("Warning" if n.is_warning else "Normal", n.reason, n.message) for n in decision.notices
        ]
        self.record.note(key, resource.metadata, events)
        for event in events:
            log.info("%s: %s: %s", key, event.reason, event.message)

    def _next_look(
        self, resource: CanaryEndpoint, scene: Scene, decision: Decision, account: Account | None
    ) -> timedelta | None:
        waits = [decision.look_again, left_of(scene, decision, self.grace)]
        if account is not None and any(s.deployment_ref is None for s in shares_of(resource).values()):
            waits.append(account.poll_interval)  # no ModelDeployment tells of its changes
        known = [wait for wait in waits if wait is not None]
        return min(known) if known else None

    async def _release(self, key: Key, resource: CanaryEndpoint, memory: CanaryMemory) -> None:
        """Nothing can be deleted at the provider: say what stays there."""
        metadata = resource.metadata
        if FINALIZER not in metadata.finalizers:
            return  # the object's end will tell
        self._say_what_stays(key, resource, memory)
        memory.is_finished = True
        body = await self.kube.remove_finalizer(key, metadata.resource_version, metadata.finalizers)
        self.cache.renew(key, body)
        if metadata.finalizers == (FINALIZER,):
            self.on_gone(key)

    def _say_what_stays(self, key: Key, resource: CanaryEndpoint, memory: CanaryMemory) -> None:
        status = resource.status
        if memory.is_finished or (status.external_id is None and status.pending is None):
            return
        which = status.external_id or f'"{resource.spec.endpoint_name or key.name}", if its create arrived,'
        message = (
            f"Canary endpoint {which} stays at the provider with {status.split or 'its split'}: its API cannot delete"
            " it."
        )
        log.warning("%s: EndpointOrphaned: %s", key, message)
        self.record.warn(key, resource.metadata, "EndpointOrphaned", message)

    def vanished(self, key: Key) -> None:
        """The object is gone from the API server, with or without our finalizer."""
        resource, memory = self.cache.canary(key), self.memories.get(key)
        if resource is not None:
            self._say_what_stays(key, resource, memory or CanaryMemory())
        self.forget(key)

    def forget(self, key: Key) -> None:
        self.cache.remove(key)
        self.memories.pop(key, None)

    def _memory(self, key: Key, resource: CanaryEndpoint) -> CanaryMemory:
        memory = self.memories.get(key)
        if memory is None or memory.uid != resource.metadata.uid:
            memory = self.memories[key] = CanaryMemory(uid=resource.metadata.uid)
        return memory


def _is_same(call: CanaryCall, canary: Canary) -> bool:
    shown = canary.split or {}
    return {k: v for k, v in shown.items() if v} == {k: v for k, v in call.split.items() if v}


def _offset(resource: CanaryEndpoint, memory: CanaryMemory) -> timedelta:
    """The provider's clock less ours, as last seen by this process or as the status remembers it."""
    if memory.clock_offset is not None:
        return memory.clock_offset
    rollout = resource.status.rollout
    if rollout is None or rollout.acked_at is None or rollout.provider_acked_at is None:
        return AT_ONCE
    return rollout.provider_acked_at - rollout.acked_at


def _priority(scene: Scene) -> Priority:
    rollout = scene.status.rollout
    if scene.status.observed_generation != scene.wish.generation:
        return Priority.EDIT
    if rollout is not None and rollout.state == State.ROLLING_BACK:
        return Priority.EDIT
    is_settled = rollout is not None and rollout.state in {State.COMPLETED, State.ROLLED_BACK}
    return Priority.SWEEP if is_settled else Priority.TRANSITION
