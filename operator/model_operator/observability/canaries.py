"""What CanaryEndpoints show to Prometheus by their names: a split means nothing without."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

MOST_SERIES: Final = 1000
"""Of one namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryView:
    """What one CanaryEndpoint has to show. Series end with the object."""

    namespace: str
    name: str
    traffic: Mapping[str, int] = field(default_factory=dict)
    """Acknowledged percent by target."""
    figures: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """By (check, arm): what the last verdict was formed from; arms are canary and baseline."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """By check."""
    rollback_seconds: float | None = None
    """For how long a decided rollback has not been acknowledged."""

    @property
    def series(self) -> int:
        return len(self.traffic) + len(self.figures) + len(self.limits) + (self.rollback_seconds is not None)


class Canaries(Collector):
    """Each scrape asks anew. What one namespace shows is bounded: its authors could otherwise fill Prometheus."""

    def __init__(self, look: Callable[[], Iterable[CanaryView]]) -> None:
        self._look = look

    @override
    def collect(self) -> Iterable[Metric]:
        base = ["namespace", "name"]
        traffic = GaugeMetricFamily(
            "model_operator_canary_traffic_percent",
            "Share of a CanaryEndpoint's traffic that the provider confirmed.",
            labels=[*base, "target"],
        )
        figures = GaugeMetricFamily(
            "model_operator_canary_metric",
            "Metrics of a check's last verdict, by arm: canary or baseline.",
            labels=[*base, "metric", "arm"],
        )
        limits = GaugeMetricFamily(
            "model_operator_canary_metric_limit", "The limit of that check.", labels=[*base, "metric"]
        )
        pending = GaugeMetricFamily(
            "model_operator_canary_rollback_pending_seconds",
            "How long the provider has not confirmed a rollback.",
            labels=base,
        )
        left_out = GaugeMetricFamily(
            "model_operator_canary_endpoints_left_out",
            f"CanaryEndpoints left out, because others of their namespace have {MOST_SERIES} series.",
        )
        shown, hidden = _within_bounds(self._look())
        left_out.add_metric([], hidden)
        for view in shown:
            here = [view.namespace, view.name]
            for target, percent in view.traffic.items():
                traffic.add_metric([*here, target], percent)
            for (check, arm), value in view.figures.items():
                figures.add_metric([*here, check, arm], value)
            for check, value in view.limits.items():
                limits.add_metric([*here, check], value)
            if view.rollback_seconds is not None:
                pending.add_metric(here, view.rollback_seconds)
        yield from (traffic, figures, limits, pending, left_out)

    def describe(self) -> Iterable[Metric]:
        return []


def _within_bounds(views: Iterable[CanaryView]) -> tuple[list[CanaryView], int]:
    """Those that are shown, the first ones of each namespace, and how many are not."""
    series: Counter[str] = Counter()
    shown, hidden = [], 0
    for view in views:
        if series[view.namespace] + view.series > MOST_SERIES:
            hidden += 1
            continue
        series[view.namespace] += view.series
        shown.append(view)
    return shown, hidden
