"""Deployments that no object manages, for Prometheus, by the ModelProvider that tells of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override


@dataclass(frozen=True, slots=True, kw_only=True)
class UnheldView:
    namespace: str
    name: str
    """Of the ModelProvider."""
    orphans: int = 0
    unknown: int = 0


class UnheldDeployments(Collector):
    """Each scrape asks anew. A ModelProvider without any has no series."""

    def __init__(self, look: Callable[[], Iterable[UnheldView]]) -> None:
        self._look = look

    @override
    def collect(self) -> Iterable[Metric]:
        labels = ["namespace", "name"]
        orphans = GaugeMetricFamily(
            "model_operator_orphans",
            "Deployments that this cluster created and that no object manages, by ModelProvider.",
            labels=labels,
        )
        unknown = GaugeMetricFamily(
            "model_operator_unknown_deployments",
            "Other deployments in the account that no object here manages: of other clusters, or created manually.",
            labels=labels,
        )
        for view in self._look():
            if view.orphans:
                orphans.add_metric([view.namespace, view.name], view.orphans)
            if view.unknown:
                unknown.add_metric([view.namespace, view.name], view.unknown)
        yield from (orphans, unknown)

    def describe(self) -> Iterable[Metric]:
        return []
