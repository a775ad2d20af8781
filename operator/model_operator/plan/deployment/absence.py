"""Whether a deployment is gone: the one place where "not seen" becomes "gone". Pure.

Asked for what a status names, for what is to be adopted, for what a lost create may have made, and after a DELETE.
Everything that this does not call gone is unknown, and changes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the newest of looks that did not show it."""

    first: datetime | None = None
    last: datetime | None = None

    def with_(self, at: datetime) -> "Span":
        return Span(self.first or at, max(self.last or at, at))

    def covers(self, window: timedelta) -> bool:
        return self.first is not None and self.last is not None and self.last - self.first >= window


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What looking for one deployment has shown since it was last in doubt whether it is there."""

    doubt: datetime | None = None
    """It was seen, deleted or perhaps still being created until then: only what began later counts."""
    lists: Span = Span()
    """Begins of complete LISTs that did not show it."""
    proofs: Span = Span()
    """Of those beside which a GET was answered 404, or that need none (a lost create has no id)."""

    def seen(self, at: datetime) -> "Looks":
        """It is there, or may only have gone after this: everything begins anew."""
        return Looks(doubt=at if self.doubt is None else max(self.doubt, at))

    def missed(self, begun: datetime, *, is_proof: bool) -> "Looks":
        """A look that began then did not show it."""
        if self.doubt is not None and begun <= self.doubt:
            return self
        return replace(
            self, lists=self.lists.with_(begun), proofs=self.proofs.with_(begun) if is_proof else self.proofs
        )


NOT_LOOKED: Final = Looks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What else counts: how far this account's word is good, and what we did ourselves."""

    window: timedelta
    is_credible: bool
    """A miss under this credential means something; or a person has confirmed this one."""
    has_list: bool = True
    """Without LISTs, looks are GETs that were answered 404 in the vendor's own form."""
    is_deleted: bool = False
    """Our own DELETE was accepted, under the credential that looks now."""


def is_gone(looks: Looks, standing: Standing) -> bool:
    """Proven: twice a window apart under a credible account, or once after our own DELETE."""
    if standing.is_deleted and standing.has_list:
        return looks.proofs.last is not None or looks.lists.covers(standing.window)
    return (standing.is_credible or standing.is_deleted) and looks.proofs.covers(standing.window)


def next_look(looks: Looks, standing: Standing, now: datetime) -> timedelta:
    """Until a look can prove it; zero: one is due."""
    if standing.is_deleted and standing.has_list and looks.lists.first is None:
        return timedelta()
    first = looks.proofs.first or (looks.lists.first if standing.is_deleted else None)
    return max(first + standing.window - now, timedelta()) if first is not None else timedelta()
