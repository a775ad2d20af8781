"""What the process remembers of one ModelDeployment, as far as decisions look at it. All of it can be lost without harm.

Each part is a value with one owner, and its methods say what happened; `reconcile/deployment/memory.py` holds the
present ones.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from model_operator.domain import Fields, Remote
from model_operator.errors import ProviderError
from model_operator.models.deployment_status import LastPowerAction, Pending
from model_operator.plan.deployment.absence import NOT_LOOKED, Looks

_FIGHT: Final = 5
"""Corrections of one field, none long after the one before, that somebody undid."""
_TRUCE: Final = timedelta(hours=1)
"""From a correction in a fight to the next."""


class Underway(StrEnum):
    """What this process knows of creates besides what the status says of them."""

    UNTOLD = "Untold"
    """Nothing: an earlier process may have sent one."""
    NOTHING = "Nothing"
    """None is under way: it has put the finalizer on and sent nothing since, or knows how the last one ended."""
    MAYBE = "Maybe"
    """It has sent one whose outcome is in no status yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """From nothing to an id in the status."""

    underway: Underway = Underway.UNTOLD
    sent_at: datetime | None = None
    """The time of the pass that has sent the last one, until its outcome is known."""
    told: datetime | None = None
    """`pending.startedAt` of the intent that was written while that request was under way."""
    intent: datetime | None = None
    """`pending.startedAt` of the intent that this process wrote and whose request it has not sent."""
    fields: Fields | None = None
    """What our POST said."""
    created: Remote | None = None
    """The provider's answer to our POST, should its id not have reached the status yet."""
    created_at: datetime | None = None
    made: str | None = None
    """Id in the answer to our POST: ours, whatever becomes of the status."""
    looks: Looks = NOT_LOOKED
    """For what a lost create may have made."""
    adopted_at: datetime | None = None

    def marked(self) -> "Creation":
        """The finalizer is with the API server, put on by this process, which has sent nothing."""
        return replace(self, underway=Underway.NOTHING, created=None)

    def announced(self, started_at: datetime) -> "Creation":
        """The intent is with the API server, and its request can be sent."""
        return replace(
            self,
            underway=Underway.NOTHING,
            sent_at=None,
            told=None,
            intent=started_at,
            looks=NOT_LOOKED,
            created=None,
        )

    def sent(self, fields: Fields, now: datetime) -> "Creation":
        """From here on the outcome may be unknown."""
        return replace(self, underway=Underway.MAYBE, intent=None, fields=fields, sent_at=now, told=None)

    def is_to_send(self, pending: Pending) -> bool:
        """Whether that is the intent of a request to come, and no word about one that was sent."""
        return pending.announces and pending.started_at != self.sent_at

    def told_of(self, started_at: datetime) -> "Creation":
        """The status tells of a create that is under way, or may be."""
        return replace(self, told=started_at)

    def not_sent(self, before: "Creation") -> "Creation":
        """The request was given up before it left; `before` is what was known until then."""
        return before if self.told is None else before.announced(self.told)

    def ended(self) -> "Creation":
        """It has made nothing: refused, or proven absent."""
        return replace(
            self, underway=Underway.NOTHING, sent_at=None, told=None, intent=None, created=None, fields=None
        )

    def answered(self, remote: Remote, now: datetime) -> "Creation":
        return replace(self, created=remote, created_at=now, made=remote.id)

    def searched(self, now: datetime, deadline: datetime | None, *, is_found: bool) -> "Creation":
        """A complete LIST was looked through for what a lost create may have made."""
        if is_found:
            return replace(self, looks=self.looks.seen(now))
        is_over = deadline is not None and now > deadline
        return replace(self, looks=self.looks.missed(now, is_proof=True)) if is_over else self

    def rebound(self) -> "Creation":
        """What LISTs under other credentials did not show is not gone."""
        return replace(self, looks=NOT_LOOKED)

    def recorded(self, now: datetime, *, was_announced: bool) -> "Creation":
        """The id is in the status; without an answer or an intent of our own, somebody else had made it."""
        is_adopted = self.created is None and not was_announced
        return replace(
            Creation(),
            created_at=self.created_at,
            made=self.made,
            adopted_at=now if is_adopted else self.adopted_at,
        )


@dataclass(frozen=True, slots=True)
class SentUpdate:
    fields: Fields
    at: datetime
    is_verified: bool = False
    """A full GET that began after the update has been seen."""
    removed: Fields = field(default_factory=dict)
    """What was cleared, with the value that it had."""

    def shows_in(self, full: Remote) -> bool:
        """Whether a full GET shows all of it; what the GET leaves out is not held against it."""
        is_set = all(full.holds(name, value, unknown=True) for name, value in self.fields.items())
        return is_set and not any(
            full.holds(name, value, unknown=False) for name, value in self.removed.items()
        )


@dataclass(frozen=True, slots=True)
class Correction:
    """Of one field that somebody had changed at the provider."""

    times: int
    """In a row; one that comes two truces after the last begins anew."""
    at: datetime

    def again(self, now: datetime) -> "Correction":
        return Correction(self.times + 1 if now - self.at < 2 * _TRUCE else 1, now)


@dataclass(frozen=True, slots=True)
class ProbeResult:
    passed: bool
    message: str
    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was sent to the deployment that the status names, until the provider shows it."""

    update: SentUpdate | None = None
    corrections: Mapping[str, Correction] = field(default_factory=dict)
    """By field, since the spec last changed it."""
    recheck_at: datetime | None = None
    """When to read once more after an update of ours has taken."""
    power: LastPowerAction | None = None
    """Our last pause or resume, should it not have reached the status."""
    delete_at: datetime | None = None
    delete_under: str | None = None
    """The account that accepted the DELETE: what another one does not know proves nothing."""
    is_delete_unanswered: bool = False
    """A DELETE was sent and its answer was lost: it may have been carried out."""
    probe: ProbeResult | None = None
    has_tagged: bool = False
    """Our tag was sent, and no GET has shown it yet."""
    endpoint_intent: datetime | None = None
    """`pendingEndpoint.startedAt` of the intent that this process wrote and whose request it has not sent."""

    def compared(self, full: Remote, uid: str, now: datetime, recheck: timedelta, grace: timedelta) -> "Sent":
        """A GET was answered. Once it shows our last update, later differences are somebody else's.

        One more look follows `recheck` later: an earlier update whose answer was lost may still land, and in a
        version that has whole seconds no list would show it.
        """
        was_due = self.recheck_at is not None and now >= self.recheck_at
        after = replace(
            self,
            has_tagged=self.has_tagged and full.owner_uid != uid,
            recheck_at=None if was_due else self.recheck_at,
        )
        update = self.update
        if update is None or now <= update.at:
            return after
        if update.shows_in(full):
            return replace(after, update=None, recheck_at=now + recheck)
        if now - update.at >= grace:  # until then a reply may be an old one
            return replace(after, update=replace(update, is_verified=True))
        return after

    def changed(self, fields: Collection[str], corrected: Collection[str], now: datetime) -> "Sent":
        """These fields were sent, some of them as corrections of what somebody did at the provider."""
        others = {name: last for name, last in self.corrections.items() if name not in fields}
        again = {name: self.corrections.get(name, Correction(0, now)).again(now) for name in corrected}
        return replace(self, corrections={**others, **again})

    def truce_left(self, name: str, now: datetime) -> timedelta:
        """Until that field may be corrected again. Not zero: somebody sets it back each time."""
        last = self.corrections.get(name)
        if last is None or last.times < _FIGHT:
            return timedelta()
        return max(last.at + _TRUCE - now, timedelta())

    def went_down(self) -> "Sent":
        """It does not serve: what a probe has said is over."""
        return self if self.probe is None else replace(self, probe=None)

    def kept(self) -> "Sent":
        """It is wanted again: that it was deleted by us makes its absence no less in need of proof."""
        return replace(self, delete_at=None, delete_under=None, is_delete_unanswered=False)

    def vanished(self) -> "Sent":
        """The deployment is gone, and with it all that was sent to it."""
        return Sent(endpoint_intent=self.endpoint_intent)

    def may_send_endpoint(self, started_at: datetime) -> bool:
        """Whether the announced create of an endpoint is this process's own, and was not sent."""
        return self.endpoint_intent == started_at


@dataclass(frozen=True, slots=True)
class Failure:
    """The last remote change that did not work; no new try before `until` unless the spec changed."""

    error: ProviderError
    until: datetime
    generation: int
