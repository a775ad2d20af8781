"""Looks for what an object of this namespace and name had in a former life, before anything is created for it."""

from dataclasses import replace
from typing import Final

from model_operator.accounts.account import Snapshot, is_live
from model_operator.domain import Remote
from model_operator.errors import NotFound, ProviderError
from model_operator.reconcile.claims import has_hash
from model_operator.reconcile.deployment.look import Look, Seen
from model_operator.reconcile.deployment.rivals import Contest

_MOST: Final = 5
"""Deployments that are looked at for one object."""


async def look_for_former(look: Look, seen: Seen, contest: Contest) -> Seen:
    """One GET for each deployment that it may be, since a LIST may leave tags out; none where there is no such one."""
    snapshot, desired = look.account.snapshot, look.desired
    made_at = seen.creation.created_at
    if snapshot is None or not _may_create(look, seen) or (made_at is not None and snapshot.begun <= made_at):
        return seen  # a LIST from before our own create says nothing
    stem = desired.deployment_name.rpartition("-")[0] if look.resource.spec.deployment_name is None else None
    found = [r for r in left_behind(snapshot, desired.owner, stem) if _may_be(look, r) and contest.is_free(r)]
    former: list[Remote] = []
    for item in found[:_MOST]:
        try:
            seen, remote = await _read(look, seen, item)
        except NotFound:
            continue
        except ProviderError as error:
            return replace(seen, observed=replace(seen.observed, error=error))
        if contest.is_free(remote):
            former.append(remote)
    observed = replace(
        seen.observed,
        former=tuple(r for r in former if r.owner is not None and r.owner == desired.owner),
        namesakes=tuple(r for r in former if r.owner is None and _may_be(look, r)),
    )
    return replace(seen, observed=observed)


def left_behind(snapshot: Snapshot, mark: str | None, stem: str | None) -> tuple[Remote, ...]:
    """Live deployments with that owner mark, and those without one whose name has that stem, by their ids."""
    marked = snapshot.by_mark.get(mark, ()) if mark is not None else ()
    named = (r for r in snapshot.by_stem.get(stem, ()) if r.owner is None) if stem is not None else ()
    found = {r.id: r for r in (*marked, *named) if is_live(r)}
    return tuple(found[id_] for id_ in sorted(found))


def _may_create(look: Look, seen: Seen) -> bool:
    resource = look.resource
    has_id = resource.status.external_id is not None or look.desired.external_id is not None
    return not has_id and not look.ends and seen.observed.error is None


def _may_be(look: Look, remote: Remote) -> bool:
    """By its mark; or, without one, by the form of its name and its model, unless it is younger than the object."""
    if remote.owner is not None:
        return remote.owner == look.desired.owner
    born, made = look.resource.metadata.creation_timestamp, remote.created
    is_younger = born is not None and made is not None and made > born + look.timing.recovery_window
    return has_hash(remote.name) and remote.model == look.desired.model and not is_younger


async def _read(look: Look, seen: Seen, item: Remote) -> tuple[Seen, Remote]:
    """The full view. Where there are tags by a GET, unless that was read already; without tags a LIST says all."""
    if not look.account.vendor.capabilities.has_tags:
        return seen, item
    view = seen.view.of(item.id, look.now)
    if view.full is not None and view.version == item.version:
        return seen, view.full
    full = await look.provider.get(item.id)
    again_at = look.now + look.full_read_interval
    return replace(seen, view=view.read(full, item, look.now, again_at).seen(look.now)), full
