"""Flux's healthCheckExprs, evaluated by the API server's own CEL on what the real operator wrote, against kstatus."""

import re
from typing import Any

import pytest
import yaml

from model_operator_demo.controlplane_access import Access
from support.deadlines import eventually
from support.kstatus import kstatus
from support.kube_api import Object
from support.samples import FOLDER

FLUX = FOLDER.parent / "flux" / "kustomizations.yaml"
GROUP = "flux-expressions.test"
CRD = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"samples.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Cluster",
        "names": {"kind": "Sample", "plural": "samples"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "sample": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
                        },
                    }
                },
            }
        ],
    },
}
EXPECTED = {"Current": "True False", "Failed": "- True", "InProgress": "False False"}


def expressions() -> dict[str, dict[str, str]]:
    """By kind."""
    (models,) = [d for d in yaml.safe_load_all(FLUX.read_text()) if d["metadata"]["name"] == "models"]
    return {entry["kind"]: entry for entry in models["spec"]["healthCheckExprs"]}


def policy(checks: dict[str, str]) -> list[Object]:
    """Refuses every Sample, and says why: what the two expressions are of it."""
    said = " + ' ' + ".join(f"({_rooted(checks[key])} ? 'True' : 'False')" for key in ("current", "failed"))
    return [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": GROUP},
            "spec": {
                "matchConstraints": {
                    "resourceRules": [
                        {
                            "apiGroups": [GROUP],
                            "apiVersions": ["v1"],
                            "operations": ["CREATE"],
                            "resources": ["samples"],
                        }
                    ]
                },
                "validations": [{"expression": "false", "messageExpression": f"'<' + {said} + '>'"}],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": GROUP},
            "spec": {"policyName": GROUP, "validationActions": ["Deny"]},
        },
    ]


def _rooted(expression: str) -> str:
    """Flux has the object's fields at the top."""
    return re.sub(r"(?<![.\w])(status|metadata)\.", r"object.sample.\1.", expression)


@pytest.fixture
def samples(cluster: Access) -> list[Object]:
    """All that was written down of the real operator, save what is being deleted: Flux asks nobody about that."""
    found = [yaml.safe_load(path.read_text()) for path in sorted((FOLDER / "testdata").glob("*.yaml"))]
    return [obj for obj in found if "deletionTimestamp" not in obj["metadata"]]


def test_all_three_kinds_are_judged_alike() -> None:
    found = expressions()
    assert set(found) == {"ModelProvider", "ModelDeployment", "CanaryEndpoint"}
    assert {(entry["current"], entry["failed"]) for entry in found.values()} == {
        (found["ModelProvider"]["current"], found["ModelProvider"]["failed"])
    }
    assert {entry["apiVersion"] for entry in found.values()} == {"modeloperator.dev/v1alpha1"}


def test_the_expressions_agree_with_kstatus(cluster: Access, samples: list[Object]) -> None:
    objects = [CRD, *policy(expressions()["ModelDeployment"])]
    text = yaml.safe_dump_all(objects)
    try:
        cluster.kubectl("apply", "--server-side", "--filename=-", input=text)
        cluster.kubectl("wait", "--for=condition=Established", f"crd/{CRD['metadata']['name']}")
        eventually(lambda: said(cluster, samples[0]), what="the policy to be in force")
        for sample in samples:
            wanted, answer = EXPECTED[kstatus(sample)], said(cluster, sample)
            # Flux looks at `failed` first.
            seen = f"- {answer.split()[1]}" if wanted.startswith("-") else answer
            assert seen == wanted, sample["status"]
    finally:
        cluster.kubectl("delete", "--filename=-", "--wait=false", input=text, check=False)


def said(cluster: Access, sample: Any) -> str:
    """`current failed`; empty where nobody refused."""
    obj = {"apiVersion": f"{GROUP}/v1", "kind": "Sample", "metadata": {"name": "x"}, "sample": sample}
    done = cluster.kubectl(
        "create", "--dry-run=server", "--filename=-", input=yaml.safe_dump(obj), check=False
    )
    found = re.search(r"<(True|False) (True|False)>", done.stderr)
    assert found or "no matches" in done.stderr or done.returncode == 0, done.stderr
    return found[0].strip("<>") if found else ""
