"""A watched namespace is deleted, and with it the Role that let the operator finish: the documented way out."""

import re
import shlex
from pathlib import Path

import pytest

from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support import manifests
from support.deadlines import eventually
from support.helm import ROOT, Helm
from support.markdown import blocks
from support.namespace import Namespace
from support.release import Release, unique
from support.simulator_process import SimulatorProcess

pytestmark = pytest.mark.long


@pytest.mark.slow
def test_rights_that_went_with_the_namespace_are_given_back_from_outside(
    helm: Helm,
    controllers: Access,
    simulator: SimulatorProcess,
    processes: Processes,
    tmp_path: Path,
) -> None:
    team = Namespace.create(controllers, unique("team"))
    name = unique("release")
    release = Release(helm, controllers, name, f"{name}-system")
    release.install(
        values={
            "watchNamespaces": [team.name],
            "crds": {"install": False},
            "allowedProviderHosts": [simulator.url],
        }
    )
    operator = release.operator(processes, tmp_path)
    operator.start()
    operator.wait_ready()
    team.apply(
        manifests.parasail_secret(),
        manifests.parasail_provider(simulator.url),
        manifests.parasail_deployment("llama"),
    )
    team.wait_for_condition("ModelDeployment", "llama", "Ready=True Available")
    # The namespace controller deletes all kinds at once: the Role goes before the provider has answered.
    held = simulator.fault("hold", vendor="parasail", operation="delete")
    team.kubectl("delete", "namespace", team.name, "--wait=false")
    eventually(
        lambda: not release.can("patch", "modeldeployments.modeloperator.dev", team.name), what="no rights"
    )
    held.remove()
    eventually(lambda: simulator.counters("parasail")["live"] == 0, what="the deployment to be gone")
    assert left(team) == ["llama", "parasail"]
    try:
        rescue(controllers, release)
        eventually(lambda: left(team) == [], what="the finalizers to be gone")
    finally:
        controllers.kubectl("delete", "clusterrolebinding,clusterrole", "model-operator-rescue")
    operator.terminate()
    team.api.close()
    release.uninstall()
    controllers.kubectl("delete", "namespace", release.namespace, "--wait=false")


def left(team: Namespace) -> list[str]:
    """Names of all that a finalizer of ours holds."""
    return [
        obj["metadata"]["name"] for kind in ("ModelDeployment", "ModelProvider") for obj in team.objects(kind)
    ]


def rescue(cluster: Access, release: Release) -> None:
    """The commands of the page, for this release's operator."""
    (block,) = [
        block for block in blocks(ROOT / "docs" / "gitops.md") if "model-operator-rescue" in block.body
    ]
    named = f"{release.namespace}:{release.fullname}"
    script = block.script.replace("model-operator-system:model-operator", named)
    assert named in script
    for command in re.sub(r"\\\n", " ", script).splitlines():
        program, *arguments = shlex.split(command)
        assert program == "kubectl"
        cluster.kubectl(*arguments)
