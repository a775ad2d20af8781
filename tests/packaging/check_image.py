"""`make image-test`: the built image, run as a cluster would run it. Not part of `make test`: it needs the image."""

import os
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from model_operator import __version__
from model_operator.models.crd import KINDS
from model_operator_demo.controlplane_access import Access
from model_operator_demo.processes import Processes
from support.deadlines import eventually
from support.image import Image, open_image
from support.namespace import Namespace

SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox", "apt-get", "pip", "pip3"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    """The one that `make image` has built."""
    found = open_image(os.environ["IMAGE"], os.environ["BUILDER"], tmp_path_factory.mktemp("image"))
    yield found
    found.close()


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that the image's user may read, which pytest's own are not."""
    folder = Path("/var/tmp") / f"model-operator-image-{os.getpid()}"
    folder.mkdir(mode=0o755)
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_it_runs_as_a_numeric_user_who_is_not_root(image: Image) -> None:
    assert image.config.user == "65532:65532"
    assert image.config.entrypoint == ["/usr/bin/python3", "-m", "model_operator"]
    assert image.config.command == ["run"]


def test_it_says_what_it_is(image: Image) -> None:
    labels = {
        name.removeprefix("org.opencontainers.image."): text for name, text in image.config.labels.items()
    }
    assert labels["title"] == "model-operator"
    assert labels["version"] == __version__
    assert labels["licenses"] == "Apache-2.0"


def test_no_shell_is_in_it_and_nothing_that_installs(image: Image) -> None:
    programs = {Path(path).name for path in image.files if Path(path).parent.name in ("bin", "sbin")}
    assert "python3" in programs
    assert programs & SHELLS == set()


def test_every_module_has_its_bytecode(image: Image) -> None:
    ours = [path for path in image.files if path.startswith("/app/model_operator/") and path.endswith(".py")]
    assert len(ours) > 100
    for path in ours:
        source = Path(path)
        assert f"{source.parent}/__pycache__/{source.stem}.cpython-313.pyc" in image.files


def test_less_than_80_megabytes_are_pulled(image: Image) -> None:
    assert image.pulled_size < 80_000_000


def test_it_prints_the_crds_from_a_read_only_file_system(image: Image, shared: Path) -> None:
    argv = image.command("crds", shared=shared)
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    printed = {document["metadata"]["name"] for document in yaml.safe_load_all(done.stdout)}
    assert printed == {kind.crd_name for kind in KINDS}
    assert done.stderr == ""


def test_the_simulator_of_the_examples_runs_from_it(
    image: Image, processes: Processes, shared: Path, tmp_path: Path
) -> None:
    argv = image.command("simulator", "--host=127.0.0.1", "--port=18700", shared=shared)
    process = processes.start("simulator", argv, log=tmp_path / "log")
    eventually(lambda: answers("http://127.0.0.1:18700/__sim"), what="the simulator to answer")
    assert process.terminate(timedelta(seconds=20)) == 0


def test_it_is_ready_within_three_seconds_with_a_lease(
    image: Image, cluster: Access, namespace: Namespace, processes: Processes, shared: Path, tmp_path: Path
) -> None:
    put_service_account(shared, cluster, namespace, tmp_path / "kubeconfig")
    namespace.kubectl("create", "role", "leases", "--verb=get,create,update", "--resource=leases")
    account = f"--serviceaccount={namespace.name}:model-operator"
    namespace.kubectl("create", "rolebinding", "leases", "--role=leases", account)
    server = urlsplit(cluster.url)
    argv = image.command(
        "run",
        shared=shared,
        KUBERNETES_SERVICE_HOST=str(server.hostname),
        KUBERNETES_SERVICE_PORT=str(server.port),
        MODEL_OPERATOR_NAMESPACES=namespace.name,
        MODEL_OPERATOR_LEADER_ELECT="true",
        MODEL_OPERATOR_HEALTH_HOST="127.0.0.1",
        MODEL_OPERATOR_HEALTH_PORT="18080",
        MODEL_OPERATOR_LOG_FORMAT="json",
    )
    took = []
    for attempt in range(3):  # the best of three: other programs run here, too
        started = time.monotonic()
        log = tmp_path / f"{attempt}.log"
        process = processes.start("operator", argv, log=log)
        eventually(lambda: answers("http://127.0.0.1:18080/readyz"), what=f"ready: {log.read_text()}")
        took.append(time.monotonic() - started)
        assert process.terminate(timedelta(seconds=20)) == 0
        assert "Traceback" not in log.read_text()
    assert min(took) < 3, took


def put_service_account(folder: Path, cluster: Access, namespace: Namespace, kubeconfig: Path) -> None:
    """The three files that kubelet gives to a pod."""
    written = yaml.safe_load(namespace.operator_kubeconfig(kubeconfig).read_text())
    (folder / "token").write_text(written["users"][0]["user"]["token"])
    assert cluster.ca is not None
    (folder / "ca.crt").write_bytes(cluster.ca.read_bytes())
    (folder / "namespace").write_text(namespace.name)


def answers(url: str) -> bool:
    done = subprocess.run(["curl", "--silent", "--fail", url], capture_output=True, check=False)
    return done.returncode == 0
