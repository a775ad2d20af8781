"""The control plane built from Go modules: kube-apiserver with etcd inside, kubectl and kube-controller-manager.

The module is `tests/controlplane` of a checkout, which the wheel carries as `_controlplane_source`.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from model_operator_demo.controlplane_cache import Progress
from model_operator_demo.controlplane_download import this_platform
from model_operator_demo.drawing import bar
from model_operator_demo.processes import Process, Processes, ProcessFailed, end_of

KUBERNETES_VERSION = "v1.36.3"  # as in go.mod
PACKAGES: Mapping[str, str] = {
    "kube-apiserver": ".",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
}
_SOURCES = ("go.mod", "go.sum", "main.go")
_TOLD_EVERY = timedelta(seconds=5)
_COUNTED_WITHIN = timedelta(minutes=10)  # the first time the modules are downloaded for it


class BuildFailed(Exception):
    """There is no Go, no source, or the build ended with an error; the text has the compiler's last words."""


def find_source() -> Path | None:
    """The Go module: of the checkout that this file is in, else of the installed package."""
    here = Path(__file__).resolve()
    for candidate in (here.parents[2] / "tests" / "controlplane", here.parent / "_controlplane_source"):
        if (candidate / "go.mod").is_file():
            return candidate
    return None


def _ldflags(version: str) -> str:
    """Without a version the server calls itself v0.0.0-master+$Format and Helm and kubectl refuse it."""
    major, minor, _ = version.removeprefix("v").split(".")
    prefix = "-X k8s.io/component-base/version."
    return f"-s -w {prefix}gitVersion={version} {prefix}gitMajor={major} {prefix}gitMinor={minor}"


@dataclass(frozen=True)
class GoBuild:
    """How to build what. `go` is the compiler, None where there is none; the environment for it is `environ`."""

    source: Path | None = field(default_factory=find_source)
    go: str | None = field(default_factory=lambda: shutil.which("go"))
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    packages: Mapping[str, str] = field(default_factory=lambda: PACKAGES)
    version: str = KUBERNETES_VERSION
    """What the programs call themselves; that of the module's go.mod."""

    @property
    def key(self) -> str:
        """Changes with whatever would change the programs."""
        digest = hashlib.sha256(f"{_ldflags(self.version)} {this_platform()}".encode())
        for name in _SOURCES:
            path = self.source / name if self.source else None
            digest.update(path.read_bytes() if path and path.is_file() else b"")
        return f"{self.version}-{digest.hexdigest()[:12]}"

    def build(self, programs: Sequence[str], folder: Path, progress: Progress) -> None:
        """Put `programs` (keys of `packages`) into `folder`. Minutes the first time. Raises `BuildFailed`."""
        if self.source is None:
            raise BuildFailed("the Go module of the control plane is not installed")
        if self.go is None:
            raise BuildFailed("Go is not installed (no `go` in PATH)")
        progress(
            f"building the control plane of Kubernetes {self.version} with {self.go}: once, and it takes "
            "five to twenty minutes on two cores"
        )
        with tempfile.TemporaryDirectory(prefix="model-operator-build-") as logs, Processes() as processes:
            totals = self._totals(programs)
            for program in programs:
                log = Path(logs) / program
                try:
                    process = processes.start(
                        f"go build {program}",
                        [self.go, "-C", str(self.source), *self._arguments(program, folder / program)],
                        log=log,
                        env=self._environment,
                    )
                except ProcessFailed as error:
                    raise BuildFailed(str(error)) from error
                follow(process, progress, total=totals.get(program, 0))

    @property
    def _environment(self) -> Mapping[str, str]:
        """Reproducible and without a C compiler; a go.work around the checkout is not about us."""
        return {**self.environ, "CGO_ENABLED": "0", "GOWORK": "off"}

    def _totals(self, programs: Sequence[str]) -> Mapping[str, int]:
        """How many packages each program compiles after those before it; none where Go cannot say."""
        seen: set[str] = set()
        totals = {}
        for program in programs:
            packages = self._packages(self.packages[program])
            totals[program] = len(packages - seen)
            seen |= packages
        return totals

    def _packages(self, package: str) -> set[str]:
        argv = [self.go or "go", "-C", str(self.source), "list", "-mod=readonly", "-deps", package]
        try:
            done = subprocess.run(  # noqa: S603  the user's own compiler
                argv,
                env=self._environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=_COUNTED_WITHIN.total_seconds(),
            )
        except (OSError, subprocess.SubprocessError):
            return set()  # the build says what is wrong
        return set(done.stdout.split())

    def _arguments(self, program: str, target: Path) -> list[str]:
        return [
            "build",
            "-v",  # one line per package: the progress
            "-mod=readonly",  # whatever GOFLAGS says
            "-trimpath",
            "-buildvcs=false",
            f"-ldflags={_ldflags(self.version)}",
            f"-o={target}",
            self.packages[program],
        ]


def follow(process: Process, progress: Progress, total: int = 0) -> None:
    """Until it ends, with a sign of life every five seconds; a bar where the number of packages is known.

    Raises `BuildFailed` when it failed.
    """
    started = time.monotonic()
    while process.is_running:
        try:
            process.wait(_TOLD_EVERY)
        except ProcessFailed:
            packages = process.log.read_bytes().count(b"\n")
            progress(f"{process.name}: {build_line(packages, total, time.monotonic() - started)}")
    if process.returncode != 0:
        raise BuildFailed(f"{process.name} failed: {end_of(process.log, lines=8)}")
    progress(f"{process.name}: done in {time.monotonic() - started:.0f} s")


def build_line(packages: int, total: int, seconds: float) -> str:
    """`████░░░░░░ 40 %, 900 of 2254 packages, 70 s`; without a total, the count alone."""
    if not total:
        return f"{packages} packages, {seconds:.0f} s"
    done = min(packages, total)
    return f"{bar(done, total)} {100 * done // total:2} %, {done} of {total} packages, {seconds:.0f} s"
