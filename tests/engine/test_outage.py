"""While a provider cannot be reached, nobody asks it over and over; once it can, all goes on.

The real engine on virtual time.
"""

import asyncio

import pytest

from explorer.objects import TEAM, deployment
from explorer.world import World
from model_operator.domain import DEPLOYMENT, Key
from support.tenants import account, on_virtual_time, reason, sent, until

MINE = Key(DEPLOYMENT, TEAM, "mine")
HALF_AN_HOUR = 1800


async def goes_away(world: World) -> None:
    process = world.process
    assert process is not None
    process.way.inner.is_listening = False


async def comes_back(world: World) -> None:
    process = world.process
    assert process is not None
    process.way.inner.is_listening = True


async def a_deletion(world: World) -> None:
    """Its DELETE cannot be sent."""
    world.create(deployment("paitient", MINE.name))
    await until(world, lambda: reason(world, MINE) == "Available")
    await goes_away(world)
    world.server.delete(MINE)


async def a_lost_create(world: World) -> None:
    """Its answer was lost, and so is what it may have made."""
    rule = {"vendor": "paitient", "operation": "create", "kind": "commit_then_reset", "count": 1}
    await world.simulator.control("POST", "/faults", rule)
    world.create(deployment("paitient", MINE.name))
    await until(world, lambda: bool(sent(world, "create")))
    await goes_away(world)


@pytest.mark.parametrize("trouble", [a_deletion, a_lost_create])
def test_a_provider_that_is_away_is_asked_ever_more_seldom_and_found_soon_when_it_is_back(trouble):
    async def story(world: World) -> None:
        account(world, "paitient")
        await trouble(world)
        began = world.loop.time()
        await asyncio.sleep(HALF_AN_HOUR)
        # A GET, the DELETE and the poll, each once a minute in the end.
        assert len([one for one in world.sent if one.at >= began]) < 120
        await comes_back(world)
        is_over = (
            (lambda: world.server.find(MINE) is None)
            if trouble is a_deletion
            else (lambda: reason(world, MINE) == "Available")
        )
        assert await until(world, is_over) < 150
        assert len(await world.ledger()) == (0 if trouble is a_deletion else 1)

    on_virtual_time(story)()
