"""The measurements with one operator, in their order: create all, stay quiet, edit some, die and come back."""

import asyncio
import math
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from model_operator_demo.bench import api
from model_operator_demo.bench.api import Api
from model_operator_demo.bench.process import cpu_seconds, resident_megabytes
from model_operator_demo.bench.rows import Row
from model_operator_demo.bench.stage import PAGE, Stage, TooSlow, until
from model_operator_demo.processes import end_of

Object = dict[str, Any]

CREATION = "paitient.create_s=5"
OPERATOR_CPU = "operator CPU per deployment"
OPERATOR_MEMORY = "operator memory, all"
_READY_WITHIN = timedelta(minutes=5)
_EDIT_PAUSE = 0.04  # seconds between two edits: 25 a second
_QUIET = 1.0  # seconds without a pass after which a restart is over


@dataclass(frozen=True)
class Targets:
    """Upper bounds; None of them where the run is of another size."""

    counts: bool

    def __call__(self, value: float) -> float | None:
        """The target, if targets count in this run."""
        return value if self.counts else None


async def all_ready(stage: Stage, count: int, target: Targets) -> list[Row]:
    """From the first create to the last Ready; CPU and memory that it took."""
    found = await bring_up(stage, count, _READY_WITHIN)
    if found.ready < count:
        raise TooSlow(f"waited {found.seconds:.0f} s for {count} deployments; {found.ready} are Ready")
    return [
        Row("all created", found.created, "s"),
        Row("all Ready", found.seconds, "s", target(12)),
        Row(OPERATOR_CPU, found.operator, "ms", target(5)),
        Row("API server CPU per deployment", found.server, "ms"),
        Row("simulator CPU per deployment", found.simulator, "ms"),
        Row("operator memory, none", found.memory_before, "MB"),
        Row(OPERATOR_MEMORY, found.memory, "MB", target(100)),
    ]


@dataclass(frozen=True)
class BroughtUp:
    """What it took to bring deployments up: CPU in ms for each that is Ready, memory in MB, times in s."""

    ready: int
    created: float
    seconds: float
    operator: float
    server: float
    simulator: float
    memory_before: float
    memory: float


async def bring_up(stage: Stage, count: int, within: timedelta) -> BroughtUp:
    """Create so many; until all are Ready or the time is over. Raises `TooSlow` where none is."""
    pids = (stage.pid, stage.simulator.process.pid)
    idle = resident_megabytes(stage.pid)
    before = [*map(cpu_seconds, pids), await api.cpu(stage.kube)]
    began = time.monotonic()
    await api.create_all(stage.kube, stage.namespace, stage.bodies(count))
    created = time.monotonic() - began
    ready = await stage.ready_within(count, within)
    if not ready:
        log = stage.operator.process.log
        raise TooSlow(f"waited {within.total_seconds():g} s, and nothing is Ready:\n{end_of(log)}")
    seconds = time.monotonic() - began
    after = [*map(cpu_seconds, pids), await api.cpu(stage.kube)]
    operator, simulator, server = ((b - a) / ready * 1000 for a, b in zip(before, after, strict=True))
    memory = resident_megabytes(stage.pid)
    return BroughtUp(ready, created, seconds, operator, server, simulator, idle, memory)


async def reaction(stage: Stage, count: int, target: Targets) -> list[Row]:
    """From the API server's answer to an edit to the provider's receipt of what follows from it."""
    since = await stage.last_request()
    edited_at = {}
    items = await api.deployments(stage.kube, stage.namespace)
    for item in items[:count]:
        name, id_ = item["metadata"]["name"], item["status"]["externalID"]
        await stage.kube.call(
            "PATCH", stage.path(name), {"spec": {"replicas": 2}}, "application/merge-patch+json"
        )
        edited_at[id_] = time.time()
        await asyncio.sleep(_EDIT_PAUSE)
    await stage.until_ready(len(items), _READY_WITHIN)
    arrived: dict[str, float] = {}
    for entry in await stage.requests(since, operation="update"):
        arrived.setdefault(entry["path"].rpartition("/")[2], entry["at"])
    # The watch may tell the operator before the answer has told us.
    delays = [max(0.0, arrived[id_] - at) * 1000 for id_, at in edited_at.items()]
    return [
        Row("spec edit → provider, p50", statistics.median(delays), "ms", target(10)),
        Row("spec edit → provider, p99", _percentile(delays, 99), "ms", target(30)),
    ]


async def steady(stage: Stage, seconds: float, target: Targets) -> list[Row]:
    """What goes on while nothing changes, per minute. Begins right after a poll, so that polls are not cut."""
    await stage.until_quiet()
    since, polls = await stage.last_request(), 30 + 5

    async def polled() -> list[Object]:
        return await stage.requests(since, operation="list")

    async def idle() -> bool:
        entries = await polled()
        return bool(entries) and time.time() - entries[-1]["at"] > 1

    if seconds >= polls:
        await until(idle, bool, timedelta(seconds=2 * polls), "a poll of the account")
    since, written, cpu = await stage.last_request(), await api.writes(stage.kube), cpu_seconds(stage.pid)
    await asyncio.sleep(seconds)
    entries = await stage.requests(since)
    written = await api.writes(stage.kube) - written
    lists = sum(entry["operation"] == "list" for entry in entries)
    minutes = seconds / 60
    return [
        Row("steady: LISTs per minute", lists / minutes, "", target(20)),
        Row("steady: other requests per minute", (len(entries) - lists) / minutes, "", target(0)),
        Row("steady: Kubernetes writes per minute", written / minutes, "", target(0)),
        Row("steady: operator CPU per minute", (cpu_seconds(stage.pid) - cpu) / minutes * 1000, "ms"),
    ]


async def restart(stage: Stage, count: int, target: Targets) -> list[Row]:
    """From kill -9 (and a start at once) to the end of the last pass, each on what the provider shows now."""
    await stage.until_quiet()
    since, written = await stage.last_request(), await api.writes(stage.kube)
    began = time.monotonic()
    await stage.restart()
    async with stage.health() as health:
        ended = await _settled(stage, health, since, count)
    entries = await stage.requests(since)
    lists = sum(entry["operation"] == "list" for entry in entries)
    written = await api.writes(stage.kube) - written
    return [
        Row("kill -9 → all reconciled", ended - began, "s", target(2)),
        Row("kill -9: LISTs", lists, "", target(10)),
        Row("kill -9: other requests", len(entries) - lists, ""),
        Row("kill -9: Kubernetes writes", written, "", target(0)),
    ]


async def _settled(stage: Stage, health: Api, since: int, count: int) -> float:
    """The time of the last pass after the first complete LIST of the new process."""
    pages, deadline = math.ceil(count / PAGE), time.monotonic() + 60
    passes, changed, listed = -1.0, time.monotonic(), False
    while time.monotonic() < deadline:
        now = time.monotonic()
        total = await api.metric(health, "controller_runtime_reconcile_total", controller="modeldeployment")
        if total != passes:
            passes, changed = total, now
        listed = listed or len(await stage.requests(since, operation="list", status="200")) >= pages
        if listed and passes >= count and now - changed > _QUIET:
            return changed
        await asyncio.sleep(0.05)
    raise TooSlow(f"waited a minute for passes over {count} deployments; there were {passes:g}")


def _percentile(values: list[float], percent: int) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]
