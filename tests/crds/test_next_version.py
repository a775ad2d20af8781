"""How the next version of the API comes: served beside the first, stored after it, and the first one leaves.

The steps are those of docs/versioning.md, on a control plane of its own; the script of the storage migration is the page's.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Access
from support.markdown import ROOT, blocks

pytestmark = pytest.mark.long

KINDS = ("modelproviders", "modeldeployments", "canaryendpoints", "modelbudgets")
OLD, NEW = "v1alpha1", "v1beta1"
DEPLOYMENT = {
    "apiVersion": f"modeloperator.dev/{OLD}",
    "kind": "ModelDeployment",
    "metadata": {"name": "llama", "namespace": "default", "finalizers": ["modeloperator.dev/deployment"]},
    "spec": {
        "providerRef": {"name": "parasail"},
        "model": "m/m",
        "replicas": 1,
        "parasail": {"serviceTierName": "low-cost"},
    },
}

PROVIDER = {
    "apiVersion": f"modeloperator.dev/{OLD}",
    "kind": "ModelProvider",
    "metadata": {"name": "parasail", "namespace": "default"},
    "spec": {"type": "parasail", "credentials": {"secretRef": {"name": "parasail"}}},
}
CANARY = {
    "apiVersion": f"modeloperator.dev/{OLD}",
    "kind": "CanaryEndpoint",
    "metadata": {"name": "triage", "namespace": "default"},
    "spec": {
        "providerRef": {"name": "paitient"},
        "traffic": [{"name": "v1", "deploymentRef": {"name": "v1"}, "percent": 100}],
    },
}
BUDGET = {
    "apiVersion": f"modeloperator.dev/{OLD}",
    "kind": "ModelBudget",
    "metadata": {"name": "team", "namespace": "default"},
    "spec": {"period": "Month", "limit": "1500.00", "currency": "USD"},
}


@pytest.fixture
def own(cluster: Access) -> Iterator[Access]:
    """One whose CRDs this test may change; `cluster` has had the programs built."""
    with ControlPlane.start(progress=str) as plane:
        yield plane.access


def definitions(change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> str:
    """The shipped CRDs with other versions in them."""
    found = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "crds").glob("*.yaml"))]
    for crd in found:
        crd["spec"]["versions"] = change(crd["spec"]["versions"][0])
    return yaml.safe_dump_all(found)


def both(*, stored: str) -> str:
    return definitions(
        lambda first: [
            {**first, "name": name, "served": True, "storage": name == stored} for name in (OLD, NEW)
        ]
    )


def install(own: Access, crds: str) -> None:
    own.kubectl("apply", "--server-side", "--filename=-", input=crds)
    own.kubectl("wait", "--for=condition=Established", "--timeout=30s", "--filename=-", input=crds)


def read(own: Access, version: str) -> dict[str, Any]:
    said = own.kubectl(
        "get", f"modeldeployments.{version}.modeloperator.dev", "llama", "--output=json"
    ).stdout
    found: dict[str, Any] = json.loads(said)
    return found


def stored(own: Access) -> set[str]:
    path = "--output=jsonpath={.items[*].status.storedVersions[*]}"
    names = (f"{kind}.modeloperator.dev" for kind in KINDS)
    said = own.kubectl("get", "crd", *names, path).stdout
    return set(said.split())


def migrate(own: Access, folder: Path) -> None:
    """The block of the page, as a shell runs it."""
    (block,) = [block for block in blocks(ROOT / "docs" / "versioning.md") if "storedVersions" in block.body]
    (folder / "kubectl").symlink_to(own.program)
    environ = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "KUBECONFIG": str(own.kubeconfig),
        "HOME": str(folder),
    }
    subprocess.run(["bash", "-euo", "pipefail", "-c", block.script], env=environ, check=True, timeout=60)


def test_the_next_version_is_served_then_stored_and_the_first_one_leaves(own: Access, tmp_path: Path) -> None:
    install(own, both(stored=OLD))
    for body in (PROVIDER, DEPLOYMENT, CANARY, BUDGET):
        own.kubectl("create", "--filename=-", input=json.dumps(body))
    patch = '{"status":{"externalID":"33665"}}'
    own.kubectl(
        "patch", "modeldeployment", "llama", "--subresource=status", "--type=merge", f"--patch={patch}"
    )
    before = read(own, OLD)
    assert read(own, NEW) == {**before, "apiVersion": f"modeloperator.dev/{NEW}"}

    install(own, both(stored=NEW))
    migrate(own, tmp_path)
    after = read(own, NEW)
    for name in ("uid", "generation", "finalizers"):
        assert after["metadata"][name] == before["metadata"][name]
    assert (after["spec"], after["status"]) == (before["spec"], before["status"])
    assert stored(own) == {NEW}

    install(own, definitions(lambda first: [{**first, "name": NEW}]))
    assert read(own, NEW)["spec"] == before["spec"]
