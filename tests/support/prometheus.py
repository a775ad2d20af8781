"""The real Prometheus on loopback, which scrapes and evaluates every half second, and what it knows."""

import http.client
import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from model_operator_demo.processes import Processes, end_of
from support.deadlines import eventually
from support.debian import Program

Json = dict[str, Any]
EVERY = "500ms"


class Prometheus:
    """Running from construction to `stop`. It has no target until `scrape`."""

    def __init__(
        self, program: Program, processes: Processes, folder: Path, *, rules: Json, job: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "prometheus.log"
        self._targets = folder / "targets.json"
        self._targets.write_text("[]")
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
        config = {
            "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [
                {
                    "job_name": job,
                    "honor_labels": True,
                    "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}],
                }
            ],
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        self._address = f"127.0.0.1:{_free_port()}"
        self._started = time.time()
        self._process = processes.start(
            "prometheus",
            [
                str(program.path),
                f"--config.file={folder / 'prometheus.yaml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._address}",
            ],
            log=self.log,
            env=program.environ,
        )
        eventually(self._is_ready, what="Prometheus to be ready")

    def stop(self) -> None:
        if self._process.is_running:
            self._process.kill()

    def scrape(self, url: str) -> None:
        """From now on that address, and no other."""
        file = self._targets.with_suffix(".new")
        file.write_text(json.dumps([{"targets": [urlsplit(url).netloc]}]))
        file.rename(self._targets)

    def alerts(self) -> dict[str, list[Json]]:
        """Those that fire now, by name; labels and annotations as Alertmanager would get them."""
        found: dict[str, list[Json]] = {}
        for alert in self._ask("alerts")["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["alertname"], []).append(alert)
        return found

    def ever(self, query: str) -> list[Json]:
        """The series of a query over all that was scraped, those that have a number."""
        return [
            series["metric"]
            for series in self.recorded(query)
            if any(value not in ("NaN", "+Inf", "-Inf") for _, value in series["values"])
        ]

    def recorded(self, query: str) -> list[Json]:
        """What a query gives over all that was scraped: labels, and values by time."""
        times = {"start": self._started, "end": time.time(), "step": "0.5"}
        found: list[Json] = self._ask("query_range", {"query": query, **times})["result"]
        return found

    def series(self, selector: str) -> list[Json]:
        """The labels of all series that there ever were."""
        found: list[Json] = self._ask("series", {"match[]": selector, "start": self._started})
        return found

    def _is_ready(self) -> bool:
        assert self._process.is_running, end_of(self.log)
        return self._get("/-/ready")[0] == 200

    def _ask(self, what: str, query: Mapping[str, object] | None = None) -> Any:
        status, body = self._get(f"/api/v1/{what}?{urlencode(query or {})}")
        assert status == 200, body
        return json.loads(body)["data"]

    def _get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
