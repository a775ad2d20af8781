"""What budgets leave for one ModelDeployment: whether something that would cost more may be sent. Pure.

A start is let through if the next hour of it fits beside the next hour of all that runs, and of what was let through and does
not show yet. So two decisions in one second cannot both take what is left.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from model_operator.billing.budgets import HORIZON, Figures
from model_operator.billing.money import ZERO, Price, Rate
from model_operator.billing.periods import Bounds
from model_operator.models.budget import ModelBudget

_MESSAGE: Final = (
    'ModelBudget "{name}" does not leave enough of its limit of {limit} {currency} for this {period}, so {what} is held.'
    " Raise spec.limit of the ModelBudget, or wait for its next period, which begins at {end}."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one budget leaves."""

    budget: ModelBudget
    left: Decimal
    """Of the limit, beside the next hour of everything else. It may be less than nothing."""
    is_spent: bool
    """All of the limit: whatever costs more is held, also where nobody knows how much it costs."""
    span: timedelta
    """An hour, or what is left of the period."""
    ends_at: datetime

    def refuses(self, per_hour: Decimal | None) -> bool:
        if self.is_spent:
            return True
        return per_hour is not None and Rate(per_hour).for_(self.span).accrued > self.left

    def message(self, what: str, end: str) -> str:
        """The same as long as the limit is; `what` begins in lower case."""
        spec = self.budget.spec
        return _MESSAGE.format(
            name=self.budget.metadata.name,
            limit=f"{spec.limit:f}",
            currency=spec.currency,
            period=spec.period.lower(),
            what=what,
            end=end,
        )


@dataclass(frozen=True, slots=True)
class Purse:
    """All budgets that count one object and hold what is new."""

    allowances: tuple[Allowance, ...] = ()
    price: Price | None = None
    dearer: Decimal = ZERO
    """By so much a replica on the machine that the spec names costs more, as far as both prices are known."""

    def cost(self, replicas: int, moved: int = 0) -> Decimal | None:
        """Of an hour: so many replicas more, and so many on the dearer machine."""
        return None if self.price is None else self.price.per_replica_hour * replicas + self.dearer * moved

    def refuses(self, replicas: int, moved: int = 0) -> Allowance | None:
        """The strictest that does not allow so many more; none in which there is nothing to be counted."""
        cost = self.cost(replicas, moved)
        refusing = [
            one for one in self.allowances if one.refuses(cost if self._is_in_money_of(one) else None)
        ]
        return min(refusing, key=lambda one: one.left, default=None)

    def _is_in_money_of(self, allowance: Allowance) -> bool:
        """Else the budget cannot tell how much of it that is, as where there is no price."""
        return self.price is not None and self.price.currency == allowance.budget.spec.currency


def allowance(
    budget: ModelBudget, bounds: Bounds, figures: Figures, reserved: Decimal, now: datetime
) -> Allowance:
    """`reserved`: of an hour, of what was let through and is in no figure yet."""
    spent, span = figures.spent.accrued, max(min(HORIZON, bounds.end - now), timedelta())
    soon = Rate(figures.per_hour + reserved).for_(span).accrued
    return Allowance(
        budget=budget,
        left=budget.spec.limit - spent - soon,
        is_spent=spent >= budget.spec.limit,
        span=span,
        ends_at=bounds.end,
    )


@dataclass(frozen=True, slots=True)
class Reserved:
    """Let through, and not in the figures yet."""

    currency: str
    more: Decimal
    """Of an hour."""
    before: Decimal
    """What the object cost then."""

    def beyond(self, per_hour: Decimal) -> Decimal:
        """What of it does not show in that cost of an hour."""
        return max(self.before + self.more - per_hour, ZERO)


@dataclass(slots=True)
class Reservations:
    """Of one process, by UID."""

    _by_uid: dict[str, Reserved] = field(default_factory=dict)

    def take(self, uid: str, currency: str, more: Decimal, before: Decimal) -> None:
        """A step that costs so much more an hour is about to be sent. What is under way for it already counts once."""
        known = self._by_uid.get(uid)
        if known is not None and (known.currency, known.before) == (currency, before):
            more = max(more, known.more)
        self._by_uid[uid] = Reserved(currency, more, before)

    def knows(self, uid: str) -> bool:
        return uid in self._by_uid

    def give_back(self, uid: str) -> None:
        """Nothing is under way for it any more."""
        self._by_uid.pop(uid, None)

    def beside(self, uid: str, currency: str, costs: Iterable[tuple[str, Decimal]]) -> Decimal:
        """Of an hour, for others than `uid`: `costs` are the UIDs that count, with what shows of each in that currency."""
        if not self._by_uid.keys() - {uid}:
            return ZERO
        found = ((self._by_uid.get(other), per_hour) for other, per_hour in costs if other != uid)
        return sum(
            (one.beyond(per_hour) for one, per_hour in found if one is not None and one.currency == currency),
            ZERO,
        )
