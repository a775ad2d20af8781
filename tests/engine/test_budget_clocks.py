"""Budgets and time: what is held goes when the period ends where it ends, and a clock that was ahead stops no counting."""

import asyncio
from datetime import timedelta

from model_operator.domain import BUDGET, DEPLOYMENT, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import budget, parasail_deployment

TEAM = Key(BUDGET, "team", "team")
MISTRAL = Key(DEPLOYMENT, "team", "mistral")
PRICES = [{"match": "*", "perReplicaHour": "3.20", "currency": "USD"}]
AN_HOUR = 3600.0
HELD = ("False", "BudgetExceeded")
TO_FEBRUARY = timedelta(days=30, hours=14)
"""From the first of January at noon, and an hour or so."""


def set_prices(world: World) -> None:
    spec = {"prices": PRICES, "pollInterval": "10m"}
    world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": spec})


def accepted(world: World) -> tuple[str, str]:
    (said,) = (c for c in world.server.get(MISTRAL)["status"]["conditions"] if c["type"] == "Accepted")
    return said["status"], said["reason"]


def test_what_is_held_goes_when_the_day_ends_in_the_budget_s_zone() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "5", period="Day", timeZone="Asia/Kathmandu", onExceeded="BlockNew"))
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(2 * AN_HOUR)
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(4.1 * AN_HOUR)
        assert (f"{world.wall():%H:%M}", accepted(world)) == ("18:06", HELD)
        world.server.delete(LLAMA)  # the day's money is spent, whoever has spent it
        await asyncio.sleep(0.1 * AN_HOUR)
        assert (f"{world.wall():%H:%M}", accepted(world)) == ("18:12", HELD)
        await asyncio.sleep(0.1 * AN_HOUR)
        assert (f"{world.wall():%H:%M}", accepted(world)) == ("18:18", ("True", "Accepted")), (
            "a quarter past six"
        )
        assert await world.count("create") == 2

    play(story, is_served=False)


def test_a_budget_that_is_made_again_counts_from_then_on_whatever_was_written_meanwhile() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "1000"))
        world.apply(parasail_deployment("llama"))
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(2 * AN_HOUR)
        world.server.delete(TEAM)
        await asyncio.sleep(60)
        assert [world.server.get(key)["status"]["cost"].get("shares") for key in (LLAMA, MISTRAL)] == [
            None,
            None,
        ]
        world.server.merge(MISTRAL, {"spec": {"contextLength": 4096}})
        await asyncio.sleep(2 * AN_HOUR)
        world.apply(budget("team", "2000"))
        await asyncio.sleep(AN_HOUR)
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(5)
        assert 6.4 <= float(world.server.get(TEAM)["status"]["spent"]) < 6.4 + 2.2, (
            "of a look each ten minutes"
        )

    play(story, is_served=False)


def test_what_a_clock_has_dated_that_was_ahead_does_not_stop_the_counting() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "20", onExceeded="BlockNew"))
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(0.5 * AN_HOUR)
        world.wall.step(TO_FEBRUARY)
        await world.restart()
        await asyncio.sleep(0.5 * AN_HOUR)
        assert world.server.get(TEAM)["status"]["periodStart"] == "2026-02-01T00:00:00Z"
        world.wall.step(-TO_FEBRUARY)
        await world.restart()
        await asyncio.sleep(7 * AN_HOUR)
        status = world.server.get(TEAM)["status"]
        assert (status["periodStart"], status["thresholds"]) == ("2026-01-01T00:00:00Z", [50, 80, 100])
        assert float(status["spent"]) > 20
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(60)
        assert accepted(world) == HELD

    play(story, is_served=False)
