"""How tests and demo get at a cluster: its address, a kubeconfig and the real kubectl.

`ControlPlane` and `ExistingCluster` are the two clusters there are; kubeconfigs for ServiceAccounts are made here.
"""

import base64
import os
import shlex
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml
from typing_extensions import override

_KUBECTL_TIMEOUT = 120.0  # seconds; `kubectl wait` in a test has its own, shorter one


class KubectlFailed(subprocess.CalledProcessError):
    """kubectl ended with an error; the text is what was called, and kubectl's own words."""

    @override
    def __str__(self) -> str:
        words = [str(word) for word in self.cmd]
        return f"{shlex.join([Path(words[0]).name, *words[1:]])} failed: {str(self.stderr).strip()}"


@dataclass(frozen=True)
class Access:
    """An administrator's way into one cluster; plain data, so that it can be handed to other processes.

    `ca` is a PEM file, None for the system's authorities. `cache` is kubectl's, kept out of the user's home.
    `has_controllers` tells whether deleted namespaces disappear and owner references are followed.
    """

    kubeconfig: Path
    url: str
    ca: Path | None
    program: str
    cache: Path
    has_controllers: bool

    def kubectl(
        self, *args: str, input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator on this cluster. Raises `KubectlFailed` unless `check` is False."""
        argv = [self.program, f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.cache}", *args]
        done = subprocess.run(  # noqa: S603  kubectl from the resolver, arguments from our own code
            argv, input=input, capture_output=True, text=True, check=False, timeout=_KUBECTL_TIMEOUT
        )
        if check and done.returncode != 0:
            raise KubectlFailed(done.returncode, argv, done.stdout, done.stderr)
        return done


class Cluster(ABC):
    """A cluster for one run, ours or the user's."""

    access: Access

    @abstractmethod
    def stop(self) -> None:
        """Give back what was started or written for this run. Twice is as good as once."""

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig file (0600) with an administrator's rights; gone after `stop`."""
        return self.access.kubeconfig

    @property
    def url(self) -> str:
        """Where the API server is: https, host and port."""
        return self.access.url

    @property
    def ca(self) -> Path | None:
        """PEM file that the server's certificate is checked with; None: with the system's authorities."""
        return self.access.ca

    def kubectl(
        self, *args: str, input: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator. Raises `KubectlFailed` unless `check` is False."""
        return self.access.kubectl(*args, input=input, check=check)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def write_private(path: Path, text: str) -> Path:
    """A file that only its owner may read, from the first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def write_kubeconfig(
    path: Path, *, server: str, ca: Path | None, token: str, namespace: str = "default"
) -> Path:
    """A kubeconfig (0600) with one user who has a bearer token. The CA goes into the file."""
    cluster: dict[str, object] = {"server": server}
    if ca is not None:
        cluster["certificate-authority-data"] = base64.b64encode(ca.read_bytes()).decode()
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": "user", "user": {"token": token}}],
        "contexts": [
            {"name": "context", "context": {"cluster": "cluster", "user": "user", "namespace": namespace}}
        ],
        "current-context": "context",
    }
    return write_private(path, yaml.safe_dump(document, sort_keys=False))
