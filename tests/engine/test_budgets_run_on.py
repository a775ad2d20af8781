"""Pause, with the whole engine: what runs on beyond a spent limit, and which of several budgets counts."""

import asyncio
from typing import Any

from model_operator.domain import BUDGET, DEPLOYMENT, PROVIDER, Key
from support.canary_world import canary, traffic
from support.engine_world import LLAMA, World, play
from support.manifests import labelled, paitient_deployment, parasail_deployment
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

CANARY = Key("CanaryEndpoint", "team", "triage")
MISTRAL = Key(DEPLOYMENT, "team", "mistral")


def test_of_two_budgets_the_stricter_counts() -> None:
    async def story(world: World) -> None:
        world.server.merge(LLAMA, {"metadata": {"labels": {"team": "red"}}})
        world.apply(pausing("1000"))
        world.apply(labelled(parasail_deployment("mistral"), team="blue"))
        await asyncio.sleep(60)
        set_prices(world)
        world.apply(pausing(name="reds", selector={"matchLabels": {"team": "red"}}))
        await asyncio.sleep(150)
        assert (says(world)["Ready"], says(world, MISTRAL)["Ready"]) == (
            "False BudgetExceeded",
            "True Available",
        )
        assert 'ModelBudget "reds"' in world.condition("Synced")["message"]
        world.server.delete(Key(BUDGET, "team", "reds"))
        await asyncio.sleep(120)
        assert says(world)["Ready"] == "True Available"

    play(story)


def test_without_a_pause_it_goes_to_its_fewest_replicas_and_what_cannot_is_named() -> None:
    async def story(world: World) -> None:
        set_prices(world, "paitient")
        scaling = {"minReplicas": 1, "maxReplicas": 3}
        world.apply(paitient_deployment("scaled", replicas=None, autoscaling=scaling))
        world.apply(paitient_deployment("fixed", replicas=2))
        await asyncio.sleep(300)
        world.apply(pausing())
        await asyncio.sleep(300)
        assert (stopped(world), running(world)) == (["scaled"], {"fixed": "NoPause", "scaled": "MinReplicas"})
        scaled = Key(DEPLOYMENT, "team", "scaled")
        assert says(world, scaled)["Ready"] == "False BudgetExceeded"
        assert says(world, scaled)["Serving"] == "True Serving"
        assert "its fewest replicas (autoscaling)" in world.condition("Synced", scaled)["message"]
        assert says(world, Key(DEPLOYMENT, "team", "fixed"))["Ready"] == "True Available"
        assert await bounds(world) == {"fixed": (2, 2), "scaled": (1, 1)}
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(120)
        assert (stopped(world), running(world)) == ([], {})
        assert await bounds(world) == {"fixed": (2, 2), "scaled": (1, 3)}

    play(story, is_served=False, vendors=("paitient",))


async def bounds(world: World) -> dict[str, tuple[object, object]]:
    """The provider's autoscaler moves replicas within them; those of a fixed number are that."""
    return {
        str(one["deployment_name"]).partition("-")[0]: (one["min_replicas"], one["max_replicas"])
        for one in await world.shown()
    }


def test_what_a_canary_sends_traffic_to_is_left_as_it_is_and_named() -> None:
    async def story(world: World) -> None:
        set_prices(world, "paitient")
        scaling = {"minReplicas": 1, "maxReplicas": 3}
        for name in ("triage-v1", "triage-v2"):
            world.apply(paitient_deployment(name, replicas=None, autoscaling=scaling))
        await asyncio.sleep(300)
        world.apply(canary(traffic=traffic(v1=100, v2=0)))
        await asyncio.sleep(120)
        assert says(world, CANARY)["Ready"] == "True Available"
        world.apply(pausing())
        await asyncio.sleep(150)
        assert (stopped(world), running(world)) == (
            ["triage-v2"],
            {"triage-v1": "InUse", "triage-v2": "MinReplicas"},
        )
        world.server.delete(CANARY)
        await asyncio.sleep(150)
        assert stopped(world) == ["triage-v2", "triage-v1"]
        world.apply(canary(traffic=traffic(v1=100, v2=0)))
        await asyncio.sleep(150)
        assert running(world) == {"triage-v1": "MinReplicas", "triage-v2": "MinReplicas"}

    play(story, is_served=False, vendors=("paitient",))


def test_a_provider_in_another_mode_keeps_its_deployments_running_and_the_budget_says_so() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"mode": "Observe"}})
        world.apply(pausing())
        await asyncio.sleep(150)
        assert (stopped(world), running(world), await power(world)) == ([], {"llama": "Observed"}, [])
        world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"mode": "Manage"}})
        await asyncio.sleep(150)
        assert (stopped(world), running(world), await power(world)) == (["llama"], {}, ["pause"])

    play(story)


def test_what_was_resumed_in_spite_of_one_budget_is_stopped_by_another() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        await resume_there(world)
        await asyncio.sleep(150)
        assert says(world)["Ready"] == "True Available"
        world.apply(pausing(name="company"))
        await asyncio.sleep(200)
        assert (await power(world), stopped(world, Key(BUDGET, "team", "company"))) == (
            ["pause", "pause"],
            ["llama"],
        )
        assert 'ModelBudget "company"' in world.condition("Synced")["message"]

    play(story)


def test_what_was_resumed_in_spite_of_two_budgets_runs_on_when_one_of_them_ends() -> None:
    async def story(world: World) -> None:
        company = Key(BUDGET, "team", "company")
        await stop_llama(world)
        await resume_there(world)
        world.apply(pausing(name="company"))
        await asyncio.sleep(200)
        await resume_there(world)
        await asyncio.sleep(150)
        assert (stopped(world), stopped(world, company)) == (["llama"], ["llama"])
        assert (running(world), running(world, company)) == ({"llama": "Resumed"}, {"llama": "Resumed"})
        world.server.delete(company)
        await asyncio.sleep(150)
        assert (await power(world), says(world)["Ready"]) == (["pause", "pause"], "True Available")
        assert running(world) == {"llama": "Resumed"}

    play(story)


def test_what_had_a_price_and_has_none_any_more_is_named() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(pausing("1000"))
        await asyncio.sleep(60)
        world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"prices": []}})
        await asyncio.sleep(100)
        world.server.merge(TEAM, {"spec": {"limit": SPENT}})
        await asyncio.sleep(150)
        assert (stopped(world), running(world)) == ([], {"llama": "NoPrice"})
        assert world.server.get(TEAM)["status"]["unpriced"] == 1
        set_prices(world, perReplicaHour="0")
        await asyncio.sleep(150)
        assert running(world) == {}, "free of charge is a price, too"

    play(story)


def test_what_is_let_go_while_the_limit_is_spent_is_not_said_to_be_within_it() -> None:
    async def story(world: World) -> None:
        await stop_llama(world)
        assert [(one["type"], one["reason"]) for one in about(world)] == [
            ("Normal", "Accepted"),
            ("Warning", "BudgetExceeded"),
            ("Warning", "BudgetExceeded"),
        ]
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        said = about(world)[-1]
        assert (said["type"], said["reason"]) == ("Normal", "BudgetExceeded")
        assert said["message"] == "No longer stopped by this budget: llama."

    play(story)


def about(world: World) -> list[dict[str, Any]]:
    """The Events of the budget."""
    return [one for one in world.server.list("Event") if one["involvedObject"]["kind"] == BUDGET]


def test_what_costs_another_currency_runs_on_and_all_others_are_stopped_and_held() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        set_prices(world, "paitient", currency="EUR")
        world.apply(paitient_deployment("fixed"))
        await asyncio.sleep(300)
        world.apply(pausing())
        await asyncio.sleep(200)
        assert says(world, TEAM)["Accepted"] == "False CurrencyMismatch"
        assert (stopped(world), running(world)) == (["llama"], {"fixed": "OtherCurrency"})
        assert says(world)["Ready"] == "False BudgetExceeded"
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(200)
        assert says(world, MISTRAL)["Ready"] == "False BudgetExceeded"
        world.server.delete(Key(DEPLOYMENT, "team", "fixed"))
        await asyncio.sleep(200)
        assert (stopped(world), says(world, TEAM)["Accepted"]) == (["llama"], "True Accepted")

    play(story, vendors=("parasail", "paitient"))
