"""The one remote change of a pass, and what has to be remembered of it.

Returns the decision to report: the one that was made, or the one that its answer or its failure led to.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from model_operator.accounts.account import Clock
from model_operator.domain import Canary
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
from model_operator.plan.canary.words import failing
from model_operator.providers.base import Provider
from model_operator.reconcile.canary.memory import Memory

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
        return s, _later(s, done, None, action, memory)
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
            memory.created(reply)
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
    return _later(s, said, error, action, memory)


def _later(
    s: Situation, decision: Decision, error: ProviderError | None, action: Action, memory: Memory
) -> Decision:
    """The same action is not sent again for a while. `error` None: it was answered, with another split."""
    wait = _delay(decision, error or Unavailable(""), memory.retry.count)
    memory.failed(Failure(action, error, s.now + wait))
    return replace(decision, look_again=wait)


def _delay(decision: Decision, error: ProviderError, failures: int) -> timedelta:
    """After so many failures in a row before this one."""
    wait = retry_for(error).after(failures)
    rollout = decision.status.rollout
    is_rollback = rollout is not None and rollout.state == State.ROLLING_BACK
    return min(wait, _ROLLBACK_CAP) if is_rollback and not isinstance(error, RateLimited) else wait
