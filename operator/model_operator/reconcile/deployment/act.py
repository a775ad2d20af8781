"""The one remote change of a pass, and what has to be remembered of it.

Returns the decision to report: the one that was made, or, after a create, the one that records the new id.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from model_operator.accounts.account import Account
from model_operator.conditions import Reason
from model_operator.domain import Power, Probe, Remote
from model_operator.errand import Outdated
from model_operator.errors import (
    NameTaken,
    NotFound,
    ProviderError,
    RateLimited,
    Unavailable,
    delay_after,
    retry_for,
)
from model_operator.models.deployment_status import LastPowerAction, Pending, RemoteEndpoint
from model_operator.plan.deployment import intents, taking
from model_operator.plan.deployment.power import stop_of
from model_operator.plan.deployment.remembered import ProbeResult, SentUpdate
from model_operator.plan.deployment.situation import (
    Action,
    Create,
    CreateEndpoint,
    Decision,
    Delete,
    Release,
    Retag,
    RunProbe,
    SetPower,
    Situation,
    Update,
)
from model_operator.plan.deployment.words import failed_step
from model_operator.providers.base import Provider
from model_operator.reconcile.deployment.memory import Memory

AT_ONCE = timedelta()
SLOW: Final = timedelta(seconds=1)
"""A create that takes longer is written into the status while it is under way."""
_PROVES = Create | Update | SetPower | Retag | CreateEndpoint
"""What is answered 2xx only by the account that holds our deployments, or will hold this one."""
_PROBE_RETRY = timedelta(seconds=10)


async def act(
    s: Situation,
    decision: Decision,
    provider: Provider,
    account: Account,
    memory: Memory,
    on_slow: Callable[[], Awaitable[None]],
) -> tuple[Situation, Decision]:
    """Carry out `decision.action`. Never raises a ProviderError: it becomes part of the decision that is reported.

    `on_slow` is awaited once if a create of which the status says nothing takes longer than a second.
    """
    if decision.action is None or isinstance(decision.action, Release):
        return s, decision
    try:
        if isinstance(decision.action, Create):
            s, done = await _create(s, provider, memory, on_slow)
        else:
            s, done = await _carry_out(decision.action, s, decision, provider, account, memory)
    except ProviderError as error:
        return s, _refused(s, decision, error, memory)
    if isinstance(decision.action, _PROVES):
        account.saw()
    memory.succeeded()
    return s, done


async def _carry_out(
    action: Action,
    s: Situation,
    decision: Decision,
    provider: Provider,
    account: Account,
    memory: Memory,
) -> tuple[Situation, Decision]:
    soon = replace(decision, look_again=s.timing.transition_poll)
    match action:
        case Update(id=id_, changes=changes, removed=removed):
            shown = s.remote.fields if s.remote else {}
            await provider.update(id_, changes, removed, shown, s.desired)
            # What was cleared stays applied until a GET shows that it is; what no GET shows is taken for cleared.
            before = s.status.last_applied or {}
            kept = {name: value for name, value in before.items() if name not in removed - shown.keys()}
            corrected = [name for name, value in changes.items() if name in before and before[name] == value]
            update = SentUpdate(changes, s.now, removed={name: before[name] for name in removed})
            memory.updated(update, corrected)
            return s, replace(soon, change=replace(soon.change, last_applied={**kept, **changes}))
        case SetPower(id=id_, power=power, is_correction=is_correction):
            await (provider.pause(id_) if power is Power.PAUSE else provider.resume(id_))
            last = LastPowerAction(
                action=power,
                at=s.now,
                generation=s.desired.generation,
                correction=is_correction,
                stopped_at=stop_of(s) if power is Power.PAUSE else None,
            )
            memory.switched(last)
            return s, replace(soon, change=replace(soon.change, last_power_action=last))
        case Delete(id=id_, force=force):
            return s, await _delete(s, soon, provider, account, memory, id_, force=force)
        case Retag(id=id_, epoch=epoch):
            await provider.adopt(id_, s.desired.uid, s.desired.owner, epoch)
            memory.tagged(s.now)
            return s, soon
        case CreateEndpoint(name=name, id=id_):
            memory.creating_endpoint()
            endpoint = await provider.create_endpoint(name, id_)
            made = RemoteEndpoint(id=endpoint.id, url=endpoint.url)
            change = replace(decision.change, endpoint=made, pending_endpoint=None)
            return s, replace(decision, change=change, look_again=AT_ONCE)
        case RunProbe(remote=remote, probe=probe):
            memory.probed(await _probe(remote, probe, provider, s.now))
            return s, replace(decision, look_again=AT_ONCE)
        case Create() | Release():
            return s, decision


async def _create(
    s: Situation, provider: Provider, memory: Memory, on_slow: Callable[[], Awaitable[None]]
) -> tuple[Situation, Decision]:
    pending = s.status.pending
    left = pending.deadline - s.now if pending is not None else s.timing.request_deadline
    before = memory.creation
    memory.creating(s.desired.fields, s.now)
    request = provider.create(s.desired, within=left)
    try:
        remote = await (request if pending is not None else _watched(request, on_slow))
    except Outdated:
        memory.never_sent(before)
        raise
    memory.created(remote, s.now)
    seen = replace(s, observed=replace(s.observed, remote=remote), creation=memory.creation)
    return seen, replace(taking.take(remote, seen), look_again=None)


async def _watched(request: Coroutine[Any, Any, Remote], on_slow: Callable[[], Awaitable[None]]) -> Remote:
    """The answer; people hear of what takes its time, and so does whoever comes after this process."""
    task = asyncio.create_task(request)
    try:
        await asyncio.wait({task}, timeout=SLOW.total_seconds())
        if not task.done():
            await on_slow()
        return await task
    finally:
        task.cancel()


async def _delete(  # noqa: PLR0913
    s: Situation,
    decision: Decision,
    provider: Provider,
    account: Account,
    memory: Memory,
    id_: str,
    *,
    force: bool,
) -> Decision:
    try:
        await provider.delete(id_, force=force)
    except NotFound as error:
        # Whether that is proof is for the next look to say, and a LIST may lag.
        return replace(decision, look_again=retry_for(error).first)
    except Unavailable as error:
        if error.may_have_landed:
            memory.delete_unanswered()
        raise
    memory.deleted(s.now, account.id)
    return decision


async def _probe(remote: Remote, probe: Probe, provider: Provider, now: datetime) -> ProbeResult:
    try:
        await provider.probe(remote, probe.prompt, probe.timeout)
    except RateLimited:
        return ProbeResult(
            passed=True, message="", retry_at=now
        )  # it has as many requests as it takes: it serves
    except ProviderError as error:
        return ProbeResult(passed=False, message=str(error), retry_at=now + _PROBE_RETRY)
    return ProbeResult(passed=True, message="", retry_at=now)


def _refused(s: Situation, decision: Decision, error: ProviderError, memory: Memory) -> Decision:
    """Remember the failure for its retry, and say what it means."""
    generation = s.desired.generation
    delay = _delay(s, decision, error, memory.retry.repeats(error, generation))
    memory.failed(error, s.now + delay, generation)
    said = failed_step(s, decision, error, delay)
    if isinstance(decision.action, CreateEndpoint):
        is_lost = isinstance(error, Unavailable) and error.may_have_landed
        # A lost one stays announced, and a person looks for it.
        return said if is_lost else replace(said, change=replace(said.change, pending_endpoint=None))
    if not isinstance(decision.action, Create):
        return said
    if isinstance(error, Unavailable) and error.may_have_landed:
        lost = replace(
            said.synced,
            reason=Reason.OUTCOME_UNKNOWN,
            message=f"{error}. The operator looks for the deployment that it may have created.",
        )
        memory.unanswered()
        said = replace(said, synced=lost, phase=decision.phase, look_again=AT_ONCE)
        return said if s.status.pending is not None else _with_pending(said, intents.intent(s))
    if isinstance(error, NameTaken) and s.has_default_name:
        # The name holds our UID: an earlier create of ours has it, so the intent stays.
        return said if s.status.pending is not None else _with_pending(said, intents.unknown_intent(s))
    memory.made_nothing()
    return _with_pending(said, None)


def _with_pending(decision: Decision, pending: Pending | None) -> Decision:
    return replace(decision, change=replace(decision.change, pending=pending))


def _delay(s: Situation, decision: Decision, error: ProviderError, count: int) -> timedelta:
    retry = retry_for(error)
    if isinstance(error, NameTaken):
        return min(retry.first, s.timing.create_retry)  # a name gets free without anybody telling
    if retry.needs_person and isinstance(decision.action, Create):
        return s.timing.create_retry  # another Secret, another spec: tried at once
    return delay_after(error, count)
