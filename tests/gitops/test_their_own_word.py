"""What Flux, Helm, Argo CD and prometheus-operator say themselves of our files, and kstatus of every sample."""

import copy
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_operator_demo.controlplane_access import Access, KubectlFailed
from support.chart_cases import CASES
from support.helm import Helm, of_kind
from support.kstatus import kstatus
from support.kube_api import Object
from support.samples import FOLDER
from support.shared_cluster import ROOT

GITOPS = ROOT / "manifests" / "gitops"
SAMPLES = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted((FOLDER / "testdata").glob("*.yaml"))
}
THEIRS = ("kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io", "argoproj.io")


def shipped(*groups: str) -> list[Any]:
    """Objects of those API groups in manifests/gitops."""
    found = [
        document
        for path in sorted(GITOPS.rglob("*.yaml"))
        if "testdata" not in path.parts
        for document in yaml.safe_load_all(path.read_text())
    ]
    return [obj for obj in found if obj and str(obj.get("apiVersion")).partition("/")[0] in groups]


def test_kstatus_says_of_every_sample_what_the_tests_go_by(checker) -> None:
    answers = checker(SAMPLES.values())
    assert {name: said["status"] for name, said in zip(SAMPLES, answers, strict=True)} == {
        name: kstatus(sample) for name, sample in SAMPLES.items()
    }
    assert {said["status"] for said in answers} == {"InProgress", "Current", "Failed", "Terminating"}


def test_the_rules_of_the_tests_are_kstatus_own_for_every_mix_of_conditions(checker) -> None:
    mixes = []
    for states in itertools.product(("True", "False", "Unknown"), repeat=3):
        mixed = copy.deepcopy(SAMPLES["deployment-ready"])
        wanted = dict(zip(("Ready", "Reconciling", "Stalled"), states, strict=True))
        for entry in mixed["status"]["conditions"]:
            entry["status"] = wanted.get(entry["type"], entry["status"])
        mixes.append(mixed)
    assert [said["status"] for said in checker(mixes)] == [kstatus(mixed) for mixed in mixes]


def test_flux_takes_the_release_as_it_is(checker) -> None:
    (release,) = shipped("helm.toolkit.fluxcd.io")
    misspelt = copy.deepcopy(release)
    misspelt["spec"]["chart"]["spec"]["charts"] = misspelt["spec"]["chart"]["spec"].pop("chart")
    said, about_the_misspelt = checker([release, misspelt])
    assert said["refused"] == ""
    assert 'unknown field "charts"' in about_the_misspelt["refused"]


@pytest.fixture
def with_their_kinds(cluster: Access, foreign_crds: Path) -> Access:
    """They stay: other workers may be at work with them."""
    cluster.kubectl("apply", "--server-side", f"--filename={foreign_crds}")
    cluster.kubectl("wait", "--for=condition=Established", f"--filename={foreign_crds}")
    return cluster


def dry_run(cluster: Access, *objects: Object) -> str:
    """Raises `KubectlFailed` for what their schema refuses."""
    placed = [{**obj, "metadata": {**obj["metadata"], "namespace": "default"}} for obj in objects]
    return cluster.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--filename=-",
        input=yaml.safe_dump_all(placed),
    ).stdout


def test_flux_and_argo_cd_take_every_object_of_theirs(with_their_kinds: Access) -> None:
    objects = shipped(*THEIRS)
    assert {obj["kind"] for obj in objects} == {"Application", "GitRepository", "Kustomization"}
    assert len(dry_run(with_their_kinds, *objects).splitlines()) == len(objects)


@pytest.mark.parametrize("kind", ["Application", "GitRepository", "Kustomization"])
def test_a_field_that_is_none_of_theirs_would_be_refused(with_their_kinds: Access, kind: str) -> None:
    broken = copy.deepcopy(next(obj for obj in shipped(*THEIRS) if obj["kind"] == kind))
    broken["spec"]["dependOn"] = []
    with pytest.raises(KubectlFailed, match="field not declared in schema"):
        dry_run(with_their_kinds, broken)


def test_the_rule_of_the_page_that_leaves_replicas_alone_is_one_of_flux(with_their_kinds: Access) -> None:
    page = (ROOT / "docs" / "gitops.md").read_text()
    rule = re.search(r"`spec\.ignore: (\[.*?\])`", page)
    assert rule
    models = next(
        obj
        for obj in shipped(*THEIRS)
        if obj["metadata"]["name"] == "models" and obj["kind"] == "Kustomization"
    )
    dry_run(with_their_kinds, {**models, "spec": {**models["spec"], "ignore": yaml.safe_load(rule[1])}})


def test_prometheus_operator_takes_the_charts_podmonitor(checker, helm: Helm) -> None:
    (monitor,) = of_kind(helm.template(CASES["monitored"]), "PodMonitor")
    misspelt = copy.deepcopy(monitor)
    misspelt["spec"]["podMetricsEndpoint"] = []
    said, about_the_misspelt = checker([monitor, misspelt])
    assert said["refused"] == ""
    assert 'unknown field "podMetricsEndpoint"' in about_the_misspelt["refused"]
