"""CanaryEndpoints as the metrics show them, from their statuses. Pure over the cache."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from model_operator.domain import CANARY
from model_operator.models.canary import CanaryEndpoint
from model_operator.observability.canaries import CanaryView
from model_operator.plan.canary.situation import State
from model_operator.reconcile.cache import Cache

_NAME_LIMIT: Final = 63


def views(cache: Cache, now: datetime) -> Iterator[CanaryView]:
    for key in sorted(cache.own_keys()):
        found = cache.canary(key) if key.kind == CANARY else None
        if found is not None:
            yield _view(found, now)


def _view(resource: CanaryEndpoint, now: datetime) -> CanaryView:
    status, rollout = resource.status, resource.status.rollout
    judged = rollout.analysis.metrics if rollout is not None and rollout.analysis is not None else ()
    metrics = [metric for metric in judged if _is_name(metric.name)]
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
        traffic={share.name: share.percent for share in status.traffic if _is_name(share.name)},
        figures={key: float(value) for key, value in arms.items() if value is not None},
        limits={m.name: float(m.limit) for m in metrics if m.limit is not None},
        rollback_seconds=max(0.0, (now - since).total_seconds()) if is_pending else None,
    )


def _is_name(text: str) -> bool:
    """Whether a spec can have it: a status is not checked by the API server, and a label may not be of a megabyte."""
    return len(text) <= _NAME_LIMIT
