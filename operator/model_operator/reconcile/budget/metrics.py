"""All ModelBudgets as the metrics show them: gone on from the checkpoints, whatever their status says. Pure over the cache."""

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry

from model_operator.billing.budgets import figures_of, forecast, period_at
from model_operator.domain import BUDGET
from model_operator.observability.budgets import Budgets, BudgetView
from model_operator.reconcile.budget.members import members_of
from model_operator.reconcile.cache import Cache


def show_budgets(registry: CollectorRegistry, cache: Cache, clock: Callable[[], datetime]) -> None:
    """At every scrape."""
    registry.register(Budgets(lambda: budget_views(cache, clock())))


def budget_views(cache: Cache, now: datetime) -> Iterator[BudgetView]:
    for key in sorted(key for key in cache.own_keys() if key.kind == BUDGET):
        budget = cache.budget(key)
        if budget is None:
            continue
        bounds = period_at(budget, now)
        figures = figures_of(budget, bounds, members_of(cache, budget), now)
        yield BudgetView(
            namespace=key.namespace,
            name=key.name,
            currency=budget.spec.currency,
            spent=float(figures.spent.accrued),
            limit=float(budget.spec.limit),
            forecast=float(forecast(figures, bounds, now)),
        )
