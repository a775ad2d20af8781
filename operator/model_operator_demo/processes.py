"""Processes that end with this one, whatever ends it: return, exception, ^C, SIGTERM or kill -9.

The control plane, the demo and the tests start everything through `Processes`; `process_guard.py` does the
work.
"""

import contextlib
import itertools
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

_SOON = timedelta(seconds=30)  # the guard answers in milliseconds; a machine under load may take longer


class ProcessFailed(Exception):
    """A process could not be started, ended too early or did not end in time."""


def end_of(log: Path, lines: int = 30) -> str:
    """The last lines of a log file, for an error message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"(no log: {error})"
    return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"


@dataclass(eq=False)
class Process:
    """One running or ended process. `log` holds its output, both streams, appended over restarts."""

    name: str
    log: Path
    _key: str
    _group: "Processes"
    pid: int = field(default=0, init=False)
    returncode: int | None = field(default=None, init=False)
    failure: str | None = field(default=None, init=False)

    @property
    def is_running(self) -> bool:
        """False as soon as its end was reported."""
        return self.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """To the process; SIGKILL also to what it started. Does nothing when it has ended."""
        self._group.send_signal(self._key, number)

    def wait(self, timeout: timedelta = _SOON) -> int:
        """The exit code; negative: the signal that killed it. Raises `ProcessFailed` if it is still running."""
        self._group.wait_for(lambda: not self.is_running, timeout, f"{self.name} to end")
        return self.returncode if self.returncode is not None else -signal.SIGKILL

    def terminate(self, timeout: timedelta = _SOON) -> int:
        """SIGTERM, and its exit code. Raises `ProcessFailed` when it is still running after `timeout`."""
        self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self.signal(signal.SIGKILL)
        self.wait()


class Processes:
    """A group of processes with one end. The folders in `remove` go with it, also after our own kill -9."""

    def __init__(self, *, remove: Sequence[Path] = (), grace: timedelta = timedelta(seconds=10)) -> None:
        script = Path(__file__).with_name("process_guard.py")
        self._guard = subprocess.Popen(  # noqa: S603  our own script
            [sys.executable, "-I", "-S", str(script), str(grace.total_seconds()), *map(str, remove)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a ^C at the terminal is for us; the guard hears through its pipe
        )
        self._grace = grace
        self._numbers = itertools.count()
        self._processes: dict[str, Process] = {}
        self._changed = threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True, name="process-guard")
        self._listener.start()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> Process:
        """Start `argv` with its output in `log`; `stop_signal` is what it gets when this group is closed.

        `env` replaces the environment, None passes on ours. Raises `ProcessFailed` when the program does not
        exist or may not be run.
        """
        key = f"{next(self._numbers)}-{name}"
        process = self._processes[key] = Process(name=name, log=log, _key=key, _group=self)
        self._send(
            start=key,
            argv=list(argv),
            env=None if env is None else dict(env),
            log=str(log),
            stop_signal=stop_signal,
        )
        self.wait_for(lambda: process.pid != 0 or process.failure is not None, _SOON, f"{name} to start")
        if process.failure is not None:
            raise ProcessFailed(f"{name} cannot be started: {process.failure}")
        return process

    def send_signal(self, key: str, number: signal.Signals) -> None:
        """`Process.signal` in terms of the guard."""
        self._send(signal=key, number=number)

    def wait_for(self, condition: Callable[[], bool], timeout: timedelta, what: str) -> None:
        """Block until a report of the guard makes it true. Raises `ProcessFailed` after `timeout`."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout.total_seconds()):
                raise ProcessFailed(f"waited {timeout.total_seconds():g} s for {what}")

    def close(self) -> None:
        """Stop everything that still runs and remove the folders. Returns when that is done."""
        if self._guard.stdin is not None:
            with contextlib.suppress(OSError):
                self._guard.stdin.close()
        try:
            self._guard.wait(self._grace.total_seconds() + _SOON.total_seconds())
        except subprocess.TimeoutExpired as error:
            raise ProcessFailed("the process guard does not end") from error
        self._listener.join(_SOON.total_seconds())
        if self._guard.stdout is not None:
            self._guard.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, **message: object) -> None:
        if self._guard.stdin is None or self._guard.stdin.closed:
            return  # closed: everything has ended
        try:
            self._guard.stdin.write(json.dumps(message).encode() + b"\n")
            self._guard.stdin.flush()
        except OSError as error:
            raise ProcessFailed(f"the process guard is gone: {error}") from error

    def _listen(self) -> None:
        if self._guard.stdout is not None:
            for line in self._guard.stdout:
                self._note(json.loads(line))
        with self._changed:  # without the guard nothing runs any more
            for process in self._processes.values():
                if process.returncode is None:
                    process.returncode = -signal.SIGKILL
                    process.failure = process.failure or "the process guard is gone"
            self._changed.notify_all()

    def _note(self, message: dict[str, object]) -> None:
        with self._changed:
            match message:
                case {"started": str(key), "pid": int(pid)}:
                    self._processes[key].pid = pid
                case {"failed": str(key), "error": str(text)}:
                    self._processes[key].failure = text
                case {"exited": str(key), "code": int(code)}:
                    self._processes[key].returncode = code
                case _:
                    pass
            self._changed.notify_all()
