"""What README and the pages on install, upgrade and uninstall tell people to type, typed in their order on a cluster."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from model_operator_demo.controlplane_access import Access
from support.helm import ROOT, Helm
from support.markdown import Block, blocks

# There is no registry and no node here: check_image.py has the image, and test_permissions.py what runs in the pod.
pytestmark = pytest.mark.long

NOT_HERE = re.compile(r"^(make image|docker push|kubectl .*rollout status)")
COMMAND = re.compile(r"(?:[^\n]*\\\n)*[^\n]+\n")
Shell = Callable[[Block], str]


def block(page: str, *words: str) -> Block:
    """The one block of a page with these words in it."""
    found = [
        block for block in blocks(ROOT / page) if block.is_shell and all(word in block.body for word in words)
    ]
    assert len(found) == 1, f"{page}: {len(found)} blocks with {words}"
    return found[0]


@pytest.fixture
def shell_with(own_cluster: Access, tmp_path: Path) -> Callable[[Helm], Shell]:
    """In the repository's folder, with that Helm and this cluster; fails with the first command that does."""
    return lambda helm: _shell(own_cluster, helm, tmp_path)


def _shell(cluster: Access, helm: Helm, tmp_path: Path) -> Shell:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, program in {"helm": helm.program, "kubectl": cluster.program}.items():
        (programs / name).symlink_to(program)
    homes = {f"HELM_{kind}_HOME": str(tmp_path / kind) for kind in ("CACHE", "CONFIG", "DATA")}
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("HELM_", "KUBE"))},
        **homes,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "KUBECONFIG": str(cluster.kubeconfig),
    }

    def run(block: Block) -> str:
        here = "".join(command for command in COMMAND.findall(block.script) if not NOT_HERE.match(command))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", here],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"
        return done.stdout

    return run


def found(cluster: Access, kind: str, *arguments: str) -> list[str]:
    """Names of what is there of the operator."""
    said = cluster.kubectl("get", kind, *arguments, "--output=name").stdout.split()
    return sorted(name.partition("/")[2] for name in said if "model" in name or "canary" in name)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_life_with_helm_by_the_pages(
    shell_with: Callable[[Helm], Shell], any_helm: Helm, own_cluster: Access
) -> None:
    shell = shell_with(any_helm)
    shell(block("README.md", "helm install"))
    image = "--output=jsonpath={..image}"
    deployment = ("get", "deployment", "model-operator", "--namespace=model-operator-system")
    said = own_cluster.kubectl(*deployment, image).stdout
    assert said.startswith("registry.example.com/platform/model-operator:")
    pushed = re.search(r"docker push (\S+)", (ROOT / "README.md").read_text())
    assert pushed
    assert said == pushed[1]

    shell(block("docs/upgrade.md", "helm upgrade"))
    assert own_cluster.kubectl(*deployment, image).stdout == said
    shell(block("docs/upgrade.md", "helm rollback"))

    shell(block("docs/uninstall.md", "delete canaryendpoints,modeldeployments"))
    shell(block("docs/uninstall.md", "delete modelproviders,modelbudgets"))
    shell(block("docs/uninstall.md", "helm uninstall"))
    assert found(own_cluster, "clusterroles") == []
    assert len(found(own_cluster, "crds")) == 4
    shell(block("docs/uninstall.md", "--take-ownership"))
    assert found(own_cluster, "deployments", "--namespace=elsewhere") == ["model-operator"]
    shell(block("docs/uninstall.md", "kubectl delete crd"))
    assert found(own_cluster, "crds") == []


@pytest.mark.slow
def test_several_releases_by_the_page(
    shell_with: Callable[[Helm], Shell], helm: Helm, own_cluster: Access
) -> None:
    shell = shell_with(helm)
    for team in ("team-a", "team-b"):
        own_cluster.kubectl("create", "namespace", team)
    shell(block("docs/install.md", "models-a"))
    for name, team in (("a", "team-a"), ("b", "team-b")):
        assert found(own_cluster, "roles", f"--namespace={team}") == [f"models-{name}-model-operator"]


@pytest.mark.slow
def test_a_life_without_helm_by_the_pages(
    shell_with: Callable[[Helm], Shell], helm: Helm, own_cluster: Access
) -> None:
    shell = shell_with(helm)
    shell(block("docs/install.md", "manifests/install.yaml"))
    said = own_cluster.kubectl(
        "get",
        "deployment",
        "model-operator",
        "--namespace=model-operator-system",
        "--output=jsonpath={..image}",
    ).stdout
    assert said.startswith("registry.example.com/platform/model-operator:")
    (page,) = re.findall(
        r"Without Helm: `(kubectl delete [^`]*)`", (ROOT / "docs" / "uninstall.md").read_text()
    )
    shell(Block(ROOT / "docs" / "uninstall.md", 0, ("sh",), f"{page} --wait=false\n"))
    assert found(own_cluster, "clusterroles") == []
    assert len(found(own_cluster, "crds")) == 4
