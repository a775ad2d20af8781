"""Puts the demo's parts up, one after the other with a line each, and takes them down again whatever happens.

A control plane of our own, or (asked for explicitly) a namespace on the user's cluster; simulator; operator.
"""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from model_operator_demo import programs, shipped
from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Cluster, KubectlFailed
from model_operator_demo.controlplane_binaries import Resolver
from model_operator_demo.controlplane_existing import ExistingCluster
from model_operator_demo.processes import Processes, end_of
from model_operator_demo.programs import NotUp, Part
from model_operator_demo.screen import Screen

PORT = 8700  # in manifests/examples/simulator-providers.yaml, and the simulator's default
TIME_SCALE = 60  # a minute of the provider's metrics passes in a second
SIMULATED = {  # clock seconds: a start at Parasail is long enough to be seen and short enough to be waited for
    "parasail.start_s": 160,
    "parasail.stop_s": 60,
    "parasail.delete_s": 40,
    "parasail.instance_s": 80,
    "paitient.create_s": 120,
    "paitient.update_s": 80,
    "paitient.delete_s": 60,
    "paitient.tombstone_s": 1200,
    "metrics.endpoint_rps": 100,
}
NAMESPACE = "model-operator-demo"


class NotOnThisCluster(Exception):
    """The user's cluster is not one to show the demo on; the text says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """Everything that is up."""

    screen: Screen
    cluster: Cluster
    namespace: str
    simulator: Part
    operator: Part
    manifests: Path

    @property
    def examples(self) -> Path:
        """The manifests that a user may start from."""
        return self.manifests / "examples"

    def kubectl(self, *args: str, shown: bool = True) -> str:
        """Run kubectl, show command and outcome. Raises `KubectlFailed`, or `NotUp` when a part has ended."""
        if shown:
            self.screen.command(_typed("kubectl", *args))
        try:
            said = self.cluster.kubectl(*args).stdout
        finally:
            self.require_parts()  # whatever kubectl says: this is why
        if shown:
            self.screen.outcome(said)
        return said

    def require_parts(self) -> None:
        """Raises `NotUp`, with the end of its log, when the simulator or the operator has ended by itself."""
        for process in (self.simulator.process, self.operator.process):
            if not process.is_running:
                raise NotUp(f"the {process.name} ended with {process.returncode}:\n{end_of(process.log)}")


@contextlib.contextmanager
def set_up(screen: Screen, *, keep: bool, existing_cluster: bool) -> Iterator[Stage]:
    """Raises what the parts raise; takes down what it put up in any case."""
    manifests = shipped.manifests()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="model-operator-demo-"))
        processes = stack.enter_context(Processes(remove=[] if keep else [folder]))
        screen.step("A Kubernetes API server")
        cluster = stack.enter_context(_existing() if existing_cluster else _own(screen))
        namespace = NAMESPACE if existing_cluster else "default"
        screen.step("The custom resources, and the operator's own ServiceAccount and role")
        if existing_cluster:
            _refuse_if_in_use(cluster)
            stack.callback(_uninstall, cluster, manifests / "rbac.yaml")
        screen.command("model-operator crds | kubectl apply --server-side --filename -")
        screen.command(f"kubectl apply --server-side --filename {shipped.as_typed(manifests / 'rbac.yaml')}")
        screen.outcome(programs.install(cluster, manifests / "rbac.yaml"))
        screen.step("A simulator of both providers, where a minute passes in a second, and the operator")
        simulator = _simulator(screen, processes, folder)
        operator = _operator(screen, processes, folder, cluster, simulator)
        if existing_cluster:
            _enter_namespace(cluster)
            stack.callback(_leave_namespace, cluster)
        if keep:
            screen.progress(f"logs will stay in {folder}")
        yield Stage(screen, cluster, namespace, simulator, operator, manifests)


def _own(screen: Screen) -> Cluster:
    resolver = Resolver.from_environment(os.environ, screen.progress)
    # Its controllers are started where they are at hand; building them for the demo alone would take minutes.
    binaries = resolver.resolve(controller_manager=False)
    return ControlPlane.start(binaries=binaries, controller_manager=True, progress=screen.progress)


def _existing() -> Cluster:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise NotOnThisCluster("kubectl is not in the PATH, and a cluster of your own is reached with it")
    try:
        return ExistingCluster(kubectl=kubectl, environ=os.environ)
    except KubectlFailed as error:
        raise NotOnThisCluster(
            "there is no cluster to use: neither $KUBECONFIG nor ~/.kube/config names a current context. Set KUBECONFIG to the"
            f" kubeconfig of one, or leave --existing-cluster out. kubectl says: {str(error.stderr).strip()}"
        ) from error


def _refuse_if_in_use(cluster: Cluster) -> None:
    """What is installed there is somebody's: an operator that works, with deployments that cost money."""
    spaces = [f"namespace/{name}" for name in (programs.SYSTEM_NAMESPACE, NAMESPACE)]
    look = ("get", "--ignore-not-found", "--output=name")
    found = cluster.kubectl(*look, "--filename=-", input=programs.crds()).stdout.split()
    found += cluster.kubectl(*look, *spaces).stdout.split()
    if found:
        raise NotOnThisCluster(
            f"the cluster at {cluster.url} has {found[0]} already: the demo only uses clusters without"
            " model-operator, since it removes what it installs"
        )


def _uninstall(cluster: Cluster, rbac: Path) -> None:
    remove = ("delete", "--ignore-not-found")
    cluster.kubectl(*remove, "--filename=-", input=programs.crds(), check=False)
    cluster.kubectl(*remove, f"--filename={rbac}", check=False)


def _enter_namespace(cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("config", "set-context", "--current", f"--namespace={NAMESPACE}")  # in our private copy


def _leave_namespace(cluster: Cluster) -> None:
    """The operator still runs and lets go of its objects; if it cannot, the simulator's end ends them, too."""
    kinds = "canaryendpoints,modelbudgets,modeldeployments,modelproviders"
    done = cluster.kubectl("delete", kinds, "--all", "--timeout=30s", check=False)
    if done.returncode != 0:
        names = cluster.kubectl("get", kinds, "--output=name", check=False).stdout.split()
        for name in names:
            cluster.kubectl(
                "patch", name, "--type=merge", '--patch={"metadata":{"finalizers":null}}', check=False
            )
    cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", check=False)


def _simulator(screen: Screen, processes: Processes, folder: Path) -> Part:
    port = PORT if _is_free(PORT) else 0
    flags = [f"--port={port}", "--clock=scaled", f"--time-scale={TIME_SCALE}"]
    flags += [f"--knob={name}={value}" for name, value in SIMULATED.items()]
    part = programs.start_simulator(processes, folder, *flags)
    screen.command(_typed("model-operator", "simulator", f"--port={part.url.rpartition(':')[2]}", *flags[1:]))
    screen.progress(f"  {part.url}: Parasail, PaiTIENT, and what they were asked (/__sim/requests)")
    return part


def _operator(screen: Screen, processes: Processes, folder: Path, cluster: Cluster, simulator: Part) -> Part:
    kubeconfig = programs.operator_kubeconfig(cluster, folder / "operator.kubeconfig")
    flags = [f"--allowed-provider-host={simulator.url}"]
    screen.command(_typed("model-operator", "run", f"--kubeconfig={kubeconfig}", *flags))
    part = programs.start_operator(processes, folder, kubeconfig, *flags)
    programs.wait_ready(part)
    screen.progress(f"  ready: {part.url}/metrics; log: {part.process.log}")
    return part


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, port)


def _binds(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _typed(*argv: str) -> str:
    """As a user would type it."""
    return " ".join(f"'{word}'" if set(word) & set(' {}[]"$&|;<>') else word for word in argv)


__all__ = ["KubectlFailed", "NotOnThisCluster", "Stage", "set_up"]
