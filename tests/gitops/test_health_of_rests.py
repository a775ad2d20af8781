"""What Argo CD and Flux make of a deployment that runs less than its spec says, or is left alone. Virtual time."""

import asyncio
from collections.abc import Iterator

import pytest

from model_operator.domain import PROVIDER, Key
from support import samples
from support.argo_lua import health
from support.engine_world import LLAMA, World, play
from support.kstatus import kstatus
from support.spent_budgets import stop_llama

PARASAIL = Key(PROVIDER, "team", "parasail")
HOURS = {"timeZone": "Europe/Berlin", "active": ["Sat-Sun 00:00-01:00"], "outside": "Pause"}


@pytest.fixture(autouse=True)
def index() -> Iterator[None]:
    yield
    samples.write_index()


def seen(world: World, name: str) -> tuple[str, str]:
    """By Argo CD and by kstatus, which Flux and Helm go by."""
    live = world.server.get(LLAMA)
    samples.check(name, live)
    return health(live)[0], kstatus(live)


def test_outside_its_hours_it_is_as_git_wants_it() -> None:
    async def story(world: World) -> None:
        world.server.merge(LLAMA, {"spec": {"schedule": HOURS}})
        await asyncio.sleep(300)
        assert world.ready() == ("True", "OutsideActiveHours")
        assert seen(world, "deployment-outside-hours") == ("Healthy", "Current")

    play(story)


def test_what_has_expired_holds_no_wave() -> None:
    async def story(world: World) -> None:
        world.server.merge(LLAMA, {"spec": {"expiresAfter": "10m"}})
        await asyncio.sleep(1800)
        assert world.ready() == ("True", "Expired")
        assert seen(world, "deployment-expired") == ("Healthy", "Current")

    play(story)


def test_what_a_budget_has_stopped_is_degraded() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        assert world.ready() == ("False", "BudgetExceeded")
        assert seen(world, "deployment-stopped-by-budget") == ("Degraded", "Failed")

    play(story)


def test_what_is_only_observed_serves_and_a_difference_is_not_its_fault() -> None:
    async def story(world: World) -> None:
        world.server.merge(PARASAIL, {"spec": {"mode": "Observe"}})
        await asyncio.sleep(60)
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(120)
        assert world.condition("Synced")["reason"] == "Observed"
        assert seen(world, "deployment-observed") == ("Healthy", "Current")

    play(story)


def test_what_is_suspended_is_waited_for() -> None:
    async def story(world: World) -> None:
        world.server.merge(PARASAIL, {"spec": {"mode": "Suspend"}})
        await asyncio.sleep(120)
        assert world.ready() == ("Unknown", "Suspended")
        assert seen(world, "deployment-suspended") == ("Progressing", "InProgress")

    play(story)
