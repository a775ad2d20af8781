"""What deployments cost, by namespace and by the labels that a setting names: bounded, whatever people write into labels."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

MOST_SERIES: Final = 200
"""Of one namespace."""
OTHER: Final = "(other)"
"""Value of each label beyond that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostView:
    """What the deployments of one namespace with the same values of the labels cost."""

    namespace: str
    currency: str
    labels: tuple[str, ...]
    """Values, in the order of the setting; empty where an object has none."""
    per_hour: float
    total: float
    """Since this process began, and what the month had cost before. It never falls."""


class Costs(Collector):
    """Each scrape asks again."""

    def __init__(self, look: Callable[[], Iterable[CostView]], labels: Sequence[str]) -> None:
        """`labels`: names of labels of objects."""
        self._look = look
        self._names = ["namespace", "currency", *map(metric_label, labels)]

    @override
    def collect(self) -> Iterable[Metric]:
        per_hour = GaugeMetricFamily(
            "model_operator_cost_per_hour",
            "What ModelDeployments cost an hour now, as far as prices are known.",
            labels=self._names,
        )
        total = CounterMetricFamily(
            "model_operator_cost",
            "What ModelDeployments have cost: this month's cost when the process started, and everything since.",
            labels=self._names,
        )
        for view in within_bounds(self._look()):
            values = [view.namespace, view.currency, *view.labels]
            per_hour.add_metric(values, view.per_hour)
            total.add_metric(values, view.total)
        yield from (per_hour, total)

    def describe(self) -> Iterable[Metric]:
        return []


def metric_label(name: str) -> str:
    """`example.com/team` → `label_example_com_team`, as kube-state-metrics has it."""
    return "label_" + "".join(char if char.isascii() and char.isalnum() else "_" for char in name)


def within_bounds(views: Iterable[CostView]) -> Iterator[CostView]:
    """The dearest of each namespace, and the sum of all others."""
    by_place: dict[tuple[str, str], list[CostView]] = defaultdict(list)
    for view in views:
        by_place[view.namespace, view.currency].append(view)
    for place, found in sorted(by_place.items()):
        found.sort(key=lambda view: (-view.total, view.labels))
        yield from found[:MOST_SERIES]
        others = found[MOST_SERIES:]
        if others:
            namespace, currency = place
            yield CostView(
                namespace=namespace,
                currency=currency,
                labels=(OTHER,) * len(others[0].labels),
                per_hour=sum(view.per_hour for view in others),
                total=sum(view.total for view in others),
            )
