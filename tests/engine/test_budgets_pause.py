"""Pause, with the whole engine: what a spent budget stops, in which order, and what it resumes."""

import asyncio
from datetime import datetime

import pytest

from model_operator.domain import BUDGET, DEPLOYMENT, Key
from support.engine_world import LLAMA, World, play
from support.manifests import parasail_deployment
from support.memory_store import Effect, Trouble, Verb
from support.spent_budgets import (
    SPENT,
    TEAM,
    pausing,
    power,
    resume_there,
    running,
    says,
    set_prices,
    stop_llama,
    stopped,
)

MISTRAL = Key(DEPLOYMENT, "team", "mistral")


def trouble(verb: Verb, kind: str) -> Trouble:
    return Trouble(Effect.REFUSE, frozenset({verb}), frozenset({kind}), 403, "not allowed")


async def until(world: World, text: str) -> None:
    left = datetime.fromisoformat(f"{text}+00:00") - world.wall()
    await asyncio.sleep(left.total_seconds())


def test_once_the_limit_is_spent_the_youngest_is_paused_first_and_all_of_it_is_said() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(120)
        world.apply(pausing())
        await asyncio.sleep(50)
        assert (stopped(world), await power(world)) == ([], []), "a clock may be wrong for a moment"
        await asyncio.sleep(20)
        assert stopped(world) == ["mistral"]
        await asyncio.sleep(100)
        assert (stopped(world), await power(world)) == (["mistral", "llama"], ["pause", "pause"])
        assert says(world) == {
            "Ready": "False BudgetExceeded",
            "Accepted": "True Accepted",
            "Synced": "False BudgetExceeded",
            "Serving": "False BudgetExceeded",
            "Reconciling": "False Idle",
            "Stalled": "True BudgetExceeded",
        }
        assert world.condition("Synced")["message"].startswith(
            'ModelBudget "team" has spent its limit, so the deployment is stopped (paused). Raise spec.limit'
        )
        assert world.status["phase"] == "Paused"
        assert "what runs is stopped" in world.condition("WithinLimit", TEAM)["message"]
        told = [
            one["message"]
            for one in world.events("BudgetExceeded")
            if one["involvedObject"]["kind"] == BUDGET
        ]
        assert 'ModelDeployment "mistral" is paused, because the limit of 0.001 USD has been spent.' in told
        version = [world.server.get(key)["metadata"]["resourceVersion"] for key in (TEAM, LLAMA, MISTRAL)]
        await asyncio.sleep(1800)
        assert version == [
            world.server.get(key)["metadata"]["resourceVersion"] for key in (TEAM, LLAMA, MISTRAL)
        ]

    play(story)


def test_a_raised_limit_resumes_only_what_the_budget_has_paused() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(60)
        world.server.merge(MISTRAL, {"spec": {"paused": True}})
        await asyncio.sleep(60)
        await stop_llama(world)
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert (says(world)["Ready"], says(world, MISTRAL)["Ready"]) == ("True Available", "True Paused")
        assert (stopped(world), await power(world)) == ([], ["pause", "pause", "resume"])
        assert "No longer stopped by this budget: llama." in [
            one["message"] for one in world.events("WithinLimit")
        ]

    play(story)


def test_what_a_person_pauses_meanwhile_stays_paused() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        world.server.merge(LLAMA, {"spec": {"paused": True}})
        await asyncio.sleep(60)
        assert says(world)["Ready"] == "True Paused"
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert (says(world)["Ready"], await power(world)) == ("True Paused", ["pause"])
        world.server.merge(LLAMA, {"spec": {"paused": False}})
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"

    play(story)


@pytest.mark.long
def test_a_new_period_resumes_and_the_next_limit_stops_again() -> None:
    async def story(world: World) -> None:
        await stop_llama(world, limit="0.05", period="Day")
        set_prices(world, poll="10m")
        await until(world, f"{world.wall():%Y-%m-%d}T23:59:30")
        assert await power(world) == ["pause"]
        await asyncio.sleep(180)
        assert (await power(world), stopped(world)) == (["pause"], []), "an hour of it does not fit"
        assert says(world)["Synced"] == "False BudgetExceeded"
        world.server.merge(TEAM, {"spec": {"limit": "5"}})
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"
        await asyncio.sleep(2 * 3600)
        assert (await power(world), stopped(world)) == (["pause", "resume", "pause"], ["llama"])

    play(story)


def test_a_restart_resumes_nothing_and_a_stop_outlives_it() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        for _ in range(3):
            await world.restart()
            await asyncio.sleep(100)
        assert (await power(world), says(world)["Ready"]) == (["pause"], "False BudgetExceeded")
        world.server.delete(TEAM)
        await world.restart()
        await asyncio.sleep(120)
        assert (await power(world), says(world)["Ready"]) == (["pause", "resume"], "True Available")

    play(story)


def test_a_deleted_budget_or_one_that_only_warns_resumes() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        world.server.merge(TEAM, {"spec": {"onExceeded": "Warn"}})
        await asyncio.sleep(120)
        assert (stopped(world), says(world)["Ready"]) == ([], "True Available")
        world.server.merge(TEAM, {"spec": {"onExceeded": "Pause"}})
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "False BudgetExceeded"
        world.server.delete(TEAM)
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"

    play(story)


def test_nothing_is_paused_before_it_is_recorded() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(pausing())
        await asyncio.sleep(40)
        world.store.troubles.append(trouble(Verb.STATUS, BUDGET))
        await asyncio.sleep(200)
        assert await power(world) == []
        world.store.troubles.clear()
        await asyncio.sleep(400)
        assert (await power(world), stopped(world)) == (["pause"], ["llama"])

    play(story)


def test_whoever_resumes_at_the_provider_is_left_alone_until_the_next_stop() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        await resume_there(world)
        await asyncio.sleep(300)
        assert (await power(world), says(world)["Ready"]) == (["pause"], "True Available")
        assert (stopped(world), running(world)) == (["llama"], {"llama": "Resumed"})
        assert "llama (Resumed)" in world.condition("WithinLimit", TEAM)["message"]
        await world.restart()
        await asyncio.sleep(120)
        assert await power(world) == ["pause"]
        world.server.merge(TEAM, {"spec": {"limit": "100"}})
        await asyncio.sleep(60)
        assert stopped(world) == []
        world.server.merge(TEAM, {"spec": {"limit": SPENT}})
        await asyncio.sleep(180)
        assert (await power(world), says(world)["Ready"]) == (["pause", "pause"], "False BudgetExceeded")

    play(story)


def test_an_adopted_one_without_a_word_on_paused_is_given_back_as_it_was() -> None:
    async def story(world: World) -> None:
        await world.make_by_hand("parasail", "theirs")
        await asyncio.sleep(120)
        (id_,) = await world.live()
        model = (await world.shown())[0]["modelName"]
        world.apply(parasail_deployment("llama", externalID=id_, deletionPolicy="Delete", model=model))
        await asyncio.sleep(60)
        await stop_llama(world)
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert (await power(world), says(world)["Ready"]) == (["pause", "resume"], "True Available")

    play(story, is_served=False)
