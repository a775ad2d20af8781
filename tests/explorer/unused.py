"""Deployments that lose their users and get them back, and what then may be taken from them."""

import asyncio
from datetime import datetime
from random import Random
from typing import Any, Final

from explorer.looks import holder, is_over, is_terminating
from explorer.moves import NAMES, move
from explorer.people import key_of
from explorer.way import Sent
from explorer.world import World
from support.virtual_time import START

_AFTER: Final = 600.0
"""Seconds: the shortest time that counts as idle."""
_LATE: Final = 300.0
"""Seconds until metrics have shown a request for certain: they settle for two minutes, in buckets of one."""
_ASKED: Final[dict[str, dict[str, Any]]] = {
    "Expire": {"idle": {"after": "10m", "then": "Expire"}},
    "MinReplicas": {
        "idle": {"after": "10m", "then": "MinReplicas"},
        "replicas": None,
        "autoscaling": {"minReplicas": 1, "maxReplicas": 3},
    },
}


def _one(random: Random, _vendors: tuple[str, ...]) -> dict[str, Any]:
    return {"name": random.choice(NAMES["paitient"][:2])}


@move(
    2,
    lambda random, vendors: {**_one(random, vendors), "then": random.choice(("Expire", "MinReplicas", None))},
    vendor="paitient",
)
def mind_idleness(world: World, name: str, then: str | None) -> None:
    if then == "MinReplicas":
        world.marks.add("removal")
    world.edit(key_of(name), {"spec": {"idle": None} if then is None else _ASKED[then]})


@move(3, _one, vendor="paitient")
def lose_users(world: World, name: str) -> None:
    """From now on nobody sends it a request."""
    found = world.id_of(name)
    if found is not None:
        world.later(_use(world, *found, rate=0.0))


@move(1, _one, vendor="paitient")
def gain_users(world: World, name: str) -> None:
    found = world.id_of(name)
    if found is not None:
        world.later(_use(world, *found, rate=1.0))


async def _use(world: World, vendor: str, id_: str, *, rate: float) -> None:
    await world.hand("PATCH", vendor, id_, {"behaviour": {"direct_rps": rate}})
    now = asyncio.get_running_loop().time()
    spans = world.unused.setdefault(id_, [])
    is_unused = bool(spans) and spans[-1][1] > now
    if rate and is_unused:
        spans[-1] = (spans[-1][0], now)
    elif not rate and not is_unused:
        spans.append((now, float("inf")))


def what_is_used_is_not_taken_for_idle(world: World, sent: Sent) -> str | None:
    """By who sends requests, whatever the metrics say: nothing is deleted or scaled down for being idle before its time.

    When it was found so counts: a request that comes after the last look cannot be known.
    """
    if sent.operation not in ("delete", "update") or "clock" in world.marks:
        return None
    for key, body in world.deployments():
        record = body.get("status", {}).get("idle") or {}
        if holder(body) != (sent.vendor, sent.id) or is_terminating(body) or "foundAt" not in record:
            continue
        found = (datetime.fromisoformat(record["foundAt"]) - START).total_seconds()
        spans = world.unused.get(sent.id, [])
        was_unused = any(
            min(until, found) - since >= _AFTER for since, until in spans if until > found - _LATE
        )
        if _is_for_that(sent, body, record) and not was_unused:
            return (
                f"{sent.operation} of {sent.id} of {key.name} for being idle, which was not used in {spans}"
            )
    return None


def _is_for_that(sent: Sent, body: dict[str, Any], record: dict[str, Any]) -> bool:
    if sent.operation == "delete":
        return is_over(body) and body["status"]["expired"]["at"] == record["foundAt"]
    most = (body["spec"].get("autoscaling") or {}).get("maxReplicas")
    return most is not None and sent.body.get("max_replicas", most) < most
