"""How many replicas a reply of Parasail shows: those that were asked for, and those that run. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from model_operator.domain import RunState, Value
from model_operator.providers.reading import boolean, count, integer

_RUNNING: Final = frozenset({"ONLINE", "RUNNING"})


def scaling(item: Mapping[str, Any]) -> Value:
    """A number, or the bounds within which the vendor moves it; None where neither is shown."""
    if boolean(item.get("autoscaling")) is not True:
        return integer(item.get("replicas"))
    low, high = integer(item.get("minReplicas")), integer(item.get("maxReplicas"))
    return None if low is None or high is None else {"minReplicas": low, "maxReplicas": high}


def running(item: Mapping[str, Any], status: Mapping[str, Any], state: RunState) -> int | None:
    if state is RunState.STOPPED:
        return 0
    instances = status.get("instances") or item.get("instances")
    if isinstance(instances, list) and instances:
        return sum(_is_running(instance) for instance in instances)
    return count(item.get("replicas")) if state is RunState.SERVING else None


def _is_running(instance: Any) -> bool:
    found = instance.get("status") if isinstance(instance, dict) else None
    return isinstance(found, str) and found.upper() in _RUNNING
