"""Tools for tests and generated files that are had from Go modules: Helm and actionlint.

On the PATH, in the cache, or built: kept beside the control plane's programs and filled in the same way, once for
however many runs need it.
"""

import hashlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from model_operator_demo.controlplane_binaries import to_stderr
from model_operator_demo.controlplane_build import BuildFailed, follow
from model_operator_demo.controlplane_cache import Progress, cache_root, fill_once
from model_operator_demo.controlplane_download import this_platform
from model_operator_demo.processes import Processes, ProcessFailed

_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.\d+")


class NoTool(Exception):
    """It is neither here nor can it be built; the text says what to do."""


@dataclass(frozen=True, kw_only=True)
class GoTool:
    """One program in one version."""

    name: str
    version: str
    """Tag of its module."""
    package: str
    asked: tuple[str, ...]
    """Arguments that make it print its version first of all."""
    homepage: str
    """Where a person gets it."""
    ldflags: str = "-s -w"

    def find(self, environ: Mapping[str, str], progress: Progress = to_stderr) -> Path:
        """One on the PATH of the same major version and no older minor one, else ours. Minutes the first time.

        `environ` has PATH and XDG_CACHE_HOME. Raises `NoTool`.
        """
        installed = shutil.which(self.name, path=environ.get("PATH"))
        if installed is not None and self._fits(installed):
            return Path(installed)
        folder = cache_root(environ).parent / "tools" / f"{self.name}-{self.version}-{self._key}"
        if not folder.is_dir():
            try:
                fill_once(folder, lambda target: self._build(target, environ, progress), progress)
            except (BuildFailed, ProcessFailed, OSError) as error:
                raise NoTool(
                    f"no {self.name} {self.version} or newer on the PATH, and it cannot be built: {error}\n"
                    f"Install {self.name} ({self.homepage}) or Go 1.26 or newer (https://go.dev/dl)."
                ) from error
        return folder / self.name

    @property
    def _key(self) -> str:
        """Changes with whatever would change the program."""
        return hashlib.sha256(f"{self.package} {self.ldflags} {this_platform()}".encode()).hexdigest()[:12]

    def _fits(self, program: str) -> bool:
        done = subprocess.run(  # noqa: S603  the user's own
            [program, *self.asked], capture_output=True, text=True, check=False, timeout=30
        )
        have, want = _VERSION.match(done.stdout), _VERSION.match(self.version)
        if have is None or want is None:
            return False
        return have[1] == want[1] and int(have[2]) >= int(want[2])

    def _build(self, folder: Path, environ: Mapping[str, str], progress: Progress) -> None:
        go = shutil.which("go", path=environ.get("PATH"))
        if go is None:
            raise BuildFailed("Go is not installed (no `go` in PATH)")
        progress(f"building {self.name} {self.version} with {go}: once, and it may take some minutes")
        ours = {**environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "", "GOBIN": str(folder)}
        arguments = [
            "install",
            "-v",
            "-trimpath",
            f"-ldflags={self.ldflags}",
            f"{self.package}@{self.version}",
        ]
        with tempfile.TemporaryDirectory(prefix="model-operator-build-") as logs, Processes() as processes:
            started = time.monotonic()
            log = Path(logs) / self.name
            follow(processes.start(f"go install {self.name}", [go, *arguments], log=log, env=ours), progress)
        progress(f"{self.name} {self.version}: done in {time.monotonic() - started:.0f} s")


def _helm(version: str, **values: str) -> GoTool:
    """As Helm's own Makefile sets them: else it says v4.3 and no more, and 3 takes Kubernetes for 1.20."""
    module = f"helm.sh/helm/{version.partition('.')[0]}"
    variables = {f"{module}/internal/version.version": version} | {
        f"{module}/pkg/{package}.{name}": value
        for package in ("chartutil", "lint/rules")
        for name, value in values.items()
    }
    return GoTool(
        name="helm",
        version=version,
        package=f"{module}/cmd/helm",
        asked=("version", "--template={{.Version}}"),
        homepage="https://helm.sh/docs/intro/install",
        ldflags=" ".join(["-s -w", *(f"-X {name}={value}" for name, value in variables.items())]),
    )


HELM_4: Final = _helm("v4.3.1")
# For users who are not on Helm 4 yet. The version of Kubernetes is that of its client-go.
HELM_3: Final = _helm("v3.22.0", k8sVersionMajor="1", k8sVersionMinor="37")
ACTIONLINT: Final = GoTool(
    name="actionlint",
    version="v1.7.12",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    asked=("-version",),
    homepage="https://github.com/rhysd/actionlint",
)
