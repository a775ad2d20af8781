"""Moves of who changes a ModelProvider's mode, and of another cluster with the same objects; and what must be true of both."""

from collections.abc import Iterator
from random import Random
from typing import Any

from explorer.looks import End
from explorer.moves import move, named
from explorer.objects import TEAM
from explorer.oracle import rule
from explorer.way import Sent
from explorer.world import World
from model_operator.domain import DEPLOYMENT, EPOCH_TAG, PROVIDER, UID_TAG, Key
from support.memory_schema import Object
from support.virtual_time import START

ELSEWHERE = "00000000-0000-4000-8000-000000000000"
"""UID of the other cluster's objects."""
_TOLD = 20.0
"""Seconds until a pass over the ModelProvider, whose reads and writes may take their time, has gone by a new mode."""
_SHORT = 60.0
"""Seconds after a mode's end in which an object may still go by it."""


def _mode(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    mode = random.choice(("Observe", "Observe", "Suspend", "Suspend", None, None, None))
    return {"vendor": random.choice(vendors), "mode": mode}


@move(4, _mode)
def set_mode(world: World, vendor: str, mode: str | None) -> None:
    """None is Manage."""
    if mode == "Observe":
        world.marks.add("observed")
    world.edit(Key(PROVIDER, TEAM, vendor), {"spec": {"mode": mode}})


@move(1, named, vendor="paitient")
def taken_over(world: World, name: str) -> None:
    """The other cluster, in mode Manage, takes a deployment over: UID and epoch."""
    held = world.id_of(name)
    if held is None or held[0] != "paitient" or held in world.strangers:
        return
    world.marks.add("taken")
    world.taken[held] = str(world.server.get(Key(DEPLOYMENT, TEAM, name))["metadata"]["uid"])
    world.later(_take(world, held))


async def _take(world: World, held: tuple[str, str]) -> None:
    tags = (await world.ledger()).get(held, {}).get("tags") or {}
    now = round((START.timestamp() + world.loop.time()) * 1000)
    epoch = max(int(tags.get(EPOCH_TAG, 0)), now) + 1
    mark = {**tags, UID_TAG: ELSEWHERE, EPOCH_TAG: str(epoch)}
    await world.hand("PATCH", held[0], held[1], {"fields": {"tags": mark}})


def leaves_on_purpose(world: World, type_: str, body: Object) -> bool:
    """Of an object that ends: its ModelProvider only observes, or did a short while ago, or its deployment is another's."""
    if type_ != "DELETED" and "deletionTimestamp" not in body["metadata"]:
        return False
    provider = world.server.find(Key(PROVIDER, TEAM, body["spec"]["providerRef"]["name"]))
    if provider is not None and provider["spec"].get("mode") == "Observe":
        world.observed_at[provider["metadata"]["name"]] = world.loop.time()
    last = world.observed_at.get(body["spec"]["providerRef"]["name"])
    return last is not None and world.loop.time() - last < _SHORT


def a_mode_holds_from_the_moment_that_the_status_says_it(world: World, sent: Sent) -> str | None:
    """Of an account that no other ModelProvider shares, and as the process was told it."""
    key = Key(PROVIDER, TEAM, sent.vendor)
    known = world.process.known.get(key) if world.process is not None else None
    body = world.server.find(key)
    if body is None or known is None or sent.at - known[0] < _TOLD:
        return None
    others = [
        k for k, b in world.server.objects.items() if k.kind == PROVIDER and b["spec"]["type"] == sent.vendor
    ]
    mode = body["spec"].get("mode")
    if len(others) > 1 or not mode == known[1]["spec"].get("mode") == body.get("status", {}).get("mode"):
        return None
    is_read = sent.operation in ("list", "get", "metrics")
    if mode == "Suspend" or (mode == "Observe" and not is_read):
        return f"{sent.operation} of {sent.vendor} {sent.id} in mode {mode}"
    return None


@rule
def what_another_cluster_has_taken_over_is_left_to_it(end: End) -> Iterator[str]:
    """Unless people have made this cluster take it back, or its object has been made anew or has lost its memory."""
    if end.world.marks.intersection(("observed", "hand", "status", "copied", "restored")):
        return
    for id_, uid in end.world.taken.items():
        tags = end.ledger.get(id_, {}).get("tags") or {}
        if tags.get(UID_TAG) == uid:
            yield f"{id_} was taken over by another cluster, and has the tags {tags}"


def manage_again(world: World) -> None:
    """The history's end: everything is to come to rest."""
    for key, body in tuple(world.server.objects.items()):
        if key.kind == PROVIDER and "mode" in body["spec"]:
            world.edit(key, {"spec": {"mode": None}})
