"""One pass over one ModelDeployment: observe, decide, act, report. Level-triggered: every pass starts from what is.

A pass does at most one remote change and writes the status at most once, and only if it says something new.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.domain import FINALIZER, Key, Priority
from model_operator.models.deployment import ModelDeployment
from model_operator.modes import Mode
from model_operator.plan.deployment import expiry, idle
from model_operator.plan.deployment.decide import is_under_way, sends_keys
from model_operator.plan.deployment.modes import is_not_understood
from model_operator.plan.deployment.situation import Create, Decision, Observed, Release, Situation, Timing
from model_operator.plan.verdict import Progress
from model_operator.providers.base import Vendor
from model_operator.reconcile.budget.purses import Purses
from model_operator.reconcile.budget.stops import stop_on
from model_operator.reconcile.cache import provider_key
from model_operator.reconcile.deployment.act import AT_ONCE, act
from model_operator.reconcile.deployment.connection import publish, with_connection
from model_operator.reconcile.deployment.costs import begin_look, report_cost
from model_operator.reconcile.deployment.desire import desire
from model_operator.reconcile.deployment.ending import EndingDeployments
from model_operator.reconcile.deployment.former import look_for_former
from model_operator.reconcile.deployment.guard import find_guard
from model_operator.reconcile.deployment.hours import before_edge
from model_operator.reconcile.deployment.idle import look_for_requests
from model_operator.reconcile.deployment.keys import mask, read_keys
from model_operator.reconcile.deployment.leaving import may_have_something
from model_operator.reconcile.deployment.look import Look
from model_operator.reconcile.deployment.memory import Memory
from model_operator.reconcile.deployment.observe import observe
from model_operator.reconcile.deployment.rivals import Contest
from model_operator.reconcile.deployment.saying import Saying
from model_operator.reconcile.leading import refused_by_provider
from model_operator.reconcile.modes import mode_of
from model_operator.status.deployment import summarize, time_left
from model_operator.status.events import of_deployment


@dataclass(slots=True, kw_only=True)
class DeploymentPass(EndingDeployments):
    """The passes over ModelDeployments. `look_after` is the loop."""

    timing: Timing
    full_read_interval: timedelta
    installation: str = ""
    """Names this cluster in the marks of what is created."""
    purses: Purses

    @override
    async def look_after(self, key: Key, resource: ModelDeployment) -> timedelta | None:
        if self._is_early(key, resource):
            return None
        memory = self.memory(key, resource.metadata.uid)
        if may_have_something(resource, memory):
            resource = await self.keep_finalizer(key, resource)
        s, account, step = await self._decide(key, resource, memory)
        self._note_claim(resource.metadata.uid, s, step, account)
        if account is not None:
            resource, s, step = await self._act(key, resource, s, step, account, memory)
        if isinstance(step.action, Release):
            return await self.release(key, resource, memory, step.action)
        step = with_connection(step, memory.connection)
        await self._report(key, resource, s, step, memory)
        if await publish(self.around.store, resource, s, memory):
            return AT_ONCE  # what became of the ConfigMap is for the next report
        return self._settle(key, s, step, account, memory)

    async def _act(
        self,
        key: Key,
        resource: ModelDeployment,
        s: Situation,
        step: Decision,
        account: Account,
        memory: Memory,
    ) -> tuple[ModelDeployment, Situation, Decision]:
        """Carry the step out. The object is as it is after that, should it have been written on the way."""
        if isinstance(step.action, Create) and s.status.pending is None:
            resource = await self._mark(key, resource, memory)
            # The write may have taken its time, and the request's deadline counts from here, as does its place in the queue.
            s = replace(s, now=self.around.clock(), creation=memory.creation, timing=self._timing_at(account))
        saying = Saying(self.around, key, resource, s, memory)
        s, step = await act(s, step, account.provider.at(_priority(s)), account, memory, saying.creating)
        return saying.resource, s if saying.told is None else replace(s, status=saying.told), step

    def _timing_at(self, account: Account) -> Timing:
        return self.timing.at(account.poll_interval, account.gate.queueing)

    async def _mark(self, key: Key, resource: ModelDeployment, memory: Memory) -> ModelDeployment:
        """The finalizer as the intent of a first create: from here on a process that comes after this one looks first."""
        if FINALIZER not in resource.metadata.finalizers:
            resource = await self.keep_finalizer(key, resource)
            memory.marked()
        return resource

    async def _decide(
        self, key: Key, resource: ModelDeployment, memory: Memory
    ) -> tuple[Situation, Account | None, Decision]:
        vendor, now = self.around.vendors[resource.spec.vendor], self.around.clock()
        if memory.keys.is_due(vendor.secret_keys(resource.spec), now, self.full_read_interval):
            await self._read_keys(resource, vendor, memory)
        s, account = await self._observe(key, resource, memory)
        s = await self.purses.learn(resource, s)
        s, step = self.purses.decided(resource, s)
        if memory.keys.refs and sends_keys(s, step):
            await self._read_keys(resource, vendor, memory)
            s, step = self.purses.decided(resource, self._with_keys(s, resource, memory))
        return s, account, step

    async def _read_keys(self, resource: ModelDeployment, vendor: Vendor, memory: Memory) -> None:
        """Right before they are sent, and hourly."""
        before, namespace = memory.keys, resource.metadata.namespace
        refs = vendor.secret_keys(resource.spec)
        keys = await read_keys(self.around.store, namespace, refs, before, self.around.clock())
        mask(self.redactor, namespace, before, keys)
        memory.read_keys(keys)

    def _with_keys(self, s: Situation, resource: ModelDeployment, memory: Memory) -> Situation:
        desired = memory.keys.given_to(s.desired, resource.status.last_applied)
        if s.mode is Mode.OBSERVE:
            desired = replace(desired, probe=None)  # which is not sent; the provider's word has to do
        return replace(s, desired=desired, missing_key=memory.keys.problem)

    def waits(self, key: Key) -> bool:
        """Whether a pass could do nothing yet; then it will be brought back. False of what is not understood."""
        resource = self.find(key)
        return resource is not None and self._is_early(key, resource)

    def _is_early(self, key: Key, resource: ModelDeployment) -> bool:
        """Its ModelProvider's first pass, or its account's first LIST, is still to come and will bring it back."""
        ref = provider_key(resource)
        if self.is_early(ref):
            return True
        account = self.around.bindings.account(ref)
        if account is None or account.has_answered or self._mode(ref) is Mode.SUSPEND:
            return False
        account.waiting.add(key)
        return True

    async def _observe(
        self, key: Key, resource: ModelDeployment, memory: Memory
    ) -> tuple[Situation, Account | None]:
        vendor = self.around.vendors[resource.spec.vendor]
        binding = self.around.bindings.get(provider_key(resource))
        s = self.situation(resource, vendor, memory)
        refused = refused_by_provider(resource, vendor.type, self.around.cache, binding)
        if s.mode is Mode.SUSPEND:
            return replace(s, observed=Observed(error=refused)) if is_not_understood(refused) else s, None
        account = binding.account if binding else None
        if refused is not None and (s.wanted or account is None):
            return replace(s, observed=Observed(error=refused)), None
        if account is None:
            return s, None
        timing = self._timing_at(account)
        before = memory.view
        begin_look(key, account, s.status.external_id, memory)
        look = Look(
            key=key,
            resource=resource,
            desired=s.desired,
            account=account,
            provider=account.provider.at(_priority(s)),
            timing=timing,
            full_read_interval=self.full_read_interval,
            now=s.now,
            creation=memory.creation,
            view=before,
            sent=memory.sent,
            ends=not s.wanted,
            is_idle=s.mode is Mode.OBSERVE,
        )
        contest = Contest.over(self.around, key, resource, account, self.claims)
        seen = await look_for_former(look, await observe(look), contest)
        memory.looked(before, seen.creation, seen.view, seen.sent)
        remote = seen.observed.remote
        rival = contest.rival() or (contest.owner(remote) if remote is not None else None)
        situation = replace(
            s,
            observed=seen.observed,
            creation=memory.creation,
            sent=memory.sent,
            failure=memory.retry.failure,
            timing=timing,
            paused_until=account.paused_until(s.now),
            rival=rival,
        )
        return await look_for_requests(situation, look.provider, memory), account

    @override
    def situation(self, resource: ModelDeployment, vendor: Vendor, memory: Memory) -> Situation:
        now, provider = self.around.clock(), self.around.cache.provider(provider_key(resource))
        situation = Situation(
            desired=desire(
                resource,
                vendor,
                self.installation,
                now=now,
                provider=provider,
                stop=stop_on(self.around.cache, resource),
            ),
            wanted=not resource.metadata.is_terminating,
            status=memory.complete(resource.status),
            observed=Observed(),
            creation=memory.creation,
            sent=memory.sent,
            failure=memory.retry.failure,
            capabilities=vendor.capabilities,
            timing=self.timing,
            now=now,
            has_default_name=resource.spec.deployment_name is None,
            has_finalizer=FINALIZER in resource.metadata.finalizers,
            guard=find_guard(resource, self.around.cache, self.around.bindings),
            mode=self._mode(provider_key(resource)),
        )
        return expiry.over(self._with_keys(situation, resource, memory))

    def _mode(self, provider: Key) -> Mode:
        return mode_of(self.around.cache, provider)

    def _note_claim(self, uid: str, s: Situation, step: Decision, account: Account | None) -> None:
        """At once, and not with the write that follows: a rival's pass may come before that arrives."""
        if account is not None and s.rival is None and step.accepted is None:
            self.claims.add(uid)
        else:
            self.claims.discard(uid)

    async def _report(
        self, key: Key, resource: ModelDeployment, s: Situation, step: Decision, memory: Memory
    ) -> None:
        status = report_cost(self.around, resource, s, summarize(s, step), memory)
        if status == resource.status:
            return
        entry = self.around.cache.entry(key)
        if entry is not None and entry.is_vanished:
            self.around.cache.keep_vanished(resource.with_(status=status))
        else:
            if status.external_id is not None or status.pending is not None:
                resource = await self.keep_finalizer(key, resource)
            await self.write(key, resource, status.dump())
            self.around.record.note(key, resource.metadata, of_deployment(resource.status, status))
        memory.written(resource.status, status, s.now)

    def _settle(
        self, key: Key, s: Situation, step: Decision, account: Account | None, memory: Memory
    ) -> timedelta | None:
        """How closely to watch it from now on."""
        waits = [step.look_again, time_left(s, step)]
        if s.wanted:
            edges = (s.desired.next_edge, expiry.next_turn(s), idle.next_turn(s))
            waits += [before_edge(edge, s.now) for edge in edges]
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
            due = memory.keys.due_at(self.full_read_interval)
            if due is not None:
                waits.append(max(due - s.now, timedelta(seconds=1)))
            if memory.view.read_again_at is not None:
                waits.append(max(memory.view.read_again_at - s.now, timedelta(seconds=1)))
        known = [wait for wait in waits if wait is not None]
        return min(known) if known else None

    def rebound(self, provider: Key) -> Iterable[Key]:
        """Other credentials, another account: what failed before may work now. Returns whom it is news for."""
        dependents = self.around.cache.dependents(provider)
        for key in dependents:
            memory = self.memories.get(key)
            if memory is not None:
                memory.rebound()
        return dependents


def _priority(s: Situation) -> Priority:
    if not s.wanted:
        return Priority.DELETE
    if s.status.observed_generation != s.desired.generation or s.status.external_id is None:
        return Priority.EDIT  # what somebody has asked for, also where its intent is written already
    # Also past its deadline: the LISTs for it would leave no turn to the read that ends it.
    return Priority.TRANSITION if is_under_way(s) else Priority.SWEEP
