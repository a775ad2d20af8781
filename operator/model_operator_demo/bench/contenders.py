"""Who is measured: our operator, and others that are told by environment where to work.

Another is a Python script or a folder with a Go module, built once into the cache beside the control plane's programs. It
gets KUBECONFIG (administrator), NAMESPACE, PAITIENT_URL and READY_FILE, which it makes when it is up.
"""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from model_operator_demo import programs
from model_operator_demo.bench.figures import OURS
from model_operator_demo.controlplane_access import Cluster
from model_operator_demo.controlplane_build import BuildFailed, follow
from model_operator_demo.controlplane_cache import Progress, cache_root, fill_once
from model_operator_demo.controlplane_download import this_platform
from model_operator_demo.processes import Processes
from model_operator_demo.programs import Part

_ARGUMENTS = ("-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w")


@dataclass(frozen=True)
class Place:
    """Where an operator works: one namespace, with one simulator's PaiTIENT."""

    processes: Processes
    cluster: Cluster
    folder: Path
    namespace: str
    simulator: str


@dataclass(frozen=True)
class Contender:
    """One operator. `start` returns when it is up; its `url` is that of its health endpoints, empty without any."""

    name: str
    start: Callable[[Place], Part]

    @property
    def is_ours(self) -> bool:
        """Ours lists the account, has a ModelProvider and tells its passes."""
        return self.name == OURS


def ours(*flags: str) -> Contender:
    """Our operator under the shipped ServiceAccount, in one namespace like the others."""

    def start(place: Place) -> Part:
        kubeconfig = place.folder / "kubeconfig"
        if not kubeconfig.exists():
            programs.operator_kubeconfig(place.cluster, kubeconfig)
        own = (f"--allowed-provider-host={place.simulator}", f"--namespace={place.namespace}")
        return programs.start_operator(place.processes, place.folder, kubeconfig, *own, *flags)

    return Contender(OURS, start)


def other(path: Path, environ: Mapping[str, str], progress: Progress) -> Contender:
    """A script or a folder with go.mod. Raises `BuildFailed`, `ProcessFailed` or `OSError` for what cannot be built."""
    argv = [sys.executable, str(path)] if path.is_file() else [str(_built(path, environ, progress))]

    def start(place: Place) -> Part:
        process = programs.start_other(
            place.processes,
            place.folder,
            argv,
            KUBECONFIG=str(place.cluster.kubeconfig),
            NAMESPACE=place.namespace,
            PAITIENT_URL=f"{place.simulator}/paitient",
        )
        return Part(process, url="")

    return Contender(title(path), start)


def title(path: Path) -> str:
    """`go_peer` → `Go peer`; `simple_kopf_operator.py` → `simple Kopf operator`."""
    proper = {"go": "Go", "kopf": "Kopf"}
    return " ".join(proper.get(word, word) for word in path.stem.split("_"))


def _built(source: Path, environ: Mapping[str, str], progress: Progress) -> Path:
    digest = hashlib.sha256(f"{_ARGUMENTS} {this_platform()}".encode())
    for file in sorted([source / "go.mod", source / "go.sum", *source.glob("*.go")]):
        digest.update(file.read_bytes())
    folder = cache_root(environ).parent / "tools" / f"{source.name}-{digest.hexdigest()[:12]}"
    if not folder.is_dir():
        fill_once(folder, lambda target: _build(source, target, environ, progress), progress)
    return folder / source.name


def _build(source: Path, folder: Path, environ: Mapping[str, str], progress: Progress) -> None:
    go = shutil.which("go", path=environ.get("PATH", os.defpath))
    if go is None:
        raise BuildFailed("Go is not installed (no `go` in PATH)")
    progress(f"building {source.name} with {go}: once, and it may take some minutes")
    ours = {**environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    argv = [go, "-C", str(source.resolve()), "build", *_ARGUMENTS, f"-o={folder / source.name}", "."]
    with tempfile.TemporaryDirectory(prefix="model-operator-build-") as logs, Processes() as processes:
        log = Path(logs) / source.name
        follow(processes.start(f"go build {source.name}", argv, log=log, env=ours), progress)
