"""What the chart makes of its values. Without a cluster."""

import json
from typing import Any

import pytest
import yaml

from model_operator import __version__
from model_operator.models.crd import KINDS
from support.chart_cases import DIGEST
from support.chart_made import container, each_case
from support.helm import CHART, ROOT, Helm, of_kind
from support.kube_api import Object

ABOUT: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())


@each_case
def test_the_chart_is_clean_under_lint(helm: Helm, values: Object) -> None:
    said = helm("lint", "--strict", CHART, values=values)
    assert "0 chart(s) failed" in said
    assert "WARNING" not in said


@each_case
def test_helm_4_and_helm_3_make_the_same_of_it(helm: Helm, helm_3: Helm, values: Object) -> None:
    made = helm.template(values)
    assert made == helm_3.template(values)
    assert of_kind(made, "Deployment")


@each_case
def test_there_is_nothing_in_it_that_runs_by_itself_or_costs_money(helm: Helm, values: Object) -> None:
    for obj in helm.template(values):
        assert not obj["apiVersion"].startswith("modeloperator.dev/")
        assert "helm.sh/hook" not in obj["metadata"].get("annotations", {})
        assert "simulator" not in json.dumps(obj) or obj["kind"] == "CustomResourceDefinition"


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        pytest.param({}, f"model-operator:{__version__}", id="default"),
        pytest.param(
            {"registry": "r.example.com:5000", "repository": "a/b", "tag": "1"},
            "r.example.com:5000/a/b:1",
            id="all",
        ),
        pytest.param({"digest": DIGEST}, f"model-operator:{__version__}@{DIGEST}", id="digest"),
    ],
)
def test_the_image(helm: Helm, image: Object, reference: str) -> None:
    assert container(helm.template({"image": image}))["image"] == reference


@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        pytest.param("model-operator", {}, "model-operator", id="after the chart"),
        pytest.param("prod", {}, "prod-model-operator", id="otherwise"),
        pytest.param("my-model-operator", {}, "my-model-operator", id="with the chart in it"),
        pytest.param("r" * 53, {}, f"{'r' * 53}-model-ope", id="too long"),
        pytest.param("prod", {"fullnameOverride": "x" * 62 + "-y"}, "x" * 62, id="cut at a dash"),
        pytest.param("prod", {"nameOverride": "models"}, "prod-models", id="another name"),
    ],
)
def test_names(helm: Helm, release: str, values: Object, name: str) -> None:
    said = helm("template", release, CHART, "--show-only=templates/deployment.yaml", values=values)
    made = yaml.safe_load(said)
    assert made["metadata"]["name"] == name
    assert made["spec"]["template"]["spec"]["serviceAccountName"] == name


@pytest.mark.parametrize(
    ("values", "strategy"),
    [
        pytest.param({}, {"type": "RollingUpdate"}, id="with a Lease, two may overlap"),
        pytest.param({"leaderElection": {"enabled": False}}, {"type": "Recreate"}, id="without, never two"),
        pytest.param({"strategy": {"type": "Recreate"}}, {"type": "Recreate"}, id="as it is said"),
    ],
)
def test_how_the_old_pod_makes_room(helm: Helm, values: Object, strategy: Object) -> None:
    (deployment,) = of_kind(helm.template(values), "Deployment")
    assert deployment["spec"]["strategy"] == strategy


@each_case
def test_it_is_what_linters_of_manifests_ask_for(helm: Helm, values: Object) -> None:
    made = helm.template(values)
    (deployment,) = of_kind(made, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    operator = container(made)
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert operator["securityContext"]["readOnlyRootFilesystem"] is True
    assert operator["securityContext"]["allowPrivilegeEscalation"] is False
    assert operator["image"].rpartition("/")[2].partition(":")[2] not in ("", "latest")
    assert {"cpu"} <= set(operator["resources"]["requests"])
    assert {"memory"} <= set(operator["resources"]["limits"])
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert operator[probe]["httpGet"]["port"] == "health"
    assert set(deployment["spec"]["selector"]["matchLabels"].items()) <= set(
        deployment["spec"]["template"]["metadata"]["labels"].items()
    )
    names = [entry["name"] for entry in operator["env"]]
    assert len(names) == len(set(names))
    identities = [(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]) for obj in made]
    assert len(identities) == len(set(identities))


def test_the_crds_are_those_of_the_repository(helm: Helm) -> None:
    shipped = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "crds").glob("*.yaml")}
    rendered = {crd["metadata"]["name"]: crd for crd in of_kind(helm.template(), "CustomResourceDefinition")}
    assert {kind.crd_name for kind in KINDS} == set(shipped)
    assert {name: crd["spec"] for name, crd in rendered.items()} == {
        name: crd["spec"] for name, crd in shipped.items()
    }
    for name, crd in rendered.items():
        assert crd["metadata"]["annotations"] == {
            **shipped[name]["metadata"]["annotations"],
            "helm.sh/resource-policy": "keep",
        }


@pytest.mark.parametrize(
    ("crds", "annotations"),
    [
        pytest.param({"install": False}, None, id="not installed"),
        pytest.param({"keep": False}, {}, id="not kept"),
        pytest.param(
            {"annotations": {"a": "b"}},
            {"a": "b", "helm.sh/resource-policy": "keep"},
            id="annotated and kept",
        ),
    ],
)
def test_what_becomes_of_the_crds(helm: Helm, crds: Object, annotations: dict[str, str] | None) -> None:
    made = of_kind(helm.template({"crds": crds}), "CustomResourceDefinition")
    assert len(made) == (0 if annotations is None else len(KINDS))
    for crd in made:
        substitute = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
        assert crd["metadata"]["annotations"] == {**substitute, **(annotations or {})}


def test_the_versions_and_kinds_that_the_chart_names_are_the_codes() -> None:
    assert ABOUT["appVersion"] == __version__
    assert ABOUT["version"] == __version__
    named = yaml.safe_load(ABOUT["annotations"]["artifacthub.io/crds"])
    assert {(crd["kind"], crd["name"]) for crd in named} == {(kind.kind, kind.crd_name) for kind in KINDS}
