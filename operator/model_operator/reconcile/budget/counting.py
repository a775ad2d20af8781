"""In which ModelBudgets a ModelDeployment counts. Pure over the cache."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from model_operator.billing.budgets import counts, period_at
from model_operator.billing.shares import Counted
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache


@dataclass(frozen=True, slots=True)
class Counting:
    counted: Counted
    """The budgets in which it counts, with the start of the present period of each."""
    known: frozenset[str]
    """All budgets of its namespace."""


NOWHERE: Final = Counting({}, frozenset())


def counting(cache: Cache, deployment: ModelDeployment, now: datetime) -> Counting:
    metadata = deployment.metadata
    budgets = tuple(cache.budgets(metadata.namespace))
    if not budgets:
        return NOWHERE
    counted = {
        key.name: period_at(budget, now).start
        for key, budget in budgets
        if budget is not None and not budget.metadata.is_terminating and counts(budget, metadata.labels)
    }
    return Counting(counted, frozenset(key.name for key, _ in budgets))
