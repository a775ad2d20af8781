"""The control plane itself: a real API server that starts, serves, and leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from model_operator_demo.controlplane import ControlPlane, free_port
from model_operator_demo.controlplane_access import Access, KubectlFailed, write_kubeconfig
from model_operator_demo.controlplane_binaries import Binaries, Resolver
from model_operator_demo.controlplane_build import GoBuild
from model_operator_demo.controlplane_cache import cache_root, fill_once
from model_operator_demo.controlplane_existing import ExistingCluster
from support.deadlines import eventually
from support.namespace import Namespace

PARENT = """
import sys, time
from model_operator_demo.controlplane import ControlPlane
with ControlPlane.start(controller_manager=True) as plane:
    print(plane.kubeconfig.parent, flush=True)
    time.sleep(1000)
"""
STARTED_WITH = """
import sys
from pathlib import Path
from model_operator_demo.controlplane import ControlPlane, ControlPlaneFailed
from model_operator_demo.controlplane_binaries import Binaries
server, kubectl = map(Path, sys.argv[1:])
try:
    ControlPlane.start(binaries=Binaries(server, kubectl, None, None, "a test"))
except ControlPlaneFailed as error:
    print(error)
"""


@pytest.fixture
def binaries(cluster: Access) -> Binaries:
    """What this machine has; the session's cluster runs on the same, so nothing is downloaded or built any more."""
    return Resolver.from_environment(os.environ).resolve(controller_manager=True)


def processes_of(folder: Path) -> dict[str, psutil.Process]:
    """Programs that run with this folder on their command line, the guard included."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(str(folder) in argument for argument in command):
            found[
                next(Path(word).name for word in command if not word.startswith("-") and "python" not in word)
            ] = process
    return found


def test_kubectl_and_server_are_of_the_same_kubernetes(cluster: Access) -> None:
    versions = dict(line.split(": ") for line in cluster.kubectl("version").stdout.splitlines())
    assert versions["Server Version"].startswith("v1.36.")
    assert versions["Client Version"] == versions["Server Version"]


def test_what_opens_the_cluster_is_for_the_owner_alone(cluster: Access) -> None:
    folder = cluster.kubeconfig.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    private = [cluster.kubeconfig, folder / "tokens.csv", folder / "service-accounts.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in private] == [0o600] * 3


def test_a_service_account_may_do_what_its_role_says_and_nothing_else(
    namespace: Namespace, tmp_path: Path
) -> None:
    namespace.kubectl("create", "serviceaccount", "reader")
    namespace.kubectl("create", "role", "reader", "--verb=get", "--resource=configmaps")
    namespace.kubectl(
        "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace.name}:reader"
    )
    namespace.kubectl("create", "configmap", "a", "--from-literal=b=c")
    token = namespace.kubectl("create", "token", "reader").stdout.strip()
    access = namespace.access
    path = write_kubeconfig(tmp_path / "kubeconfig", server=access.url, ca=access.ca, token=token)
    as_reader = replace(namespace.access, kubeconfig=path)
    as_reader.kubectl("--namespace", namespace.name, "get", "configmap", "a")
    with pytest.raises(KubectlFailed, match='cannot list resource "configmaps"'):
        as_reader.kubectl("--namespace", namespace.name, "get", "configmap")


def test_a_guessed_token_opens_nothing(cluster: Access, tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "kubeconfig", server=cluster.url, ca=cluster.ca, token="guessed")
    with pytest.raises(KubectlFailed, match="must be logged in to the server"):
        replace(cluster, kubeconfig=path).kubectl("get", "configmaps")


def test_kubectl_keeps_its_cache_out_of_the_users_home(
    cluster: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    access = replace(cluster, cache=tmp_path / "cache")
    access.kubectl("get", "configmaps")
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_the_controllers_collect_what_was_owned(controllers: Access, namespace: Namespace) -> None:
    namespace.kubectl("create", "configmap", "owner")
    owner = namespace.get("ConfigMap", "owner")["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
    namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "owned", "ownerReferences": [reference]},
        }
    )
    namespace.delete("ConfigMap", "owner")
    namespace.wait_gone("ConfigMap", "owned")


def test_stop_ends_the_processes_and_removes_the_data(binaries: Binaries) -> None:
    said: list[str] = []
    plane = ControlPlane.start(binaries=binaries, controller_manager=True, progress=said.append)
    folder = plane.kubeconfig.parent
    assert {"kube-apiserver", "process_guard.py"} <= processes_of(folder).keys()
    assert len(said) == 1
    assert said[0].startswith(f"ready at {plane.url} after ")
    plane.stop()
    assert not folder.exists()
    assert processes_of(folder) == {}
    plane.stop()  # once more does no harm


def test_a_folder_for_temporary_files_that_is_too_deep_for_sockets_is_not_the_end(
    cluster: Access, tmp_path: Path
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        env={**os.environ, "TMPDIR": str(deep)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        folder = Path(parent.stdout.readline().strip())
        assert folder.parts[:2] == ("/", "tmp"), parent.stderr.read()
        parent.terminate()
    eventually(lambda: processes_of(folder), until=lambda left: not left, what="all processes to be gone")
    assert not folder.exists()
    assert list(deep.iterdir()) == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_parent_dies(binaries: Binaries, end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip())
        assert {"kube-apiserver", "process_guard.py"} <= processes_of(folder).keys()
        parent.send_signal(end)
    eventually(lambda: processes_of(folder), until=lambda left: not left, what="all processes to be gone")
    assert not folder.exists()


def test_a_port_that_is_taken_meanwhile_is_not_the_end(cluster: Access, binaries: Binaries) -> None:
    taken = int(cluster.url.rpartition(":")[2])
    ports = iter([taken, free_port()])
    with ControlPlane.start(
        binaries=binaries, progress=lambda _: None, find_port=lambda: next(ports)
    ) as second:
        assert second.url != cluster.url
        assert "namespace/default" in second.kubectl("get", "namespaces", "--output=name").stdout


@pytest.mark.timeout(600)  # it may have to be built
def test_a_separate_etcd_serves_as_well(binaries: Binaries, tmp_path: Path) -> None:
    """The layout of setup-envtest, and of the download."""
    assets = tmp_path / "assets"
    assets.mkdir()
    for program in (binaries.kube_apiserver, binaries.kubectl, binaries.etcd or built_etcd()):
        (assets / program.name).symlink_to(program)
    found = replace(Resolver.from_environment(os.environ), assets=assets).resolve()
    assert found.etcd == assets / "etcd"
    with ControlPlane.start(binaries=found, progress=lambda _: None) as plane:
        folder = plane.kubeconfig.parent
        assert {"etcd", "kube-apiserver", "process_guard.py"} == processes_of(folder).keys()
        plane.kubectl("create", "configmap", "a")
        assert not plane.access.has_controllers
    assert processes_of(folder) == {}
    assert not folder.exists()


def built_etcd() -> Path:
    """Where kube-apiserver has its etcd inside, one of its own, from the same module and in the same cache."""
    go = GoBuild(packages={"etcd": "go.etcd.io/etcd/server/v3"})
    folder = cache_root(os.environ) / f"{go.key}-etcd"
    fill_once(folder, lambda target: go.build(("etcd",), target, print), print)
    return folder / "etcd"


def test_a_server_that_does_not_start_shows_its_last_words_and_leaves_nothing(
    binaries: Binaries, tmp_path: Path
) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho 'cannot bear it'; exit 3\n")
    broken.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", STARTED_WITH, broken, binaries.kubectl],
        env={**os.environ, "TMPDIR": str(data)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ended with 3:\ncannot bear it" in done.stdout
    assert list(data.iterdir()) == []


def test_an_existing_cluster_is_used_through_a_copy_and_left_alone(cluster: Access) -> None:
    environ = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    with ExistingCluster(kubectl=cluster.program, environ=environ) as existing:
        assert existing.kubeconfig != cluster.kubeconfig
        assert stat.S_IMODE(existing.kubeconfig.stat().st_mode) == 0o600
        assert (existing.url, existing.ca is not None) == (cluster.url, True)
        assert "namespace/default" in existing.kubectl("get", "namespaces", "--output=name").stdout
        folder = existing.kubeconfig.parent
    assert not folder.exists()
    assert "namespace/default" in cluster.kubectl("get", "namespaces", "--output=name").stdout


@pytest.mark.parametrize(
    ("kubeconfig", "context", "message"),
    [
        pytest.param("/does/not/exist", None, "current-context", id="no kubeconfig"),
        pytest.param(None, "elsewhere", "elsewhere", id="no such context"),
    ],
)
def test_no_existing_cluster_is_said_in_kubectls_words(
    cluster: Access, kubeconfig: str | None, context: str | None, message: str
) -> None:
    environ = {**os.environ, "KUBECONFIG": kubeconfig or str(cluster.kubeconfig)}
    with pytest.raises(KubectlFailed, match=message):
        ExistingCluster(kubectl=cluster.program, environ=environ, context=context)


def test_the_demo_says_plainly_that_there_is_no_cluster_to_use(cluster: Access) -> None:
    path = f"{Path(cluster.program).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "model_operator", "demo", "--existing-cluster"],
        env={**os.environ, "KUBECONFIG": "/does/not/exist", "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "\ndemo: there is no cluster to use: neither $KUBECONFIG nor ~/.kube/config names a current context. Set KUBECONFIG"
        " to the kubeconfig of one, or leave --existing-cluster out. kubectl says: error: current-context must exist in"
        " order to minify\n"
    )
