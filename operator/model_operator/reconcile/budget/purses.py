"""What the ModelBudgets of a namespace leave for one of its objects: the cache's figures, and what was let through since."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from model_operator.billing.budgets import Member, counts, figures_of, period_at
from model_operator.billing.money import ZERO, Price
from model_operator.billing.prices import price_of
from model_operator.billing.purse import Allowance, Purse, Reservations, allowance
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import FINALIZER, Remote
from model_operator.models.budget import ModelBudget
from model_operator.models.deployment import ModelDeployment
from model_operator.models.prices import PriceRow
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.situation import Decision, Situation
from model_operator.plan.deployment.spending import fewest, moves, replicas_added
from model_operator.plan.verdict import Progress
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.members import members_of
from model_operator.reconcile.budget.offers import Offers
from model_operator.reconcile.cache import provider_key

_WAITS_FOR_MACHINE: Final = frozenset({Reason.QUOTA_EXCEEDED, Reason.INSUFFICIENT_CAPACITY})


@dataclass(slots=True)
class Purses:
    """Of one process. Nothing is awaited between a decision and its reservation."""

    around: Surroundings
    reservations: Reservations = field(default_factory=Reservations)
    _offers: Offers = field(init=False)

    def __post_init__(self) -> None:
        self._offers = Offers(self.around)

    async def learn(self, resource: ModelDeployment, s: Situation) -> Situation:
        """Ask the provider what a step will cost that budgets may hold, where it tells before it is sent. A read.

        Where that is not known now, a create waits as it does where the provider cannot be asked.
        """
        if not s.wanted or s.observed.error is not None or not self._is_limited(resource):
            return s
        step = decide(s)
        if (replicas_added(s, step) is None and not moves(s, step)) or self._is_shown(resource, s.remote):
            return s
        allowances = tuple(self._allowances(resource))
        if any(one.is_spent for one in allowances):
            return s  # held, whatever it costs
        missed = await self._offers.ask(resource)
        if missed is not None:
            return replace(s, observed=replace(s.observed, error=missed.error, failures=missed.count))
        for one in allowances:
            await self._offers.ask_once(self._untold(one.budget, resource.metadata.uid))
        return s

    def _is_shown(self, resource: ModelDeployment, remote: Remote | None) -> bool:
        """What there is says itself what it costs on the machines that the spec names."""
        if remote is None:
            return False
        machines = self.around.vendors[resource.spec.vendor].machines(resource.spec)
        return remote.price is not None and all(name in remote.offers for name in machines)

    def decided(self, resource: ModelDeployment, s: Situation) -> tuple[Situation, Decision]:
        """What budgets leave is asked for only by a step that would cost more; what it will cost is reserved."""
        step = decide(s)
        if not s.wanted:
            self.reservations.give_back(resource.metadata.uid)
            self._offers.forget(resource.metadata.uid)
        if not s.wanted or not self._is_limited(resource):
            return s, step
        if replicas_added(s, step) is not None or moves(s, step):
            s = replace(s, purse=self._purse(resource, s.remote))
            step = decide(s)
        self._reserve(resource, s, step)
        return s, step

    def _purse(self, resource: ModelDeployment, remote: Remote | None) -> Purse:
        offers = {**self._offers.of(resource), **(remote.offers if remote is not None else {})}
        wanted = self._wanted(resource, offers)
        price = self._at(resource, remote) if remote is not None else wanted
        dearer = ZERO
        if price is not None and wanted is not None and price.currency == wanted.currency:
            dearer = max(wanted.per_replica_hour - price.per_replica_hour, ZERO)
        allowances = tuple(self._allowances(resource))
        return Purse(allowances, price, dearer)

    def _is_limited(self, resource: ModelDeployment) -> bool:
        """Whether a budget could hold anything of the object."""
        metadata = resource.metadata
        budgets = self.around.cache.budgets(metadata.namespace)
        return any(b is not None and b.spec.blocks and counts(b, metadata.labels) for _, b in budgets)

    def _reserve(self, resource: ModelDeployment, s: Situation, step: Decision) -> None:
        """A decision is about to be carried out, or nothing more is under way."""
        uid, added = resource.metadata.uid, replicas_added(s, step)
        moved = moves(s, step)
        if added is None and not moved:
            if step.action is None and step.progress is not Progress.MOVING:
                self.reservations.give_back(uid)
            return
        cost, more = resource.status.cost, s.purse.cost(added or 0, moved) if s.purse is not None else None
        if more is not None and s.purse is not None and s.purse.price is not None:
            currency = s.purse.price.currency
            before = cost.per_hour if cost is not None and cost.currency == currency else ZERO
            self.reservations.take(uid, currency, more, before)

    def _allowances(self, resource: ModelDeployment) -> Iterator[Allowance]:
        metadata, now = resource.metadata, self.around.clock()
        for _, budget in self.around.cache.budgets(metadata.namespace):
            if budget is None or budget.metadata.is_terminating or not budget.spec.blocks:
                continue
            if not counts(budget, metadata.labels):
                continue
            bounds = period_at(budget, now)
            members = tuple(members_of(self.around.cache, budget))
            figures = figures_of(budget, bounds, members, now)
            currency = budget.spec.currency
            reserved = self.reservations.beside(metadata.uid, currency, _costs(members, currency))
            untold = self._untold(budget, metadata.uid)
            reserved += sum((self._hour_of(one, currency) for one in untold), ZERO)
            yield allowance(budget, bounds, figures, reserved, now)

    def _untold(self, budget: ModelBudget, but: str) -> Iterator[ModelDeployment]:
        """What a process before this one has begun, and what nobody has looked at yet."""
        for _, deployment in self.around.cache.deployments_in(budget.metadata.namespace):
            uid = deployment.metadata.uid
            if uid == but or not _is_untold(deployment) or self.reservations.knows(uid):
                continue
            if counts(budget, deployment.metadata.labels):
                yield deployment

    def _hour_of(self, resource: ModelDeployment, currency: str) -> Decimal:
        """What it costs at least, in that currency."""
        price = self._wanted(resource, self._offers.of(resource))
        if price is None or price.currency != currency:
            return ZERO
        fields = self.around.vendors[resource.spec.vendor].fields(resource.spec)
        return price.per_replica_hour * fewest(fields)

    def _at(self, resource: ModelDeployment, remote: Remote) -> Price | None:
        """Of one replica for an hour, where it is."""
        return price_of(remote.machine, remote.price, self._rows(resource))

    def _wanted(self, resource: ModelDeployment, offers: Mapping[str, Decimal]) -> Price | None:
        """Likewise, on the dearest machine of those that it may get."""
        rows = self._rows(resource)
        machines = self.around.vendors[resource.spec.vendor].machines(resource.spec)
        prices = (price_of(name, offers.get(name or ""), rows) for name in machines)
        known = (price for price in prices if price is not None)
        return max(known, key=lambda price: price.per_replica_hour, default=None)

    def _rows(self, resource: ModelDeployment) -> tuple[PriceRow, ...]:
        provider = self.around.cache.provider(provider_key(resource))
        return provider.spec.prices or () if provider is not None else ()


def _is_untold(deployment: ModelDeployment) -> bool:
    """It is begun, or may be, and its cost does not say so: nobody has looked yet, or it waits for a machine."""
    status, ready = deployment.status, deployment.status.condition(ConditionType.READY)
    if status.cost is not None:
        is_waiting = ready is not None and ready.reason in _WAITS_FOR_MACHINE
        return is_waiting and status.external_id is not None and not status.cost.per_hour
    # The finalizer is the intent of a first create.
    is_marked = FINALIZER in deployment.metadata.finalizers and status.is_untold
    return is_marked or status.external_id is not None or status.pending is not None


def _costs(members: Iterable[Member], currency: str) -> Iterator[tuple[str, Decimal]]:
    """What shows of each in that currency."""
    for member in members:
        if member.is_counted:
            is_same = member.cost is not None and member.cost.currency == currency
            yield member.uid, member.cost.per_hour if member.cost is not None and is_same else ZERO
