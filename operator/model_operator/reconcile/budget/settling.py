"""The final cost of a ModelDeployment, right before it is let go: once into each ModelBudget in which it counted."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from model_operator.billing.budgets import in_period, period_at
from model_operator.billing.money import Sum
from model_operator.conditions import Reason
from model_operator.domain import BUDGET, Key
from model_operator.models.cost import Cost, Share
from model_operator.models.metadata import Metadata
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.book import PATIENCE, Book, Waiting

_NOTICE: Final = 60.0
"""Seconds after which it is said that a final cost waits."""
_SOONEST: Final = 1.0
"""As a rule its end is told."""
_LATEST: Final = 60.0

_WAITS: Final = (
    'The final cost of {amount} has not been written into ModelBudget "{budget}" for a minute. The object goes once it is,'
    " or in an hour."
)
_GOES: Final = (
    'The final cost of {amount} could not be written into ModelBudget "{budget}" for an hour, so the object goes. This'
    " process keeps trying; if it ends before, the budget lacks that amount."
)


@dataclass(frozen=True, slots=True)
class Settling:
    around: Surroundings
    book: Book

    def settle(self, key: Key, metadata: Metadata, cost: Cost) -> timedelta | None:
        """None: the object may be let go, since its cost is in all budgets in which it belongs, or cannot be put there.
        Else when to ask again.
        """
        found = [self._note(key, metadata, cost, share) for share in cost.parts]
        noted = [one for one in found if one is not None]
        if not noted:
            self.book.forget(metadata.uid)
        waits = [min(max(one.now / 2, _SOONEST), _LATEST) for one in noted if not one.is_over]
        return timedelta(seconds=min(waits)) if waits else None

    def _note(self, key: Key, metadata: Metadata, cost: Cost, share: Share) -> Waiting | None:
        """None: this share is not to be waited for."""
        name, now = Key(BUDGET, key.namespace, share.budget), self.around.clock()
        budget = self.around.cache.budget(name)
        if budget is None or budget.spec.currency != cost.currency or budget.metadata.is_terminating:
            return None
        bounds, amount = period_at(budget, now), Sum(share.accrued, share.uncertain)
        status = in_period(budget.status, bounds)
        is_written = any(one.uid == metadata.uid for one in status.settled)
        if is_written or share.since < bounds.start or amount == Sum():
            return None
        self.around.signals.changed((name,))
        waiting = self.book.note(name, metadata.uid, key, bounds.start, amount)
        self._tell(key, metadata, waiting, budget=share.budget, amount=f"{share.accrued:f} {cost.currency}")
        return waiting

    def _tell(self, key: Key, metadata: Metadata, waiting: Waiting, **about: str) -> None:
        """Once that it waits, and once that it does no more."""
        for seconds, text in ((_NOTICE, _WAITS), (PATIENCE, _GOES)):
            if waiting.passes(seconds):
                self.around.record.warn(key, metadata, Reason.COST_NOT_WRITTEN, text.format(**about))
