"""A cluster that the user already has, with the surface of `ControlPlane`.

Chosen by an explicit option of the demo only: what a kubeconfig points at by chance is never touched.
"""

import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from model_operator_demo.controlplane_access import Access, Cluster, KubectlFailed, write_private


class ExistingCluster(Cluster):
    """The cluster of a kubeconfig's context (KUBECONFIG in `environ`, or ~/.kube/config); never stopped by us.

    Works on a private copy of the one context. Raises `KubectlFailed` when there is none.
    """

    def __init__(self, *, kubectl: str, environ: Mapping[str, str], context: str | None = None) -> None:
        view = [kubectl, "config", "view", "--minify", "--flatten", "--raw", "--output=json"]
        view += [f"--context={context}"] if context else []
        done = subprocess.run(  # noqa: S603  the user's own kubectl
            view, capture_output=True, text=True, check=False, env=dict(environ)
        )
        if done.returncode != 0:
            raise KubectlFailed(done.returncode, view, done.stdout, done.stderr)
        self._folder = Path(tempfile.mkdtemp(prefix="model-operator-"))
        cluster = json.loads(done.stdout)["clusters"][0]["cluster"]
        self.access = Access(
            kubeconfig=write_private(self._folder / "admin.kubeconfig", done.stdout),
            url=str(cluster["server"]),
            ca=self._authority(cluster.get("certificate-authority-data")),
            program=kubectl,
            cache=self._folder / "kubectl",
            has_controllers=True,
        )

    def _authority(self, data: str | None) -> Path | None:
        if data is None:
            return None
        path = self._folder / "ca.crt"
        path.write_bytes(base64.b64decode(data))
        return path

    @override
    def stop(self) -> None:
        """Removes the copy of the kubeconfig; the cluster stays as it is."""
        shutil.rmtree(self._folder, ignore_errors=True)
