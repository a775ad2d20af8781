"""Bodies as the API server sends them, for tests that need no server: whole and valid, changed by keyword."""

from typing import Any

from support.kube_api import Object


def metadata(name: str, *, version: int = 1, **changes: Any) -> Object:
    """`metadata` of an object in the namespace team."""
    return {
        "name": name,
        "namespace": "team",
        "uid": f"uid-{name}",
        "generation": 1,
        "resourceVersion": str(version),
        "creationTimestamp": "2026-03-01T12:00:00Z",
        **changes,
    }


def deployment(
    name: str,
    *,
    version: int = 1,
    provider: str = "acme",
    status: Object | None = None,
    about: Object | None = None,
    **spec: Any,
) -> Object:
    """A ModelDeployment of Parasail; `about` are fields of metadata, keywords those of spec."""
    usual = {
        "providerRef": {"name": provider},
        "model": "org/llama-8b",
        "replicas": 1,
        "parasail": {"serviceTierName": "low-cost"},
    }
    return {
        "metadata": metadata(name, version=version, **(about or {})),
        "spec": {**usual, **spec},
        "status": status or {},
    }


def provider(name: str = "acme", *, version: int = 1, status: Object | None = None, **about: Any) -> Object:
    """A ModelProvider of type parasail; keywords are fields of metadata."""
    return {
        "metadata": metadata(name, version=version, **about),
        "spec": {"type": "parasail", "credentials": {"secretRef": {"name": "key"}}},
        "status": status or {},
    }


TERMINATING: Object = {"deletionTimestamp": "2026-03-01T13:00:00Z"}
MISSING = [
    {
        "type": "Synced",
        "status": "False",
        "reason": "ExternalResourceMissing",
        "message": "It has vanished.",
        "lastTransitionTime": "2026-03-01T12:00:00Z",
    }
]
