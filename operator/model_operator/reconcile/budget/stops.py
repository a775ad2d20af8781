"""What a ModelBudget may stop, and which of them have stopped a ModelDeployment. Pure over the cache and the bindings."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from model_operator.billing.budgets import counts
from model_operator.billing.stopping import Found, Runner, Why, was_meant
from model_operator.conditions import ConditionType
from model_operator.domain import BudgetStop, Key
from model_operator.models.budget import ModelBudget, ModelBudgetStatus, StopMeans
from model_operator.models.cost import Cost
from model_operator.models.deployment import ModelDeployment
from model_operator.modes import Mode
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.members import is_unpriced
from model_operator.reconcile.cache import Cache, provider_key
from model_operator.reconcile.deployment.guard import in_use_by
from model_operator.reconcile.modes import mode_of

_BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


def stop_on(cache: Cache, deployment: ModelDeployment) -> BudgetStop | None:
    """The strictest stop by the budgets of its namespace, and of equal ones the last: whoever resumes it at the provider
    has then answered all of them. What is recorded counts, and nothing else.

    One of a budget that is not understood stays: nothing is resumed because of what nobody can read.
    """
    found = list(_stops_on(cache, deployment))
    return max(found, key=lambda one: (one.pauses, one.since, one.budget), default=None)


def _stops_on(cache: Cache, deployment: ModelDeployment) -> Iterator[BudgetStop]:
    metadata = deployment.metadata
    for key, budget in cache.budgets(metadata.namespace):
        status = budget.status if budget is not None else _status_of(cache, key)
        if status is None or (budget is not None and budget.metadata.is_terminating):
            continue
        for one in status.stopped:
            if one.uid == metadata.uid:
                yield BudgetStop(key.name, one.at, one.how is StopMeans.PAUSE, status.period_end)


def _status_of(cache: Cache, budget: Key) -> ModelBudgetStatus | None:
    entry = cache.entry(budget)
    invalid = entry.invalid if entry is not None else None
    is_one = invalid is not None and not invalid.metadata.is_terminating
    return invalid.status if is_one and invalid and isinstance(invalid.status, ModelBudgetStatus) else None


def found_by(around: Surroundings, budget: ModelBudget) -> Found:
    """Nothing for a budget that stops nothing."""
    if not budget.spec.stops:
        return Found()
    counted = [
        (key, deployment)
        for key, deployment in around.cache.deployments_in(budget.metadata.namespace)
        if counts(budget, deployment.metadata.labels) and not deployment.is_leaving
    ]
    runners = (_runner(around, budget, key, deployment) for key, deployment in counted)
    return Found(
        counted=frozenset(deployment.metadata.uid for _, deployment in counted),
        runners=tuple(one for one in runners if one is not None),
    )


def _runner(
    around: Surroundings, budget: ModelBudget, key: Key, deployment: ModelDeployment
) -> Runner | None:
    """None: it costs nothing, or is being stopped already."""
    metadata, how = deployment.metadata, None
    why = _obstacle(around, deployment)
    cost = deployment.status.cost
    if why is Why.IN_USE and _was_taken_down(budget, deployment):
        why = None
    if cost is None or not _costs(cost):
        if not is_unpriced(around.cache, deployment) or not _serves(deployment):
            return None
        why = Why.NO_PRICE
    elif cost.currency != budget.spec.currency:
        why = Why.OTHER_CURRENCY
    elif why is None and _was_paused(budget, deployment, around.clock()):
        if not _serves(deployment):
            return None
        why = Why.RESUMED
    elif why is None:
        how = _means(around, deployment)
        why = _why_with(budget, deployment, how)
    created = metadata.creation_timestamp or _BEFORE_ALL
    return Runner(name=key.name, uid=metadata.uid, created=created, how=None if why else how, why=why)


def _costs(cost: Cost) -> bool:
    """Also where nobody knows whether it is billed: it may be, or waits for a machine that it may get."""
    return cost.per_hour > 0 or (cost.uncertain_per_hour or 0) > 0


def _serves(deployment: ModelDeployment) -> bool:
    serving = deployment.status.condition(ConditionType.SERVING)
    return serving is not None and serving.is_true


def _obstacle(around: Surroundings, deployment: ModelDeployment) -> Why | None:
    mode = mode_of(around.cache, provider_key(deployment))
    if mode is not Mode.MANAGE:
        return Why.OBSERVED if mode is Mode.OBSERVE else Why.SUSPENDED
    return Why.IN_USE if in_use_by(deployment, around.cache, around.bindings) is not None else None


def _means(around: Surroundings, deployment: ModelDeployment) -> StopMeans | None:
    spec = deployment.spec
    if around.vendors[spec.vendor].capabilities.pauses:
        return StopMeans.PAUSE
    scaling = spec.autoscaling
    return (
        StopMeans.MIN_REPLICAS
        if scaling is not None and scaling.min_replicas < scaling.max_replicas
        else None
    )


def _why_with(budget: ModelBudget, deployment: ModelDeployment, how: StopMeans | None) -> Why | None:
    if how is None:
        return Why.NO_PAUSE
    is_down = how is StopMeans.MIN_REPLICAS and _was_taken_down(budget, deployment)
    return Why.MIN_REPLICAS if is_down else None


def _was_taken_down(budget: ModelBudget, deployment: ModelDeployment) -> bool:
    """To its fewest replicas: traffic that came after that changes nothing."""
    return any(
        one.uid == deployment.metadata.uid and one.how is StopMeans.MIN_REPLICAS
        for one in budget.status.stopped
    )


def _was_paused(budget: ModelBudget, deployment: ModelDeployment, now: datetime) -> bool:
    """By its spec, or by us for a stop of this budget: if it serves all the same, somebody has resumed it there."""
    last = deployment.status.last_power_action
    times = [one.at for one in budget.status.stopped if one.uid == deployment.metadata.uid]
    return bool(deployment.spec.paused) or (
        last is not None and any(was_meant(at, last.stopped_at, now) for at in times)
    )
