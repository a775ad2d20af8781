"""Which deployments of an account are orphaned: ours by their owner mark, and of no object. Pure.

What a LIST shows and no object is known of is a suspect. It is orphaned once a read of the objects has found neither its UID
nor its namespace and name, twice, a sweep apart. Nothing is ever deleted because of that.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model_operator.domain import Remote
from model_operator.owner_marks import OwnerMark


@dataclass(frozen=True, slots=True)
class Unheld:
    """Live deployments that no object is known to hold."""

    suspects: Mapping[str, Remote]
    """By their ids: our mark, and a namespace that is watched."""
    unknown: int
    """How many others there are: another installation's, without a mark, or of a namespace that is not watched."""


def unheld(
    remotes: Iterable[Remote],
    installation: str,
    is_watched: Callable[[str], bool],
    is_held: Callable[[Remote], bool],
) -> Unheld:
    """Without an installation of which this process knows, every one is unknown."""
    suspects, unknown = {}, 0
    for remote in remotes:
        if is_held(remote):
            continue
        mark = OwnerMark.read(remote.owner)
        if mark is not None and mark.installation == installation and is_watched(mark.namespace):
            suspects[remote.id] = remote
        else:
            unknown += 1
    return Unheld(suspects, unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sightings:
    """What reads of the objects have shown of one account's suspects."""

    first: Mapping[str, datetime] = field(default_factory=dict)
    """When the LIST began after which a read first found no object for it."""
    orphaned: frozenset[str] = frozenset()
    """Those of which that was found twice."""

    def among(self, suspects: AbstractSet[str]) -> "Sightings":
        """What is no suspect any more is forgotten: it begins anew, should it be one again."""
        first = {id_: at for id_, at in self.first.items() if id_ in suspects}
        return Sightings(first=first, orphaned=self.orphaned & suspects)

    def due(self, suspects: AbstractSet[str], begun: datetime, sweep: timedelta) -> frozenset[str]:
        """Of which suspects a read after the LIST that began then would say something new."""
        open_ = suspects - self.orphaned
        return frozenset(i for i in open_ if i not in self.first or begun - self.first[i] >= sweep)

    def read(self, due: AbstractSet[str], ownerless: AbstractSet[str], begun: datetime) -> "Sightings":
        """A read after the LIST that began then found no object for these of those that were due."""
        again = frozenset(id_ for id_ in due & ownerless if id_ in self.first)
        first = {id_: at for id_, at in self.first.items() if id_ not in due or id_ in again}
        return Sightings(
            first=first | {id_: begun for id_ in due & ownerless if id_ not in first},
            orphaned=self.orphaned | again,
        )
