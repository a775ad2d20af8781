"""The operator under test: a process of its own, under a ServiceAccount, that can be killed and started again."""

import http.client
import json
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from model_operator_demo.processes import Process, Processes, end_of
from support.deadlines import HALF_A_MINUTE, NotYet, eventually

Setting = str | int | bool | timedelta | list[str]
# What must never be in a log, whatever a test provokes.
SECRETS = ("sim-parasail-key", "sim-paitient-key", "sim-client")


def environment(settings: Mapping[str, Setting]) -> dict[str, str]:
    """Ours, without settings of whoever runs the tests, plus `settings` as MODEL_OPERATOR_* variables."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("MODEL_OPERATOR_")}
    ours.pop("KUBECONFIG", None)
    return ours | {f"MODEL_OPERATOR_{name.upper()}": _as_text(value) for name, value in settings.items()}


def _as_text(value: Setting) -> str:
    match value:
        case bool():
            return str(value).lower()
        case timedelta():
            return f"{round(value.total_seconds() * 1000)}ms"
        case list():
            return ",".join(value)
        case _:
            return str(value)


class OperatorProcess:
    """`python -m model_operator run` with `settings` (names as in `Settings`). Not running until `start`."""

    def __init__(
        self,
        processes: Processes,
        folder: Path,
        settings: Mapping[str, Setting],
        command: tuple[str, ...] = ("-m", "model_operator", "run"),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "operator.log"
        self._processes = processes
        self._command = command
        self._ready_file = folder / "ready.json"
        self.settings: dict[str, Setting] = {
            "health_host": "127.0.0.1",
            "health_port": 0,
            "ready_file": str(self._ready_file),
            "log_level": "debug",
            **settings,
        }
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running or ended process. Raises `AssertionError` before the first `start`."""
        assert self._process is not None, "the operator was never started"
        return self._process

    @property
    def is_running(self) -> bool:
        """Whether there is one that has not ended."""
        return self._process is not None and self._process.is_running

    def start(self) -> None:
        """Start it and return at once."""
        self._ready_file.unlink(missing_ok=True)
        self._process = self._processes.start(
            "operator", [sys.executable, *self._command], log=self.log, env=environment(self.settings)
        )

    def restart(self) -> None:
        """Start again after `kill` or `terminate`, or terminate first; returns when ready."""
        if self.is_running:
            self.terminate()
        self.start()
        self.wait_ready()

    def wait_ready(self, within: timedelta = HALF_A_MINUTE) -> None:
        """Until /readyz says yes. Raises `NotYet` with the end of the log, at once when the process has ended."""
        try:
            eventually(self._has_answered, within=within, what="the operator to be ready")
        except NotYet as error:
            raise NotYet(f"{error}\n{end_of(self.log)}") from None

    def _has_answered(self) -> bool:
        if not self.process.is_running:
            raise NotYet(f"the operator ended with {self.process.returncode}")
        return self.health_url is not None and self.get("/readyz")[0] == http.HTTPStatus.OK

    @property
    def health_url(self) -> str | None:
        """Where /healthz, /readyz and /metrics are; None while the port is not open yet."""
        return self.url("health")

    def url(self, what: str) -> str | None:
        """What the ready file says; None while that port is not open yet."""
        try:
            return str(json.loads(self._ready_file.read_text())[what])
        except (OSError, ValueError):  # not there, or not written to its end
            return None

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of /healthz, /readyz or /metrics; status 0 when nobody answers."""
        connection = http.client.HTTPConnection(
            urlsplit(self.health_url or "//127.0.0.1:1").netloc, timeout=5
        )
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def metric(self, name: str, /, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels; 0 where there is none."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        total = 0.0
        for line in self.get("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            sample, _, found = series.partition("{")
            if sample == name and all(label in found for label in wanted):
                total += float(value)
        return total

    def kill(self) -> None:
        """kill -9; returns when it is gone."""
        self.process.kill()

    def terminate(self, within: timedelta = HALF_A_MINUTE) -> int:
        """SIGTERM, and the exit code. Raises `ProcessFailed` when it does not end in time."""
        return self.process.terminate(within)

    def pause(self) -> None:
        """SIGSTOP: alive and deaf, as a machine that swaps."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.process.signal(signal.SIGCONT)

    def complaints(self) -> list[str]:
        """Lines that no log of ours may have: tracebacks, asyncio's warnings, secrets."""
        if not self.log.is_file():
            return []
        forbidden = (
            "Traceback (most recent call last)",
            "was never retrieved",
            "was never awaited",
            *SECRETS,
        )
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(word in line for word in forbidden)]
