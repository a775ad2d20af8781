"""Creates that are lost, land late or are answered by nobody, while the operator is killed again and again.

Afterwards each ModelDeployment must have exactly one deployment at the provider, and after their deletion none.
"""

import asyncio
from datetime import timedelta
from typing import Any

from model_operator_demo.bench import api, figures
from model_operator_demo.bench.figures import Figures
from model_operator_demo.bench.stage import Stage, until

Object = dict[str, Any]

_FAULTS: tuple[Object, ...] = (
    {"kind": "late_commit", "seconds": 2, "probability": 0.2},
    {"kind": "late_commit", "seconds": 5, "probability": 0.2},
    {"kind": "commit_then_reset", "probability": 0.2},
    {"kind": "reset", "probability": 0.1},
)
# Shorter than the defaults, to be done in a minute, and still longer than the latest commit.
FLAGS = ("--recovery-window=10s", "--request-timeout=5s")
KNOBS = ("paitient.create_s=2", "paitient.delete_s=1")
_KILLS = 4
_KILL_AFTER = 0.7  # seconds of work between two kills
_WITHIN = timedelta(minutes=3)


async def storm(stage: Stage, count: int) -> Figures:
    """What is promised to be none of each, when all have come up or the time is over."""
    await _create(stage, count)
    ready = await stage.ready_within(count, _WITHIN)
    duplicates, orphans = await _compare(stage)
    return {
        figures.STORM_NOT_READY: count - ready,
        figures.STORM_DUPLICATES: duplicates,
        figures.STORM_ORPHANS: orphans,
    }


async def storm_deleted(stage: Stage) -> Figures:
    """What is left at the provider when all are deleted. Raises `TooSlow` when they do not go."""
    return {figures.STORM_LEFT: await _delete(stage)}


async def _create(made: Stage, count: int) -> None:
    """All of them within seconds, under faults, with kills in between."""
    for fault in _FAULTS:
        await made.control.call(
            "POST", "/__sim/faults", {**fault, "vendor": "paitient", "operation": "create"}
        )
    share = -(-count // _KILLS)
    for begin in range(0, count, share):
        bodies = made.bodies(min(share, count - begin))
        await api.create_all(made.kube, made.namespace, bodies)
        await asyncio.sleep(_KILL_AFTER)
        await made.restart()
    await until(lambda: _begun(made), lambda number: number >= count, _WITHIN, "all creates to be sent once")
    await made.control.call("DELETE", "/__sim/faults")


async def _begun(made: Stage) -> int:
    """How many have been asked for at the provider or have an id."""
    items = await api.deployments(made.kube, made.namespace)
    statuses = (item.get("status", {}) for item in items)
    return sum("externalID" in status or "pending" in status for status in statuses)


async def _compare(made: Stage) -> tuple[int, int]:
    """Deployments beyond one per ModelDeployment, and those that no status knows."""
    counters = (await made.control.call("GET", "/__sim/counters"))["paitient"]
    # By name: the default name of ours has the UID's hash, the others take the object's.
    duplicates = sum(number - 1 for number in counters["creates_by_name"].values())
    items = await api.deployments(made.kube, made.namespace)
    known = {item.get("status", {}).get("externalID") for item in items} - {None}
    return duplicates, int(counters["live"]) - len(known)


async def _delete(made: Stage) -> int:
    """All at once, with kills in between; what then still lives at the provider."""
    collection = made.path("").rstrip("/")
    await made.kube.call("DELETE", collection)
    for _ in range(2):
        await asyncio.sleep(_KILL_AFTER)
        await made.restart()
    await until(
        lambda: api.deployments(made.kube, made.namespace), lambda items: not items, _WITHIN, "all deleted"
    )
    return int((await made.control.call("GET", "/__sim/counters"))["paitient"]["live"])
