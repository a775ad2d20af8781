"""All reads of a pass over one ModelDeployment: the account's last LIST, and a GET where that is not enough.

"Not seen" becomes "gone" only under the rules of `_miss`; every other silence stays unknown.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from model_operator.accounts.account import Account, is_live
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import Desired, Key, Remote, RunState
from model_operator.errors import AccountMismatch, NotFound, ProviderError, Unsupported
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.deployment.situation import Observed, Presence, Timing
from model_operator.providers.base import Provider
from model_operator.reconcile.deployment.memory import Memory

_NEVER = datetime.max.replace(tzinfo=UTC)
_UP = frozenset({RunState.SERVING, RunState.UPDATING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one pass looks with. `provider` is the account's, at this pass's priority."""

    key: Key
    resource: ModelDeployment
    desired: Desired
    account: Account
    provider: Provider
    memory: Memory
    timing: Timing
    full_read_interval: timedelta
    now: datetime


async def observe(look: Look) -> Observed:
    """Never raises a ProviderError: it becomes part of what is observed."""
    status = look.resource.status
    id_ = status.external_id or look.desired.external_id
    if look.resource.metadata.is_terminating:
        id_ = status.external_id  # a refused adoption is none of ours
    is_lost = status.pending is not None and look.memory.intent != status.pending.started_at
    if id_ is not None:
        seen = await _by_id(look, id_)
        return seen if status.external_id is not None or not is_lost else await _with_lost(look, seen)
    return await _lost(look) if is_lost else _by_name(look)


async def _with_lost(look: Look, seen: Observed) -> Observed:
    """A deployment is to be taken over while a create of our own may have made another one."""
    lost = await _lost(look)
    return replace(
        seen,
        candidates=lost.candidates,
        listed_at=lost.listed_at,
        can_list=lost.can_list,
        error=seen.error or lost.error,
    )


def _by_name(look: Look) -> Observed:
    """Nothing was ever created: the account's LIST tells whether the name is free."""
    account, memory = look.account, look.memory
    if not account.can_list:
        return Observed(can_list=False)
    snapshot = account.snapshot
    # Where requests are few, a LIST may wait for its turn for longer than it counts as recent.
    if snapshot is None or snapshot.ended < look.now - look.timing.poll_interval:
        return Observed(error=account.error)
    if memory.list_after is not None and snapshot.begun < memory.list_after:
        return Observed(error=account.error)
    if account.is_mismatch:
        return Observed(error=AccountMismatch(_SUSPECT))  # what is created here would be lost with the key
    found = snapshot.candidates(look.desired.deployment_name, look.desired.uid)
    return Observed(candidates=found, listed_at=snapshot.begun)


async def _lost(look: Look) -> Observed:
    """A create's outcome is unknown: ask for what it may have made, by tag or name."""
    pending, memory = look.resource.status.pending, look.memory
    try:
        found = await look.provider.find(look.desired)
    except Unsupported:
        look.account.can_list = False
        return Observed(can_list=False)
    except ProviderError as error:
        return Observed(error=error)
    live = tuple(remote for remote in found if is_live(remote))
    if live:
        memory.absent_since = None
    elif pending is not None and look.now > pending.deadline and memory.absent_since is None:
        memory.absent_since = look.now
    return Observed(candidates=live, listed_at=look.now)


async def _by_id(look: Look, id_: str) -> Observed:
    account, memory = look.account, look.memory
    item = account.snapshot.by_id.get(id_) if account.snapshot else None
    account.note(look.key, id_)
    memory.known_since = memory.known_since or look.now
    if account.lasting_error is not None:
        if not look.resource.metadata.is_terminating:
            return Observed(error=account.lasting_error, remote=None)
        if memory.delete_sent_at is not None:
            item = None  # that LIST is from before the DELETE
    if account.can_list and account.snapshot is None:
        return Observed(error=account.lasting_error)
    if item is None and memory.full is not None and _is_newer_than_list(look, memory.full):
        return Observed(presence=Presence.PRESENT, remote=memory.full)
    if item is not None and not _needs_full_read(look, item):
        return _seen(_merge(item, memory.full, memory.version), memory)
    return await _read(look, id_, item)


async def _read(look: Look, id_: str, item: Remote | None) -> Observed:
    """GET. A hiccup falls back to what the LIST said, which is proof of presence at least."""
    memory = look.memory
    try:
        full = await look.provider.get(id_)
    except NotFound:
        return _miss(look, id_, item)
    except ProviderError as error:
        if item is not None:
            return _seen(_merge(item, memory.full, memory.version), memory)
        return Observed(error=error)
    look.account.saw()
    memory.full, memory.missed_at = full, None
    memory.has_tagged = memory.has_tagged and full.owner_uid != look.desired.uid
    memory.version = item.version if item is not None else full.version
    if memory.recheck_at is not None and look.now >= memory.recheck_at:
        memory.recheck_at = None
    memory.published = None  # nobody tells of hands on the ConfigMap either
    if item is not None and item.word != full.word:
        look.account.doubt(look.key)
    _compare(look, full)
    memory.read_again_at = min(memory.recheck_at or _NEVER, look.now + look.full_read_interval)
    return _seen(full, memory)


def _compare(look: Look, full: Remote) -> None:
    """Whether our last update took: once it shows, later differences are somebody else's.

    One more look follows: an earlier update whose answer was lost may still land, and in a version that has whole
    seconds no list would show it.
    """
    sent = look.memory.sent_update
    if sent is None or look.now <= sent.at:
        return
    if sent.shows_in(full.fields):
        look.memory.sent_update = None
        look.memory.recheck_at = look.now + look.timing.recovery_window
    elif look.now - sent.at >= look.timing.power_grace:  # until then a reply may be an old one
        look.memory.sent_update = replace(sent, is_verified=True)


def _seen(remote: Remote, memory: Memory) -> Observed:
    if remote.state is RunState.GONE:
        return Observed(presence=Presence.ABSENT, remote=remote)
    if remote.state not in _UP:
        memory.probe = None
    return Observed(presence=Presence.PRESENT, remote=remote)


def _needs_full_read(look: Look, item: Remote) -> bool:
    """Whether the LIST's item leaves something open that matters now."""
    memory, status = look.memory, look.resource.status
    if status.external_id is None:
        return True  # a take-over is judged by all there is
    if memory.version is None:
        memory.version = item.version
        # Spread over the interval, so that a restart does not read a thousand at once.
        memory.read_again_at = look.now + look.full_read_interval * random.random()  # noqa: S311
        return _is_unpublished(look, item)
    if memory.version != item.version or _is_unpublished(look, item):
        return True
    if item.state is RunState.SERVING and item.replicas is None and _is_moving(look):
        return True  # what it moves towards, only a GET shows
    if memory.sent_update is not None and not memory.sent_update.is_verified:
        return item.state in {RunState.SERVING, RunState.FAILED}
    return memory.read_again_at is not None and look.now >= memory.read_again_at


def _is_unpublished(look: Look, item: Remote) -> bool:
    """It serves, and the status does not say so yet: what it publishes comes from a GET only."""
    status, serving = look.resource.status, look.resource.status.condition(ConditionType.SERVING)
    if item.state is not RunState.SERVING or look.resource.metadata.is_terminating:
        return False
    full = look.memory.full
    has_full = full is not None and full.state is RunState.SERVING and look.memory.version == item.version
    if look.account.vendor.capabilities.chats and status.external_alias is None:
        return not (has_full and full is not None and full.alias)
    return (status.endpoint_url is None or serving is None or not serving.is_true) and not has_full


def _is_moving(look: Look) -> bool:
    reconciling = look.resource.status.condition(ConditionType.RECONCILING)
    return reconciling is not None and reconciling.is_true


def _merge(item: Remote, full: Remote | None, version: str | None) -> Remote:
    """The item's state on top of the last full view, as long as that is of the same version."""
    if full is None or version != item.version or full.id != item.id:
        return item
    return replace(
        full,
        state=item.state,
        word=item.word,
        message=item.message or full.message,
        replicas=full.replicas if item.replicas is None else item.replicas,
    )


def _is_newer_than_list(look: Look, full: Remote) -> bool:
    """Our own create or GET is younger than the LIST that does not show it."""
    snapshot, created_at = look.account.snapshot, look.memory.created_at
    return (
        full.id == look.resource.status.external_id
        and snapshot is not None
        and created_at is not None
        and snapshot.begun <= created_at
    )


def _is_new(look: Look) -> bool:
    """We made it so lately that the provider may not show it everywhere; a restarted process cannot know when."""
    serving, since = look.resource.status.condition(ConditionType.SERVING), look.memory.created_at
    if since is None and serving is not None and serving.reason in {Reason.MISSING, Reason.STARTING}:
        since = look.memory.known_since
    return since is not None and look.now - since < look.timing.recovery_window


def _miss(look: Look, id_: str, item: Remote | None) -> Observed:
    """A 404: gone if the credential has proven itself, not half the account went with it, and no LIST objects."""
    account, memory = look.account, look.memory
    if memory.delete_sent_at is not None or account.is_confirmed:
        return Observed(presence=Presence.ABSENT)
    if item is not None and is_live(item):
        return _seen(_merge(item, memory.full, memory.version), memory)  # the next LIST decides
    if not account.is_proven or account.is_mass_missing:
        return Observed(error=AccountMismatch(_MISMATCH.format(id=id_)))
    if _is_new(look):
        return Observed()  # not there yet, rather than no more
    if not account.can_list:
        memory.missed_at = memory.missed_at or look.now
        if look.now - memory.missed_at < look.timing.poll_interval:
            return Observed()
    return Observed(presence=Presence.ABSENT)


_SUSPECT = (
    "Nothing is created while other known deployments are missing from this account. Put the right key into the"
    " Secret; if they are really gone, annotate the ModelProvider with modeloperator.dev/confirm-absence:"
    " <the Secret's resourceVersion>."
)
_MISMATCH = (
    "The provider does not know deployment {id}, and these credentials have not proven to belong to the account that"
    " holds it. Put the right key into the Secret; if it is really gone, annotate the ModelProvider with"
    " modeloperator.dev/confirm-absence: <the Secret's resourceVersion>."
)
