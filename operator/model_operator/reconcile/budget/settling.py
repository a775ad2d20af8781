"""The final cost of a ModelDeployment, right before it is let go: once into each ModelBudget in which it counted."""

from dataclasses import dataclass
from datetime import datetime

from model_operator.billing.budgets import in_period, period_at
from model_operator.billing.money import Sum
from model_operator.domain import BUDGET, Key
from model_operator.models.cost import Cost, Share
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.book import Book


@dataclass(frozen=True, slots=True)
class Settling:
    around: Surroundings
    book: Book

    def settle(self, key: Key, uid: str, cost: Cost) -> bool:
        """Whether the object may be let go: its cost is in all budgets in which it belongs, or cannot be put there."""
        now, waits = self.around.clock(), False
        for share in cost.parts:
            waits = self._note(key, uid, cost, share, now) or waits
        if not waits:
            self.book.forget(uid)
        return not waits

    def _note(self, key: Key, uid: str, cost: Cost, share: Share, now: datetime) -> bool:
        """True: this share is to be waited for."""
        name = Key(BUDGET, key.namespace, share.budget)
        budget = self.around.cache.budget(name)
        if budget is None or budget.spec.currency != cost.currency or budget.metadata.is_terminating:
            return False
        bounds, amount = period_at(budget, now), Sum(share.accrued, share.uncertain)
        status = in_period(budget.status, bounds)
        is_written = any(one.uid == uid for one in status.settled)
        if is_written or share.since < bounds.start or amount == Sum():
            return False
        self.around.signals.changed((name,))
        return self.book.note(name, uid, key, bounds.start, amount)
