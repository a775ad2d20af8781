"""CanaryEndpoints as the metrics show them, from their statuses. Pure over the cache."""

from collections.abc import Iterator
from datetime import datetime

from model_operator.domain import CANARY
from model_operator.models.canary import CanaryEndpoint
from model_operator.observability.metrics import CanaryView
from model_operator.plan.canary.situation import State
from model_operator.reconcile.cache import Cache


def views(cache: Cache, now: datetime) -> Iterator[CanaryView]:
    for key in sorted(cache.keys()):
        found = cache.canary(key) if key.kind == CANARY else None
        if found is not None:
            yield _view(found, now)


def _view(resource: CanaryEndpoint, now: datetime) -> CanaryView:
    status, rollout = resource.status, resource.status.rollout
    metrics = rollout.analysis.metrics if rollout is not None and rollout.analysis is not None else ()
    arms = {
        (m.name, arm): value
        for m in metrics
        for arm, value in (("canary", m.canary), ("baseline", m.baseline))
    }
    is_pending = rollout is not None and rollout.state == State.ROLLING_BACK
    since = rollout.failure.at if rollout is not None and rollout.failure is not None else now
    return CanaryView(
        namespace=resource.metadata.namespace,
        name=resource.metadata.name,
        traffic={share.name: share.percent for share in status.traffic},
        figures={key: float(value) for key, value in arms.items() if value is not None},
        limits={m.name: float(m.limit) for m in metrics if m.limit is not None},
        rollback_seconds=max(0.0, (now - since).total_seconds()) if is_pending else None,
    )
