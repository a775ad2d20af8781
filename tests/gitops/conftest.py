"""GitOps tools' own word on objects: cli-utils' kstatus, Flux' and Argo CD's kinds, all had from their Go modules.

Made ready before the first test that needs them, outside of any test's time-out, once however many workers there are.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from model_operator_demo.controlplane_binaries import to_stderr
from model_operator_demo.controlplane_build import BuildFailed, follow
from model_operator_demo.controlplane_cache import cache_root, fill_once
from model_operator_demo.processes import Processes, ProcessFailed
from support.kube_api import Object

_SOURCE = Path(__file__).parent / "checker"
# Modules that carry the CRDs of the kinds in manifests/gitops; the one of HelmReleases is judged by its Go type.
_CRDS = {
    "github.com/fluxcd/kustomize-controller@v1.9.6": "kustomize.toolkit.fluxcd.io_kustomizations.yaml",
    "github.com/fluxcd/source-controller@v1.9.6": "source.toolkit.fluxcd.io_gitrepositories.yaml",
    "github.com/argoproj/argo-cd/v3@v3.4.0": "application-crd.yaml",
}
_READY = pytest.StashKey[dict[str, Path | str]]()
_MAKERS: dict[str, Callable[[Path], None]] = {}

Answers = list[dict[str, str]]
Checker = Callable[[Iterable[Any]], Answers]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whoever cannot have a thing is told why by the tests that need it."""
    session.config.stash[_READY] = {}
    if session.config.option.collectonly:
        return
    needed = {name for item in session.items for name in getattr(item, "fixturenames", ()) if name in _MAKERS}
    for name in needed:
        folder = cache_root(os.environ).parent / "tools" / f"gitops-{name}-{_key()}"
        try:
            if not folder.is_dir():
                fill_once(folder, _MAKERS[name], to_stderr)
            session.config.stash[_READY][name] = folder
        except (BuildFailed, ProcessFailed, OSError) as error:
            session.config.stash[_READY][name] = f"{error}\nInstall Go 1.26 or newer (https://go.dev/dl)."


def _key() -> str:
    """Changes with whatever would change the things."""
    parts = [json.dumps(_CRDS), *(path.read_text() for path in sorted(_SOURCE.iterdir()))]
    return sha256("\n".join(parts).encode()).hexdigest()[:12]


def _go(*arguments: str, what: str) -> str:
    """What it printed. Raises `BuildFailed`."""
    go = shutil.which("go")
    if go is None:
        raise BuildFailed("Go is not installed (no `go` in PATH)")
    environ = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    with tempfile.TemporaryDirectory(prefix="model-operator-build-") as logs, Processes() as processes:
        log = Path(logs) / "go"
        follow(processes.start(what, [go, *arguments], log=log, env=environ), to_stderr)
        return log.read_text()


def _make_checker(folder: Path) -> None:
    arguments = ("build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w")
    _go("-C", str(_SOURCE), *arguments, f"-o={folder / 'checker'}", ".", what="go build checker")


def _make_foreign_crds(folder: Path) -> None:
    for module, name in _CRDS.items():
        said = _go("mod", "download", "-json", module, what=f"go mod download {module}")
        root = Path(json.loads(said[said.index("{") :])["Dir"])
        (found,) = [
            root / place / name for place in ("config/crd/bases", "manifests/crds") if (root / place).is_dir()
        ]
        (folder / name).write_bytes(found.read_bytes())


_MAKERS |= {"checker": _make_checker, "foreign_crds": _make_foreign_crds}


def _ready(request: pytest.FixtureRequest, name: str) -> Path:
    found = request.config.stash[_READY][name]
    if isinstance(found, str):
        pytest.fail(found, pytrace=False)
    return found


@pytest.fixture(scope="session")
def checker(request: pytest.FixtureRequest) -> Checker:
    """`checker(objects)`: for each `status` and `message` of kstatus, and why it is `refused`, if it is."""
    program = _ready(request, "checker") / "checker"

    def check(objects: Iterable[Object]) -> Answers:
        done = subprocess.run(
            [str(program)],
            input=json.dumps(list(objects), default=str),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        answers: Answers = json.loads(done.stdout)
        return answers

    return check


@pytest.fixture(scope="session")
def foreign_crds(request: pytest.FixtureRequest) -> Path:
    """The folder with CRDs of Flux and Argo CD."""
    return _ready(request, "foreign_crds")
