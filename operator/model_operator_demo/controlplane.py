"""A real Kubernetes API server on loopback, for one run of the tests or the demo, gone without a trace after it.

Finds the programs (`controlplane_binaries`), starts them under a guard (`processes`) and hands out access
(`controlplane_access`). `controlplane_existing` has the same surface for a cluster that the user already has.
"""

import base64
import http.client
import os
import secrets
import signal
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Self

from typing_extensions import override

from model_operator_demo.controlplane_access import Access, Cluster, write_kubeconfig, write_private
from model_operator_demo.controlplane_binaries import Binaries, Resolver, to_stderr
from model_operator_demo.controlplane_cache import Progress
from model_operator_demo.processes import Process, Processes, ProcessFailed, end_of

_READY_WITHIN = timedelta(seconds=90)
_ATTEMPTS = 3
_PREFIX = "model-operator-"
_ETCD, _CLIENT_SOCKET, _PEER_SOCKET = "etcd", "client.sock", "peer.sock"
_PORT_TAKEN = "address already in use"
# What the address of a unix socket may be long (sun_path, with its end): 108 bytes on Linux, 104 on macOS.
_LONGEST_SOCKET = 103
# DER of a P-256 private key (SEC 1) up to the number itself, and what follows it: the curve's name. Go derives the
# public half. It saves a dependency for one throw-away key.
_EC_KEY_START = bytes.fromhex("30310201010420")
_EC_KEY_END = bytes.fromhex("a00a06082a8648ce3d030107")


class ControlPlaneFailed(Exception):
    """The server did not start; the text has the end of its log."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _temporary_folder() -> Path:
    """Where temporary files go; under /tmp where that path is too long for etcd's sockets in it."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    if len(os.fsencode(folder / _ETCD / _CLIENT_SOCKET)) <= _LONGEST_SOCKET:
        return folder
    folder.rmdir()
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))


class ControlPlane(Cluster):
    """A running API server. `start` makes one; use it in `with`, or call `stop`."""

    def __init__(self, binaries: Binaries, folder: Path, processes: Processes) -> None:
        self.binaries = binaries
        self._folder = folder
        self._processes = processes
        self._certificate = folder / "certs" / "apiserver.crt"  # the server makes it, self-signed
        self._token = secrets.token_urlsafe(32)
        self.access = Access(
            kubeconfig=folder / "admin.kubeconfig",
            url="",
            ca=self._certificate,
            program=str(binaries.kubectl),
            cache=folder / "kubectl",
            has_controllers=False,
        )

    @classmethod
    def start(
        cls,
        *,
        binaries: Binaries | None = None,
        controller_manager: bool = False,
        install: Sequence[Path] = (),
        progress: Progress = to_stderr,
        find_port: Callable[[], int] = free_port,
    ) -> Self:
        """A server that is ready for requests; blocks until then.

        `controller_manager` asks for the controllers behind namespaces, owner references and ServiceAccounts.
        `install` are manifests (files or folders) that are applied before those start: the garbage collector
        looks for new kinds every 30 s only, and follows no owner of a kind that it does not know.
        Raises `NoControlPlane` when there are no programs, `ControlPlaneFailed` when they do not come up, and
        `KubectlFailed` when a manifest is refused.
        """
        if binaries is None:
            binaries = Resolver.from_environment(os.environ, progress).resolve(
                controller_manager=controller_manager
            )
        started = time.monotonic()
        folder = _temporary_folder()
        processes = Processes(remove=[folder])
        try:
            plane = cls(binaries, folder, processes)
            plane._start(find_port, install, with_manager=controller_manager)
        except BaseException:
            processes.close()
            raise
        progress(f"ready at {plane.url} after {time.monotonic() - started:.1f} s")
        return plane

    @override
    def stop(self) -> None:
        """Ends the processes and removes the data."""
        self._processes.close()

    def _start(self, find_port: Callable[[], int], install: Sequence[Path], *, with_manager: bool) -> None:
        server = self._start_server(self._start_etcd(), find_port)
        write_kubeconfig(self.kubeconfig, server=self.url, ca=self.ca, token=self._token)
        self._await(server, "/readyz")
        for manifest in install:
            self.kubectl("apply", "--server-side", f"--filename={manifest}")
        for kind in self.kubectl("get", "crds", "--output=name").stdout.split():
            self.kubectl("wait", "--for=condition=Established", "--timeout=60s", kind)
        if with_manager and self.binaries.kube_controller_manager is not None:
            self._start_manager(self.binaries.kube_controller_manager)
            self.access = replace(self.access, has_controllers=True)

    def _start_etcd(self) -> str:
        """The API server's flag for its storage; etcd talks over a unix socket that only we may open."""
        data = self._folder / _ETCD
        data.mkdir(mode=0o700)
        if self.binaries.etcd is None:
            return f"--embedded-etcd={data}"
        client, peer = f"unix://{data / _CLIENT_SOCKET}", f"unix://{data / _PEER_SOCKET}"
        self._run(
            "etcd",
            [
                str(self.binaries.etcd),
                f"--data-dir={data}/data",
                f"--listen-client-urls={client}",
                "--advertise-client-urls=http://localhost:2379",  # asked for, told to nobody
                f"--listen-peer-urls={peer}",
                "--unsafe-no-fsync",
                "--log-level=error",
            ],
        )
        return f"--etcd-servers={client}"

    def _start_server(self, storage: str, find_port: Callable[[], int]) -> Process:
        """Returns when it answers. A port can be lost between finding it free and using it: then again."""
        self._write_credentials()
        for _ in range(_ATTEMPTS):
            port = find_port()
            self.access = replace(self.access, url=f"https://127.0.0.1:{port}")
            server = self._run("kube-apiserver", self._server_arguments(storage, port))
            try:
                self._await(server, "/livez")
            except ControlPlaneFailed as error:
                if _PORT_TAKEN in str(error):
                    continue
                raise
            return server
        raise ControlPlaneFailed(f"no port stayed free in {_ATTEMPTS} attempts")

    def _write_credentials(self) -> None:
        number = bytes([0, *secrets.token_bytes(31)])  # below the order of the curve, as it must be
        key = base64.encodebytes(_EC_KEY_START + number + _EC_KEY_END).decode()
        write_private(
            self._folder / "service-accounts.key",
            f"-----BEGIN EC PRIVATE KEY-----\n{key}-----END EC PRIVATE KEY-----\n",
        )
        write_private(self._folder / "tokens.csv", f"{self._token},admin,admin,system:masters\n")

    def _server_arguments(self, storage: str, port: int) -> list[str]:
        key = self._folder / "service-accounts.key"
        return [
            str(self.binaries.kube_apiserver),
            storage,
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self._certificate.parent}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={self._folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",
            "--endpoint-reconciler-type=none",  # 127.0.0.1 is no endpoint, and nothing asks for one
        ]

    def _start_manager(self, program: Path) -> None:
        self._run(
            "kube-controller-manager",
            [
                str(program),
                f"--kubeconfig={self.kubeconfig}",
                "--controllers=namespace,garbagecollector,serviceaccount",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                "--secure-port=0",
            ],
        )

    def _run(self, name: str, argv: list[str]) -> Process:
        try:
            return self._processes.start(
                name,
                argv,
                log=self._folder / f"{name}.log",
                stop_signal=signal.SIGKILL,  # the data goes too: a graceful end would only take longer
            )
        except ProcessFailed as error:
            raise ControlPlaneFailed(str(error)) from error

    def _await(self, server: Process, path: str) -> None:
        deadline = time.monotonic() + _READY_WITHIN.total_seconds()
        while not self._answers(path):
            if not server.is_running:
                raise ControlPlaneFailed(
                    f"{server.name} ended with {server.returncode}:\n{end_of(server.log)}"
                )
            if time.monotonic() > deadline:
                raise ControlPlaneFailed(
                    f"{self.url}{path} not ok after {_READY_WITHIN.total_seconds():g} s:\n{end_of(server.log)}"
                )
            time.sleep(0.05)

    def _answers(self, path: str) -> bool:
        if not self._certificate.is_file():
            return False
        connection = None
        try:
            connection = http.client.HTTPSConnection(
                self.url.removeprefix("https://"),
                timeout=5,
                context=ssl.create_default_context(cafile=str(self._certificate)),
            )
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}"})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            if connection is not None:
                connection.close()
