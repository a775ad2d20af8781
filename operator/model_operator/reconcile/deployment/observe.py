"""All reads of a pass over one ModelDeployment: the account's last LIST, and a GET where that is not enough.

"Not seen" becomes "gone" only by plan/deployment/absence.py; every other silence stays unknown.
"""

import random
from dataclasses import replace
from datetime import UTC, datetime

from model_operator.accounts.account import is_live
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import Power, Remote, RunState
from model_operator.errors import (
    AccountMismatch,
    NotFound,
    ProviderError,
    Unavailable,
    Unsupported,
    delay_after,
)
from model_operator.plan.deployment.situation import Observed, Presence
from model_operator.reconcile.deployment.look import Look, Seen
from model_operator.reconcile.deployment.missing import SUSPECT, missed, note_get

_NEVER = datetime.max.replace(tzinfo=UTC)
_UP = frozenset({RunState.SERVING, RunState.UPDATING})
_TAKES_EDITS = frozenset({RunState.SERVING, RunState.FAILED})
_IDLE_LISTS = 3
"""Polls in mode Observe for which a LIST counts as recent: one of its own for each object would be none too few."""


async def observe(look: Look) -> Seen:
    """Never raises a ProviderError: it becomes part of what is observed."""
    seen = await _observe(look)
    if seen.observed.error is not None:
        blind = look.view.blind + 1
        return replace(
            seen, observed=replace(seen.observed, failures=blind), view=replace(seen.view, blind=blind)
        )
    if look.resource.status.external_id is None and seen.view.blind:
        return replace(seen, view=replace(seen.view, blind=0))
    return seen  # with an id, only an answered GET is the end of it


async def _observe(look: Look) -> Seen:
    status = look.resource.status
    id_ = status.external_id or look.desired.external_id
    if look.ends:
        id_ = status.external_id  # a refused adoption is none of ours
    is_lost = status.pending is not None and look.creation.intent != status.pending.started_at
    if id_ is not None:
        seen = await _by_id(replace(look, view=look.view.of(id_, look.now)), id_)
        return await _with_lost(look, seen) if is_lost else seen
    return await _lost(look) if is_lost else look.showed(_by_name(look))


async def _with_lost(look: Look, seen: Seen) -> Seen:
    """There is an id, to be adopted or of what was gone, while a create of our own may have made another one."""
    lost = await _lost(look)
    observed = replace(
        seen.observed,
        candidates=lost.observed.candidates,
        listed_at=lost.observed.listed_at,
        can_list=lost.observed.can_list,
        error=seen.observed.error or lost.observed.error,
    )
    return replace(seen, observed=observed, creation=lost.creation)


def _by_name(look: Look) -> Observed:
    """Nothing was ever created: the account's LIST tells whether the name is free."""
    account = look.account
    if not account.can_list:
        return Observed(can_list=False)
    snapshot = account.snapshot
    marked = look.candidates() if look.ends else ()
    # Where requests are few, a LIST may wait for its turn for longer than it counts as recent.
    recent = look.timing.poll_interval * (_IDLE_LISTS if look.is_idle else 1)
    if look.timing.queueing:
        recent += look.timing.queueing + look.timing.request_deadline  # also for who got no turn in time
    if snapshot is None or snapshot.ended < look.now - recent:
        return Observed(error=account.error, candidates=marked)
    made_at = look.creation.created_at
    if made_at is not None and snapshot.begun <= made_at:
        return Observed(
            candidates=marked
        )  # its id was taken from the status, and that LIST is too old to show it
    if account.is_mismatch:
        # What is created here would be lost with the key.
        return Observed(error=AccountMismatch(SUSPECT), candidates=marked)
    return Observed(candidates=look.candidates(), listed_at=snapshot.begun)


async def _lost(look: Look) -> Seen:
    """A create's outcome is unknown: ask for what it may have made, by tag or name."""
    pending, account = look.resource.status.pending, look.account
    try:
        found = await look.provider.find(look.desired)
    except Unsupported as error:
        sick = account.list_refused(error)
        if sick is not None:
            return look.showed(Observed(error=sick))
        account.can_list = False
        return look.showed(Observed(can_list=False))
    except ProviderError as error:
        return look.showed(Observed(error=error))
    live = tuple(remote for remote in found if is_live(remote))
    if not live and account.is_mismatch:
        return look.showed(Observed(error=AccountMismatch(SUSPECT)))
    deadline = pending.deadline if pending is not None else None
    # The one that was taken for gone may be back; it is no trace of the create.
    is_found = any(remote.id != look.resource.status.external_id for remote in live)
    creation = look.creation.searched(look.now, deadline, is_found=is_found)
    return replace(look, creation=creation).showed(Observed(candidates=live, listed_at=look.now))


async def _by_id(look: Look, id_: str) -> Seen:
    account, full = look.account, look.view.full
    item = account.snapshot.by_id.get(id_) if account.snapshot else None
    account.note(look.key, id_)
    if account.lasting_error is not None:
        if not look.ends:
            return await _without_list(look, id_, account.lasting_error)
        if look.sent.delete_at is not None:
            item = None  # that LIST is from before the DELETE
    if account.can_list and account.snapshot is None:
        return look.showed(Observed(error=account.lasting_error))
    if item is None or item.is_gone:
        if full is not None and _is_newer_than_list(look, full):
            return look.showed(Observed(presence=Presence.PRESENT, remote=full))
        return await _read(look, id_, None)
    if account.snapshot is not None:
        look = replace(look, view=look.view.seen(account.snapshot.begun))
        item = _newest(look, item, account.snapshot.begun)
    is_first = look.view.version is None and look.resource.status.external_id is not None
    if is_first:
        # Spread over the interval, so that a restart does not read a thousand at once.
        read_again_at = look.now + look.full_read_interval * random.random()  # noqa: S311
        look = replace(look, view=look.view.first_shown(item.version, read_again_at))
    else:
        look = replace(look, view=look.view.listed(item, look.now, look.full_read_interval))
    is_due = _is_unpublished(look, item) if is_first else _needs_full_read(look, item)
    if is_due or _is_told_too_little(look, item):
        return await _read(look, id_, item)
    return _shown(look, look.view.merged(item))


def _newest(look: Look, item: Remote, begun: datetime) -> Remote:
    """By the LIST, or by a GET that is younger: then the next LIST is news, also if it says the same as this one."""
    newest = look.view.newest(item, begun)
    if newest.word != item.word:
        look.account.doubt(look.key)
    return newest


async def _without_list(look: Look, id_: str, error: ProviderError) -> Seen:
    """The LIST does not work: by GETs alone, what is under way is finished; everybody else waits for the LIST."""
    if not isinstance(error, Unavailable) or not _is_under_way(look):
        return look.showed(Observed(error=error))
    try:
        full = await look.provider.get(id_)
    except ProviderError:
        return look.showed(Observed(error=error))
    return look.showed(Observed(error=error)) if full.is_gone else _was_read(look, id_, full, None)


def _is_under_way(look: Look) -> bool:
    """The spec was edited, or an edit or a pause has not come to its end."""
    status, wanted = look.resource.status, Power.PAUSE if look.desired.paused else Power.RESUME
    last = status.last_power_action.action if status.last_power_action is not None else Power.RESUME
    has_other_power = look.desired.paused is not None and last is not wanted
    has_edit = status.last_applied != dict(look.desired.fields) or look.sent.update is not None
    return status.external_id is not None and (has_other_power or has_edit)


async def _read(look: Look, id_: str, item: Remote | None) -> Seen:
    """GET. Whatever it fails with, an item of the LIST is proof of presence at least."""
    try:
        full = await look.provider.get(id_)
    except ProviderError as error:
        if item is not None:
            wait = delay_after(error, look.view.blind)
            return _shown(replace(look, view=look.view.failed(look.now + wait)), look.view.merged(item))
        return missed(look, id_, error)
    if full.is_gone:
        return missed(look, id_, NotFound(f"{id_} is deleted", is_vendors_own=True))
    if item is not None and _is_outdated(look, full, item):
        look.account.saw()
        note_get(look, id_, is_there=True)
        return _shown(replace(look, view=look.view.outdated(look.now)), look.view.merged(item))
    return _was_read(look, id_, full, item)


def _is_outdated(look: Look, full: Remote, item: Remote) -> bool:
    """By the provider's own clock the answer is older than the LIST, as from a replica that lags.

    It says nothing of what has changed since. One that always says so is believed after a while.
    """
    if full.changed_at is None or item.changed_at is None or full.changed_at >= item.changed_at:
        return False
    since = look.view.outdated_since
    return since is None or look.now - since < look.timing.recovery_window


def _was_read(look: Look, id_: str, full: Remote, item: Remote | None) -> Seen:
    look.account.saw()
    if item is not None and item.word != full.word:
        look.account.doubt(look.key)
    note_get(look, id_, is_there=True)
    timing = look.timing
    sent = look.sent.compared(
        full, look.desired.uid, look.now, recheck=timing.recovery_window, grace=timing.power_grace
    )
    read_again_at = min(sent.recheck_at or _NEVER, look.now + look.full_read_interval)
    view = look.view.read(full, item, look.now, read_again_at).seen(look.now)
    return _shown(replace(look, view=view, sent=sent), full)


def _shown(look: Look, remote: Remote) -> Seen:
    sent = look.sent if remote.state in _UP else look.sent.went_down()
    found = Observed(presence=Presence.PRESENT, remote=remote, candidates=look.candidates())
    return replace(look, sent=sent).showed(found)


def _needs_full_read(look: Look, item: Remote) -> bool:
    """Whether the LIST's item leaves something open that matters now."""
    view, update = look.view, look.sent.update
    if look.resource.status.external_id is None:
        # An adoption is judged by all there is.
        return not (look.is_idle and view.full is not None and view.version == item.version)
    if view.version != item.version or _is_unpublished(look, item):
        return True
    if item.state is RunState.SERVING and item.replicas is None and _is_moving(look):
        return True  # what it moves towards, only a GET shows
    if update is not None and not update.is_verified:
        return item.state in {RunState.SERVING, RunState.FAILED}
    return view.read_again_at is not None and look.now >= view.read_again_at


def _is_told_too_little(look: Look, item: Remote) -> bool:
    """Something is to be sent to it, and the LIST does not show whose it is by now: somebody may have taken it over.

    Or something would be sent in mode Manage, and the LIST does not show how it is now.
    """
    view, status = look.view, look.resource.status
    if _is_before_its_delete(look):
        return True
    if view.full is not None and view.version == item.version:
        return False
    has_edit = status.last_applied != dict(look.desired.fields)
    if look.is_idle:
        return has_edit
    if not look.account.vendor.capabilities.has_tags or item.owner_uid is not None:
        return False
    synced = status.condition(ConditionType.SYNCED)
    is_taken_back = synced is not None and synced.reason == Reason.OBSERVED
    return is_taken_back or (has_edit and item.state in _TAKES_EDITS)


def _is_before_its_delete(look: Look) -> bool:
    """A DELETE cannot be taken back: whose the deployment is, is read once more after the object's end was asked for."""
    ends_at, view, expired = (
        look.resource.metadata.deletion_timestamp,
        look.view,
        look.resource.status.expired,
    )
    if ends_at is None and expired is not None and expired.is_final:
        ends_at = expired.since
    if ends_at is None or look.is_idle or not look.account.vendor.capabilities.has_tags:
        return False
    return look.sent.delete_at is None and (view.read_at is None or view.read_at < ends_at)


def _is_unpublished(look: Look, item: Remote) -> bool:
    """It serves, and the status does not say so yet: what it publishes comes from a GET only."""
    status, serving = look.resource.status, look.resource.status.condition(ConditionType.SERVING)
    if item.state is not RunState.SERVING or look.ends:
        return False
    full = look.view.full
    has_full = full is not None and full.state is RunState.SERVING and look.view.version == item.version
    if look.account.vendor.capabilities.chats and status.external_alias is None:
        return not (has_full and full is not None and full.alias)
    return (status.endpoint_url is None or serving is None or not serving.is_true) and not has_full


def _is_moving(look: Look) -> bool:
    reconciling = look.resource.status.condition(ConditionType.RECONCILING)
    return reconciling is not None and reconciling.is_true


def _is_newer_than_list(look: Look, full: Remote) -> bool:
    """Our own create or GET is younger than the LIST that does not show it."""
    snapshot, created_at = look.account.snapshot, look.creation.created_at
    return (
        full.id == look.resource.status.external_id
        and snapshot is not None
        and created_at is not None
        and snapshot.begun <= created_at
    )
