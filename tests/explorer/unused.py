"""Deployments that lose their users and get them back, and what then may be taken from them."""

import asyncio
from random import Random
from typing import Any, Final

from explorer.looks import holder, is_over, is_terminating
from explorer.moves import NAMES, move
from explorer.people import key_of
from explorer.way import Sent
from explorer.world import World

_AFTER: Final = 600.0
"""Seconds: the shortest time that counts as idle."""
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
    since, until = world.unused.get(id_, (now, now))
    if rate:
        world.unused[id_] = (since, min(until, now))
    elif until <= now:
        world.unused[id_] = (now, float("inf"))


def what_is_used_is_not_taken_for_idle(world: World, sent: Sent) -> str | None:
    """By who sends requests, whatever the metrics say: nothing is deleted or scaled down for being idle before its time."""
    if sent.operation not in ("delete", "update"):
        return None
    for key, body in world.deployments():
        record = body.get("status", {}).get("idle") or {}
        if holder(body) != (sent.vendor, sent.id) or is_terminating(body) or "foundAt" not in record:
            continue
        since, until = world.unused.get(sent.id, (sent.at, sent.at))
        was_unused = min(until, sent.at) - since >= _AFTER
        if _is_for_that(sent, body, record) and not was_unused:
            return f"{sent.operation} of {sent.id} of {key.name} for being idle, which was used until {since:.0f}"
    return None


def _is_for_that(sent: Sent, body: dict[str, Any], record: dict[str, Any]) -> bool:
    if sent.operation == "delete":
        return is_over(body) and body["status"]["expired"]["at"] == record["foundAt"]
    most = (body["spec"].get("autoscaling") or {}).get("maxReplicas")
    return most is not None and sent.body.get("max_replicas", most) < most
