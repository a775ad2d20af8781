"""What adds up between looks at a deployment, and how far nobody can know.

Looks that show the same, with nothing that has changed between, are one span at one rate. Between two that differ lies
a gap: what it cost is taken for the old rate until the change and the new one after it, where the provider says when that
was, else for the mean of both; and it may have been anything from nothing to the higher one. Assumed is that nothing which
is dearer than both came and went unseen.

A `Tally` is what one process knows, its checkpoint the part that the status keeps. Another process goes on from the
checkpoint: whatever has changed since then is a gap to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from model_operator.billing.money import ZERO, Price, Rate, Span, Sum, rounded, total
from model_operator.billing.shares import Counted, dated, emptied, renewed, with_spans
from model_operator.models.cost import Cost, amount

CLOCKS_SECOND: Final = timedelta(seconds=1)
"""Providers may say whole seconds."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What is billed, in replicas: what it is taken for, and by how much that may be off either way."""

    machine: str | None = None
    """What a price is for; None where no reply has shown it."""
    replicas: Decimal = ZERO
    doubt: Decimal = ZERO

    def at(self, price: Price | None) -> Rate:
        """Without a price nothing is added."""
        one = price.per_replica_hour if price is not None else ZERO
        return Rate(amount(self.replicas * one), amount(self.doubt * one))


NO_USAGE: Final = Usage()
"""Of what does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A deployment as a provider showed it, at some time between `begun` and `ended`."""

    begun: datetime
    ended: datetime
    usage: Usage
    price: Price | None
    changed_at: datetime | None = None
    """When it last changed, by the provider's clock; None where it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One object's cost as this process knows it."""

    cost: Cost
    """The checkpoint, with what the status need not say yet."""
    sure_at: datetime
    """Until then it is known to have cost what the checkpoint says; never before the checkpoint."""
    usage: Usage | None = None
    """What was last billed; None: another process has seen that."""

    @property
    def rate(self) -> Rate:
        return rate_of(self.cost)

    @classmethod
    def of(cls, cost: Cost) -> "Tally":
        """By another process's checkpoint alone."""
        return cls(cost=cost, sure_at=cost.at)

    def by(self, now: datetime) -> "Tally":
        """Not from the future: a clock that was ahead has written it, and what it has counted until then stays."""
        shares = dated(self.cost.parts, now)
        cost = self.cost if shares == self.cost.parts else self.cost.with_(shares=shares)
        if cost.at <= now:
            return self if cost is self.cost else replace(self, cost=cost)
        return replace(self, cost=cost.with_(at=now, period=period_of(now)), sure_at=now)

    def is_changed_by(self, changed_at: datetime) -> bool:
        """Whether that was after the last sure moment."""
        return changed_at > self.sure_at + CLOCKS_SECOND

    def renewed(self, counted: Counted) -> "Tally":
        """With the shares of what budgets count now; what was of a former period of theirs is left out."""
        return replace(self, cost=self.cost.with_(shares=renewed(self.cost.parts, counted) or None))

    def known_until(self, at: datetime | None) -> "Tally":
        """Nothing had changed until then."""
        return self if at is None or at <= self.sure_at else replace(self, sure_at=at)


@dataclass(frozen=True, slots=True)
class Birth:
    """Since when something may have been there that no checkpoint tells of."""

    since: datetime
    is_ours: bool = True
    """Made by a create of ours that was sent then. Else nobody knows, and nothing before the first look is counted."""


def rate_of(cost: Cost) -> Rate:
    return Rate(cost.per_hour, cost.uncertain_per_hour or ZERO)


def begin(look: Look, birth: Birth) -> tuple[Tally, tuple[Span, ...]]:
    """The first look at what no checkpoint tells of; and the spans before it."""
    currency = look.price.currency if look.price is not None else ""
    since = min(birth.since, look.begun)
    zero = Cost(
        currency=currency, per_hour=ZERO, accrued=ZERO, uncertain=ZERO, at=since, period=period_of(since)
    )
    changed_at = look.changed_at if birth.is_ours else look.begun
    return advance(Tally(cost=zero, sure_at=since), replace(look, changed_at=changed_at), is_doubtful=True)


def advance(tally: Tally, look: Look, *, is_doubtful: bool = False) -> tuple[Tally, tuple[Span, ...]]:
    """One more look, and the spans that it adds to the checkpoint; none where it shows what was known.

    `is_doubtful`: something has changed since the tally's last sure moment, if only for a while.
    """
    rate = look.usage.at(look.price)
    is_same = rate == tally.rate and not is_doubtful and not _has_changed(tally, look)
    if is_same and not _is_other_money(tally, look):
        return replace(tally, sure_at=max(tally.sure_at, look.begun), usage=look.usage), ()
    if _only_the_price_changed(tally, look) and not is_doubtful:
        tally = tally.known_until(look.ended)
    spans = (*_sure(tally), *_gap(tally, look, rate))
    at = max(look.begun, tally.sure_at)
    cost = added(tally.cost, spans, at, rate, look.price.currency if look.price is not None else None)
    return Tally(cost=cost, sure_at=at, usage=look.usage), spans


def _has_changed(tally: Tally, look: Look) -> bool:
    """Whether another process's checkpoint may have been left and come back to."""
    if tally.usage is not None:
        return False
    return look.changed_at is None or tally.is_changed_by(look.changed_at)


def _is_other_money(tally: Tally, look: Look) -> bool:
    return look.price is not None and look.price.currency != tally.cost.currency


def _only_the_price_changed(tally: Tally, look: Look) -> bool:
    return tally.usage is not None and tally.usage == look.usage


def _sure(tally: Tally) -> tuple[Span, ...]:
    return (Span(tally.cost.at, tally.sure_at, tally.rate),) if tally.sure_at > tally.cost.at else ()


def _gap(tally: Tally, look: Look, rate: Rate) -> tuple[Span, ...]:
    """From the last sure moment to the look, and the time that the look took: it showed some moment of that."""
    before, most = tally.rate, max(tally.rate.most, rate.most)
    begin, end = tally.sure_at, max(look.begun, tally.sure_at)
    if look.changed_at is None:
        parts = [(begin, end, (before.likely + rate.likely) / 2)]
    else:
        change = min(max(look.changed_at, begin), end)
        parts = [(begin, change, before.likely), (change, end, rate.likely)]
    spans = [Span(a, b, _anything_up_to(most, likely)) for a, b, likely in parts if b > a]
    if look.ended > end:
        spans.append(Span(end, look.ended, Rate(ZERO, max(most - rate.likely, rate.likely))))
    return tuple(spans)


def _anything_up_to(most: Decimal, likely: Decimal) -> Rate:
    return Rate(likely, max(most - likely, likely))


def added(cost: Cost, spans: Sequence[Span], at: datetime, rate: Rate, currency: str | None = None) -> Cost:
    """The checkpoint moved on to `at`. In a new period it counts from that one's start, in another currency from zero."""
    is_other = currency is not None and currency != cost.currency
    period = period_of(at)
    if is_other:
        known, spans, shares = Sum(), (), emptied(cost.parts)
    else:
        known = Sum(cost.accrued, cost.uncertain) if period == cost.period else Sum()
        shares = with_spans(cost.parts, spans)
    accrued, uncertain = rounded(known + total(spans, start_of(period)))
    return cost.with_(
        currency=currency or cost.currency,
        accrued=accrued,
        uncertain=uncertain,
        per_hour=rate.likely,
        uncertain_per_hour=rate.doubt or None,
        at=at,
        period=period,
        shares=shares or None,
    )


def rolled(tally: Tally) -> tuple[Tally, tuple[Span, ...]]:
    """With the checkpoint at the last sure moment: for a status that is written anyway."""
    spans = _sure(tally)
    return replace(tally, cost=added(tally.cost, spans, tally.sure_at, tally.rate)), spans


def closed(tally: Tally, now: datetime, *, is_left: bool) -> tuple[Tally, tuple[Span, ...]]:
    """The end: proven gone, or (`is_left`) let go as it is. What it costs from now on is not this object's."""
    if is_left:
        tally = tally.known_until(now)
    end = Look(begun=now, ended=now, usage=NO_USAGE, price=None)
    return advance(tally, end, is_doubtful=not is_left)


def extrapolated(cost: Cost, now: datetime) -> Sum:
    """Cost of the present period as a checkpoint tells it: that it goes on as it was."""
    period = period_of(now)
    known = Sum(cost.accrued, cost.uncertain) if period == cost.period else Sum()
    return known + Span(cost.at, now, rate_of(cost)).since(start_of(period))


def period_of(at: datetime) -> str:
    """The calendar month in UTC."""
    return f"{at.astimezone(UTC):%Y-%m}"


@lru_cache(maxsize=64)  # asked for at each look and scrape
def start_of(period: str) -> datetime:
    """Raises `ValueError` for what is no month."""
    return datetime.strptime(period, "%Y-%m").replace(tzinfo=UTC)


def end_of(period: str) -> datetime:
    """The last moment of the month."""
    start = start_of(period)
    following = (start + timedelta(days=32)).replace(day=1)
    return following - timedelta(microseconds=1)
