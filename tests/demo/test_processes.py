"""Processes under the guard: they end with whoever started them, however that one ends."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from model_operator_demo.processes import Processes, ProcessFailed
from support.deadlines import eventually

SHORT = timedelta(seconds=0.2)
STUBBORN = "trap '' TERM; echo ready; while true; do sleep 0.05; done"

PARENT = """
import sys, time
from pathlib import Path
from model_operator_demo.processes import Processes
folder = Path(sys.argv[1])
with Processes(remove=[folder]) as processes:
    child = processes.start("sh", ["sh", "-c", "sleep 1000 & sleep 1001"], log=folder / "log")
    print(child.pid, flush=True)
    time.sleep(1000)
"""


def test_output_and_exit_code_are_kept(tmp_path: Path) -> None:
    with Processes() as processes:
        process = processes.start("sh", ["sh", "-c", "echo out; echo err >&2; exit 3"], log=tmp_path / "log")
        assert process.wait() == 3
    assert (tmp_path / "log").read_text() == "out\nerr\n"


def test_the_environment_is_the_given_one(tmp_path: Path) -> None:
    with Processes() as processes:
        processes.start("env", ["/usr/bin/env"], log=tmp_path / "log", env={"A": "b"}).wait()
    assert (tmp_path / "log").read_text() == "A=b\n"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        pytest.param(["/does/not/exist"], r"x cannot be started: .*No such file", id="missing"),
        pytest.param(["/"], r"x cannot be started: .*Permission denied", id="not executable"),
    ],
)
def test_what_cannot_be_started_says_why(tmp_path: Path, argv: list[str], message: str) -> None:
    with Processes() as processes, pytest.raises(ProcessFailed, match=message):
        processes.start("x", argv, log=tmp_path / "log")


def test_terminate_gives_the_process_its_chance_and_kill_does_not(tmp_path: Path) -> None:
    polite = "trap 'echo bye; exit 7' TERM; echo ready; while true; do sleep 0.05; done"
    with Processes() as processes:
        first = processes.start("sh", ["sh", "-c", polite], log=tmp_path / "first")
        second = processes.start("sh", ["sh", "-c", polite], log=tmp_path / "second")
        eventually(lambda: "ready" in first.log.read_text(), what="the first trap to be set")
        eventually(lambda: "ready" in second.log.read_text(), what="the second trap to be set")
        assert first.terminate() == 7
        second.kill()
    assert (tmp_path / "first").read_text() == "ready\nbye\n"
    assert (tmp_path / "second").read_text() == "ready\n"
    assert second.returncode == -signal.SIGKILL


def test_waiting_for_what_does_not_end_says_so(tmp_path: Path) -> None:
    with Processes() as processes:
        process = processes.start("sleep", ["sleep", "1000"], log=tmp_path / "log")
        with pytest.raises(ProcessFailed, match=r"waited 0\.2 s for sleep to end"):
            process.wait(SHORT)


def test_the_end_of_the_group_is_the_end_of_all(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with Processes(remove=[folder], grace=SHORT) as processes:
        polite = processes.start("sleep", ["sleep", "1000"], log=tmp_path / "polite")
        stubborn = processes.start("sh", ["sh", "-c", STUBBORN], log=tmp_path / "stubborn")
        eventually(lambda: "ready" in stubborn.log.read_text(), what="the trap to be set")
    assert [polite.returncode, stubborn.returncode] == [-signal.SIGTERM, -signal.SIGKILL]
    assert not folder.exists()
    processes.close()  # once more does no harm


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_parent(tmp_path: Path, end: signal.Signals) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        family = [child, *eventually(child.children, what="the grandchild")]
        guard = psutil.Process(child.ppid())
        os.kill(parent.pid, end)
    everybody = [*family, guard]
    eventually(lambda: [process for process in everybody if _runs(process)], until=lambda left: not left)
    assert not folder.exists()


@pytest.mark.parametrize(
    "platform", [pytest.param("linux", id="linux")] if sys.platform.startswith("linux") else []
)
def test_children_do_not_outlive_a_killed_guard(tmp_path: Path, platform: str) -> None:
    with Processes() as processes:
        process = processes.start("sleep", ["sleep", "1000"], log=tmp_path / "log")
        child = psutil.Process(process.pid)
        psutil.Process(child.ppid()).kill()
        assert process.wait() == -signal.SIGKILL
        eventually(lambda: not _runs(child), what="the child to be gone")
        with pytest.raises(ProcessFailed, match="the process guard is gone"):
            processes.start("sleep", ["sleep", "1000"], log=tmp_path / "log")


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
