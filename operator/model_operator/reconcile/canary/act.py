"""The one remote change of a pass, and what has to be remembered of it.

Returns the decision to report: the one that was made, or the one that its answer or its failure led to.
"""

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.accounts.account import Clock
from model_operator.domain import Canary, Split
from model_operator.errand import Outdated
from model_operator.errors import ProviderError, RateLimited, Unavailable, retry_for
from model_operator.plan.canary.course import without_zeros
from model_operator.plan.canary.situation import (
    AT_ONCE,
    Action,
    Create,
    Decision,
    Failure,
    Situation,
    State,
    Update,
)
from model_operator.plan.canary.transitions import answered
from model_operator.plan.canary.words import ENOUGH_TRIES, failing, why_not
from model_operator.providers.base import Provider
from model_operator.reconcile.canary.memory import Memory

log = logging.getLogger(__name__)

_ROLLBACK_CAP: Final = timedelta(seconds=30)
"""Longest wait between two tries of a rollback."""


async def act(
    s: Situation, decision: Decision, provider: Provider, memory: Memory, clock: Clock
) -> tuple[Situation, Decision]:
    """Carry out `decision.action`. Never raises a ProviderError: it becomes part of the decision that is reported."""
    action = decision.action
    if action is None:
        return s, decision
    try:
        reply = await _send(action, provider, memory)
    except ProviderError as error:
        s = replace(s, now=clock())
        return s, _refused(s, decision, action, error, memory)
    s = replace(s, now=clock())
    memory.answered(reply, s.now)
    done = answered(s, decision, action, reply)
    if reply.split is not None and without_zeros(reply.split) != without_zeros(action.split):
        return s, _answered_otherwise(s, done, action, reply.split, memory)
    memory.succeeded()
    return s, done


async def _send(action: Action, provider: Provider, memory: Memory) -> Canary:
    match action:
        case Create(name=name, split=split):
            before = memory.creation
            memory.creating()
            try:
                reply = await provider.create_canary(name, split)
            except Outdated:
                memory.never_sent(before)
                raise
            memory.created(reply, split)
            log.info("canary endpoint %s was created", reply.id)
            return reply
        case Update(id=id_, split=split):
            return await provider.update_canary(id_, split)


def _refused(
    s: Situation, decision: Decision, action: Action, error: ProviderError, memory: Memory
) -> Decision:
    if isinstance(action, Create) and isinstance(error, Unavailable) and error.may_have_landed:
        return replace(decision, action=None, look_again=AT_ONCE)  # the intent stays, for a person to settle
    status = s.status.with_(pending=None) if isinstance(action, Create) else s.status
    outlook = failing(s, decision.outlook, action, error)
    said = Decision(status=status, outlook=outlook, notices=decision.notices)
    wait = _delay(said, error, memory.retry.count)
    memory.failed(Failure(action, error.to_keep(), s.now + wait))
    return replace(said, look_again=wait)


def _answered_otherwise(
    s: Situation, decision: Decision, action: Action, echo: Split, memory: Memory
) -> Decision:
    """Sent again a few times, then only as often as any split is; a way back is sent until it is acknowledged."""
    wait = _delay(decision, Unavailable(""), memory.retry.count)
    failure = memory.failed(Failure(action, None, s.now + wait, without_zeros(echo)))
    if failure.tries >= ENOUGH_TRIES and not _is_way_back(decision):
        wait = max(wait, s.course.resync)
        memory.wait_until(s.now + wait)
    told = why_not(s.with_status(decision.status), decision.outlook, failure)
    return replace(decision, outlook=told, look_again=wait)


def _delay(decision: Decision, error: ProviderError, failures: int) -> timedelta:
    """After so many failures in a row before this one."""
    wait = retry_for(error).after(failures)
    is_urgent = _is_way_back(decision) and not isinstance(error, RateLimited)
    return min(wait, _ROLLBACK_CAP) if is_urgent else wait


def _is_way_back(decision: Decision) -> bool:
    rollout = decision.status.rollout
    return rollout is not None and rollout.state == State.ROLLING_BACK
