"""One pass over one CanaryEndpoint: look, read figures if a verdict is due, decide, call once, report.

A call is made only of what the status already says, so that whatever dies, the next pass knows what may be in force.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding
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
from model_operator.providers.base import Provider
from model_operator.reconcile.base import Pass, leads_nowhere, still_there
from model_operator.reconcile.cache import provider_key
from model_operator.reconcile.canary.targets import Lookup, refuse_targets, sharers, shares_of
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
class CanaryPass(Pass[CanaryEndpoint, CanaryMemory]):
    """The passes over CanaryEndpoints. `look_after` is the loop."""

    grace: timedelta

    @override
    async def look_after(self, key: Key, resource: CanaryEndpoint) -> timedelta | None:
        if self.is_early(provider_key(resource)):
            return None
        memory = self.memory(key, resource.metadata.uid)
        if resource.metadata.is_terminating:
            await self._release(key, resource, memory)
            return None
        if _has_been_reported(resource):
            # Not before: on an object without a status it tells that one was lost.
            resource = await self.keep_finalizer(key, resource)
        scene, account = await self._look(key, resource, memory)
        decision = decide(scene)
        if decision.call is not None and account is not None:
            scene, decision = await self._call(scene, decision, decision.call, account, memory)
        await self._report(key, resource, scene, decision, memory)
        return self._next_look(resource, scene, decision, account)

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
        scene = Scene(wish=wish, status=status, seen=seen, now=self.around.clock())
        binding = self.around.bindings.get(provider_key(resource))
        refused = self._refuse(resource, binding)
        account = binding.account if binding is not None else None
        if refused is not None or account is None:
            return replace(scene, seen=replace(seen, refusal=refused, can_call=False)), None
        provider = account.provider.at(_priority(scene))
        look = Lookup(key=key, cache=self.around.cache, account=account, provider=provider)
        targets = await look.targets(resource)
        seen = replace(
            seen,
            targets=targets,
            refusal=refuse_targets(resource, self.around.cache, targets),
            shared=sharers(key, resource, self.around.cache, targets),
            rests_until=account.paused_until(self.around.clock()),
        )
        scene = replace(scene, seen=seen, now=self.around.clock())
        return await self._read(scene, account.provider.at(Priority.SWEEP), memory), account

    def _refuse(self, resource: CanaryEndpoint, binding: Binding | None) -> Verdict | None:
        """What only a look at the ModelProvider can tell."""
        ref = provider_key(resource)
        provider = self.around.cache.provider(ref)
        if provider is not None and not self.around.vendors[provider.spec.type].capabilities.splits_traffic:
            message = (
                f'ModelProvider "{ref.name}" is of type {provider.spec.type}, which has no canary endpoints. Delete this'
                " object, and apply it with a providerRef of a provider that has them."
            )
            return Verdict(False, Reason.UNSUPPORTED, message)
        nowhere = leads_nowhere(ref, self.around.cache, binding)
        return Verdict(False, nowhere.reason, str(nowhere)) if nowhere is not None else None

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
        return replace(scene, seen=replace(scene.seen, reading=reading), now=self.around.clock())

    def _note_time(self, memory: CanaryMemory, shown: datetime | None) -> None:
        if shown is not None:
            memory.clock_offset = shown - self.around.clock()

    async def _call(
        self, scene: Scene, decision: Decision, call: CanaryCall, account: Account, memory: CanaryMemory
    ) -> tuple[Scene, Decision]:
        """The one remote change of a pass. Never raises a ProviderError."""
        provider = account.provider.at(_priority(scene))
        try:
            canary = await self._send(call, provider, memory)
        except ProviderError as error:
            scene = replace(scene, now=self.around.clock())
            return scene, self._failed(
                scene, outcome.refused(scene, decision, call, error), call, error, memory
            )
        scene = replace(scene, now=self.around.clock())
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
            await self.write(key, resource, status.dump())
            if status.pending is not None and status.pending != resource.status.pending:
                memory.intent = status.pending.started_at
        memory.created = None
        known = {past.id for past in resource.status.history}
        for past in status.history:
            if past.id not in known:
                self.around.signals.rollout_ended(past.result)
        events = [
            Event("Warning" if n.is_warning else "Normal", n.reason, n.message) for n in decision.notices
        ]
        self.around.record.note(key, resource.metadata, events)
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
        await self.let_go(key, metadata)

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
        self.around.record.warn(key, resource.metadata, "EndpointOrphaned", message)

    @override
    def ended(self, key: Key) -> Iterable[Key]:
        resource = self.around.cache.canary(key)
        if resource is None:
            self.forget(key)
            return ()
        self._say_what_stays(key, resource, self.memories.get(key) or CanaryMemory())
        self.forget(key)
        return still_there(provider_key(resource), self.around.cache)


def _has_been_reported(resource: CanaryEndpoint) -> bool:
    seen = resource.status.observed_generation
    return seen is not None and seen >= 0


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
