"""All objects as the metrics show them, from the conditions that the API server has. Pure over the cache."""

from collections.abc import Iterator
from typing import Final

from model_operator.conditions import ConditionType, Reason
from model_operator.domain import PROVIDER
from model_operator.models.status import Condition
from model_operator.observability.objects import ObjectView, Said
from model_operator.observability.orphans import UnheldView
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.modes import mode_of
from model_operator.reconcile.orphans import OrphanWatch

_TYPES: Final = frozenset(ConditionType)
_REASONS: Final = frozenset(Reason)
_STATUSES: Final = {"True": "true", "False": "false"}
_OTHER: Final = "Other"


def object_views(cache: Cache) -> Iterator[ObjectView]:
    """Those that the API server has; what is kept of one that vanished is none of them."""
    for key in sorted(cache.own_keys()):
        entry = cache.entry(key)
        found = entry and not entry.is_vanished and (entry.resource or entry.invalid)
        if found:
            conditions = {c.type: _said(c) for c in found.status.conditions if c.type in _TYPES}
            mode = str(mode_of(cache, key)) if key.kind == PROVIDER else ""
            yield ObjectView(
                kind=key.kind, namespace=key.namespace, name=key.name, conditions=conditions, mode=mode
            )


def unheld_views(cache: Cache, watch: OrphanWatch) -> Iterator[UnheldView]:
    """Of our ModelProviders that have any to tell of."""
    for key in sorted(cache.own_keys()):
        provider = cache.provider(key)
        if provider is None:
            continue
        orphans, unknown = provider.status.orphans, watch.unknown.get(key, 0)
        if orphans is not None or unknown:
            count = orphans.count if orphans is not None else 0
            yield UnheldView(namespace=key.namespace, name=key.name, orphans=count, unknown=unknown)


def _said(condition: Condition) -> Said:
    """In words that we know: a status is not checked by the API server, and each word is a series."""
    reason = condition.reason if condition.reason in _REASONS else _OTHER
    return Said(_STATUSES.get(condition.status, "unknown"), reason)
