"""What all deployments cost together, for the metrics: from the checkpoints that the API server has.

Deployments that go are counted with their final cost, once, by their UID.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from model_operator.billing.accrual import end_of, extrapolated, period_of
from model_operator.billing.money import ZERO, Rate
from model_operator.domain import DEPLOYMENT
from model_operator.models.cost import Cost
from model_operator.models.metadata import Metadata
from model_operator.observability.costs import MOST_SERIES, OTHER, CostView
from model_operator.reconcile.cache import Cache

_MOST_GROUPS: Final = 5 * MOST_SERIES
"""Of one namespace; those that are shown are the dearest of them."""

Group = tuple[str, str, tuple[str, ...]]
"""Namespace, currency, values of the labels."""


@dataclass(slots=True)
class Known:
    """One object's cost, as it was last added."""

    group: Group
    cost: Cost
    period: str
    at: datetime
    accrued: Decimal
    is_level: bool = True
    """False while more was added than there is."""


@dataclass(slots=True)
class Spending:
    """Asked at each scrape. What a checkpoint takes back of what was extrapolated is made up for by the next hours:
    a counter never falls."""

    cache: Cache
    clock: Callable[[], datetime]
    labels: Sequence[str] = ()
    totals: dict[Group, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    known: dict[str, Known] = field(default_factory=dict)
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)

    def views(self) -> Iterator[CostView]:
        per_hour: dict[Group, Decimal] = defaultdict(Decimal)
        now, living = self.clock(), set[str]()
        period = period_of(now)
        for metadata, cost in self._costs():
            living.add(metadata.uid)
            known = self.known.get(metadata.uid)
            if known is not None and known.cost is cost and known.is_level and known.period == period:
                self._go_on(known, now)  # of thousands, most
            else:
                known = self._add(metadata, cost, now)
            per_hour[known.group] += cost.per_hour
        for uid in self.known.keys() - living:
            del self.known[uid]
        for group, total in self.totals.items():
            namespace, currency, labels = group
            yield CostView(
                namespace=namespace,
                currency=currency,
                labels=labels,
                per_hour=float(per_hour.get(group, ZERO)),
                total=float(total),
            )

    def settle(self, metadata: Metadata, cost: Cost) -> None:
        """The final cost of an object that is let go."""
        self._add(metadata, cost, cost.at)

    def _costs(self) -> Iterator[tuple[Metadata, Cost]]:
        for key in self.cache.own_keys():
            found = self.cache.deployment(key) if key.kind == DEPLOYMENT else None
            if found is not None and found.status.cost is not None:
                yield found.metadata, found.status.cost

    def _go_on(self, known: Known, now: datetime) -> None:
        """The same checkpoint as at the last scrape."""
        if known.cost.per_hour and now > known.at:
            grown = Rate(known.cost.per_hour).for_(now - known.at).accrued
            self.totals[known.group] += grown
            known.accrued += grown
        known.at = max(now, known.at)

    def _add(self, metadata: Metadata, cost: Cost, now: datetime) -> Known:
        group = self._group(metadata, cost)
        period, accrued = period_of(now), extrapolated(cost, now).accrued
        before = self.known.get(metadata.uid)
        if before is None or before.group[1] != cost.currency:
            grown = accrued
        elif before.period == period:
            grown = accrued - before.accrued
        else:  # the rest of the month that has ended, and what there is of the new one
            grown = extrapolated(before.cost, end_of(before.period)).accrued - before.accrued + accrued
        if grown < 0 and before is not None:
            before.group, before.cost, before.is_level = group, cost, False
            return before  # what was too much is not added again
        self.totals[group] += grown
        found = self.known[metadata.uid] = Known(group, cost, period, now, accrued)
        return found

    def _group(self, metadata: Metadata, cost: Cost) -> Group:
        """A label may be edited again and again: beyond so many values of a namespace, there are only others."""
        place = metadata.namespace, cost.currency
        group = (*place, tuple(metadata.labels.get(name, "") for name in self.labels))
        if group in self.totals:
            return group
        if self.groups[place] >= _MOST_GROUPS:
            return (*place, (OTHER,) * len(self.labels))
        self.groups[place] += 1
        self.totals[group] = ZERO
        return group
