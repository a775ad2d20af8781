"""One pass over one CanaryEndpoint: look, read figures if a verdict is due, decide, act once, report.

Only what the status already says is sent, so that whatever dies, the next pass knows what may be in force.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding
from model_operator.conditions import Reason
from model_operator.domain import ACTION, FINALIZER, Key, Priority
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.metadata import Metadata
from model_operator.models.parse import InvalidResource
from model_operator.modes import Mode
from model_operator.plan.canary.course import course_of, path_of, remembered_course
from model_operator.plan.canary.decide import decide
from model_operator.plan.canary.observed import Observed
from model_operator.plan.canary.situation import Decision, Desired, Situation, State
from model_operator.plan.verdict import Verdict
from model_operator.reconcile.base import Pass, still_there
from model_operator.reconcile.cache import provider_key, provider_of
from model_operator.reconcile.canary.act import act
from model_operator.reconcile.canary.memory import Memory
from model_operator.reconcile.canary.observe import Look, observe, read, shares_of
from model_operator.reconcile.leading import leads_nowhere
from model_operator.reconcile.modes import mode_of
from model_operator.status.canary import left_of, summarize
from model_operator.status.events import of_canary

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class CanaryPass(Pass[CanaryEndpoint, Memory]):
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
        mode = mode_of(self.around.cache, provider_key(resource))
        if mode is not Mode.MANAGE and self._is_lost(resource):
            return None  # any status would hide that
        if _has_been_reported(resource):
            # Not before: on an object without a status it tells that one was lost.
            resource = await self.keep_finalizer(key, resource)
        s, account = await self._observe(key, resource, memory)
        decision = decide(s)
        if account is not None:
            s, decision = await act(s, decision, account.provider.at(_priority(s)), memory, self.around.clock)
        await self._report(key, resource, s, decision, memory)
        return self._settle(resource, s, decision, account)

    async def _observe(
        self, key: Key, resource: CanaryEndpoint, memory: Memory
    ) -> tuple[Situation, Account | None]:
        s = self._situation(resource, memory)
        binding = self.around.bindings.get(provider_key(resource))
        refused = self._refuse(resource, binding)
        if s.mode is Mode.SUSPEND and (refused is None or refused.reason is not Reason.UNSUPPORTED):
            return s, None
        account = binding.account if binding is not None else None
        if refused is not None or account is None:
            return replace(s, observed=replace(s.observed, refusal=refused, has_account=False)), None
        clock = self.around.clock
        seen = await observe(
            Look(
                key=key,
                resource=resource,
                cache=self.around.cache,
                bindings=self.around.bindings,
                account=account,
                provider=account.provider.at(_priority(s)),
            )
        )
        seen = replace(seen, is_status_lost=s.observed.is_status_lost)
        s = replace(s, desired=_accepted(resource, s, memory, is_refused=seen.refusal is not None))
        s = replace(s, observed=seen, paused_until=account.paused_until(clock()), now=clock())
        is_held = s.mode is not Mode.MANAGE
        reading = None if is_held else await read(s, account.provider.at(Priority.SWEEP), clock)
        if reading is None:
            return s, account
        memory.heard(reading.clock_offset)
        s = replace(s, clock_offset=memory.offset(s.status), is_clock_heard=memory.is_clock_heard)
        return replace(s, observed=replace(seen, reading=reading), now=clock()), account

    def _situation(self, resource: CanaryEndpoint, memory: Memory) -> Situation:
        metadata, spec, status = resource.metadata, resource.spec, resource.status
        return Situation(
            desired=Desired(
                endpoint_name=spec.endpoint_name or metadata.name,
                generation=metadata.generation,
                destination=spec.destination,
                course=course_of(spec),
                external_id=spec.external_id,
                provider=spec.provider_ref.name,
                command=metadata.annotations.get(ACTION, ""),
                path=path_of(spec),
            ),
            status=status,
            observed=Observed(is_status_lost=self._is_lost(resource)),
            mode=mode_of(self.around.cache, provider_key(resource)),
            now=self.around.clock(),
            creation=memory.creation,
            failure=memory.retry.failure,
            synced_at=memory.synced_at,
            clock_offset=memory.offset(status),
            is_clock_heard=memory.is_clock_heard,
        )

    def _is_lost(self, resource: CanaryEndpoint) -> bool:
        """Its status: our finalizer is on an object of which nothing was ever said."""
        return FINALIZER in resource.metadata.finalizers and not _has_been_reported(resource)

    def _refuse(self, resource: CanaryEndpoint, binding: Binding | None) -> Verdict | None:
        """What only a look at the ModelProvider can tell."""
        ref = provider_key(resource)
        provider = self.around.cache.provider(ref)
        if provider is not None and not self.around.vendors[provider.spec.type].capabilities.splits_traffic:
            message = (
                f'ModelProvider "{ref.name}" is of type {provider.spec.type}, and that provider has no canary'
                " endpoints. Delete this object, and apply it with the providerRef of a provider that has them."
            )
            return Verdict(False, Reason.UNSUPPORTED, message)
        nowhere = leads_nowhere(ref, self.around.cache, binding)
        return Verdict(False, nowhere.reason, str(nowhere)) if nowhere is not None else None

    async def _report(
        self, key: Key, resource: CanaryEndpoint, s: Situation, decision: Decision, memory: Memory
    ) -> None:
        status = summarize(s, decision, self.grace)
        memory.announcing(resource.status, status)
        if status != resource.status:
            await self.write(key, resource, status.dump())
        memory.written(status)
        known = {past.id for past in resource.status.history}
        for past in status.history:
            if past.id not in known:
                self.around.signals.rollout_ended(past.result)
        self.around.record.note(key, resource.metadata, of_canary(resource.status, status, decision.notices))

    def _settle(
        self, resource: CanaryEndpoint, s: Situation, decision: Decision, account: Account | None
    ) -> timedelta | None:
        waits = [decision.look_again, left_of(s, decision, self.grace)]
        if account is not None and any(
            share.deployment_ref is None for share in shares_of(resource).values()
        ):
            waits.append(account.poll_interval)  # no ModelDeployment tells of its changes
        known = [wait for wait in waits if wait is not None]
        return min(known) if known else None

    async def _release(self, key: Key, resource: CanaryEndpoint, memory: Memory) -> None:
        """Nothing can be deleted at the provider: say what stays there."""
        metadata = resource.metadata
        if FINALIZER not in metadata.finalizers:
            return  # the object's end will tell
        name = resource.spec.endpoint_name or key.name
        await self._promise(key, metadata, _what_stays(resource.status, name, memory), memory)
        await self.let_go(key, metadata)

    async def _promise(self, key: Key, metadata: Metadata, message: str | None, memory: Memory) -> None:
        """Before the finalizer goes. Raises `KubeError` where an Event may pass later."""
        if message is not None:
            await self.around.record.promise(key, metadata, Reason.ENDPOINT_ORPHANED, message)
            log.warning("%s: EndpointOrphaned: %s", key, message)
        memory.finish()

    @override
    def leaves(self, key: Key, invalid: InvalidResource) -> bool:
        status = invalid.status
        return isinstance(status, CanaryEndpointStatus) and bool(status.external_id or status.pending)

    @override
    def holds(self, key: Key, invalid: InvalidResource) -> bool:
        return False  # nothing can be deleted for it, understood or not

    @override
    async def tell_what_stays(self, key: Key, invalid: InvalidResource) -> None:
        memory = self.memory(key, invalid.metadata.uid)
        await self._promise(key, invalid.metadata, _left_by(invalid, key.name, memory), memory)

    @override
    def ended(self, key: Key) -> Iterable[Key]:
        entry, memory = self.around.cache.entry(key), self.memories.get(key) or Memory()
        resource, invalid = (entry.resource, entry.invalid) if entry is not None else (None, None)
        message = None
        if isinstance(resource, CanaryEndpoint):
            message = _what_stays(resource.status, resource.spec.endpoint_name or key.name, memory)
        elif invalid is not None:
            message = _left_by(invalid, key.name, memory)
        found = resource or invalid
        if message is not None and found is not None:
            log.warning("%s: EndpointOrphaned: %s", key, message)
            self.around.record.warn(key, found.metadata, Reason.ENDPOINT_ORPHANED, message)
        provider = provider_of(entry) if entry is not None else None
        self.forget(key)
        return still_there(provider, self.around.cache) if provider is not None else ()


def _left_by(invalid: InvalidResource, name: str, memory: Memory) -> str | None:
    status = invalid.status
    return _what_stays(status, name, memory) if isinstance(status, CanaryEndpointStatus) else None


def _what_stays(status: CanaryEndpointStatus, name: str, memory: Memory) -> str | None:
    """What the object's end leaves, unless that has been said; `name` is the endpoint's at the provider."""
    created = memory.creation.created
    id = status.external_id or (created.id if created is not None else None)
    if memory.is_finished or (id is None and status.pending is None):
        return None
    which = id or f'"{name}", if its create succeeded,'
    split = status.split or "its split"
    return f"Canary endpoint {which} stays at the provider with {split}, because the provider's API cannot delete it."


def _accepted(resource: CanaryEndpoint, s: Situation, memory: Memory, *, is_refused: bool) -> Desired:
    rollout = s.status.rollout
    path = rollout.course if rollout is not None and is_refused else None
    return memory.accepted(s.desired, remembered_course(path, resource.spec), is_refused=is_refused)


def _has_been_reported(resource: CanaryEndpoint) -> bool:
    seen = resource.status.observed_generation
    return seen is not None and seen >= 0


def _priority(s: Situation) -> Priority:
    rollout = s.status.rollout
    if s.status.observed_generation != s.desired.generation:
        return Priority.EDIT
    if rollout is not None and rollout.state == State.ROLLING_BACK:
        return Priority.EDIT
    is_settled = rollout is not None and rollout.state in {State.COMPLETED, State.ROLLED_BACK}
    return Priority.SWEEP if is_settled else Priority.TRANSITION
