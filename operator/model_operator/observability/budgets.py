"""What ModelBudgets show to Prometheus by their names: what has been spent, and the limit."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

MOST_BUDGETS: Final = 200
"""Of one namespace; its authors could otherwise fill Prometheus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetView:
    namespace: str
    name: str
    currency: str
    spent: float
    limit: float
    forecast: float


class Budgets(Collector):
    """Each scrape asks again."""

    def __init__(self, look: Callable[[], Iterable[BudgetView]]) -> None:
        self._look = look

    @override
    def collect(self) -> Iterable[Metric]:
        labels = ["namespace", "name", "currency"]
        spent = GaugeMetricFamily(
            "model_operator_budget_spent",
            "What has been spent of a ModelBudget in its present period.",
            labels=labels,
        )
        limit = GaugeMetricFamily("model_operator_budget_limit", "The limit of a ModelBudget.", labels=labels)
        forecast = GaugeMetricFamily(
            "model_operator_budget_forecast",
            "What will have been spent of a ModelBudget at the end of its period, if nothing changes.",
            labels=labels,
        )
        shown: Counter[str] = Counter()
        for view in self._look():
            shown[view.namespace] += 1
            if shown[view.namespace] <= MOST_BUDGETS:
                here = [view.namespace, view.name, view.currency]
                spent.add_metric(here, view.spent)
                limit.add_metric(here, view.limit)
                forecast.add_metric(here, view.forecast)
        yield from (spent, limit, forecast)

    def describe(self) -> Iterable[Metric]:
        return []
