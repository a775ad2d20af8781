"""The folders for Argo CD and Flux: that their parts name each other, come in order, and go in the reverse one."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.argo_lua import SNIPPET
from support.helm import CHART, Helm, of_kind
from support.kube_api import Object
from support.namespace import Namespace
from support.shared_cluster import ROOT

sys.path.insert(0, str(ROOT / "tools"))  # where the generators are; they are no package
import argocd

GITOPS = ROOT / "manifests" / "gitops"
WAVE = "argocd.argoproj.io/sync-wave"
FILES = sorted(path for path in GITOPS.rglob("*.yaml") if "testdata" not in path.parts)


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def named(kind: str, name: str, *paths: Path) -> Object:
    (found,) = [
        document
        for path in paths
        for document in documents(path)
        if document["kind"] == kind and document["metadata"]["name"] == name
    ]
    return found


def test_the_snippet_is_made_from_the_scripts() -> None:
    ((path, text),) = argocd.argocd_files(ROOT).items()
    assert ROOT / path == SNIPPET
    assert SNIPPET.read_text() == text, "run `make generate`"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(GITOPS)))
def test_a_file_names_no_host_that_somebody_owns(path: Path) -> None:
    for line in path.read_text().splitlines():
        for url in (word for word in line.split() if "://" in word):
            assert url.partition("://")[2].split("/")[0] in ("git.example.com", "kubernetes.default.svc"), (
                line
            )


@pytest.mark.parametrize("name", ["operator", "models"])
def test_an_application_takes_a_folder_that_is_there(name: str) -> None:
    (app,) = documents(GITOPS / "argocd" / "apps" / f"{name}.yaml")
    assert (ROOT / app["spec"]["source"]["path"]).is_dir()
    assert "ServerSideApply=true" in app["spec"]["syncPolicy"]["syncOptions"]


def test_argo_installs_the_operator_first_and_leaves_it_behind() -> None:
    (root,) = documents(GITOPS / "argocd" / "root.yaml")
    assert ROOT / root["spec"]["source"]["path"] == GITOPS / "argocd" / "apps"
    (operator,) = documents(GITOPS / "argocd" / "apps" / "operator.yaml")
    (models,) = documents(GITOPS / "argocd" / "apps" / "models.yaml")
    waves = [int(app["metadata"]["annotations"][WAVE]) for app in (operator, models)]
    assert waves == sorted(set(waves))
    assert "finalizers" not in operator["metadata"]
    assert operator["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] == "Prune=false"
    assert models["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]


def test_argos_values_make_a_chart_whose_kinds_are_never_pruned(helm: Helm) -> None:
    (operator,) = documents(GITOPS / "argocd" / "apps" / "operator.yaml")
    source = operator["spec"]["source"]
    assert ROOT / source["path"] == CHART
    made = helm.template(source["helm"]["valuesObject"])
    for crd in of_kind(made, "CustomResourceDefinition"):
        options = crd["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
        assert options == "Prune=false,Delete=false"


def test_replicas_that_a_sync_leaves_alone_are_also_no_difference() -> None:
    (models,) = documents(GITOPS / "argocd" / "apps" / "models.yaml")
    assert "RespectIgnoreDifferences=true" in models["spec"]["syncPolicy"]["syncOptions"]
    (ignored,) = models["spec"]["ignoreDifferences"]
    assert (ignored["group"], ignored["kind"]) == ("modeloperator.dev", "ModelDeployment")
    assert ignored["jsonPointers"] == ["/spec/replicas"]


def test_an_account_comes_before_its_models_and_these_before_their_traffic() -> None:
    order = {"ModelProvider": 0, "ModelDeployment": 1, "CanaryEndpoint": 2}
    found = [document for path in FILES if path.parent.name == "models" for document in documents(path)]
    waves = {d["kind"]: int(d["metadata"]["annotations"][WAVE]) for d in found if d["kind"] in order}
    assert waves == order


def test_flux_applies_the_models_after_the_operator_and_leaves_it_behind() -> None:
    paths = (GITOPS / "flux" / "kustomizations.yaml",)
    operator = named("Kustomization", "model-operator", *paths)
    models = named("Kustomization", "models", *paths)
    assert models["spec"]["dependsOn"] == [{"name": "model-operator"}]
    assert operator["spec"]["deletionPolicy"] == "Orphan"
    assert models["spec"]["deletionPolicy"] == "WaitForTermination"
    named("GitRepository", "model-operator", GITOPS / "flux" / "source.yaml")
    for kustomization in (operator, models):
        assert kustomization["spec"]["wait"] is True
        assert kustomization["spec"]["sourceRef"] == {"kind": "GitRepository", "name": "model-operator"}
        assert (ROOT / kustomization["spec"]["path"] / "kustomization.yaml").is_file()
    release = named("HelmRelease", "model-operator", GITOPS / "flux" / "operator" / "release.yaml")
    assert ROOT / release["spec"]["chart"]["spec"]["chart"] == CHART
    target = models["spec"]["targetNamespace"]
    named("Namespace", target, GITOPS / "flux" / "operator" / "release.yaml")


def test_fluxs_values_are_the_charts(helm: Helm) -> None:
    release = named("HelmRelease", "model-operator", GITOPS / "flux" / "operator" / "release.yaml")
    assert of_kind(helm.template(release["spec"]["values"]), "Deployment")


@pytest.mark.parametrize("folder", ["models", "flux/operator"])
def test_kustomize_builds_every_file_of_a_folder(namespace: Namespace, folder: str) -> None:
    built = namespace.kubectl("kustomize", str(GITOPS / folder)).stdout
    files = [path for path in (GITOPS / folder).glob("*.yaml") if path.name != "kustomization.yaml"]
    wanted = [document for path in files for document in documents(path)]
    key = lambda obj: (obj["kind"], obj["metadata"]["name"])  # noqa: E731
    assert sorted(map(key, yaml.safe_load_all(built))) == sorted(map(key, wanted))


def test_the_server_accepts_the_models(namespace: Namespace) -> None:
    namespace.kubectl(
        "apply", "--server-side", "--dry-run=server", "--validate=strict", f"--kustomize={GITOPS / 'models'}"
    )
