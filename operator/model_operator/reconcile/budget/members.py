"""The ModelDeployments of a ModelBudget's namespace, as it looks at them. Pure over the cache."""

from collections.abc import Iterator

from model_operator.billing.budgets import Member, counts
from model_operator.conditions import ConditionType
from model_operator.models.budget import ModelBudget
from model_operator.models.deployment import ModelDeployment
from model_operator.reconcile.cache import Cache, provider_key


def members_of(cache: Cache, budget: ModelBudget) -> Iterator[Member]:
    for key, deployment in cache.deployments_in(budget.metadata.namespace):
        status = deployment.status
        yield Member(
            name=key.name,
            uid=deployment.metadata.uid,
            cost=status.cost,
            is_counted=counts(budget, deployment.metadata.labels),
            is_unpriced=is_unpriced(cache, deployment),
        )


def is_unpriced(cache: Cache, deployment: ModelDeployment) -> bool:
    """It has a deployment at a provider, or may have, and no price of it is known: none was ever, or it was removed."""
    status = deployment.status
    if status.cost is None:
        return status.external_id is not None or status.pending is not None
    serving = status.condition(ConditionType.SERVING)
    is_free = not status.cost.per_hour and not status.cost.uncertain_per_hour
    if serving is None or not serving.is_true or not is_free:
        return False
    provider = cache.provider(provider_key(deployment))
    rows = provider.spec.prices or () if provider is not None else ()
    return all(row.per_replica_hour for row in rows)
