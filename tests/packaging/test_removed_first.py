"""The operator was uninstalled before its models, and the CRDs were deleted as well: the way out is to install it again."""

from pathlib import Path

import pytest

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support import manifests
from support.deadlines import eventually
from support.helm import Helm
from support.namespace import Namespace
from support.release import Release
from support.simulator_process import SimulatorProcess

pytestmark = pytest.mark.long

KINDS = ("canaryendpoints", "modelbudgets", "modeldeployments", "modelproviders")


def crds(cluster: Access) -> list[str]:
    """Their names."""
    said = cluster.kubectl("get", "crds", "--output=name").stdout.split()
    return [name for name in said if name.endswith(".modeloperator.dev")]


def serve_llama(team: Namespace, simulator: SimulatorProcess) -> None:
    """Account and model, until it answers."""
    team.apply(
        manifests.parasail_secret(),
        manifests.parasail_provider(simulator.url),
        manifests.parasail_deployment("llama"),
    )
    team.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")


@pytest.mark.slow
def test_installed_again_it_deletes_what_waits_and_a_second_helm_upgrade_brings_the_crds_back(
    helm: Helm,
    own_cluster: Access,
    team: Namespace,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    values = {"allowedProviderHosts": [simulator.url]}
    release = Release(helm, own_cluster, "model-operator", "system")
    release.install(values=values)
    operator = release.operator(processes, tmp_path / "first")
    operator.start()
    operator.wait_ready()
    serve_llama(team, simulator)
    operator.terminate()
    release.uninstall()
    names = [f"{kind}.modeloperator.dev" for kind in KINDS]
    own_cluster.kubectl("delete", "crd", *names, "--wait=false")
    eventually(lambda: len(crds(own_cluster)) == 2, what="the kinds without objects to be gone")
    assert team.find("ModelDeployment", "llama") is not None

    release.install(values=values)
    operator = release.operator(processes, tmp_path / "again")
    operator.start()
    operator.wait_ready()
    eventually(
        lambda: len(crds(own_cluster)) == len(KINDS) - 2, what="the objects and their kinds to be gone"
    )
    assert simulator.counters("parasail")["live"] == 0

    eventually(lambda: not operator.is_running, what="the operator without a kind to end")
    release.upgrade(values=values)
    assert len(crds(own_cluster)) == len(KINDS)
    operator.restart()  # the kubelet's work
    serve_llama(team, simulator)
    assert simulator.counters("parasail")["live"] == 1
    operator.terminate()
