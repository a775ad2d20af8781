"""Tenants who share one operator, on virtual time: `team-b` is the neighbour, `team-a` whoever makes the trouble."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from explorer.objects import KEYS, OTHER_KEYS, OTHER_TEAM, deployment, provider, secret
from explorer.world import World
from model_operator.domain import DEPLOYMENT, Key
from support.virtual_time import run

NEIGHBOUR = Key(DEPLOYMENT, OTHER_TEAM, "good")


def on_virtual_time(test: Callable[[World], Awaitable[None]]) -> Callable[[], None]:
    async def whole() -> None:
        world = World(seed=1)
        await world.open()
        await test(world)
        assert world.process is not None
        assert world.process.engine.problem is None
        await world.process.engine.stop()

    def wrapped() -> None:
        run(whole())

    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


def sent(world: World, operation: str, since: float = 0.0) -> list[Any]:
    return [one for one in world.sent if one.operation == operation and one.at >= since]


async def until(world: World, what: Callable[[], bool], within: float = 600) -> float:
    """Seconds that it took."""
    began = world.loop.time()
    async with asyncio.timeout(within):
        while not what():  # noqa: ASYNC110  time is free here
            await asyncio.sleep(0.05)
    return world.loop.time() - began


def reason(world: World, key: Key, type_: str = "Ready") -> str:
    body = world.server.find(key) or {}
    found = [c["reason"] for c in body.get("status", {}).get("conditions", ()) if c["type"] == type_]
    return found[0] if found else ""


async def a_neighbour_serves(world: World) -> None:
    """team-b's own deployment, in an account of its own."""
    world.create(secret("parasail", OTHER_KEYS["parasail"]), OTHER_TEAM)
    world.create(provider("parasail"), OTHER_TEAM)
    world.create(deployment("parasail", "good"), OTHER_TEAM)
    await until(world, lambda: reason(world, NEIGHBOUR) == "Available")


async def neighbours_edit(world: World, replicas: int) -> float:
    """Seconds from the edit until it is at the provider."""
    since = world.loop.time()
    world.edit(NEIGHBOUR, {"spec": {"replicas": replicas}})
    return await until(
        world,
        lambda: any((one.body or {}).get("replicas") == replicas for one in sent(world, "update", since)),
    )


def account(world: World, vendor: str = "parasail", **spec: Any) -> None:
    """Of the one who makes the trouble."""
    world.create(secret(vendor, KEYS[vendor]))
    world.create(provider(vendor, **spec))


async def hangs(world: World, vendor: str, *operations: str) -> None:
    for operation in operations or ("list", "get", "create", "update", "delete"):
        await world.simulator.control(
            "POST", "/faults", {"vendor": vendor, "operation": operation, "kind": "timeout"}
        )
