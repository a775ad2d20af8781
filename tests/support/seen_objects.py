"""Our objects as the commands see them, an hour old."""

from datetime import UTC, datetime

from model_operator.cli.objects import Seen, seen

NOW = datetime(2026, 1, 2, tzinfo=UTC)
READY = ("Ready", "True", "Available", "The deployment serves as specified.")


def body(name: str, *conditions: tuple[str, str, str, str], spec=None, **status) -> dict:
    """An object as the API server shows it, an hour old."""
    told = [
        {
            "type": type,
            "status": truth,
            "reason": reason,
            "message": message,
            "lastTransitionTime": "2026-01-01T23:00:00Z",
        }
        for type, truth, reason, message in conditions
    ]
    metadata = {"name": name, "namespace": "team-a", "creationTimestamp": "2026-01-01T23:00:00Z"}
    return {"metadata": metadata, "spec": spec or {}, "status": {**status, "conditions": told}}


def provider(name: str, *conditions) -> Seen:
    return seen("ModelProvider", body(name, *conditions))


def deployment(name: str, *conditions, of: str = "paitient", phase: str = "Ready") -> Seen:
    return seen("ModelDeployment", body(name, *conditions, spec={"providerRef": {"name": of}}, phase=phase))


def canary(name: str, *conditions, targets: tuple[str, ...], **status) -> Seen:
    traffic = [{"name": f"t{i}", "deploymentRef": {"name": t}} for i, t in enumerate(targets)]
    spec = {"providerRef": {"name": "paitient"}, "traffic": traffic}
    return seen("CanaryEndpoint", body(name, *conditions, spec=spec, **status))
