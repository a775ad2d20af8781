"""The measurements with one operator, in their order: create all, stay quiet, edit some, die and come back."""

import asyncio
import math
import statistics
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from model_operator_demo.bench import api, figures
from model_operator_demo.bench.api import Api
from model_operator_demo.bench.figures import Figures, percentile
from model_operator_demo.bench.process import cpu_seconds, resident_megabytes
from model_operator_demo.bench.stage import PAGE, Stage, TooSlow, until
from model_operator_demo.processes import end_of

Object = dict[str, Any]

CREATION = "paitient.create_s=5"
_READY_WITHIN = timedelta(minutes=4)
_READY_EACH = timedelta(seconds=0.1)  # where that is more
_RECONCILED_WITHIN = timedelta(seconds=90)
_POLLS = 30 + 5  # seconds between two polls of an account, with their jitter
_EDIT_PAUSE = 0.04  # seconds between two edits: 25 a second
_QUIET = 1.0  # seconds in which the operator is idle, after which a restart is over
_TICK = 0.1  # seconds between two looks at that
_BUSY = 0.25  # of a core: more than it uses while nothing happens


async def bring_up(stage: Stage, count: int, *, already: int = 0) -> Figures:
    """From the first create to the last Ready; CPU and memory that it took. Raises `TooSlow` where none is Ready.

    CPU is divided by those that are Ready: of an operator that is not done in time it says no more than that.
    """
    pids = (stage.pid, stage.simulator.process.pid)
    idle = resident_megabytes(stage.pid)
    before = [*map(cpu_seconds, pids), await api.cpu(stage.kube)]
    began = time.monotonic()
    await api.create_all(stage.kube, stage.namespace, stage.bodies(count))
    created = time.monotonic() - began
    within = max(_READY_WITHIN, count * _READY_EACH)
    ready = await stage.ready_within(already + count, within) - already
    if ready <= 0:
        log = end_of(stage.operator.process.log)
        raise TooSlow(f"waited {within.total_seconds():g} s, and nothing is Ready:\n{log}")
    seconds = time.monotonic() - began
    after = [*map(cpu_seconds, pids), await api.cpu(stage.kube)]
    operator, simulator, server = ((b - a) / ready * 1000 for a, b in zip(before, after, strict=True))
    return {
        figures.CREATED: created,
        **({figures.READY: seconds} if ready == count else {}),
        figures.NOT_READY: count - ready,
        figures.OPERATOR_CPU: operator,
        figures.SERVER_CPU: server,
        figures.SIMULATOR_CPU: simulator,
        figures.MEMORY_NONE: idle,
        figures.MEMORY_ALL: resident_megabytes(stage.pid),
    }


async def reaction(stage: Stage, count: int) -> Figures:
    """From the API server's answer to an edit to the provider's receipt of what follows from it."""
    since = await stage.last_request()
    items = await api.deployments(stage.kube, stage.namespace)
    edited_at = await edit(stage, items[:count], 2, _EDIT_PAUSE)
    await stage.until_ready(len(items), _READY_WITHIN)
    found = await delays(stage, since, edited_at)
    return {figures.EDIT_P50: statistics.median(found), figures.EDIT_P99: percentile(found, 99)}


async def edit(stage: Stage, items: Iterable[Object], replicas: int, pause: float) -> dict[str, float]:
    """Scale them one by one; when the API server had taken each, by its id at the provider."""
    edited_at = {}
    for item in items:
        body = {"spec": {"replicas": replicas}}
        await stage.kube.call("PATCH", stage.path(api.name_of(item)), body, "application/merge-patch+json")
        edited_at[item["status"]["externalID"]] = time.time()
        await asyncio.sleep(pause)
    return edited_at


async def delays(stage: Stage, since: int, edited_at: Mapping[str, float]) -> list[float]:
    """Milliseconds from each edit to the provider's receipt of what follows from it."""
    arrived = first_seen(await stage.requests(since, operation="update"))
    # The watch may tell the operator before the answer has told us.
    return [max(0.0, arrived[id_] - at) * 1000 for id_, at in edited_at.items()]


async def steady(stage: Stage, seconds: float) -> Figures:
    """What goes on while nothing changes, per minute."""
    await stage.until_quiet()
    if stage.contender.is_ours and seconds >= _POLLS:
        await _until_polled(stage)
    since, written, cpu = await stage.last_request(), await api.writes(stage.kube), cpu_seconds(stage.pid)
    await asyncio.sleep(seconds)
    entries = await stage.requests(since)
    written = await api.writes(stage.kube) - written
    lists = sum(entry["operation"] == "list" for entry in entries)
    minutes = seconds / 60
    return {
        figures.STEADY_LISTS: lists / minutes,
        figures.STEADY_OTHERS: (len(entries) - lists) / minutes,
        figures.STEADY_WRITES: written / minutes,
        figures.STEADY_CPU: (cpu_seconds(stage.pid) - cpu) / minutes * 1000,
    }


async def restart(stage: Stage, count: int, *, pages: int | None = None) -> Figures:
    """From kill -9 (and a start at once) until each deployment was compared with what the provider shows now."""
    await stage.until_quiet()
    items = await api.deployments(stage.kube, stage.namespace)
    since, written = await stage.last_request(), await api.writes(stage.kube)
    began = time.time()
    await stage.restart()
    if stage.contender.is_ours:
        async with stage.health() as health:
            ended = await _passed(stage, health, (since, pages or math.ceil(count / PAGE)), count)
    else:
        ended = await _read(stage, since, {item["status"]["externalID"] for item in items})
    entries = await stage.requests(since)
    lists = sum(entry["operation"] == "list" for entry in entries)
    return {
        figures.RESTART: ended - began,
        figures.RESTART_LISTS: lists,
        figures.RESTART_OTHERS: len(entries) - lists,
        figures.RESTART_WRITES: await api.writes(stage.kube) - written,
    }


def first_seen(entries: Collection[Object]) -> dict[str, float]:
    """When each deployment was first asked for, by the id at the end of the path."""
    seen: dict[str, float] = {}
    for entry in entries:
        seen.setdefault(entry["path"].rpartition("/")[2], entry["at"])
    return seen


def all_seen_at(entries: Collection[Object], ids: Collection[str]) -> float | None:
    """When the last of these deployments was first asked for; None if one was not."""
    seen = first_seen(entries)
    return max(seen[id_] for id_ in ids) if all(id_ in seen for id_ in ids) else None


async def _until_polled(stage: Stage) -> None:
    """A minute begins right after a poll of the account, so that none is cut."""
    since = await stage.last_request()

    async def idle() -> bool:
        entries = await stage.requests(since, operation="list")
        return bool(entries) and time.time() - entries[-1]["at"] > 1

    await until(idle, bool, timedelta(seconds=2 * _POLLS), "a poll of the account")


async def _passed(stage: Stage, health: Api, lists: tuple[int, int], count: int) -> float:
    """The time of the last pass after the new process's first complete LIST: its pages, and after which request.

    By the CPU that it uses: each look at its metrics would cost it as much as thirty passes.
    """
    (since, pages), deadline = lists, time.time() + _RECONCILED_WITHIN.total_seconds()
    busy_at, used, passes = time.time(), 0.0, 0.0
    while time.time() < deadline:
        await asyncio.sleep(_TICK)
        before, used = used, cpu_seconds(stage.pid)
        if used - before > _TICK * _BUSY:
            busy_at = time.time()
        elif time.time() - busy_at > _QUIET:
            passes = await api.metric(
                health, "controller_runtime_reconcile_total", controller="modeldeployment"
            )
            if passes >= count and len(await stage.requests(since, operation="list", status="200")) >= pages:
                return busy_at
    raise TooSlow(f"waited {_RECONCILED_WITHIN} for passes over {count} deployments; there were {passes:g}")


async def _read(stage: Stage, since: int, ids: Collection[str]) -> float:
    """The time at which the last deployment was read, by an operator that reads them one by one."""

    async def look() -> float | None:
        return all_seen_at(await stage.requests(since, operation="get"), ids)

    ended = await until(
        look, lambda at: at is not None, _RECONCILED_WITHIN, f"reads of {len(ids)} deployments"
    )
    return ended or 0.0
