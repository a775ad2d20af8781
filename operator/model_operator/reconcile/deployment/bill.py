"""What a pass adds to the cost of a ModelDeployment, and when the status has to say it. Pure.

A pass looks anyway: nothing is asked, and no pass is made, for the bill alone.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from model_operator.billing import shares
from model_operator.billing.accrual import (
    NO_USAGE,
    Birth,
    Look,
    Tally,
    advance,
    begin,
    closed,
    period_of,
    rolled,
    start_of,
)
from model_operator.billing.prices import price_of
from model_operator.billing.usage import SERVED, usage_of
from model_operator.domain import Remote
from model_operator.models.cost import Cost
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.metadata import Metadata
from model_operator.models.provider import ModelProvider
from model_operator.plan.deployment.situation import Presence, Situation
from model_operator.reconcile.budget.counting import NOWHERE, Counting
from model_operator.reconcile.deployment.view import View


@dataclass(frozen=True, slots=True)
class Times:
    """Begins of an account's LISTs, as a pass finds them."""

    listed_at: datetime | None = None
    """Of the last one, if that shows the deployment."""
    unchanged: datetime | None = None
    """Of the last one that showed it as the last pass saw it."""
    has_changed: bool = False
    """A later one has shown it otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the process remembers of one object's cost. Without it, the status's checkpoint is gone on from."""

    tally: Tally | None = None
    sent_at: datetime | None = None
    """When the create was sent of which nothing has been billed yet."""
    times: Times = Times()
    """Of the pass under way."""
    is_counted: bool = False
    """What the last pass saw is in the tally, so that LISTs which show the same say something about it."""
    had_change: bool = False
    """Something has changed that is not in the tally yet."""

    def creating(self, now: datetime) -> "Bill":
        """A POST is about to be sent; one before it may have made something already."""
        return self if self.sent_at is not None else replace(self, sent_at=now)

    def looks(self, times: Times) -> "Bill":
        """A pass begins to look."""
        return replace(self, times=times)

    def rebound(self) -> "Bill":
        """Under other credentials, what versions showed before is no comparison."""
        return replace(
            self, tally=None if self.tally is None else replace(self.tally, usage=None), is_counted=False
        )

    def given(self, cost: Cost | None, now: datetime) -> Tally | None:
        """By the process's own word, or by a checkpoint that another process has written since."""
        tally = self.tally
        if cost is not None and (tally is None or cost.at > tally.cost.at):
            tally = Tally.of(cost)
        return None if tally is None else tally.by(now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a pass has to go by."""

    s: Situation
    metadata: Metadata
    provider: ModelProvider | None
    view: View
    now: datetime
    counting: Counting = NOWHERE
    awaited: datetime | None = None
    """When an update was sent that no reply has shown yet."""

    def may_be_outdated(self, look: Look) -> bool:
        """It does not show what was sent before it: the update has not taken yet, or the reply is an old one."""
        return self.awaited is not None and look.begun > self.awaited


def billed(bill: Bill, before: ModelDeploymentStatus, after: ModelDeploymentStatus, shown: Shown) -> Bill:
    """The bill after the pass whose report is `after`."""
    tally = bill.given(before.cost, shown.now)
    if tally is not None and bill.is_counted:
        tally = tally.known_until(bill.times.unchanged)
    look = _look(bill, tally, after, shown)
    was_seen = look is not None and after.external_id is not None and after.pending is None
    sent_at = None if was_seen else _sent_at(bill, before)
    if look is None or shown.may_be_outdated(look):
        had_change = bill.had_change or bill.times.has_changed or look is not None
        return Bill(tally=tally, sent_at=sent_at, had_change=had_change)
    if tally is not None:
        is_doubtful = _is_doubtful(bill, tally, look, shown)
        tally = _advanced(tally, look, shown.counting, is_doubtful=is_doubtful)
    elif look.price is not None:
        tally = _begun(look, _birth(bill, before, shown), shown.counting)
    is_awaited = shown.awaited is not None
    return Bill(
        tally=tally,
        sent_at=sent_at,
        is_counted=tally is not None and not is_awaited,
        had_change=is_awaited,
    )


def with_cost(
    bill: Bill, before: ModelDeploymentStatus, after: ModelDeploymentStatus, counting: Counting = NOWHERE
) -> tuple[Bill, ModelDeploymentStatus]:
    """The status with its checkpoint: a new one if that is news, in a new period, or if the status is written anyway."""
    tally = bill.tally
    if tally is None:
        return bill, after
    is_news = tally.cost != before.cost or period_of(tally.sure_at) != tally.cost.period
    is_recounted = shares.is_recounted(tally.cost.parts, counting.counted)
    if after == before and not is_news and not is_recounted:
        return bill, after
    tally = _recounted(rolled(tally.renewed(counting.counted))[0], counting)
    return replace(bill, tally=tally), after.with_(cost=tally.cost)


def _recounted(tally: Tally, counting: Counting) -> Tally:
    cost = tally.cost
    found = shares.recounted(cost.parts, counting.counted, counting.known, cost.at)
    return replace(tally, cost=cost.with_(shares=found or None))


def final_cost(
    bill: Bill, before: Cost | None, now: datetime, *, is_left: bool, counted: shares.Counted | None = None
) -> Cost | None:
    """The final cost of an object that is let go: nothing comes after it. None where nothing was ever billed."""
    tally = bill.given(before, now)
    if tally is None:
        return None
    ended, _ = closed(tally.renewed(counted or {}), now, is_left=is_left)
    return ended.cost


def _sent_at(bill: Bill, before: ModelDeploymentStatus) -> datetime | None:
    pending = before.pending
    told = pending.started_at if pending is not None and pending.announces else None
    known = [at for at in (bill.sent_at, told) if at is not None]
    return min(known, default=None)


def _advanced(tally: Tally, look: Look, counting: Counting, *, is_doubtful: bool) -> Tally:
    fresh = tally.renewed(counting.counted)
    after_it, _ = advance(fresh, look, is_doubtful=is_doubtful)
    # That a budget's period is over is no news by itself.
    return after_it if after_it.cost != fresh.cost else replace(after_it, cost=tally.cost)


def _begun(look: Look, birth: Birth, counting: Counting) -> Tally:
    """Budgets count it from its beginning."""
    tally, spans = begin(look, birth)
    since = min((span.begin for span in spans), default=tally.cost.at)
    opened = shares.recounted((), counting.counted, counting.known, since)
    return replace(tally, cost=tally.cost.with_(shares=shares.with_spans(opened, spans) or None))


def _look(bill: Bill, tally: Tally | None, after: ModelDeploymentStatus, shown: Shown) -> Look | None:
    """None: the pass has seen nothing of what is billed."""
    s = shown.s
    made = s.creation.created
    if made is not None and made.id == after.external_id and (s.remote is None or s.remote is made):
        return _look_at(made, bill.sent_at or s.now, tally, after, shown)
    if s.status.external_id is not None and s.observed.presence is Presence.ABSENT:
        first = shown.view.looks.proofs.first
        return Look(begun=shown.now, ended=shown.now, usage=NO_USAGE, price=None, changed_at=first)
    remote = s.remote
    if remote is None or remote.id != after.external_id or s.rival is not None:
        return None
    times = [at for at in (bill.times.listed_at, shown.view.read_at) if at is not None]
    return _look_at(remote, max(times, default=s.now), tally, after, shown)


def _look_at(
    remote: Remote, begun: datetime, tally: Tally | None, after: ModelDeploymentStatus, shown: Shown
) -> Look | None:
    applied = after.last_applied if _is_as_sent(remote, tally, shown) else None
    usage = usage_of(remote, shown.s.capabilities.bills, applied)
    if usage is None:
        return None
    known = tally.usage.machine if tally is not None and tally.usage is not None else None
    usage = replace(usage, machine=usage.machine or known)
    rows = shown.provider.spec.prices or () if shown.provider is not None else ()
    price = price_of(usage.machine, remote.price, rows)
    if price is None and usage.machine is None and not remote.is_full:
        return None  # of which machine it is, this reply does not say
    return Look(begun=begun, ended=shown.now, usage=usage, price=price, changed_at=remote.changed_at)


def _is_as_sent(remote: Remote, tally: Tally | None, shown: Shown) -> bool:
    """Whether what was last sent stands where a reply does not show it: nothing has changed since it was known.

    Of what does not serve all is in doubt anyway, and without any number the rate before would run on.
    """
    if remote is shown.s.creation.created or remote.state not in SERVED:
        return True
    return tally is not None and remote.changed_at is not None and not tally.is_changed_by(remote.changed_at)


def _birth(bill: Bill, before: ModelDeploymentStatus, shown: Shown) -> Birth:
    """Of what no checkpoint tells of: since our create, or since nobody knows when."""
    sent_at = _sent_at(bill, before)
    if sent_at is not None:
        return Birth(sent_at)
    since = max(shown.metadata.creation_timestamp or shown.now, start_of(period_of(shown.now)))
    return Birth(since, is_ours=False)


def _is_doubtful(bill: Bill, tally: Tally, look: Look, shown: Shown) -> bool:
    """Its version has changed, so that it may have been otherwise for a while. A heartbeat is no such sign."""
    if shown.view.is_beating or tally.usage is None:
        return False
    if bill.had_change or bill.times.has_changed:
        return True
    return bill.times.listed_at is None and look.changed_at is not None and look.changed_at > tally.sure_at
