"""Specs of CanaryEndpoints as YAML has them."""

from collections.abc import Mapping
from typing import Any


def target(name: str, percent: int) -> dict[str, Any]:
    return {"name": name, "deploymentRef": {"name": name}, "percent": percent}


def spec(rollout: Mapping[str, Any] | None = None, **percents: int) -> dict[str, Any]:
    """`spec(v1=90, v2=10)`, as YAML has it."""
    made: dict[str, Any] = {
        "providerRef": {"name": "p"},
        "traffic": [target(name, percent) for name, percent in percents.items()],
    }
    return made | ({"rollout": dict(rollout)} if rollout is not None else {})


def judged(**more: Any) -> dict[str, Any]:
    """An analysis of errors: 2 % at most, 100 requests, two fails."""
    errors = {"name": "errors", "type": "Provider", "provider": {"metric": "ErrorRate", "maxPercent": "2"}}
    return {"metrics": [errors], "interval": "1m", "warmup": "0s", "delay": "0s", **more}


def path(*percents: int, hold: str = "5m", **more: Any) -> dict[str, Any]:
    return {"steps": [{"percent": percent} for percent in percents], "hold": hold, **more}
