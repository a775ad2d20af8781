"""What Flux, Argo CD, Helm and cli-utils make of an object: the rules of kstatus for resources they do not know."""

from typing import Literal

from support.kube_api import Object
from support.namespace import condition

Status = Literal["InProgress", "Failed", "Current", "Terminating"]


def kstatus(obj: Object) -> Status:
    """https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md, in its order."""
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if obj.get("status", {}).get("observedGeneration") != obj["metadata"]["generation"]:
        return "InProgress"
    if _is_true(obj, "Reconciling"):
        return "InProgress"
    if _is_true(obj, "Stalled"):
        return "Failed"
    return "Current" if _is_true(obj, "Ready") else "InProgress"


def _is_true(obj: Object, type_: str) -> bool:
    found = condition(obj, type_)
    return found is not None and found["status"] == "True"
