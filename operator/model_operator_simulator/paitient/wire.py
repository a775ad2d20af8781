"""What PaiTIENT's replies look like: each operation shows its own set of keys, as in the vendor's examples."""

from typing import Any
from urllib.parse import quote

from model_operator_simulator.call import Json
from model_operator_simulator.chance import seeded
from model_operator_simulator.clock import rfc3339

from .deployment import SERVING, Deployment
from .knobs import PaitientKnobs

HEAD = ("id", "model_name", "deployment_name", "status", "endpoint", "created_at", "updated_at")
CREATED = (
    *HEAD,
    "compute_type",
    "instance_type",
    "min_replicas",
    "max_replicas",
    "auto_scaling",
    "region",
    "tags",
)
FULL = (
    *HEAD,
    "compute_type",
    "instance_type",
    "min_replicas",
    "max_replicas",
    "current_replicas",
    "auto_scaling",
    "region",
    "tags",
    "model_config",
    "security_settings",
)
PATCHED = (*tuple(name for name in CREATED if name != "region"), "model_config")
LISTED = (*HEAD, "compute_type", "instance_type", "tags")
OPTIONAL = ("tags", "model_config", "security_settings")
LOAD_STEP = 30.0


def full(deployment: Deployment, knobs: PaitientKnobs, base: str, now: float, seed: int) -> dict[str, Json]:
    """As a GET shows it.

    Args:
        deployment: what is shown.
        knobs: the knobs ``unset_fields`` and ``clock_skew_s`` count.
        base: the start of its ``endpoint``, e.g. ``http://127.0.0.1:8080/paitient``.
        now: clock time, for ``current_replicas``.
        seed: of the load that moves ``current_replicas``.
    """
    values = _values(deployment, knobs, base)
    values["current_replicas"] = current_replicas(deployment, now, seed)
    return _only(FULL, values, knobs)


def shown(
    names: tuple[str, ...],
    deployment: Deployment,
    knobs: PaitientKnobs,
    base: str,
    partial_tags: bool = False,
) -> dict[str, Json]:
    """As CREATED, PATCHED or LISTED name its keys; a list may show only the first tag."""
    values = _values(deployment, knobs, base)
    if partial_tags and values["tags"]:
        values["tags"] = dict(list(values["tags"].items())[:1])
    return _only(names, values, knobs)


def current_replicas(deployment: Deployment, now: float, seed: int) -> int:
    """0 unless serving; with auto_scaling a seeded walk from min to max, a step each 30 clock seconds."""
    return 0 if deployment.status not in SERVING else replicas_at(deployment, now, seed)


def replicas_at(deployment: Deployment, now: float, seed: int) -> int:
    """How many run at that time, as long as it does not stop."""
    least = int(deployment.fields.get("min_replicas", 1))
    if not deployment.fields.get("auto_scaling"):
        return least
    most = int(deployment.fields.get("max_replicas", least))
    return seeded(seed, deployment.id, int(now // LOAD_STEP)).randint(least, max(least, most))


def _values(deployment: Deployment, knobs: PaitientKnobs, base: str) -> dict[str, Any]:
    return {
        **dict.fromkeys(OPTIONAL),
        **deployment.fields,
        "id": deployment.id,
        "status": deployment.status,
        "endpoint": f"{base}/v1/deployments/{quote(deployment.id, safe='')}/generate",
        "created_at": rfc3339(deployment.created_at + knobs.clock_skew_s),
        "updated_at": rfc3339(deployment.updated_at + knobs.clock_skew_s),
    }


def _only(names: tuple[str, ...], values: dict[str, Any], knobs: PaitientKnobs) -> dict[str, Json]:
    picked = {name: values.get(name) for name in names}
    for name in OPTIONAL:
        if name in picked and picked[name] is None:
            if knobs.unset_fields == "absent":
                del picked[name]
            elif knobs.unset_fields == "empty":
                picked[name] = {}
    return picked
