"""What a ModelBudget says has been spent, with the whole engine: thresholds, periods, what joins, leaves and goes."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from model_operator.domain import BUDGET, DEPLOYMENT, PROVIDER, Key
from support.engine_world import LLAMA, World, play
from support.manifests import budget, labelled, parasail_deployment
from support.memory_schema import Object
from support.memory_store import Effect, Trouble, Verb

TEAM = Key(BUDGET, "team", "team")
MISTRAL = Key(DEPLOYMENT, "team", "mistral")
AN_HOUR = 3600.0
PRICE = {"match": "*", "perReplicaHour": "3.20", "currency": "USD"}


def set_prices(world: World, **price: str) -> None:
    """Also, the account is looked at each ten minutes only: hours have to pass."""
    spec = {"prices": [{**PRICE, **price}], "pollInterval": "10m"}
    world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": spec})


def status_of(world: World, key: Key = TEAM) -> Mapping[str, Any]:
    found: Mapping[str, Any] = world.server.get(key)["status"]
    return found


def says(world: World, key: Key = TEAM) -> dict[str, str]:
    return {c["type"]: f"{c['status']} {c['reason']}" for c in status_of(world, key)["conditions"]}


def spent(world: World, key: Key = TEAM) -> Decimal:
    return Decimal(status_of(world, key)["spent"])


def told(world: World) -> list[tuple[str, str]]:
    found = world.events("ThresholdReached") + world.events("BudgetExceeded")
    return [(event["type"], event["message"]) for event in found if event["involvedObject"]["kind"] == BUDGET]


async def until(world: World, text: str) -> None:
    """That time of the virtual clock, in UTC."""
    left = datetime.fromisoformat(f"{text}+00:00") - world.wall()
    await asyncio.sleep(left.total_seconds())


def trouble(verb: Verb, kind: str) -> Trouble:
    """The API server refuses that."""
    return Trouble(Effect.REFUSE, frozenset({verb}), frozenset({kind}), 403, "not allowed")


def about(number: Decimal, wanted: float, within: float = 0.05) -> bool:
    return abs(number - Decimal(str(wanted))) <= Decimal(str(within))


def test_each_threshold_is_told_once_and_figures_are_written_once_an_hour_at_most() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "10"))
        world.apply(parasail_deployment("llama", replicas=2))
        await asyncio.sleep(60)
        assert says(world) == {
            "Ready": "True Accepted",
            "Accepted": "True Accepted",
            "WithinLimit": "True WithinLimit",
            "Reconciling": "False Idle",
            "Stalled": "False NotStalled",
        }
        writes = world.server.writes
        await asyncio.sleep(0.7 * AN_HOUR)
        assert (spent(world), told(world)) == (Decimal(0), [])
        await asyncio.sleep(0.1 * AN_HOUR)
        assert [text for _, text in told(world)] == [
            "50 % of the limit of 10 USD for this month has been spent."
        ]
        assert (about(spent(world), 5), status_of(world)["perHour"]) == (True, "6.4")
        await asyncio.sleep(AN_HOUR)
        assert told(world) == [
            ("Normal", "50 % of the limit of 10 USD for this month has been spent."),
            ("Warning", "80 % of the limit of 10 USD for this month has been spent."),
            ("Warning", "100 % of the limit of 10 USD for this month has been spent."),
        ]
        assert status_of(world)["thresholds"] == [50, 80, 100]
        assert says(world)["WithinLimit"] == "False BudgetExceeded"
        assert says(world)["Ready"] == "True Accepted"
        assert world.server.writes - writes == 3 + 3, "each threshold's status and Event"
        before = world.server.writes
        await asyncio.sleep(3 * AN_HOUR)
        assert world.server.writes - before <= 3

    play(story, is_served=False)


def test_the_forecast_is_as_things_are_and_the_limit_s_end_is_named() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(AN_HOUR)
        world.apply(budget("team", "100", period="Day"))
        await asyncio.sleep(1.1 * AN_HOUR)
        status, now = status_of(world), world.wall()
        end = datetime.fromisoformat(status["periodEnd"])
        left = Decimal((end - now).total_seconds()) / 3600
        assert about(Decimal(status["forecast"]), float(spent(world) + left * Decimal("3.2")), 0.4)
        assert "exhaustsAt" not in status, "100 USD last for more than a day"
        world.server.merge(TEAM, {"spec": {"limit": "10"}})
        await asyncio.sleep(10)
        at = datetime.fromisoformat(status_of(world)["exhaustsAt"])
        wanted = world.wall() + timedelta(hours=float((10 - spent(world)) / Decimal("3.2")))
        assert abs(at - wanted) < timedelta(minutes=1)

    play(story, is_served=False)


def test_a_new_period_counts_from_zero_and_tells_anew() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "5", period="Day", timeZone="Asia/Tokyo"))
        world.apply(parasail_deployment("llama"))
        await until(world, f"{world.wall():%Y-%m-%d}T14:59:00")
        assert says(world)["WithinLimit"] == "False BudgetExceeded"
        version = world.server.get(LLAMA)["metadata"]["resourceVersion"]
        await asyncio.sleep(120)
        status = status_of(world)
        assert (status["periodStart"][11:], status["thresholds"]) == ("15:00:00Z", [])
        assert spent(world) < 1
        assert says(world)["WithinLimit"] == "True WithinLimit"
        assert world.server.get(LLAMA)["metadata"]["resourceVersion"] == version, (
            "no object is written for it"
        )
        world.server.merge(LLAMA, {"spec": {"replicas": 2}})
        await asyncio.sleep(AN_HOUR)
        world.server.merge(TEAM, {"spec": {"limit": "1000"}})
        await asyncio.sleep(10)
        assert about(spent(world), 6.4, 0.4), "only what was spent since midnight in Tokyo"

    play(story, is_served=False)


def test_what_goes_is_settled_before_its_finalizer_goes_and_stays_spent() -> None:
    async def story(world: World) -> None:
        ends: list[list[Any]] = []

        def note_the_end(type_: str, key: Key, _body: Object) -> None:
            if type_ == "DELETED" and key == LLAMA:
                ends.append(status_of(world)["settled"])

        set_prices(world)
        world.apply(budget("team", "1000"))
        world.apply(parasail_deployment("llama"))
        world.apply(parasail_deployment("mistral"))
        await asyncio.sleep(3 * AN_HOUR)
        uid = world.server.get(LLAMA)["metadata"]["uid"]
        world.store.latency = lambda: 0.1
        world.server.watchers.append(note_the_end)
        world.server.delete(LLAMA)
        await asyncio.sleep(30)
        assert world.server.find(LLAMA) is None
        ((settled,),) = ends
        assert (settled["uid"], about(Decimal(settled["accrued"]), 9.6, 0.3)) == (uid, True)
        await world.restart()
        await asyncio.sleep(2 * AN_HOUR)
        world.server.merge(TEAM, {"spec": {"limit": "1500"}})
        await asyncio.sleep(10)
        assert about(spent(world), 9.6 + 16, 0.5)
        assert (
            status_of(world)["settled"],
            about(Decimal(status_of(world)["removed"]["accrued"]), 9.6, 0.3),
        ) == ([], True)
        world.server.delete(MISTRAL)
        await asyncio.sleep(30)
        world.server.merge(TEAM, {"spec": {"limit": "2000"}})
        await asyncio.sleep(10)
        assert about(spent(world), 9.6 + 16, 1)
        assert status_of(world)["deployments"] == 0

    play(story, is_served=False)


def test_an_object_counts_as_long_as_it_has_the_labels() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "1000", selector={"matchLabels": {"team": "red"}}))
        world.apply(labelled(parasail_deployment("llama"), team="blue"))
        await asyncio.sleep(2 * AN_HOUR)
        world.server.merge(LLAMA, {"metadata": {"labels": {"team": "red"}}})
        await asyncio.sleep(2 * AN_HOUR)
        assert about(spent(world), 3.2 * 2, 3.3)
        world.server.merge(LLAMA, {"metadata": {"labels": {"team": "blue"}}})
        await asyncio.sleep(2 * AN_HOUR)
        assert about(spent(world), 6.4, 0.1), "what it has cost meanwhile stays spent"
        world.server.merge(LLAMA, {"metadata": {"labels": {"team": "red"}}})
        await asyncio.sleep(2 * AN_HOUR)
        world.server.merge(TEAM, {"spec": {"limit": "2000"}})
        await asyncio.sleep(10)
        assert about(spent(world), 12.8, 1.1), "an object that is looked at each ten minutes"

    play(story, is_served=False)


def test_another_currency_is_not_added_and_the_budget_says_so() -> None:
    async def story(world: World) -> None:
        set_prices(world, currency="EUR")
        world.apply(budget("team", "10"))
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(2 * AN_HOUR)
        assert (says(world)["Accepted"], says(world)["Stalled"]) == (
            "False CurrencyMismatch",
            "True CurrencyMismatch",
        )
        assert spent(world) == 0
        world.server.delete(LLAMA)
        await asyncio.sleep(60)
        assert says(world)["Accepted"] == "True Accepted"

    play(story, is_served=False)


def test_a_deployment_without_a_price_is_counted_with_nothing_and_named() -> None:
    async def story(world: World) -> None:
        world.apply(budget("team", "10"))
        await asyncio.sleep(10)
        assert (spent(world), status_of(world)["unpriced"], status_of(world)["deployments"]) == (0, 1, 1)

    play(story)


def test_a_crash_between_the_budget_and_the_finalizer_settles_nothing_twice() -> None:
    async def story(world: World) -> None:
        set_prices(world)
        world.apply(budget("team", "1000"))
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(2 * AN_HOUR)
        world.store.troubles.append(trouble(Verb.FINALIZER, DEPLOYMENT))
        world.server.delete(LLAMA)
        await asyncio.sleep(30)
        (settled,) = status_of(world)["settled"]
        await world.restart()
        await asyncio.sleep(300)
        assert world.server.find(LLAMA) is None
        assert status_of(world)["settled"] == [settled]
        await asyncio.sleep(1.1 * AN_HOUR)
        assert about(spent(world), 6.4, 0.3)

    play(story, is_served=False)
