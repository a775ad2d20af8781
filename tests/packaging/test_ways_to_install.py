"""`kubectl models` by each way of installing it: the built wheel by pipx, an archive of it by krew, and the image."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from model_operator import __version__
from model_operator_demo.controlplane_download import this_platform
from support import manifests
from support.canary_world import canary
from support.helm import ROOT
from support.markdown import blocks
from support.staged_image import StagedImage

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(1200)]

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]
PLATFORMS = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
]
ROWS = [["provider/parasail", "Unknown", "Pending"], ["└", "deployment/llama", "Pending", "Pending"]]


def run(*command: str | Path, **more: str) -> str:
    """What it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, "PYTHONPATH": "", **more},  # what is installed, not what is here
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a release builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        f"--wheel-dir={folder}",
        ".",
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def user(namespace, tmp_path) -> Callable[[Path], Kubectl]:
    """Somebody with a provider and a model, who has programs in a folder of the PATH."""
    namespace.apply(
        manifests.provider("parasail", "http://127.0.0.1:9"), manifests.parasail_deployment("llama")
    )
    document = yaml.safe_load(namespace.access.kubeconfig.read_text())
    document["contexts"][0]["context"]["namespace"] = namespace.name
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(document))
    kubeconfig.chmod(0o600)

    def with_programs(folder: Path) -> Kubectl:
        (folder / "kubectl").symlink_to(namespace.access.program)
        environment = {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin", "KUBECONFIG": str(kubeconfig)}

        def kubectl(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [folder / "kubectl", *arguments],
                env={**environment, "HOME": str(tmp_path)},
                capture_output=True,
                text=True,
                check=False,
                timeout=100,
            )

        return kubectl

    return with_programs


def works(kubectl: Kubectl) -> None:
    """It is found, it sees the cluster, and what needs files of its own has them."""
    shown = kubectl("models", "status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [line.split()[:-1] for line in shown.stdout.splitlines() if "/" in line] == ROWS
    assert kubectl("models", "--help").stdout.startswith("Usage: kubectl models [OPTIONS] COMMAND")
    assert kubectl("models", "--version").stdout == f"kubectl models, version {__version__}\n"
    assert "QuotaExceeded" in kubectl("models", "explain", "QuotaExceeded").stdout


def reports(kubectl: Kubectl, namespace) -> None:
    """The page's style sheet is a file."""
    target = {"name": "v1", "deploymentRef": {"name": "llama"}, "percent": 100}
    namespace.apply(canary("triage", "parasail", traffic=[target]))
    page = kubectl("models", "canary", "report", "triage", "-o", "html")
    assert (page.returncode, page.stderr) == (0, "")
    assert "prefers-color-scheme: dark" in page.stdout


def test_the_wheel_by_pipx(wheel: Path, user, namespace, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    run(sys.executable, "-m", "venv", tools)
    run(tools / "bin" / "pip", "install", "--quiet", "pipx>=1.7,<2")
    home = {"PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    run(tools / "bin" / "pipx", "install", wheel, **home)
    programs = {path.name for path in (tmp_path / "bin").iterdir()}
    assert programs == {"model-operator", "kubectl-models", "kubectl_complete-models"}
    kubectl = user(tmp_path / "bin")
    works(kubectl)
    reports(kubectl, namespace)
    assert "status" in kubectl("__complete", "models", "st").stdout


def released(wheel: Path, folder: Path, address: str) -> Path:
    """The release's archives, and the manifest of them: this platform's own one, and others that only look like it."""
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", folder / "venv")
    run(python, "-m", "pip", "install", "--quiet", wheel, "pyinstaller>=6.16,<7")
    dist = folder / "acme" / "model-operator" / "releases" / "download" / f"v{__version__}"
    os_here, arch_here = this_platform().split("-")
    run(python, "tools/krew.py", "pack", "--os", os_here, "--arch", arch_here, dist)
    for system, arch in PLATFORMS:
        suffix = ".exe" if system == "windows" else ""
        if (system, arch) == (os_here, arch_here):
            continue
        with tarfile.open(dist / f"kubectl-models-{system}-{arch}.tar.gz", "w:gz") as archive:
            archive.add(ROOT / "LICENSE", "LICENSE")
            archive.add(ROOT / "LICENSE", f"kubectl-models/kubectl-models{suffix}")
    run(python, "tools/krew.py", "manifest", "--repository", f"{address}/acme/model-operator", dist)
    return dist / "models.yaml"


@pytest.fixture
def served(tmp_path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that it has on the web."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def managed(krew: Path, tmp_path: Path) -> Path:
    """A folder of the PATH in which kubectl finds krew."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "kubectl-krew").symlink_to(krew)
    return folder


def test_an_archive_of_the_wheel_by_krew(
    wheel: Path, served, user, namespace, managed: Path, krew_validator: Path
) -> None:
    manifest, root = released(wheel, *served), managed.parent / "krew"
    kubectl = user(managed)
    where = {"PATH": f"{managed}:/usr/bin:/bin", "KREW_ROOT": str(root)}
    run(krew_validator, f"-manifest={manifest}", **where)
    run(managed / "kubectl", "krew", "install", f"--manifest={manifest}", **where)
    (managed / "kubectl-models").symlink_to(root / "bin" / "kubectl-models")
    works(kubectl)
    reports(kubectl, namespace)


def recipe() -> str:
    """The program of the page that runs the image."""
    (found,) = [block.body for block in blocks(ROOT / "docs" / "cli.md") if "docker run" in block.body]
    return found


@pytest.mark.parametrize(
    ("leaves_out", "complaint"),
    [
        pytest.param("", "", id="as the page has it"),
        pytest.param(
            ' --user "$(id -u):$(id -g)"', "permission denied: /config", id="whose file only its owner reads"
        ),
    ],
)
def test_the_image_by_docker_run(user, namespace, tmp_path: Path, leaves_out: str, complaint: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    assert leaves_out in recipe()
    (programs / "kubectl-models").write_text(recipe().replace(leaves_out, ""))
    (programs / "kubectl-models").chmod(0o755)
    StagedImage.of_dockerfile(tmp_path).engine(programs / "docker")
    kubectl = user(programs)
    if complaint:
        assert complaint in kubectl("models", "status").stderr
        return
    shown = kubectl("models", "status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [line.split()[:-1] for line in shown.stdout.splitlines() if "/" in line] == ROWS
    reports(kubectl, namespace)
