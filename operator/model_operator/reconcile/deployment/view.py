"""What was seen of one deployment under one credential. Another id, or another credential, is another view."""

from dataclasses import dataclass, replace
from datetime import datetime

from model_operator.domain import Remote
from model_operator.plan.deployment.absence import NOT_LOOKED, Looks


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    id: str | None = None
    known_since: datetime | None = None
    """When this process first looked for the deployment by its id."""
    full: Remote | None = None
    """The last GET, or what our POST was answered."""
    read_at: datetime | None = None
    """When the pass of that GET began."""
    version: str | None = None
    """Of the list item when `full` was read, or of the first item seen."""
    read_again_at: datetime | None = None
    """When the next full read is due although nothing seems to have changed."""
    looks: Looks = NOT_LOOKED
    """What looking for it has shown since it was last seen."""
    blind: int = 0
    """Looks in a row in which something was asked in vain."""
    published: tuple[str, ...] | None = None
    """What was last written to the connection's ConfigMap, or found there."""

    def of(self, id_: str, now: datetime) -> "View":
        """The view of that id: this one, or one in which nothing was seen yet."""
        return self if self.id == id_ else View(id=id_, known_since=now)

    def anew(self) -> "View":
        """Under another credential: nothing was seen yet."""
        return View(id=self.id, known_since=self.known_since)

    def first_shown(self, version: str | None, read_again_at: datetime) -> "View":
        """By the LIST, before any GET."""
        return replace(self, version=version, read_again_at=read_again_at)

    def read(self, full: Remote, version: str | None, at: datetime, read_again_at: datetime) -> "View":
        """A GET was answered. The connection's ConfigMap is read again, too: nobody tells what others do to it."""
        return replace(
            self, full=full, read_at=at, version=version, read_again_at=read_again_at, published=None, blind=0
        )

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
        )

    def seen(self, at: datetime) -> "View":
        """It was there then."""
        return replace(self, looks=self.looks.seen(at))

    def missed(self, begun: datetime, *, is_proof: bool) -> "View":
        """A look that began then did not show it."""
        return replace(self, looks=self.looks.missed(begun, is_proof=is_proof))

    def failed(self, again_at: datetime) -> "View":
        """A GET was not answered; what the LIST says must do for a while."""
        return replace(self, blind=self.blind + 1, read_again_at=again_at)

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
        )
