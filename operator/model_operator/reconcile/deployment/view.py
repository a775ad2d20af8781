"""What was seen of one deployment under one credential. Another id, or another credential, is another view."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from model_operator.domain import Remote
from model_operator.plan.deployment.absence import NOT_LOOKED, Looks

_BEATS: Final = 2
"""So many new versions in a row that showed nothing new to a GET are taken for a heartbeat."""
_FIRST_REST: Final = timedelta(minutes=1)
"""Before a GET for the version alone; twice as long after each that showed nothing new, up to the full read."""
_AGAIN: Final = timedelta(seconds=1)
"""After a GET that was answered with what is old."""
_NONE: Final = "(none)"
"""A version that no provider shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    id: str | None = None
    known_since: datetime | None = None
    """When this process first looked for the deployment by its id."""
    full: Remote | None = None
    """The last GET, or what our POST was answered."""
    version: str | None = None
    """Of the list item when `full` was read, or of the first item seen."""
    read_again_at: datetime | None = None
    """When the next full read is due although nothing seems to have changed."""
    looks: Looks = NOT_LOOKED
    """What looking for it has shown since it was last seen."""
    read_at: datetime | None = None
    """When the pass that has read `full` began."""
    beats: int = 0
    """GETs in a row that a new version alone had asked for, and that showed nothing new."""
    blind: int = 0
    """Looks in a row in which something was asked in vain."""
    outdated_since: datetime | None = None
    """Since when GETs are answered with what is older than what LISTs show."""
    published: tuple[str, ...] | None = None
    """What was last written to the connection's ConfigMap, or found there."""

    def of(self, id_: str, now: datetime) -> "View":
        """The view of that id: this one, or one in which nothing was seen yet."""
        return self if self.id == id_ else View(id=id_, known_since=now)

    @property
    def is_beating(self) -> bool:
        """Its version changes while nothing else does."""
        return self.beats >= _BEATS

    @classmethod
    def unread(cls, id_: str, now: datetime) -> "View":
        """Nothing was read, and the first look is to be a GET, whatever a LIST shows."""
        return cls(id=id_, known_since=now, version=_NONE)

    def anew(self) -> "View":
        """Under another credential: nothing was seen yet."""
        return View(id=self.id, known_since=self.known_since)

    def first_shown(self, version: str | None, read_again_at: datetime) -> "View":
        """By the LIST, before any GET."""
        return replace(self, version=version, read_again_at=read_again_at)

    def read(self, full: Remote, item: Remote | None, now: datetime, again_at: datetime) -> "View":
        """A GET was answered. The connection's ConfigMap is read again, too: nobody tells what others do to it."""
        before, version = self.full, full.version if item is None else item.version
        is_same = before is not None and replace(before, version=full.version) == full
        return replace(
            self,
            full=full,
            version=version,
            read_at=now,
            read_again_at=again_at,
            beats=(self.beats + (version != self.version)) if is_same else 0,
            published=None,
            blind=0,
            outdated_since=None,
        )

    def listed(self, item: Remote, now: datetime, longest: timedelta) -> "View":
        """By a LIST. A new version that is a heartbeat asks for no GET: it takes the old one's place.

        What changed with the beat is read at the end of the rest, `longest` after the last GET at most.
        """
        full, read_at = self.full, self.read_at
        if item.version == self.version or self.beats < _BEATS or full is None or read_at is None:
            return self
        rest = min(longest, _FIRST_REST * (1 << min(self.beats - _BEATS, 16)))
        if now >= read_at + rest or not _adds_nothing(item, full):
            return self
        again_at = min(self.read_again_at or read_at + rest, read_at + rest)
        return replace(self, version=item.version, read_again_at=again_at)

    def newest(self, item: Remote, begun: datetime) -> Remote:
        """What a LIST that began then shows; a GET that is younger knows the state better."""
        full = self.full
        if full is None or self.read_at is None or begun > self.read_at or self.version != item.version:
            return item
        return replace(
            item,
            state=full.state,
            word=full.word,
            message=full.message,
            replicas=full.replicas,
            shortage=full.shortage,
            changed_at=full.changed_at,
        )

    def seen(self, at: datetime) -> "View":
        """It was there then."""
        return replace(self, looks=self.looks.seen(at))

    def missed(self, begun: datetime, *, is_proof: bool, again_at: datetime) -> "View":
        """A look that began then did not show it, nor did a GET, which was the full read that may have been due."""
        looks = self.looks.missed(begun, is_proof=is_proof)
        return replace(self, looks=looks, read_again_at=again_at)

    def failed(self, again_at: datetime) -> "View":
        """A GET was not answered; what the LIST says must do for a while."""
        return replace(self, blind=self.blind + 1, read_again_at=again_at)

    def outdated(self, now: datetime) -> "View":
        """A GET was answered with what is older than the LIST. It is asked again, ever less often."""
        since = self.outdated_since or now
        again_at = now + max(now - since, _AGAIN)
        return replace(self, outdated_since=since, read_again_at=again_at).seen(now)

    def merged(self, item: Remote) -> Remote:
        """The item's state on top of the last full view, as long as that is of the same version."""
        full = self.full
        if full is None or self.version != item.version or full.id != item.id:
            return item
        return replace(
            full,
            state=item.state,
            word=item.word,
            message=item.message or full.message,
            shortage=item.shortage,
            replicas=full.replicas if item.replicas is None else item.replicas,
            machine=item.machine or full.machine,
            price=item.price or full.price,
            changed_at=item.changed_at or full.changed_at,
        )


def _adds_nothing(item: Remote, full: Remote) -> bool:
    """Whether the GET has shown all that the item says, save its version."""
    same = replace(
        item,
        version=full.version,
        is_full=full.is_full,
        fields={**full.fields, **item.fields},
        whole=full.whole,
        message=item.message or full.message,
        replicas=full.replicas if item.replicas is None else item.replicas,
        alias=item.alias or full.alias,
        url=item.url or full.url,
        model=item.model or full.model,
        owner_uid=item.owner_uid or full.owner_uid,
        epoch=item.epoch or full.epoch,
        owner=item.owner or full.owner,
    )
    return same == full
