"""What kube-score, a linter of manifests, says to everything that the chart makes, and what it is not asked."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from support.chart_cases import CASES
from support.helm import ROOT, Helm
from support.kube_api import Object

NOT_ASKED = {
    "container-security-context-user-group-id": "OpenShift chooses the user; the image has a number of its own",
    "container-image-pull-policy": "a release's tag does not move, and a digest cannot",
    "container-ephemeral-storage-request-and-limit": "its root is read-only, and no volume is mounted",
    "deployment-has-host-podantiaffinity": "helm/values-ha.yaml spreads over nodes by topologySpreadConstraints",
    "pod-networkpolicy": "off by default: who may reach the API server differs by cluster",
}
CPU = "--ignore-container-cpu-limit"  # a limit would slow down a start and nothing else


def critical(kube_score: Path, objects: list[Object], *asked: str) -> list[str]:
    """What it finds wrong, a line each; `asked` are checks that it is asked for all the same."""
    ignored = [f"--ignore-test={check}" for check in NOT_ASKED if check not in asked]
    done = subprocess.run(
        [
            str(kube_score),
            "score",
            "--kubernetes-version=v1.31",
            "--output-format=json",
            CPU,
            *ignored,
            "-",
        ],
        input=yaml.safe_dump_all(objects),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return [
        f"{scored['object_name']}: {check['check']['id']}: {comment['summary']}"
        for scored in json.loads(done.stdout) or []
        for check in scored["checks"]
        if not check["skipped"] and check["grade"] < 10
        for comment in check["comments"] or [{"summary": ""}]
    ]


@pytest.mark.parametrize("values", [pytest.param(values, id=name) for name, values in CASES.items()])
def test_the_linter_has_no_complaint(helm: Helm, kube_score: Path, values: Object) -> None:
    assert critical(kube_score, helm.template(values)) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_with_its_policy_on_the_pod_has_one(helm: Helm, kube_score: Path, enabled: bool) -> None:
    made = helm.template({"networkPolicy": {"enabled": enabled}})
    complaints = critical(kube_score, made, "pod-networkpolicy")
    assert [line for line in complaints if "pod-networkpolicy" not in line] == []
    assert bool(complaints) is not enabled


def test_the_plain_manifest_has_none_either(kube_score: Path) -> None:
    made = list(yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text()))
    assert critical(kube_score, made) == []


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param(
            {"securityContext": {"readOnlyRootFilesystem": False}}, "security-context", id="writable"
        ),
        pytest.param({"resources": {"limits": None}}, "container-resources", id="no limit"),
        pytest.param({"image": {"tag": "latest"}}, "container-image-tag", id="moving tag"),
    ],
)
def test_it_would_complain(helm: Helm, kube_score: Path, values: Object, complaint: str) -> None:
    assert any(complaint in line for line in critical(kube_score, helm.template(values)))


def test_the_simulators_manifest_has_none_but_that_it_is_alone(kube_score: Path) -> None:
    made = list(yaml.safe_load_all((ROOT / "manifests" / "examples" / "simulator.yaml").read_text()))
    alone = ("deployment-replicas", "deployment-has-poddisruptionbudget", "deployment-strategy")
    assert [line for line in critical(kube_score, made) if not any(check in line for check in alone)] == []
