"""What a ModelProvider says of orphaned deployments: the list in its status, and an Event when there are more. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from model_operator.conditions import Reason
from model_operator.domain import Remote
from model_operator.models.orphans import Orphan, Orphans
from model_operator.status.events import Event

_MOST: Final = 20
_MOST_TOLD: Final = 5


def orphans_of(
    before: Orphans | None, suspects: Mapping[str, Remote], orphaned: Collection[str], now: datetime
) -> Orphans | None:
    """Those that are known now, and those that an earlier process knew and that are suspects still.

    Until each suspect is looked into, there are no fewer than before: what a restart has to find again is no news.
    """
    known = {one.id: one for one in before.items} if before is not None else {}
    ids = sorted(id_ for id_ in suspects if id_ in orphaned or id_ in known)
    is_open = any(id_ not in orphaned for id_ in suspects)
    if before is not None and is_open and len(ids) < before.count <= len(suspects):
        return before
    items = tuple(_orphan(suspects[id_], known.get(id_), now) for id_ in ids[:_MOST])
    return Orphans(count=len(ids), items=items) if ids else None


def _orphan(remote: Remote, before: Orphan | None, now: datetime) -> Orphan:
    return Orphan(
        id=remote.id,
        name=remote.name,
        owner=remote.owner or "",
        created_at=remote.created,
        found_at=before.found_at if before is not None else now,
        per_hour=before.per_hour if before is not None else None,
    )


def of_orphans(before: Orphans | None, after: Orphans | None) -> tuple[Event, ...]:
    """A Warning when there are others, or more."""
    if after is None:
        return ()
    known = {one.id for one in before.items} if before is not None else set[str]()
    new = [one for one in after.items if one.id not in known]
    if not new and after.count <= (before.count if before is not None else 0):
        return ()
    told = (new or list(after.items))[:_MOST_TOLD]
    named = ", ".join(f"{one.id} ({one.name}, created for {one.owner})" for one in told)
    rest = after.count - len(told)
    message = (
        f"No object in this cluster manages deployment {named}{f' and {rest} more' if rest > 0 else ''}. It costs money"
        " until it is adopted or deleted. The operator never deletes it by itself. See: kubectl models orphans."
    )
    return (Event("Warning", Reason.ORPHAN_FOUND, message),)
