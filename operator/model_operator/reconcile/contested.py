"""Somebody else undoes what we write on an object: our finalizer, or the status. Bounded, and said once per fight.

A few writes are put back at once, since that is how a hand's mistake heals. From then on the object is looked after in
turns that lie further and further apart; an edit of the spec and a deletion begin at once.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from model_operator.domain import FINALIZER, Key
from model_operator.kube import KubeError
from model_operator.models.metadata import Metadata
from model_operator.models.status import Status
from model_operator.reconcile.store import Store

_FREE: Final = 5
"""Writes over what somebody has undone that wait for no turn."""
_FIRST: Final = 5.0
LONGEST: Final = timedelta(minutes=5)
"""From one turn to the next."""
LONGEST_OF_A_SPLIT: Final = timedelta(seconds=30)
"""The same for what may have to be rolled back."""
LONGEST_OF_AN_END: Final = timedelta(seconds=30)
"""And for what is being deleted."""
_TRUCE: Final = 2 * LONGEST.total_seconds()
"""After which a fight is over."""
_MOST_MANAGERS: Final = 5
_MANAGER_LIMIT: Final = 64


@dataclass(slots=True)
class _Written:
    """What our writes have left on one object."""

    uid: str
    generation: int = 0
    has_finalizer: bool = False
    status: Status | None = None
    """None: not known, since nothing was written or the reply was lost."""
    again: int = 0
    """Writes over what somebody had undone, none a truce after the one before."""
    at: float = 0.0
    """Of the last of them, by the event loop's clock."""

    def undone(self, metadata: Metadata, status: Status) -> tuple[str, ...]:
        is_stripped = (
            self.has_finalizer and FINALIZER not in metadata.finalizers and not metadata.is_terminating
        )
        is_changed = self.status is not None and self.status != status
        return ("the finalizer",) * is_stripped + ("the status",) * is_changed


@dataclass(slots=True)
class Fights:
    """Of all objects of this process. Times are the event loop's, so that no step of a clock counts."""

    _known: dict[Key, _Written] = field(default_factory=dict)

    def wait(self, key: Key, metadata: Metadata, status: Status, longest: timedelta) -> float:
        """Seconds until it is this object's turn; 0 where nobody fights, or the spec is new."""
        known = self._of(key, metadata.uid)
        if known is None or metadata.generation != known.generation:
            return 0.0  # an edit, or the deletion, which counts as one
        if known.again <= _FREE or not known.undone(metadata, status):
            return 0.0
        most = min(longest, LONGEST_OF_AN_END) if metadata.is_terminating else longest
        pause: float = min(_FIRST * 2 ** min(known.again - _FREE - 1, 16), most.total_seconds())
        return max(0.0, known.at + pause - asyncio.get_running_loop().time())

    def finalizer_put(self, key: Key, metadata: Metadata, status: Status) -> str | None:
        """Our finalizer is on an object that was like this. Returns what is fought over, if that has just shown."""
        return self._wrote(key, metadata, status, has_finalizer=True)

    def status_written(self, key: Key, metadata: Metadata, status: Status, after: Status) -> str | None:
        """The status of an object that was like this is `after` now; else as `finalizer_put`."""
        told = self._wrote(key, metadata, status, has_finalizer=FINALIZER in metadata.finalizers)
        self._known[key].status = after
        return told

    @contextmanager
    def writing(self, key: Key) -> Iterator[None]:
        """A write that fails was perhaps carried out, and what the server shows next is our own."""
        try:
            yield
        except KubeError:
            self.lost_sight(key)
            raise

    def lost_sight(self, key: Key) -> None:
        """What the server shows next may be our own."""
        if key in self._known:
            self._known[key].status = None

    def forget(self, key: Key) -> None:
        self._known.pop(key, None)

    def _of(self, key: Key, uid: str) -> _Written | None:
        known = self._known.get(key)
        return known if known is not None and known.uid == uid else None

    def _wrote(self, key: Key, metadata: Metadata, status: Status, *, has_finalizer: bool) -> str | None:
        known, now = self._of(key, metadata.uid), asyncio.get_running_loop().time()
        if known is None:
            known = self._known[key] = _Written(metadata.uid)
        undone = known.undone(metadata, status)
        known.generation, known.has_finalizer = metadata.generation, has_finalizer
        if not undone:
            return None
        known.again = known.again + 1 if known.again and now - known.at < _TRUCE else 1
        known.at = now
        return " and ".join(undone) if known.again == _FREE + 1 else None


def fought_over(what: str, managers: Iterable[str], longest: timedelta) -> str:
    """For the Event."""
    names = ", ".join(managers) or "none that the API server names"
    return (
        f"Another writer undoes {what} of this object each time the operator writes it. The operator writes it again at"
        f" growing intervals of up to {longest.total_seconds():.0f} s; edits of the spec and a deletion are still handled"
        f" at once. The other writer may be among the object's field managers: {names}. Stop it."
    )


async def writers(store: Store, key: Key) -> tuple[str, ...]:
    """The object's field managers, newest first; of a removal they tell nothing."""
    try:
        body = await store.get(*key)
    except KubeError:
        return ()
    return _managers(body["metadata"].get("managedFields") or ())


def _managers(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    found = [(str(e.get("time") or ""), str(e.get("manager") or "")[:_MANAGER_LIMIT]) for e in entries]
    newest = sorted((pair for pair in found if pair[1]), reverse=True)
    return tuple(dict.fromkeys(name for _, name in newest))[:_MOST_MANAGERS]
