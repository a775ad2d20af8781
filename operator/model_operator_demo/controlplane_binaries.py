"""Finds the programs of a control plane: from the environment, the cache, a download or a Go build, in this order.

`ControlPlane.start` asks for them; whoever cannot have them gets one message with every reason and every way out.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from model_operator_demo.controlplane_build import KUBERNETES_VERSION, PACKAGES, BuildFailed, GoBuild
from model_operator_demo.controlplane_cache import Progress, cache_root, fill_once
from model_operator_demo.controlplane_download import PROGRAMS, Archive, DownloadFailed

_MANAGER = "kube-controller-manager"


class NoControlPlane(Exception):
    """No source has the programs; the text lists what was tried and what a person can do."""


class _NotHere(Exception):
    """This source has none, which is nothing to speak of unless all have none."""


class _Unusable(Exception):
    """This source was meant to have them; the text is told at once."""


@dataclass(frozen=True)
class Binaries:
    """The programs. `etcd` is None where kube-apiserver has it inside; `source` says where they come from."""

    kube_apiserver: Path
    kubectl: Path
    etcd: Path | None
    kube_controller_manager: Path | None
    source: str

    @classmethod
    def in_folder(cls, folder: Path, source: str) -> "Binaries":
        """What is in a folder of this layout, etcd and the controller manager where they exist."""
        found = {name: folder / name for name in (*PACKAGES, "etcd") if os.access(folder / name, os.X_OK)}
        return cls(
            kube_apiserver=folder / "kube-apiserver",
            kubectl=folder / "kubectl",
            etcd=found.get("etcd"),
            kube_controller_manager=found.get(_MANAGER),
            source=source,
        )


def to_stderr(line: str) -> None:
    """The default progress: one line on the terminal."""
    sys.stderr.write(f"control plane: {line}\n")
    sys.stderr.flush()


@dataclass(frozen=True)
class Resolver:
    """The four sources and what they need to know; `assets` is the folder that setup-envtest fills."""

    assets: Path | None
    cache: Path
    archive: Archive = field(default_factory=Archive)
    go: GoBuild = field(default_factory=GoBuild)
    progress: Progress = to_stderr

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], progress: Progress = to_stderr) -> "Resolver":
        """As a user's shell has it: KUBEBUILDER_ASSETS, XDG_CACHE_HOME, PATH."""
        assets = environ.get("KUBEBUILDER_ASSETS")
        return cls(assets=Path(assets) if assets else None, cache=cache_root(environ), progress=progress)

    def resolve(self, *, controller_manager: bool = False) -> Binaries:
        """The first source that has them; says which. Raises `NoControlPlane`.

        With `controller_manager` a source without kube-controller-manager (envtest has none) is completed by a
        Go build of just that program where Go is installed; where not, it stays None and a line says so.
        """
        sources: tuple[Callable[[], Binaries], ...] = (
            self._from_assets,
            self._from_cache,
            self._from_download,
            self._from_build,
        )
        reasons = []
        for source in sources:
            try:
                found = source()
            except _NotHere as error:
                reasons.append(str(error))
                continue
            except (_Unusable, DownloadFailed, BuildFailed) as error:
                reasons.append(str(error))
                self.progress(str(error))
                continue
            found = self._with_manager(found) if controller_manager else found
            self.progress(found.source)
            return found
        raise NoControlPlane(_advice(reasons))

    def _from_assets(self) -> Binaries:
        if self.assets is None:
            raise _NotHere("KUBEBUILDER_ASSETS is not set")
        missing = [name for name in PROGRAMS if not os.access(self.assets / name, os.X_OK)]
        if missing:
            raise _Unusable(f"KUBEBUILDER_ASSETS={self.assets} has no {', '.join(missing)} and is not used")
        return Binaries.in_folder(self.assets, f"using KUBEBUILDER_ASSETS={self.assets}")

    def _from_cache(self) -> Binaries:
        for version, key in ((KUBERNETES_VERSION, self.go.key), (self.archive.version, self.archive.key)):
            if (self.cache / key).is_dir():
                return Binaries.in_folder(
                    self.cache / key, f"using Kubernetes {version} from the cache {self.cache / key}"
                )
        raise _NotHere(f"the cache {self.cache} has neither {self.go.key} nor {self.archive.key}")

    def _from_download(self) -> Binaries:
        folder = self._filled(self.archive.key, lambda target: self.archive.fetch(target, self.progress))
        return Binaries.in_folder(folder, f"using Kubernetes {self.archive.version} downloaded to {folder}")

    def _from_build(self) -> Binaries:
        folder = self._filled(
            self.go.key, lambda target: self.go.build(tuple(PACKAGES), target, self.progress)
        )
        return Binaries.in_folder(folder, f"using Kubernetes {KUBERNETES_VERSION} built in {folder}")

    def _with_manager(self, found: Binaries) -> Binaries:
        if found.kube_controller_manager is not None:
            return found
        try:
            folder = self._filled(
                f"{self.go.key}-{_MANAGER}",
                lambda target: self.go.build((_MANAGER,), target, self.progress),
            )
        except (_Unusable, BuildFailed) as error:
            self.progress(
                f"no {_MANAGER}, so deleted namespaces stay Terminating and owner references are not "
                f"followed: {error}"
            )
            return found
        return replace(found, kube_controller_manager=folder / _MANAGER)

    def _filled(self, key: str, make: Callable[[Path], None]) -> Path:
        try:
            fill_once(self.cache / key, make, self.progress)
        except OSError as error:
            raise _Unusable(f"the cache {self.cache} cannot be filled: {error}") from error
        return self.cache / key


def _advice(reasons: Sequence[str]) -> str:
    tried = "\n".join(f"  - {reason}" for reason in reasons)
    return f"""no Kubernetes control plane for tests and demo could be had:
{tried}
Any one of these helps:
  - let this machine reach https://github.com, for the prebuilt programs of {Archive().version};
  - install Go 1.26 or newer (https://go.dev/dl), which builds them from source once;
  - run `setup-envtest use 1.36.x -p path` elsewhere, copy that folder here and name it in KUBEBUILDER_ASSETS;
  - for the demo only: use a cluster of your own (`model-operator demo --help`)."""
