"""The cache is filled once, whole or not at all, by however many runs at a time, and whoever of them dies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from model_operator_demo.controlplane_cache import fill_once
from support.deadlines import eventually

# Fills the folder argv[1], tells in argv[2] that it is at it, and goes on as soon as argv[3] exists.
FILLER = """
import sys, time
from pathlib import Path
from model_operator_demo.controlplane_cache import fill_once
folder, at_it, go_on = map(Path, sys.argv[1:])

def make(staged):
    with at_it.open("a") as log:
        log.write("made\\n")
    (staged / "first").write_text("1")
    while not go_on.exists():
        time.sleep(0.01)
    (staged / "second").write_text("2")

fill_once(folder, make, lambda line: print(line, flush=True))
"""


class Fillers:
    """Processes that fill the same folder."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.folder = root / "cache" / "v1"
        self.go_on = root / "go-on"
        self._log = root / "log"
        self._stack = stack

    @property
    def made(self) -> int:
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0

    def start(self) -> "subprocess.Popen[str]":
        argv = [sys.executable, "-c", FILLER, str(self.folder), str(self._log), str(self.go_on)]
        process = self._stack.enter_context(subprocess.Popen(argv, stdout=subprocess.PIPE, text=True))
        self._stack.callback(process.kill)
        return process


@pytest.fixture
def fillers(tmp_path: Path) -> Iterator[Fillers]:
    with ExitStack() as stack:
        yield Fillers(tmp_path, stack)


def contents(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_two_runs_make_it_once_and_the_second_says_that_it_waits(fillers: Fillers) -> None:
    first = fillers.start()
    eventually(lambda: fillers.made, what="the first to be at it")
    second = fillers.start()
    assert second.stdout is not None
    assert "another run is preparing" in second.stdout.readline()
    assert not fillers.folder.exists()  # half of it is made, and nobody sees it
    fillers.go_on.touch()
    assert [first.wait(30), second.wait(30)] == [0, 0]
    assert fillers.made == 1
    assert contents(fillers.folder) == ["first", "second"]


def test_a_killed_run_leaves_no_lock_and_no_half_made_folder(fillers: Fillers) -> None:
    first = fillers.start()
    eventually(lambda: fillers.made, what="the first to be at it")
    second = fillers.start()
    assert second.stdout is not None
    second.stdout.readline()
    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: fillers.made == 2, what="the second to start over")
    fillers.go_on.touch()
    assert second.wait(30) == 0
    assert contents(fillers.folder) == ["first", "second"]
    assert contents(fillers.folder.parent) == [".v1.lock", "v1"]


def test_a_making_that_fails_leaves_nothing_and_may_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "v1"

    def fail(staged: Path) -> None:
        (staged / "half").touch()
        raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        fill_once(folder, fail, print)
    assert contents(folder.parent) == [".v1.lock"]
    fill_once(folder, lambda staged: (staged / "whole").touch(), print)
    assert contents(folder) == ["whole"]


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "v1"
    fill_once(folder, lambda staged: (staged / "first").touch(), print)
    fill_once(folder, lambda staged: (staged / "second").touch(), print)
    assert contents(folder) == ["first"]


def test_the_folder_appears_whole_because_it_is_moved_there(tmp_path: Path) -> None:
    staged_as: list[int] = []
    fill_once(tmp_path / "v1", lambda staged: staged_as.append(staged.stat().st_ino), print)
    assert (tmp_path / "v1").stat().st_ino == staged_as[0]
