"""What the status says that a deployment costs, against the provider's own ledger."""

import asyncio
from decimal import Decimal

import httpx
import pytest

from model_operator.domain import PROVIDER, Key
from support.engine_world import LLAMA, SIM, World, play
from support.in_process import InProcess
from support.ledgers import A_MILLIONTH, DEVICES, cost_of, ledger, now_costs, set_prices
from support.manifests import deployment, parasail_deployment
from support.rows import ROWS


def test_the_bill_is_the_ledger_s_and_nothing_is_written_for_it_alone() -> None:
    async def story(world: World) -> None:
        set_prices(world, "parasail", poll="10m")
        world.apply(parasail_deployment("llama", replicas=2))
        await asyncio.sleep(300)
        before, version = cost_of(world), world.server.get(LLAMA)["metadata"]["resourceVersion"]
        await asyncio.sleep(20 * 3600)
        assert cost_of(world) == before
        assert world.server.get(LLAMA)["metadata"]["resourceVersion"] == version, "quiet stays quiet"
        (billed,) = (await ledger(world)).values()
        costs = now_costs(world)
        assert (before["currency"], before["perHour"], before["period"]) == ("USD", "6.4", "2026-01")
        assert abs(costs.accrued - billed) <= Decimal("0.01") * billed
        assert abs(costs.accrued - billed) <= costs.uncertain + A_MILLIONTH
        assert costs.uncertain <= Decimal("0.03"), "eight seconds of a start that may not be billed"

    play(story, is_served=False)


def test_the_price_is_the_provider_s_own_where_it_has_one() -> None:
    async def story(world: World) -> None:
        world.apply(parasail_deployment("llama", parasail=DEVICES))
        await asyncio.sleep(120)
        assert (cost_of(world)["currency"], cost_of(world)["perHour"]) == ("USD", "5.8")

    play(story, is_served=False)


def test_without_a_price_nothing_is_said_and_one_that_comes_counts_from_then_on() -> None:
    async def story(world: World) -> None:
        assert "cost" not in world.status
        world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"pollInterval": "5m"}})
        await asyncio.sleep(3600)
        set_prices(world, "parasail", poll="5m")
        await asyncio.sleep(3600)
        assert cost_of(world)["perHour"] == "3.2"
        costs = now_costs(world)
        assert Decimal(3) < costs.accrued < Decimal("3.3")
        assert costs.accrued + costs.uncertain > Decimal("6.4"), "the hour before is in the bounds"

    play(story)


def test_a_new_price_counts_from_then_on() -> None:
    async def story(world: World) -> None:
        set_prices(world, "parasail", poll="5m")
        await asyncio.sleep(3600)
        rows = [{"match": "*", "perReplicaHour": "32", "currency": "USD"}]
        before = now_costs(world)
        world.server.merge(Key(PROVIDER, "team", "parasail"), {"spec": {"prices": rows}})
        await asyncio.sleep(3600)
        after = now_costs(world)
        assert cost_of(world)["perHour"] == "32"
        assert abs(after.accrued - before.accrued - 32) < Decimal("0.5")

    play(story)


def test_a_process_that_comes_later_writes_nothing_and_goes_on() -> None:
    async def story(world: World) -> None:
        set_prices(world, "parasail", poll="5m")
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(3600)
        version, before = world.server.get(LLAMA)["metadata"]["resourceVersion"], now_costs(world)
        await world.restart()
        await asyncio.sleep(3600)
        assert world.server.get(LLAMA)["metadata"]["resourceVersion"] == version
        assert abs(now_costs(world).accrued - before.accrued - Decimal("3.2")) < A_MILLIONTH
        assert now_costs(world).uncertain == before.uncertain

    play(story, is_served=False)


def test_the_final_cost_of_what_is_let_go_is_in_the_total_once() -> None:
    async def story(world: World) -> None:
        set_prices(world, "parasail", poll="5m")
        world.apply(parasail_deployment("llama"))
        await asyncio.sleep(3600)
        world.server.delete(LLAMA)
        await asyncio.sleep(300)
        assert world.server.find(LLAMA) is None
        (billed,) = (await ledger(world)).values()
        for _ in range(2):
            total = world.metrics.registry.get_sample_value(
                "model_operator_cost_total", {"namespace": "team", "currency": "USD"}
            )
            assert total == pytest.approx(float(billed), rel=0.01)

    play(story, is_served=False)


def test_what_has_expired_costs_nothing_more() -> None:
    async def story(world: World) -> None:
        set_prices(world, "parasail", poll="5m")
        world.apply(parasail_deployment("llama", expiresAfter="2h"))
        await asyncio.sleep(4 * 3600)
        assert world.status["phase"] == "Expired"
        (billed,), costs = (await ledger(world)).values(), now_costs(world)
        assert cost_of(world)["perHour"] == "0"
        assert abs(costs.accrued - billed) <= min(costs.uncertain + A_MILLIONTH, Decimal("0.01") * billed)

    play(story, is_served=False)


def test_what_changed_and_came_back_between_two_looks_is_in_the_bounds() -> None:
    async def story(world: World) -> None:
        set_prices(world, "paitient", poll="10m")
        world.apply(deployment("paitient", "llama"))
        await asyncio.sleep(3600)
        before, id_ = now_costs(world), world.status["externalID"]
        await asyncio.sleep(120)
        for status in ("failed", "running"):
            await world.simulator.control("PATCH", f"/deployments/paitient/{id_}", {"status": status})
            await asyncio.sleep(200)
        await asyncio.sleep(1200)
        (billed,), costs = (await ledger(world)).values(), now_costs(world)
        assert abs(costs.accrued - billed) <= costs.uncertain + A_MILLIONTH
        assert costs.uncertain - before.uncertain <= Decimal("1.21") / 6 + A_MILLIONTH, (
            "no more than one poll"
        )

    play(story, is_served=False, vendors=("paitient",))


def test_a_get_that_is_older_than_the_list_is_not_billed() -> None:
    """Somebody scales it at the provider: the LIST says that something has changed, and a replica that lags, not what."""

    async def story(world: World) -> None:
        set_prices(world, "paitient", poll="30s")
        world.apply(deployment("paitient", "llama", driftPolicy="Report"))
        await asyncio.sleep(3600)
        await world.simulator.control("PATCH", "/knobs", {"paitient": {"stale_read_s": 40}})
        await _scaled_by_a_colleague(world, 3)
        await asyncio.sleep(600)
        (billed,), costs = (await ledger(world)).values(), now_costs(world)
        assert cost_of(world)["perHour"] == "3.63"
        assert abs(costs.accrued - billed) <= costs.uncertain + A_MILLIONTH

    play(story, is_served=False, vendors=("paitient",))


def test_what_lags_after_an_edit_is_in_the_bounds() -> None:
    """GETs show for a while what was before it, and nothing that this provider says tells how old that is."""

    async def story(world: World) -> None:
        set_prices(world, "paitient", poll="30s")
        await world.simulator.control("PATCH", "/knobs", {"paitient": {"stale_read_s": 20}})
        timeless = {"kind": "fields", "vendor": "paitient", "extra": {"updated_at": None}}
        await world.simulator.control("POST", "/faults", timeless)
        world.apply(deployment("paitient", "llama"))
        await asyncio.sleep(600)
        world.server.merge(LLAMA, {"spec": {"replicas": 9}})
        await asyncio.sleep(600)
        (billed,), costs = (await ledger(world)).values(), now_costs(world)
        assert cost_of(world)["perHour"] == "10.89"
        assert abs(costs.accrued - billed) <= costs.uncertain + A_MILLIONTH

    play(story, is_served=False, vendors=("paitient",))


async def _scaled_by_a_colleague(world: World, replicas: int) -> None:
    """By the provider's API."""
    api = ROWS["paitient"].api
    path = f"{SIM}{api.deployments}/{world.status['externalID']}"
    async with httpx.AsyncClient(transport=InProcess(world.simulator), headers=api.headers) as client:
        done = await client.patch(path, json={"min_replicas": replicas, "max_replicas": replicas})
    done.raise_for_status()
