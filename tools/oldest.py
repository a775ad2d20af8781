"""Builds the control plane of the oldest Kubernetes that is supported, and prints its folder for KUBEBUILDER_ASSETS.

`make test-oldest` runs it. The programs are kept in the cache beside the newer ones; the first time takes minutes.
"""

import os
import re
import sys
from pathlib import Path

from model_operator_demo.controlplane_binaries import to_stderr
from model_operator_demo.controlplane_build import BuildFailed, GoBuild
from model_operator_demo.controlplane_cache import cache_root, fill_once

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "tests" / "controlplane" / "oldest"
PROGRAMS = ("kube-apiserver", "kubectl", "kube-controller-manager")
ETCD = "go.etcd.io/etcd/server/v3"


def version() -> str:
    """Of the module, such as v1.31.13."""
    (found,) = re.findall(
        r"^\s*k8s\.io/kubernetes (v[\d.]+)(?: |$)", (MODULE / "go.mod").read_text(), re.MULTILINE
    )
    return str(found)


def build(folder: Path) -> None:
    """Put the programs and etcd, which is the newer control plane's, into the folder. Raises `BuildFailed`."""
    packages = {name: f"k8s.io/kubernetes/cmd/{name}" for name in PROGRAMS}
    GoBuild(source=MODULE, packages=packages, version=version()).build(PROGRAMS, folder, to_stderr)
    GoBuild(packages={"etcd": ETCD}).build(("etcd",), folder, to_stderr)


def main() -> int:
    """1 if it cannot be built."""
    key = GoBuild(source=MODULE, version=version()).key
    folder = cache_root(os.environ) / f"{key}-oldest"
    try:
        fill_once(folder, build, to_stderr)
    except BuildFailed as error:
        sys.stderr.write(f"the oldest control plane cannot be built: {error}\n")
        return 1
    sys.stdout.write(f"{folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
