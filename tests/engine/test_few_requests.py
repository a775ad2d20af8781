"""An account that may send one request a minute gets its work done, each object in its turn.

The real engine on virtual time, with the API server and both providers in memory.
"""

import asyncio

import pytest

from explorer.objects import TEAM, deployment
from explorer.world import World
from model_operator.domain import DEPLOYMENT, Key
from support.tenants import account, on_virtual_time, reason, sent, until

SLOW = 2.0
"""Seconds for each answer of the provider: no request can be sent in the last moment of its deadline."""
MINUTE = 60


async def slow_account(world: World, vendor: str) -> None:
    fault = {"vendor": vendor, "kind": "latency", "seconds": SLOW}
    await world.simulator.control("POST", "/faults", fault)
    account(world, vendor, requestsPerMinute=1)


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
@pytest.mark.parametrize("count", [1, 3])
def test_each_create_gets_the_next_turn_and_time_for_its_answer(vendor: str, count: int) -> None:
    @on_virtual_time
    async def story(world: World) -> None:
        await slow_account(world, vendor)
        keys = [Key(DEPLOYMENT, TEAM, f"m{number}") for number in range(count)]
        for key in keys:
            world.create(deployment(vendor, key.name))
        met: set[str] = set()
        while len(sent(world, "create")) < count or "Creating" in {reason(world, key) for key in keys}:
            await asyncio.sleep(1)
            met |= {reason(world, key) for key in keys}
        assert world.loop.time() <= (count + 1) * MINUTE  # after one LIST
        assert "OutcomeUnknown" not in met
        await until(world, lambda: all(reason(world, key) == "Available" for key in keys))
        assert len(sent(world, "create")) == count

    story()


@on_virtual_time
async def test_a_create_that_asks_a_catalogue_first_comes_to_its_post(world):
    """Three turns, of which no intent's deadline leaves room for more than one or two."""
    await slow_account(world, "parasail")
    world.has_devices = True
    await world.simulator.control("PATCH", "/knobs", {"parasail": {"profile": "extended"}})
    key = Key(DEPLOYMENT, TEAM, "by-device")
    world.create(deployment("parasail", key.name))
    await until(world, lambda: len(sent(world, "create")) == 1)
    assert world.loop.time() <= 6 * MINUTE
    asked = (await world.simulator.control("GET", "/requests"))["requests"]
    assert sorted(r["operation"] for r in asked if r["operation"] in ("support", "devices")) == [
        "devices",
        "support",
    ]
    await until(world, lambda: reason(world, key) == "Available")


@on_virtual_time
async def test_what_is_late_is_still_read_before_the_next_list(world):
    """Stalled, since the start took longer than progressDeadline: nobody but that read can tell that it serves."""
    await slow_account(world, "parasail")
    await world.simulator.control("PATCH", "/knobs", {"parasail": {"start_s": 520}})
    key = Key(DEPLOYMENT, TEAM, "late")
    world.create(deployment("parasail", key.name, progressDeadline="1m"))
    await until(world, lambda: reason(world, key, "Stalled") == "ProgressDeadlineExceeded")
    await until(world, lambda: world.loop.time() > 720)
    assert await until(world, lambda: reason(world, key) == "Available") <= 2 * MINUTE
