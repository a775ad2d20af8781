"""A release from its first day to its last, with real Helm on a real API server, and a model that outlives all of it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support import manifests
from support.helm import CHART, Helm
from support.namespace import Namespace
from support.release import Release
from support.simulator_process import SimulatorProcess

CRDS = [
    f"customresourcedefinition.apiextensions.k8s.io/{kind}.modeloperator.dev"
    for kind in ("canaryendpoints", "modelbudgets", "modeldeployments", "modelproviders")
]
OURS = ("deployments", "serviceaccounts", "clusterroles", "clusterrolebindings", "customresourcedefinitions")


def make_older_chart(tmp_path: Path) -> Path:
    """The chart as if it were 0.0.1: its ModelDeployments had no progressDeadline yet."""
    folder = tmp_path / "older" / "model-operator"
    shutil.copytree(CHART, folder)
    about = folder / "Chart.yaml"
    about.write_text(about.read_text().replace("0.1.0", "0.0.1"))
    crd = folder / "templates" / "crds" / "modeldeployments.modeloperator.dev.yaml"
    head, schema, tail = crd.read_text().partition("spec:\n  group:")
    document = yaml.safe_load(schema + tail.removesuffix("{{- end }}\n"))
    del spec_of(document)["progressDeadline"]
    crd.write_text(head + yaml.safe_dump(document, sort_keys=False) + "{{- end }}\n")
    return folder


def spec_of(crd: Any) -> dict[str, Any]:
    """The properties of `spec` in a CRD's schema."""
    (version,) = crd["spec"]["versions"]
    properties: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    return properties


def knows_deadlines(access: Access) -> bool:
    """Whether the server's ModelDeployments know it."""
    said = access.kubectl("get", "crd", "modeldeployments.modeloperator.dev", "--output=yaml").stdout
    return "progressDeadline" in spec_of(yaml.safe_load(said))


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_release_from_install_to_reinstall(
    any_helm: Helm,
    own_cluster: Access,
    team: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    values = {"allowedProviderHosts": [simulator.url]}
    release = Release(any_helm, own_cluster, "model-operator", "system")

    def served(by: Release, folder: str) -> str:
        """The id at the provider, once the release's operator has it Ready."""
        operator = by.operator(processes, tmp_path / folder)
        operator.start()
        operator.wait_ready()
        live = team.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
        operator.terminate()
        assert operator.complaints() == []
        return str(live["status"]["externalID"])

    release.install(chart=make_older_chart(tmp_path), values=values)
    assert not knows_deadlines(own_cluster)
    team.apply(
        manifests.parasail_secret(),
        manifests.parasail_provider(simulator.url),
        manifests.parasail_deployment("llama"),
    )
    uid = team.get("ModelDeployment", "llama")["metadata"]["uid"]
    id_at_the_provider = served(release, "first")

    release.upgrade(values=values)
    assert knows_deadlines(own_cluster)
    assert served(release, "upgraded") == id_at_the_provider

    release.rollback(1)
    assert not knows_deadlines(own_cluster)
    assert served(release, "rolled-back") == id_at_the_provider

    release.upgrade(values=values)
    release.uninstall()
    assert release.objects(*OURS) == CRDS
    assert team.get("ModelDeployment", "llama")["metadata"]["uid"] == uid

    again = Release(any_helm, own_cluster, "prod", "elsewhere")
    assert "invalid ownership metadata" in again.refusal_to_install("--create-namespace")
    again.install("--take-ownership", values=values)
    assert served(again, "reinstalled") == id_at_the_provider
    assert simulator.counters("parasail")["live"] == 1
    assert sum(simulator.counters("parasail")["creates_by_name"].values()) == 1


def test_the_notes_can_be_pasted(any_helm: Helm, cluster: Access, namespace: Namespace) -> None:
    release = Release(any_helm, cluster, "notes", namespace.name)
    said = release.install(
        "--dry-run=client", values={"watchNamespaces": [namespace.name], "crds": {"install": False}}
    )
    notes = said.partition("NOTES:")[2]
    assert f"It is watching {namespace.name}." in notes
    assert "names no registry" in notes
    assert "crds.install is false" in notes
    pasted = notes.partition("<<'END'\n")[2].partition("\nEND\n")[0]
    created = namespace.kubectl(
        "apply", "--server-side", "--dry-run=server", "--filename=-", input=pasted
    ).stdout
    assert created.split("\n")[:2] == [
        "modelprovider.modeloperator.dev/parasail serverside-applied (server dry run)",
        "modeldeployment.modeloperator.dev/llama serverside-applied (server dry run)",
    ]


@pytest.mark.parametrize("namespaces", [[], ["team-a"], ["team-a", "team-b"]])
def test_the_notes_stop_the_bill_in_every_watched_namespace(
    helm: Helm, cluster: Access, namespaces: list[str]
) -> None:
    """Before an uninstall: what it forgets goes on costing."""
    values = {"watchNamespaces": namespaces, "crds": {"install": False}}
    said = helm.on(cluster)("install", "a", CHART, "--dry-run=client", values=values)
    lines = [line.strip() for line in said.splitlines() if "kubectl delete canaryendpoints" in line]
    delete = "kubectl delete canaryendpoints,modeldeployments --all"
    assert lines == ([f"{delete} -n {name}" for name in namespaces] or [f"{delete} --all-namespaces"])


def test_the_notes_name_the_crds_by_the_label_that_they_have(helm: Helm, cluster: Access) -> None:
    said = helm.on(cluster)("install", "a", CHART, "--dry-run=client", values={"nameOverride": "models"})
    assert "kubectl delete crd -l app.kubernetes.io/name=models`" in said
    assert "app.kubernetes.io/name: models" in said


def test_with_an_image_of_a_registry_the_notes_do_not_warn_of_it(any_helm: Helm, cluster: Access) -> None:
    values = {"image": {"repository": "r.example.com/a/b"}, "crds": {"install": False}}
    said = any_helm.on(cluster)("install", "a", CHART, "--dry-run=client", values=values)
    assert "names no registry" not in said
    assert "It is watching all namespaces." in said


def test_helm_4_goes_on_with_what_helm_3_installed(
    helm: Helm, helm_3: Helm, cluster: Access, namespace: Namespace
) -> None:
    values = {"watchNamespaces": [namespace.name], "crds": {"install": False}, "rbac": {"userRoles": False}}
    Release(helm_3, cluster, "moved", namespace.name).install(values=values)
    release = Release(helm, cluster, "moved", namespace.name)
    release.upgrade("--reset-then-reuse-values", values={"replicaCount": 2})
    deployment = namespace.kubectl(
        "get", "deployment", release.fullname, "--output=jsonpath={.spec.replicas}"
    )
    assert deployment.stdout == "2"
    release.rollback(1)
    release.uninstall()
    assert release.objects("deployments", "serviceaccounts", "roles", "rolebindings") == []
