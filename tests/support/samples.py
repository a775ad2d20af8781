"""Argo CD's test data for the health script: objects as the operator left them, without what differs by the run.

`WRITE_SAMPLES=1 pytest tests/gitops` writes the files anew from what the operator did.
"""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from support.argo_lua import health
from support.kube_api import Object
from support.shared_cluster import ROOT

FOLDER = ROOT / "manifests" / "gitops" / "argocd"
INDEX = FOLDER / "health_test.yaml"
_STATUS = ("observedGeneration", "phase", "message", "step")
_ROLLOUT = ("state", "isPaused", "from", "to")
_TIME = "2026-01-01T00:00:00Z"
_NAMESPACE = "models"
_ROLLOUT_ID = "7f3a9c"

Pick = Callable[[Object], object]


def first(versions: Iterable[Object], pick: Pick, what: str) -> Object:
    """The first version that `pick` is true of. Raises `AssertionError` when it never was so."""
    for version in versions:
        if pick(version):
            return version
    raise AssertionError(f"never {what}")


def check(name: str, live: Object) -> None:
    """The committed sample of that name is what the operator made; what sentences say may have changed since."""
    kept = trimmed(live)
    path = FOLDER / "testdata" / f"{name}.yaml"
    if os.environ.get("WRITE_SAMPLES"):
        path.write_text(
            yaml.safe_dump(kept, sort_keys=False, width=110, allow_unicode=True), encoding="utf-8"
        )
        return
    assert _wordless(kept) == _wordless(yaml.safe_load(path.read_text(encoding="utf-8"))), name


def write_index() -> None:
    """health_test.yaml in the form that Argo CD's own tests read, if samples are written."""
    if not os.environ.get("WRITE_SAMPLES"):
        return
    tests = []
    for path in sorted((FOLDER / "testdata").glob("*.yaml")):
        status, message = health(yaml.safe_load(path.read_text(encoding="utf-8")))
        tests.append(
            {
                "healthStatus": {"status": status, "message": message},
                "inputPath": f"testdata/{path.name}",
            }
        )
    INDEX.write_text(
        yaml.safe_dump({"tests": tests}, sort_keys=False, width=110, allow_unicode=True), encoding="utf-8"
    )


def trimmed(live: Object) -> Object:
    """What scripts look at, with one time, one namespace and one name of a host."""
    metadata = {key: live["metadata"][key] for key in ("name", "generation")}
    metadata["namespace"] = _NAMESPACE
    if live["metadata"].get("deletionTimestamp"):
        metadata["deletionTimestamp"] = _TIME
    status: Object = {key: live["status"][key] for key in _STATUS if key in live["status"]}
    if rollout := live["status"].get("rollout"):
        status["rollout"] = {"id": _ROLLOUT_ID, **{k: _shares(rollout[k]) for k in _ROLLOUT if k in rollout}}
    status["conditions"] = [
        {**entry, "lastTransitionTime": _TIME, "message": _stable(entry["message"], live)}
        for entry in live["status"]["conditions"]
    ]
    if "message" in status:
        status["message"] = _stable(status["message"], live)
    return {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "metadata": metadata,
        "spec": _addressless(live["spec"]),
        "status": status,
    }


def _shares(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{key: item for key, item in share.items() if key != "deploymentID"} for share in value]


def _addressless(spec: Object) -> Object:
    return {key: value for key, value in spec.items() if key not in ("baseURL", "chatBaseURL")}


def _stable(message: str, live: Object) -> str:
    rollout = live["status"].get("rollout") or {}
    for found, instead in ((live["metadata"]["namespace"], _NAMESPACE), (rollout.get("id"), _ROLLOUT_ID)):
        message = message.replace(found, instead) if found else message
    return re.sub(r"http://127\.0\.0\.1:\d+", "https://provider.example.com", message)


def _wordless(sample: Object) -> Object:
    """Without sentences."""
    status = {key: value for key, value in sample["status"].items() if key != "message"}
    status["conditions"] = [
        {key: value for key, value in entry.items() if key != "message"} for entry in status["conditions"]
    ]
    return {**sample, "status": status}
