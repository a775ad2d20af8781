"""What the status says that a deployment costs, against the provider's own ledger, whatever happens."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import World, play
from support.ledgers import A_MILLIONTH, ledger, now_costs, set_prices
from support.manifests import deployment


@dataclass
class History:
    """Objects of both providers, and whatever happens to them for some hours."""

    world: World
    seed: int
    is_truthful: bool
    """Nothing happens that no look could see, and what is billed is what the page assumes."""
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.keys = {v: Key(DEPLOYMENT, "team", f"{v}-a") for v in ("parasail", "paitient")}

    async def live(self) -> None:
        await self.world.simulator.control("PATCH", "/knobs", self.knobs())
        set_prices(self.world, "parasail", "paitient")
        for vendor, key in self.keys.items():
            self.world.apply(deployment(vendor, key.name, replicas=self.dice.randint(1, 3)))
        await asyncio.sleep(self.dice.uniform(1, 600))
        for _ in range(self.dice.randint(3, 8)):
            await self.dice.choice(self.moves())()
            # In time for another move before anybody has looked, or after hours.
            await asyncio.sleep(self.dice.choice((0.5, 5, 40, 400, 4000)) * self.dice.uniform(0.5, 2))
            if self.dice.random() < 0.3:
                await self.judge()
        await self.judge()

    def knobs(self) -> dict[str, Any]:
        states = {
            "parasail": ["STARTING", "STOPPING", "ERROR"],
            "paitient": ["creating", "failed", "deleting"],
        }
        billed = {v: [s for s in names if self.dice.random() < 0.5] for v, names in states.items()}
        billed["parasail"].append("ONLINE")
        billed["paitient"] += ["running", "updating"]
        lasting = {
            "start_s": self.dice.uniform(2, 200),
            "stop_s": self.dice.uniform(1, 60),
            "gpu_quota": None,
        }
        knobs: dict[str, Any] = {
            "parasail": lasting,
            "paitient": {"create_s": self.dice.uniform(2, 200), "update_s": self.dice.uniform(1, 60)},
        }
        if not self.is_truthful:
            for vendor, names in billed.items():
                knobs[vendor]["billed_states"] = names
        return knobs

    def moves(self) -> list[Any]:
        sure = [self.scale, self.pause, self.scale, self.pause]
        return (
            sure
            if self.is_truthful
            else [*sure, self.fail, self.recover, self.console, self.remove, self.crash, self.outage]
        )

    async def scale(self) -> None:
        vendor = self._any()
        self.world.server.merge(self.keys[vendor], {"spec": {"replicas": self.dice.randint(1, 4)}})

    async def pause(self) -> None:
        key = self.keys["parasail"]
        paused = not self.world.server.get(key)["spec"].get("paused", False)
        self.world.server.merge(key, {"spec": {"paused": paused}})

    async def fail(self) -> None:
        vendor = self._any()
        await self._there(vendor, "PATCH", {"status": {"parasail": "ERROR", "paitient": "failed"}[vendor]})

    async def recover(self) -> None:
        vendor = self._any()
        await self._there(vendor, "PATCH", {"status": {"parasail": "ONLINE", "paitient": "running"}[vendor]})

    async def console(self) -> None:
        """Somebody stops it, and perhaps starts it again before anybody looks."""
        await self._there("parasail", "PATCH", {"status": "OFFLINE"})
        await asyncio.sleep(self.dice.choice((1, 10, 100)))
        await self._there("parasail", "PATCH", {"status": "STARTING"})

    async def remove(self) -> None:
        vendor = self._any()
        await self._there(vendor, "DELETE", None)

    async def crash(self) -> None:
        """kill -9, and nobody looks for a while."""
        self.world.watch.close()
        await self.world.engine.stop()
        await asyncio.sleep(self.dice.choice((1, 100, 3000)))
        if self.dice.random() < 0.5:
            await self.dice.choice((self.fail, self.recover, self.console))()
            await asyncio.sleep(self.dice.uniform(1, 600))
        await self.world.restart()

    async def outage(self) -> None:
        """The provider answers nobody for a while, and what happens there goes unseen."""
        vendor = self._any()
        fault = {"kind": "error", "vendor": vendor, "status": 503}
        await self.world.simulator.control("POST", "/faults", fault)
        await asyncio.sleep(self.dice.choice((10, 300)))
        if self.dice.random() < 0.5:
            await self.dice.choice((self.fail, self.recover, self.console))()
        await self.world.simulator.control("DELETE", "/faults")

    def _any(self) -> str:
        return self.dice.choice(tuple(self.keys))

    async def _there(self, vendor: str, method: str, body: Any) -> None:
        id_ = self.world.server.get(self.keys[vendor])["status"].get("externalID")
        state = await self.world.simulator.control("GET", "/state")
        live = {str(one["id"]) for one in state[vendor] if one["status"] != "deleted"}
        if id_ in live:
            await self.world.simulator.control(method, f"/deployments/{vendor}/{id_}", body)

    async def judge(self) -> None:
        """Once somebody has looked again."""
        await asyncio.sleep(400)
        billed = await ledger(self.world)
        for vendor, key in self.keys.items():
            costs, truth = now_costs(self.world, key), _of(billed, key.name)
            off = abs(costs.accrued - truth)
            assert off <= costs.uncertain + A_MILLIONTH, f"{self.seed}: {vendor} cost {truth}, said {costs}"
            if self.is_truthful:
                assert off <= Decimal("0.01") * truth + A_MILLIONTH, (
                    f"{self.seed}: {vendor} cost {truth}, said {costs}"
                )


def _of(billed: Mapping[str, Decimal], name: str) -> Decimal:
    """Of all deployments that the object ever had: each has its name at the beginning."""
    return sum((cost for found, cost in billed.items() if found.startswith(name)), Decimal(0))


def _play(seed: int, *, is_truthful: bool) -> None:
    async def story(world: World) -> None:
        await History(world, seed, is_truthful).live()

    play(story, is_served=False, vendors=("parasail", "paitient"), full_read_interval=timedelta(hours=1))


@pytest.mark.parametrize("seed", [3])
def test_the_ledger_lies_within_the_bounds_whatever_happens(seed: int) -> None:
    _play(seed, is_truthful=False)


@pytest.mark.parametrize("seed", [1])
def test_the_ledger_is_within_a_hundredth_where_the_provider_tells_the_truth(seed: int) -> None:
    _play(seed, is_truthful=True)


@pytest.mark.long
@pytest.mark.slow(100)
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("is_truthful", [False, True])
def test_a_thousand_histories(part: int, is_truthful: bool) -> None:
    for seed in range(1000 + part * 50, 1050 + part * 50):
        _play(seed, is_truthful=is_truthful)
