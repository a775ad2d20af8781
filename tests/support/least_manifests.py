"""The least that the server takes of each kind, and merge patches on it."""

from copy import deepcopy
from typing import Any

Manifest = dict[str, Any]

_VERSION = "modeloperator.dev/v1alpha1"

PARASAIL: Manifest = {
    "apiVersion": _VERSION,
    "kind": "ModelDeployment",
    "metadata": {"name": "a"},
    "spec": {
        "providerRef": {"name": "p"},
        "model": "org/m",
        "replicas": 1,
        "parasail": {"serviceTierName": "low-cost"},
    },
}
PAITIENT: Manifest = {
    "apiVersion": _VERSION,
    "kind": "ModelDeployment",
    "metadata": {"name": "a"},
    "spec": {"providerRef": {"name": "p"}, "model": "org/m", "replicas": 1, "paitient": {}},
}
CANARY: Manifest = {
    "apiVersion": _VERSION,
    "kind": "CanaryEndpoint",
    "metadata": {"name": "a"},
    "spec": {
        "providerRef": {"name": "p"},
        "traffic": [
            {"name": "v1", "deploymentRef": {"name": "m-v1"}, "percent": 90},
            {"name": "v2", "deploymentRef": {"name": "m-v2"}, "percent": 10},
        ],
    },
}
BUDGET: Manifest = {
    "apiVersion": _VERSION,
    "kind": "ModelBudget",
    "metadata": {"name": "a"},
    "spec": {"period": "Month", "limit": "1500.00", "currency": "USD"},
}
PROVIDER: Manifest = {
    "apiVersion": _VERSION,
    "kind": "ModelProvider",
    "metadata": {"name": "a"},
    "spec": {"type": "parasail", "credentials": {"secretRef": {"name": "key"}}},
}


def edited(base: Manifest, spec: dict[str, Any], *, name: str | None = None) -> Manifest:
    """The manifest after a merge patch on its spec; None removes a field."""
    body = deepcopy(base)
    _merge(body["spec"], spec)
    if name is not None:
        body["metadata"]["name"] = name
    return body


def _merge(target: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict) and isinstance(target.get(key), dict):
            _merge(target[key], value)
        else:
            target[key] = deepcopy(value)
