"""The conditions of each object as gauges, as kube-state-metrics would show them, of no more objects than is set.

At the bound, what is not Ready comes first, and each namespace gets its turn: no tenant hides another's trouble.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from model_operator.conditions import ConditionType

log = logging.getLogger(__name__)


class Said(NamedTuple):
    """What a condition says now; both are of few words."""

    status: str
    """true, false or unknown."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """What one object has to show. Series end with the object."""

    kind: str
    namespace: str
    name: str
    conditions: Mapping[str, Said] = field(default_factory=dict)
    """By type."""
    mode: str = ""
    """Of a ModelProvider."""

    @property
    def is_ready(self) -> bool:
        ready = self.conditions.get(ConditionType.READY)
        return ready is not None and ready.status == "true"


class Objects(Collector):
    """Each scrape asks anew."""

    def __init__(self, look: Callable[[], Iterable[ObjectView]], most: int) -> None:
        """Shows `most` objects; with 0 nothing at all."""
        self._look = look
        self._most = most
        self._has_said = False

    @override
    def collect(self) -> Iterable[Metric]:
        if not self._most:
            return
        conditions = GaugeMetricFamily(
            "model_operator_condition",
            "1 for the current status of each condition of an object; other statuses have no series.",
            labels=["kind", "namespace", "name", "condition", "status", "reason"],
        )
        left_out = GaugeMetricFamily(
            "model_operator_condition_objects_left_out",
            "Objects left out of model_operator_condition, because of the limit --metrics-objects.",
        )
        modes = GaugeMetricFamily(
            "model_operator_provider_mode",
            "1 for the mode of each ModelProvider: Manage, Observe or Suspend.",
            labels=["namespace", "name", "mode"],
        )
        shown, hidden = within_bound(self._look(), self._most)
        self._say(hidden)
        left_out.add_metric([], hidden)
        for view in shown:
            for condition, said in view.conditions.items():
                labels = [view.kind, view.namespace, view.name, condition, said.status, said.reason]
                conditions.add_metric(labels, 1)
            if view.mode:
                modes.add_metric([view.namespace, view.name, view.mode], 1)
        yield from (conditions, left_out, modes)

    def _say(self, hidden: int) -> None:
        """Once each time that the bound is reached."""
        if hidden and not self._has_said:
            log.warning(
                "the conditions of %d objects are not in /metrics, because it shows those of %d at most; "
                "raise --metrics-objects (chart: metrics.objects)",
                hidden,
                self._most,
            )
        self._has_said = hidden > 0

    def describe(self) -> Iterable[Metric]:
        return []


class Resources(Collector):
    def __init__(self, count: Callable[[], Mapping[tuple[str, str], int]]) -> None:
        self._count = count

    @override
    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(
            "model_operator_resources", "Resources by kind and phase.", labels=["kind", "phase"]
        )
        for (kind, phase), number in sorted(self._count().items()):
            family.add_metric([kind, phase], number)
        yield family

    def describe(self) -> Iterable[Metric]:
        return []


def within_bound(views: Iterable[ObjectView], most: int) -> tuple[list[ObjectView], int]:
    """Those that are shown, in a steady order, and how many are not."""
    found = sorted(views, key=lambda view: (view.is_ready, view.namespace, view.name, view.kind))
    if len(found) <= most:
        return found, 0
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int, ObjectView]] = []
    for place, view in enumerate(found):
        turns.append((seen[view.namespace], place, view))
        seen[view.namespace] += 1
    turns.sort(key=lambda turn: turn[:2])
    return [view for _, _, view in turns[:most]], len(turns) - most
