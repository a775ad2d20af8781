"""The provider simulator as a process, and a typed way to its control endpoints below `/__sim`."""

import http.client
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from model_operator_demo.processes import Process, Processes, end_of
from support.deadlines import HALF_A_MINUTE, NotYet, eventually

Json = dict[str, Any]
Vendor = str
"""The name of a row in `support.rows`."""


class ControlRefused(AssertionError):
    """A control endpoint answered with an error: a mistake of the test."""


@dataclass(frozen=True)
class Fault:
    """A rule in force at the simulator."""

    id: str
    _simulator: "SimulatorProcess"

    def report(self) -> Json:
        """`matched`, `hits`, `reached`, `held`, `released` and the rule."""
        return self._simulator.control("GET", f"/faults/{self.id}")

    def wait(self, times: int = 1, within: timedelta = HALF_A_MINUTE) -> None:
        """Until so many requests have arrived at the rule's work. Raises `NotYet`."""
        query = urlencode({"hits": times, "timeout": within.total_seconds()})
        report = self._simulator.control("GET", f"/faults/{self.id}/wait?{query}")
        if not report["arrived"]:
            raise NotYet(f"no {times} requests at {report}")

    def release(self) -> None:
        """Let go whom it holds; it holds nobody any more."""
        self._simulator.control("POST", f"/faults/{self.id}/release")

    def remove(self) -> None:
        """Out of force."""
        self._simulator.control("DELETE", f"/faults/{self.id}")


class SimulatorProcess:
    """Both vendors on one port, running from construction to `stop`; nothing of it outlives the test."""

    def __init__(self, processes: Processes, folder: Path, *flags: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "simulator.log"
        ready_file = folder / "simulator.json"
        ready_file.unlink(missing_ok=True)
        argv = [
            sys.executable,
            "-m",
            "model_operator_simulator",
            "--port=0",
            f"--ready-file={ready_file}",
            *flags,
        ]
        self.process: Process = processes.start("simulator", argv, log=self.log)
        self.url = eventually(lambda: self._read(ready_file), what="the simulator to be ready")

    def _read(self, ready_file: Path) -> str:
        if not self.process.is_running:
            raise AssertionError(f"the simulator ended:\n{end_of(self.log)}")
        try:
            return str(json.loads(ready_file.read_text())["url"])
        except (OSError, ValueError):  # not there, or not written to its end
            return ""

    def stop(self) -> None:
        """Ends it, whatever requests it holds."""
        if self.process.is_running:
            self.process.kill()

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        """One control request, e.g. `control("GET", "/state")`. Raises `ControlRefused` for an error."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=150)
        try:
            data = None if body is None else json.dumps(body)
            connection.request(
                method, f"/__sim{path}", body=data, headers={"Content-Type": "application/json"}
            )
            reply = connection.getresponse()
            answer: Json = json.loads(reply.read())
        finally:
            connection.close()
        if reply.status >= 400:
            raise ControlRefused(f"{method} /__sim{path}: {reply.status} {answer}")
        return answer

    def fault(self, kind: str, **rule: Any) -> Fault:
        """Put a rule in force: `fault("error", vendor="parasail", method="POST", status=500, count=3)`."""
        return Fault(self.control("POST", "/faults", {"kind": kind, **rule})["id"], self)

    def clear_faults(self) -> None:
        """No rule is in force any more, nobody is held."""
        self.control("DELETE", "/faults")

    def knobs(self, **values: Any) -> None:
        """`knobs(parasail={"start_s": 0.1}, paitient={...})`, in force for the next request."""
        self.control("PATCH", "/knobs", values)

    def requests(self, since: int = 0, **filters: str) -> list[Json]:
        """The journal, oldest first; filters are vendor, method, path (a pattern), operation, status, outcome."""
        found: list[Json] = self.control("GET", f"/requests?{urlencode({'since': since, **filters})}")[
            "requests"
        ]
        return found

    @property
    def last_request(self) -> int:
        """The number of the newest request: `requests(since=…)` has what came after."""
        return int(self.control("GET", "/requests?limit=0")["last"])

    def wait_for_request(self, since: int = 0, within: timedelta = HALF_A_MINUTE, **filters: str) -> Json:
        """The first request in the journal that fits. Raises `NotYet`."""
        found = eventually(
            lambda: self.requests(since, **filters), within=within, what=f"a request {filters}"
        )
        return found[0]

    def counters(self, vendor: Vendor) -> Json:
        """`creates_by_name`, `creates_by_tag`, `live`, `max_live_by_name`, `deletes`, `writes`, `requests`, …"""
        counts: Json = self.control("GET", "/counters")[vendor]
        return counts

    def state(self) -> Json:
        """Every object of both vendors as it is."""
        return self.control("GET", "/state")

    def advance(self, by: timedelta) -> None:
        """Move the clock, in any mode, and let happen what comes due."""
        self.control("POST", "/clock/advance", {"seconds": by.total_seconds()})

    def deployment(self, vendor: Vendor, identifier: str) -> Json:
        """One deployment as its vendor has it, without counting as a request."""
        return self.control("GET", f"/deployments/{vendor}/{identifier}")

    def edit_deployment(self, vendor: Vendor, identifier: str, **edit: Any) -> Json:
        """A change in the vendor's console: `fields={...}`, `status=`, `stuck=`, `message=`, `fail_after_s=`.

        PaiTIENT's `updated_at` has whole seconds, and nobody can see two changes in one: so not in the same second.
        """
        if vendor == "paitient":
            changed = datetime.fromisoformat(self.deployment(vendor, identifier)["updated_at"])
            left = changed + timedelta(seconds=1) - datetime.now(UTC)
            time.sleep(min(max(left, timedelta()), timedelta(seconds=1)).total_seconds())
        return self.control("PATCH", f"/deployments/{vendor}/{identifier}", edit)

    def remove_deployment(self, vendor: Vendor, identifier: str) -> None:
        """Deleted in the vendor's console."""
        self.control("DELETE", f"/deployments/{vendor}/{identifier}")

    def put_token(self, vendor: Vendor, key: str, **token: Any) -> None:
        """A key in force: `account=`, `client_id=`, `read_only=`."""
        self.control("POST", "/tokens", {"vendor": vendor, "key": key, **token})

    def revoke(self, vendor: Vendor, key: str) -> None:
        """A key out of force."""
        self.control("DELETE", "/tokens", {"vendor": vendor, "key": key})

    def reset(self, *, keep_knobs: bool = False) -> None:
        """As it was at its start."""
        self.control("POST", "/reset", {"keep_knobs": keep_knobs})
