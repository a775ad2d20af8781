"""Pause, with the whole engine: what a spent budget stops, what it lets run, and what it resumes."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from model_operator.domain import BUDGET, DEPLOYMENT, PROVIDER, Key
from support.canary_world import canary, traffic
from support.engine_world import LLAMA, World, play
from support.manifests import budget, labelled, paitient_deployment, parasail_deployment
from support.memory_store import Effect, Trouble, Verb

CANARY = Key("CanaryEndpoint", "team", "triage")
TEAM = Key(BUDGET, "team", "team")
MISTRAL = Key(DEPLOYMENT, "team", "mistral")
PRICE = {"match": "*", "perReplicaHour": "3.60", "currency": "USD"}
SPENT = "0.001"
"""By any deployment within a second or two."""


def pausing(limit: str = SPENT, name: str = "team", **spec: Any) -> Mapping[str, Any]:
    return budget(name, limit, onExceeded="Pause", **spec)


def set_prices(world: World, vendor: str = "parasail", poll: str = "20s", **price: str) -> None:
    spec = {"prices": [{**PRICE, **price}], "pollInterval": poll}
    world.server.merge(Key(PROVIDER, "team", vendor), {"spec": spec})


def says(world: World, key: Key = LLAMA) -> dict[str, str]:
    found = world.server.get(key)["status"]["conditions"]
    return {c["type"]: f"{c['status']} {c['reason']}" for c in found}


def stopped(world: World, key: Key = TEAM) -> list[str]:
    return [one["name"] for one in world.server.get(key)["status"].get("stopped", [])]


def running(world: World, key: Key = TEAM) -> dict[str, str]:
    return {one["name"]: one["reason"] for one in world.server.get(key)["status"].get("running", [])}


async def power(world: World) -> list[str]:
    """Pauses and resumes that the provider has had, in order."""
    asked = await world.simulator.control("GET", "/requests")
    return [one["operation"] for one in asked["requests"] if one["operation"] in ("pause", "resume")]


async def resume_there(world: World, key: Key = LLAMA) -> None:
    """Somebody does it in the provider's console."""
    id_ = world.server.get(key)["status"]["externalID"]
    await world.simulator.control("PATCH", f"/deployments/parasail/{id_}", {"status": "ONLINE"})


def trouble(verb: Verb, kind: str) -> Trouble:
    return Trouble(Effect.REFUSE, frozenset({verb}), frozenset({kind}), 403, "not allowed")


async def until(world: World, text: str) -> None:
    left = datetime.fromisoformat(f"{text}+00:00") - world.wall()
    await asyncio.sleep(left.total_seconds())


async def stop_llama(world: World, **spec: Any) -> None:
    set_prices(world)
    world.apply(pausing(**spec))
    await asyncio.sleep(150)
    assert (stopped(world), says(world)["Ready"]) == (["llama"], "False BudgetExceeded")


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


def test_a_budget_in_another_currency_stops_and_holds_nothing() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        await asyncio.sleep(60)
        world.apply(pausing())
        await asyncio.sleep(30)
        set_prices(world, currency="EUR")
        await asyncio.sleep(200)
        assert says(world, TEAM)["Accepted"] == "False CurrencyMismatch"
        assert (stopped(world), says(world)["Ready"]) == ([], "True Available")
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(200)
        assert (says(world)["Ready"], says(world, MISTRAL)["Ready"]) == ("True Available", "True Available")

    play(story)
