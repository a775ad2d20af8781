"""Finds Helm for tests and for rendering the plain manifests: on the PATH, in the cache, or built from its Go module.

Kept beside the control plane's programs and filled in the same way, once for however many runs need it.
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

from model_operator.demo.controlplane_binaries import to_stderr
from model_operator.demo.controlplane_build import BuildFailed, follow
from model_operator.demo.controlplane_cache import Progress, cache_root, fill_once
from model_operator.demo.controlplane_download import this_platform
from model_operator.demo.processes import Processes, ProcessFailed

HELM_4: Final = "v4.3.1"
HELM_3: Final = "v3.22.0"  # for users who are not on Helm 4 yet
_VERSION: Final = re.compile(r"^v(\d+)\.(\d+)\.\d+")


class NoHelm(Exception):
    """Helm is neither here nor can it be built; the text says what to do."""


@dataclass(frozen=True)
class HelmSource:
    """Where to look for Helm of this `version` (a tag of its module); `environ` has PATH and XDG_CACHE_HOME."""

    version: str
    environ: Mapping[str, str]
    progress: Progress = to_stderr

    def find(self) -> Path:
        """One on the PATH of the same major version and not older, else ours. Minutes the first time.

        Raises `NoHelm`.
        """
        installed = shutil.which("helm", path=self.environ.get("PATH"))
        if installed is not None and _fits(_version_of(installed), self.version):
            return Path(installed)
        folder = cache_root(self.environ).parent / "tools" / f"helm-{self.version}-{self._key}"
        if not folder.is_dir():
            try:
                fill_once(folder, self._build, self.progress)
            except (BuildFailed, ProcessFailed, OSError) as error:
                raise NoHelm(
                    f"no Helm {self.version} or newer on the PATH, and it cannot be built: {error}\n"
                    "Install Helm (https://helm.sh/docs/intro/install) or Go 1.26 or newer (https://go.dev/dl)."
                ) from error
        return folder / "helm"

    @property
    def _key(self) -> str:
        """Changes with whatever would change the program."""
        return hashlib.sha256(f"{self._ldflags} {this_platform()}".encode()).hexdigest()[:12]

    @property
    def _ldflags(self) -> str:
        """As Helm's own Makefile sets them: else it says v4.3 and no more, and 3 takes Kubernetes for 1.20."""
        module = f"helm.sh/helm/{self.version.partition('.')[0]}"
        values = {f"{module}/internal/version.version": self.version}
        if self.version == HELM_3:
            for package in ("chartutil", "lint/rules"):
                values[f"{module}/pkg/{package}.k8sVersionMajor"] = "1"
                values[f"{module}/pkg/{package}.k8sVersionMinor"] = "37"  # of its client-go
        return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in values.items())])

    def _build(self, folder: Path) -> None:
        go = shutil.which("go", path=self.environ.get("PATH"))
        if go is None:
            raise BuildFailed("Go is not installed (no `go` in PATH)")
        module = f"helm.sh/helm/{self.version.partition('.')[0]}/cmd/helm@{self.version}"
        self.progress(f"building Helm {self.version} with {go}: once, and it takes some minutes on two cores")
        environ = {**self.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "", "GOBIN": str(folder)}
        arguments = ["install", "-v", "-trimpath", f"-ldflags={self._ldflags}", module]
        with tempfile.TemporaryDirectory(prefix="model-operator-build-") as logs, Processes() as processes:
            started = time.monotonic()
            follow(
                processes.start("go install helm", [go, *arguments], log=Path(logs) / "helm", env=environ),
                self.progress,
            )
        self.progress(f"Helm {self.version}: done in {time.monotonic() - started:.0f} s")


def _version_of(program: str) -> str:
    command = [program, "version", "--template={{.Version}}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    return done.stdout.strip()


def _fits(found: str, wanted: str) -> bool:
    """The same major version, and no older minor one."""
    have, want = _VERSION.match(found), _VERSION.match(wanted)
    if have is None or want is None:
        return False
    (major, minor), (wanted_major, wanted_minor) = have.groups(), want.groups()
    return major == wanted_major and int(minor) >= int(wanted_minor)
