"""One pass over one ModelBudget: add up what its objects cost, settle what those cost that go, say so.

It sends nothing to any provider.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from typing_extensions import override

from model_operator.billing.budgets import figures_of, next_news, period_at
from model_operator.billing.shares import is_recounted
from model_operator.domain import Key
from model_operator.models.budget import ModelBudget, Stopped
from model_operator.models.parse import InvalidResource
from model_operator.reconcile.base import Pass
from model_operator.reconcile.budget.book import Book
from model_operator.reconcile.budget.counting import counting
from model_operator.reconcile.budget.members import members_of
from model_operator.reconcile.budget.stops import found_by
from model_operator.reconcile.deployment.hours import before_edge
from model_operator.status.budget import AT_MOST_EVERY, BudgetView, of_budget, stops_again, summarize


@dataclass(slots=True)
class BudgetMemory:
    """What is remembered of one ModelBudget between passes."""

    uid: str
    generation: int | None = None
    period_start: object = None
    stopped: tuple[Stopped, ...] | None = None


@dataclass(slots=True, kw_only=True)
class BudgetPass(Pass[ModelBudget, BudgetMemory]):
    """The passes over ModelBudgets."""

    book: Book = field(default_factory=Book)

    @override
    async def look_after(self, key: Key, resource: ModelBudget) -> timedelta | None:
        if resource.metadata.is_terminating:
            self._tell_of_stops(key, resource, ())
            return None
        now = self.around.clock()
        bounds = period_at(resource, now)
        members = tuple(members_of(self.around.cache, resource))
        finals = self.book.finals(key, bounds.start)
        # One that is still in the book would be added again, were it no longer told apart.
        kept = {*finals, *(member.uid for member in members)}
        view = BudgetView(
            bounds=bounds,
            figures=figures_of(resource, bounds, members, now),
            finals=finals,
            gone=frozenset(one.uid for one in resource.status.settled if one.uid not in kept),
            found=found_by(self.around, resource),
        )
        status = summarize(resource, view, now)
        if status != resource.status:
            await self.write(key, resource, status.dump())
            self.around.record.note(key, resource.metadata, of_budget(resource.status, resource, status))
        self.around.signals.changed(
            (*self.book.settled(key, status.settled), *self._uncounted(key.namespace))
        )
        self._tell_of_change(key, resource, bounds.start)
        self._tell_of_stops(key, resource, status.stopped)
        due = (status.at or now) + AT_MOST_EVERY
        if due <= now:
            due = now + AT_MOST_EVERY  # nothing has changed in that hour
        news = now + next_news(resource.spec.limit, view.figures, bounds, now)
        again, stops = before_edge(min(news, due), now), stops_again(resource, status, view.found)
        return again if stops is None or again is None else min(again, stops)

    def _uncounted(self, namespace: str) -> Iterator[Key]:
        """Those whose status does not say yet in which budgets they count."""
        for key, deployment in self.around.cache.deployments_in(namespace):
            cost = deployment.status.cost
            if cost is None or key.name.partition("@")[1]:
                continue
            found = counting(self.around.cache, deployment, self.around.clock())
            if is_recounted(cost.parts, found.counted):
                yield key

    def _tell_of_change(self, key: Key, resource: ModelBudget, start: object) -> None:
        """Another limit, or another period: what was held may go on."""
        memory = self.memory(key, resource.metadata.uid)
        known = memory.generation, memory.period_start
        memory.generation, memory.period_start = resource.metadata.generation, start
        if known not in ((None, None), (memory.generation, start)):
            self.around.signals.changed(k for k, _ in self.around.cache.deployments_in(key.namespace))

    def _tell_of_stops(self, key: Key, resource: ModelBudget, stopped: tuple[Stopped, ...]) -> None:
        """What is recorded is acted on by the passes of those whom it is about; so is what is no longer recorded."""
        memory = self.memory(key, resource.metadata.uid)
        before = resource.status.stopped if memory.stopped is None else memory.stopped
        memory.stopped = stopped
        changed = {one.uid for one in {*before, *stopped} - ({*before} & {*stopped})}
        if changed:
            self.around.signals.changed(
                k for k, one in self.around.cache.deployments_in(key.namespace) if one.metadata.uid in changed
            )

    @override
    def leaves(self, key: Key, invalid: InvalidResource) -> bool:
        return False

    @override
    def ended(self, key: Key) -> Iterable[Key]:
        """What it held may go on, and what waits to be settled in it need not."""
        self.forget(key)
        self.book.ended(key)
        return tuple(k for k, _ in self.around.cache.deployments_in(key.namespace))
