"""One API server for a whole test session, however many xdist workers take part.

The process that the user started owns it: without xdist the one that runs the tests, with xdist the controller,
which starts it when the first worker asks. Outside of any test's time-out: a first Go build takes minutes.
"""

import os
import threading
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from model_operator_demo.controlplane import ControlPlane, ControlPlaneFailed
from model_operator_demo.controlplane_access import Access, KubectlFailed
from model_operator_demo.controlplane_binaries import NoControlPlane

ROOT = Path(__file__).resolve().parents[2]
_SHIPPED = (ROOT / "crds", ROOT / "manifests" / "rbac.yaml")

Said = Access | str  # the cluster, or why there is none


class SharedCluster:
    """Starts the server at the first `get`, with the shipped CRDs and roles on it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._plane: ControlPlane | None = None
        self._said: Said | None = None

    def get(self) -> Said:
        """The cluster, or why there is none, which is then also what everybody else hears."""
        with self._lock:
            if self._said is None:
                try:
                    self._said = self._start()
                except (NoControlPlane, ControlPlaneFailed, KubectlFailed) as error:
                    self._say(str(error))
                    self._said = str(error)
            return self._said

    def _start(self) -> Access:
        self._plane = ControlPlane.start(controller_manager=True, install=_SHIPPED, progress=self._say)
        return self._plane.access

    def stop(self) -> None:
        """Ends the server, if there ever was one."""
        with self._lock:
            if self._plane is not None:
                self._plane.stop()


class Broker:
    """Answers the workers from the controller; `port` and `key` are what a worker needs to ask."""

    def __init__(self, cluster: SharedCluster) -> None:
        self._cluster = cluster
        self.key = os.urandom(16)
        # Room for all workers at once: the kernel gives up on one that nobody accepts after two minutes, and a first
        # build takes ten.
        self._listener = Listener(("127.0.0.1", 0), backlog=64, authkey=self.key)
        self.port = int(self._listener.address[1])
        self._thread = threading.Thread(target=self._serve, daemon=True, name="cluster-broker")
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        with connection:
            connection.send(self._cluster.get())

    def close(self) -> None:
        """Nobody is answered any more."""
        self._listener.close()


def ask(port: int, key: bytes) -> Said:
    """From a worker; blocks until there is an answer."""
    with Client(("127.0.0.1", port), authkey=key) as connection:
        said: Said = connection.recv()
        return said
