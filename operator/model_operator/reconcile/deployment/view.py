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
    version: str | None = None
    """Of the list item when `full` was read, or of the first item seen."""
    read_again_at: datetime | None = None
    """When the next full read is due although nothing seems to have changed."""
    vain: int = 0
    """GETs in a row that a new version brought about and that showed nothing new: something moves by itself."""
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

    def read(self, full: Remote, version: str | None, read_again_at: datetime) -> "View":
        """A GET was answered. The connection's ConfigMap is read again, too: nobody tells what others do to it."""
        before = self.full
        is_vain = (
            before is not None
            and before.version != full.version
            and replace(before, version=full.version) == full
        )
        return replace(
            self,
            full=full,
            version=version,
            read_again_at=read_again_at,
            published=None,
            blind=0,
            vain=self.vain + 1 if is_vain else 0,
        )

    def passed_over(self, version: str, read_again_at: datetime) -> "View":
        """A new version is not read now; what was last read stands until then."""
        due = read_again_at if self.read_again_at is None else min(self.read_again_at, read_again_at)
        return replace(self, version=version, read_again_at=due)

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
            replicas=full.replicas if item.replicas is None else item.replicas,
        )
