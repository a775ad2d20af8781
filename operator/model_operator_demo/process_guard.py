"""Owns processes for a parent that may die at any moment, and leaves neither them nor their folders behind.

`processes.Processes` starts this file as a script and holds the other end of its standard input: one JSON
object per line in both directions, and the end of that input, however it comes about, is the order to clean up.

In:  {"start": id, "argv": [...], "env": {...} | null, "log": path, "stop_signal": n}
     {"signal": id, "number": n}
Out: {"started": id, "pid": n} · {"failed": id, "error": text} · {"exited": id, "code": n}
"""

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> Callable[[], None] | None:
    """For the case that the guard itself is killed. Linux only, and safe: the guard has one thread."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Guard:
    """The children by id, in the order of their start."""

    def __init__(self, grace: float, folders: list[Path]) -> None:
        self._grace = grace
        self._folders = folders
        self._children: dict[str, tuple[subprocess.Popen[bytes], int]] = {}
        self._in_child = _die_with_parent()

    def handle(self, message: dict[str, Any]) -> None:
        """Do what one line asks. A start is answered; what a signal does shows when the child ends."""
        if "start" in message:
            self._start(message)
        elif "signal" in message:
            self._signal(message["signal"], message["number"], group=message["number"] == signal.SIGKILL)

    def _start(self, message: dict[str, Any]) -> None:
        name = message["start"]
        try:
            with Path(message["log"]).open("ab") as log:
                child = subprocess.Popen(  # noqa: S603  the parent says what to run
                    message["argv"],
                    env=message["env"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # a ^C at the terminal is for the parent, which decides the order
                    preexec_fn=self._in_child,  # noqa: PLW1509  there is no second thread here
                )
        except OSError as error:
            self._say(failed=name, error=str(error))
            return
        self._children[name] = (child, message["stop_signal"])
        self._say(started=name, pid=child.pid)

    def _signal(self, name: str, number: int, *, group: bool) -> None:
        """Unknown or dead: nothing to do. The number is still ours, for nobody else reaps our children."""
        if name in self._children:
            send = os.killpg if group else os.kill
            with contextlib.suppress(ProcessLookupError, PermissionError):
                send(self._children[name][0].pid, number)

    def reap(self) -> None:
        """Report who has ended."""
        for name, (child, _) in list(self._children.items()):
            if child.poll() is not None:
                self._forget(name)

    def _forget(self, name: str) -> None:
        child, _ = self._children.pop(name)
        self._say(exited=name, code=child.returncode)

    def close(self) -> None:
        """Stop all children, the last started first to hear of it, then remove the folders."""
        for name in reversed(list(self._children)):
            self._signal(name, self._children[name][1], group=True)
        deadline = time.monotonic() + self._grace
        for name, (child, _) in list(self._children.items()):
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(name, signal.SIGKILL, group=True)
                child.wait()
            self._forget(name)
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _say(self, **message: object) -> None:
        with contextlib.suppress(OSError):  # the parent is gone: nobody listens, the work goes on
            os.write(1, json.dumps(message).encode() + b"\n")


def serve(guard: Guard) -> None:
    """Until the parent closes its end or someone sends SIGTERM."""
    wakeup, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with selectors.DefaultSelector() as ready:
        ready.register(0, selectors.EVENT_READ)
        ready.register(wakeup, selectors.EVENT_READ)
        pending = b""
        while True:
            sources = {key.fd for key, _ in ready.select()}
            if wakeup in sources and signal.SIGTERM in os.read(wakeup, 4096):
                return
            if 0 in sources:
                received = os.read(0, 65536)
                if not received:
                    return
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    guard.handle(json.loads(line))
            guard.reap()


def main() -> None:
    """`process_guard.py GRACE [FOLDER…]`: seconds between asking and killing; what to remove at the end."""
    guard = Guard(float(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
    try:
        serve(guard)
    finally:
        signal.set_wakeup_fd(-1)
        guard.close()


if __name__ == "__main__":
    main()
