"""`model-operator demo` as a user runs it: the whole story, playing afterwards, and nothing left of it in any case."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from model_operator_demo.controlplane import ControlPlane
from model_operator_demo.controlplane_access import Access
from support.deadlines import eventually
from support.markdown import blocks
from support.tutorials import HURRIED, ML, PLUGIN, put

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(360)]

A_FEW_MINUTES = timedelta(seconds=210)
CHAPTERS = (
    "A Kubernetes API server",
    "the operator's own ServiceAccount",
    "A simulator of both providers",
    "An account at each provider",
    "A model at each provider",
    "A chat completion at Parasail",
    "A prompt at PaiTIENT",
    "Two replicas instead of one",
    "Paused",
    "Resumed",
    "Deleted, and nothing is left",
    "Two versions of a model, and a CanaryEndpoint",
    "v2 takes over step by step",
    "v3, of whose requests 6 % fail",
    "v3 is tried, seen through, and taken back",
    "The CanaryEndpoint deleted",
    "nothing that costs is left",
)
# What the second act shows live, and what came of it.
CANARY = (
    r"triage +Completed +v1=100 +True ",
    r"triage +Progressing +v1=95 v2=5 +1/4 .*True +At v1=95 v2=5",
    r"triage +Progressing +v1=50 v2=50 +3/4 ",
    r"triage +Completed +v2=100 +4/4 +Pass +True ",
    r"triage +Progressing +v2=95 v3=5 +1/4 ",
    r"triage +RolledBack +v2=100 .*Fail .*MetricBreached: errors: ",
    r"Rolled back to v2=100: errors: \S+ %, limit 2 %, baseline \S+ %, of \d+ requests",
    r"v3 never had more than (5|25) %",
    r"Canary endpoint cep_\w+ stays at the provider with v2=100",
    r"PaiTIENT: 4 created, 4 deleted, 0 left",
)


class Demo:
    """A running demo, its output so far and its temporary files, all in one folder."""

    def __init__(
        self, folder: Path, files: Path, *flags: str, environ: Mapping[str, str] | None = None
    ) -> None:
        self.files = files
        self._output = folder / "output"
        with self._output.open("wb") as output:
            self.process = psutil.Popen(
                [sys.executable, "-m", "model_operator", "demo", *flags],
                env={**os.environ, "TMPDIR": str(self.files), **(environ or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first match in the output. Raises `AssertionError` when the demo ends without it."""

        def look() -> re.Match[str] | None:
            found = re.search(pattern, self.output)
            assert found or self.process.is_running(), self.output
            assert found or self.process.status() != psutil.STATUS_ZOMBIE, self.output
            return found

        found = eventually(look, within=A_FEW_MINUTES, what=f"{pattern!r} in the demo's output")
        assert found is not None
        return found

    def wait(self) -> int:
        code = self.process.wait(A_FEW_MINUTES.total_seconds())
        assert code is not None
        return int(code)

    def leftovers(self) -> list[str]:
        """Files, and processes with the demo's folder on their command line."""
        commands = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
        mine = (" ".join(command) for command in commands)
        files = [str(path) for path in self.files.iterdir()]
        return files + [command for command in mine if str(self.files) in command]


@pytest.fixture
def start(tmp_path: Path, short_folder: Path, cluster: Access) -> Iterator[type[Demo]]:
    """Starts demos; the session's cluster has made sure that the programs are in the cache."""
    started: list[Demo] = []

    class Started(Demo):
        def __init__(self, *flags: str, environ: Mapping[str, str] | None = None) -> None:
            super().__init__(tmp_path, short_folder, *flags, environ=environ)
            started.append(self)

    yield Started  # type: ignore[misc]
    for demo in started:
        if demo.process.is_running():
            demo.process.kill()
            demo.process.wait()


@pytest.mark.long
def test_it_tells_the_whole_story_and_stays_up_to_be_played_with_until_interrupted(
    start: type[Demo], tmp_path: Path
) -> None:
    with socket.socket() as taken:  # the port of the examples: then another one is used
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8700))
        taken.listen()
        demo = start()
        kubeconfig = demo.wait_for(r"export KUBECONFIG=(\S+)")[1]
    places = [demo.output.find(chapter) for chapter in CHAPTERS]
    assert -1 not in places, demo.output
    assert places == sorted(places)
    assert "sed s/8700/" in demo.output
    assert "Parasail: 1 created, 1 deleted, 0 left" in demo.output
    assert "PaiTIENT: 1 created, 1 deleted, 0 left" in demo.output
    assert_in_order(demo.output, CANARY)
    example = demo.wait_for(r"kubectl apply --filename (\S+/parasail\.yaml)\n")[1]
    kubectl = ["kubectl", f"--kubeconfig={kubeconfig}"]
    found = re.search(r"export PATH=([^:\s]+):", demo.output)
    if found:
        kubectl[0] = f"{found[1]}/kubectl"
    subprocess.run([*kubectl, "apply", "--filename", example], check=True)
    wait = ["wait", "modeldeployment", "llama", "--for=condition=Ready", "--timeout=60s"]
    subprocess.run([*kubectl, *wait], check=True)
    carry_out(ML, kubeconfig, Path(shutil.which(kubectl[0]) or kubectl[0]), tmp_path)
    demo.process.send_signal(signal.SIGINT)
    assert demo.wait() == 0, demo.output
    assert demo.leftovers() == []


def carry_out(tutorial: Path, kubeconfig: str, kubectl: Path, folder: Path) -> None:
    """As its readers are told to who have no account: on what the demo leaves running."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "kubectl").symlink_to(kubectl)
    (programs / "kubectl-models").write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{PLUGIN}" "$@"\n')
    (programs / "kubectl-models").chmod(0o755)
    environ = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "KUBECONFIG": kubeconfig}
    key = {"$PARASAIL_API_KEY": "sim-parasail-key"}
    for block in [put(block, {**key, **HURRIED}) for block in blocks(tutorial) if block.is_test]:
        script = ["bash", "-euo", "pipefail", "-c", block.script]
        done = subprocess.run(
            script, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="^C", marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, id="kill", marks=pytest.mark.long),
    ],
)
def test_interrupted_on_the_way_it_leaves_nothing(start: type[Demo], number: signal.Signals) -> None:
    demo = start("--once")
    demo.wait_for(r"model-operator simulator")
    demo.process.send_signal(number)
    assert demo.wait() == 130, demo.output
    assert demo.leftovers() == []


@pytest.mark.long
def test_an_operator_that_dies_ends_the_demo_with_its_last_words(start: type[Demo]) -> None:
    demo = start("--once")
    demo.wait_for(r"ready: http")
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if "model_operator run" in command and str(demo.files) in command:
            process.kill()
    assert demo.wait() == 1
    assert "the operator ended with -9" in demo.output
    assert demo.leftovers() == []


def test_a_cluster_that_has_the_operator_already_is_left_alone(start: type[Demo], cluster: Access) -> None:
    demo = start("--once", "--existing-cluster", environ=existing(cluster))
    assert demo.wait() == 1
    assert re.search(r"has customresourcedefinition\S+modeloperator.dev already", demo.output), demo.output
    assert cluster.kubectl("get", "crd", "modelproviders.modeloperator.dev", "--output=name").stdout
    assert demo.leftovers() == []


@pytest.mark.long
def test_a_cluster_of_the_users_own_is_as_before_afterwards(start: type[Demo]) -> None:
    with ControlPlane.start(controller_manager=True) as plane:
        demo = start("--once", "--existing-cluster", environ=existing(plane.access))
        assert demo.wait() == 0, demo.output
        assert "PaiTIENT: 1 created, 1 deleted, 0 left" in demo.output
        assert plane.kubectl("get", "crds,clusterroles", "--output=name").stdout.count("model") == 0
        namespaces = plane.kubectl("get", "namespaces", "--output=name").stdout
        assert "model-operator-system" not in namespaces
        assert plane.kubectl("config", "current-context").stdout.strip() == "context"
    assert demo.leftovers() == []


def test_without_kubectl_it_says_what_is_missing(start: type[Demo], tmp_path: Path) -> None:
    demo = start("--once", "--existing-cluster", environ={"PATH": str(tmp_path)})
    assert demo.wait() == 1
    assert "kubectl is not in the PATH" in demo.output
    assert "Traceback" not in demo.output
    assert demo.leftovers() == []


def assert_in_order(text: str, patterns: Sequence[str]) -> None:
    """Each pattern is found behind the one before it."""
    rest = text
    for pattern in patterns:
        found = re.search(pattern, rest)
        assert found, f"no {pattern!r} in\n{rest}"
        rest = rest[found.end() :]


def existing(access: Access) -> dict[str, str]:
    """An environment as a user's, with this cluster and the kubectl that belongs to it."""
    folder = Path(access.program).parent
    assert shutil.which("kubectl", path=str(folder))
    return {"KUBECONFIG": str(access.kubeconfig), "PATH": f"{folder}:{os.environ['PATH']}"}
