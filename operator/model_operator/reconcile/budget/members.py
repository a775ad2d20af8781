"""The ModelDeployments of a ModelBudget's namespace, as it looks at them. Pure over the cache."""

from collections.abc import Iterator

from model_operator.billing.budgets import Member, counts
from model_operator.models.budget import ModelBudget
from model_operator.reconcile.cache import Cache


def members_of(cache: Cache, budget: ModelBudget) -> Iterator[Member]:
    for key, deployment in cache.deployments_in(budget.metadata.namespace):
        status = deployment.status
        yield Member(
            name=key.name,
            uid=deployment.metadata.uid,
            cost=status.cost,
            is_counted=counts(budget, deployment.metadata.labels),
            is_there=status.external_id is not None or status.pending is not None,
        )
