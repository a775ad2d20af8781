"""What a ModelBudget has spent, what it will have, and what that means. Pure; time is a parameter.

Spent is what its objects cost while they counted in it in the present period: the shares of those that are there, gone on
from by their rates, and the final costs of those that are not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from model_operator.billing.money import ZERO, Sum
from model_operator.billing.periods import SLIP, Bounds, bounds_at
from model_operator.billing.shares import share_at
from model_operator.models.budget import ModelBudget, ModelBudgetStatus, Settled, Total
from model_operator.models.cost import Cost, amount

THRESHOLDS: Final = (50, 80, 100)
"""Percent of the limit that are told of."""
HORIZON: Final = timedelta(hours=1)
_AN_HOUR: Final = Decimal(3600)
_A_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A ModelDeployment of the namespace, as far as a budget looks at it."""

    name: str
    uid: str
    cost: Cost | None
    is_counted: bool
    """By the selector, now."""
    is_unpriced: bool
    """It has a deployment at a provider, or may have, of which no price is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A budget's money at a moment."""

    spent: Sum
    per_hour: Decimal
    deployments: int = 0
    unpriced: int = 0
    others: tuple[str, ...] = ()
    """Names of those whose costs are in another currency."""


def period_at(budget: ModelBudget, now: datetime) -> Bounds:
    """The present period. A clock that goes back over its beginning does not bring the former one back: what was settled
    since then would be lost. Only where that is still to come for long, the clock was wrong before: until then nothing
    would be counted, and nothing held.
    """
    spec, told = budget.spec, budget.status.period_start
    bounds = bounds_at(spec.period, spec.zone, now)
    if told is not None and bounds.start < told <= min(bounds.end, now + SLIP):
        return bounds_at(spec.period, spec.zone, told)
    return bounds


def counts(budget: ModelBudget, labels: Mapping[str, str]) -> bool:
    """Whether an object with these labels, of the same namespace, counts in it."""
    selector = budget.spec.selector
    return selector is None or selector.match_labels.items() <= labels.items()


def figures_of(budget: ModelBudget, bounds: Bounds, members: Iterable[Member], now: datetime) -> Figures:
    status, name = in_period(budget.status, bounds), budget.metadata.name
    settled = {one.uid for one in status.settled}
    spent, per_hour, counted, unpriced = _settled(status), ZERO, 0, 0
    others: list[str] = []
    for member in members:
        counted += member.is_counted
        unpriced += member.is_counted and member.is_unpriced
        if member.cost is None or member.uid in settled:
            continue
        if member.cost.currency != budget.spec.currency:
            if member.is_counted:
                others.append(member.name)
            continue
        spent += share_at(member.cost, name, bounds.start, now)
        per_hour += member.cost.per_hour if member.is_counted else ZERO
    return Figures(
        spent=spent, per_hour=per_hour, deployments=counted, unpriced=unpriced, others=tuple(sorted(others))
    )


def _settled(status: ModelBudgetStatus) -> Sum:
    known = (status.removed,) if status.removed is not None else ()
    return sum((Sum(one.accrued, one.uncertain) for one in (*known, *status.settled)), Sum())


def in_period(status: ModelBudgetStatus, bounds: Bounds) -> ModelBudgetStatus:
    """The status without what was of a former period."""
    if status.period_start == bounds.start:
        return status
    return status.with_(
        period_start=bounds.start, period_end=bounds.end, thresholds=(), settled=(), removed=None
    )


def settled_with(
    status: ModelBudgetStatus, finals: Mapping[str, Sum], gone: frozenset[str]
) -> ModelBudgetStatus:
    """With these final costs by UID, each once; those of objects that nobody can tell of again are added up."""
    known = {one.uid: one for one in status.settled}
    for uid, final in finals.items():
        known.setdefault(
            uid, Settled(uid=uid, accrued=amount(final.accrued), uncertain=amount(final.uncertain))
        )
    over = [one for uid, one in known.items() if uid in gone]
    if not finals and not over:
        return status
    removed = status.removed or Total(accrued=ZERO, uncertain=ZERO)
    removed = Total(
        accrued=amount(removed.accrued + sum((one.accrued for one in over), ZERO)),
        uncertain=amount(removed.uncertain + sum((one.uncertain for one in over), ZERO)),
    )
    kept = tuple(one for uid, one in sorted(known.items()) if uid not in gone)
    return status.with_(settled=kept, removed=removed if over else status.removed)


def reached(limit: Decimal, spent: Decimal) -> tuple[int, ...]:
    """The thresholds that so much reaches."""
    return tuple(percent for percent in THRESHOLDS if spent * 100 >= limit * percent)


def forecast(figures: Figures, bounds: Bounds, now: datetime) -> Decimal:
    """At the end of the period, if everything goes on as it is."""
    return figures.spent.accrued + _for(figures.per_hour, bounds.end - now)


def exhausts_at(limit: Decimal, figures: Figures, bounds: Bounds, now: datetime) -> datetime | None:
    """When the limit will be spent; None where that is over, or not in this period."""
    wait = _until(limit, figures)
    if wait is None or wait <= timedelta():
        return None
    at = (now + wait).replace(microsecond=0)
    return at if at < bounds.end else None


def next_news(limit: Decimal, figures: Figures, bounds: Bounds, now: datetime) -> timedelta:
    """Until the next threshold is reached or the next period begins, if everything goes on as it is."""
    amounts = (limit * percent / 100 for percent in THRESHOLDS)
    waits = [_until(one, figures) for one in amounts]
    ahead = [wait for wait in waits if wait is not None and wait > timedelta()]
    return max(min([*ahead, bounds.end - now]) + _A_SECOND, _A_SECOND)


def _until(amount_: Decimal, figures: Figures) -> timedelta | None:
    """Until so much is spent; None: never."""
    left = amount_ - figures.spent.accrued
    if left <= 0:
        return timedelta()
    if figures.per_hour <= 0:
        return None
    hours = min(left / figures.per_hour, Decimal(100 * 366 * 24))
    return timedelta(seconds=float(hours * _AN_HOUR))


def _for(per_hour: Decimal, span: timedelta) -> Decimal:
    return per_hour * Decimal(max(int(span.total_seconds()), 0)) / _AN_HOUR
