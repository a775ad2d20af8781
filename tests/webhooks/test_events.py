"""The whole operator on real deliveries of the simulator: an event moves the time of the next look, and nothing else.

Real time and real HTTP between simulator and receiver; the API server is in memory.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from model_operator.domain import PROVIDER
from model_operator.setting_values import ListenAddress
from model_operator.settings import Settings
from model_operator.webhooks.opening import take_events
from model_operator_simulator import Knobs, Simulator
from support import manifests
from support.memory_schema import Object
from support.memory_server import Server
from support.running import STEADY, TEAM, URL, Running, deployment, provider

SECRET = "sim-webhook-secret"
NAME = "paitient"
LONG = "1h"
"""A poll interval in which no test ends: whatever is seen is seen by an event."""
AT_ONCE = {"create_s": 0.3, "update_s": 0.3, "delete_s": 0.3, "tombstone_s": 0.1}


def now() -> datetime:
    return datetime.now(UTC)


def webhook(**fields: Any) -> Object:
    return {"header": "X-Sim-Signature", **fields}


@dataclass
class Stage:
    operator: Running
    url: str

    async def knobs(self, **values: Any) -> None:
        await self.operator.simulator.control("PATCH", "/knobs", {"webhooks": values})

    async def out_of_band(self, change: Mapping[str, Any]) -> None:
        """In another second than the last change: the vendor's times tell no two of one second apart."""
        await asyncio.sleep(1.1)
        id_ = self.operator.status("llama")["externalID"]
        await self.operator.simulator.control("PATCH", f"/deployments/paitient/{id_}", dict(change))

    async def refused(self) -> bool:
        """Whether events were sent, and none was taken."""
        found = (await self.operator.simulator.control("GET", "/counters"))["webhooks"]
        return bool(found["attempts"]) and not found["delivered"]

    async def seen_within(self, seconds: float, word: str) -> float:
        """How long until the CR has the provider's word for its state."""
        began = time.monotonic()
        while self.operator.status("llama").get("providerState") != word:
            assert time.monotonic() - began < seconds, (word, self.operator.status("llama"))
            await asyncio.sleep(0.005)
        return time.monotonic() - began

    async def settled(self, *, replicas: int) -> None:
        """Until the CR says that everything is as it should be, in every respect."""

        def is_settled() -> bool:
            status, says = self.operator.status("llama"), self.operator.says("llama")
            found = status.get("providerState"), status.get("replicas"), says.get("Reconciling")
            return found == ("running", replicas, "False Idle") and says["Ready"] == "True Available"

        for _ in range(1500):
            if is_settled():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(self.operator.status("llama"))


@asynccontextmanager
async def stage(
    *, listens: bool = True, interval: str | None = LONG, refresh: float = 60, **hook: Any
) -> AsyncIterator[Stage]:
    """A ModelProvider that is polled every hour and takes events; the knob `webhooks.url` is still to be set."""
    knobs = Knobs().changed({**STEADY, "paitient": AT_ONCE})
    simulator = Simulator(knobs, source=time.time)
    address = ListenAddress("127.0.0.1", 0) if listens else None
    settings = Settings(
        allowed_provider_hosts=(URL,), webhook_address=address, secret_refresh=timedelta(seconds=refresh)
    )
    operator = Running(settings, Server(now), simulator, now)
    await operator.start()
    ticking = asyncio.create_task(_tick(simulator))
    operator.apply(
        manifests.secret_of(NAME, webhookSecret=SECRET),
        provider(NAME, pollInterval=interval, webhook=webhook(**hook) if listens or hook else None),
    )
    where = ListenAddress("127.0.0.1", 0)
    async with take_events(where, operator.engine, operator.metrics, None) as url:
        await operator.until(lambda: operator.says(NAME, PROVIDER).get("Ready") == "True Available")
        yield Stage(operator, f"{url}/webhooks/{TEAM}/{NAME}")
    ticking.cancel()
    await operator.stop()
    await simulator.aclose()


async def _tick(simulator: Simulator) -> None:
    while True:
        await asyncio.sleep(0.02)
        simulator.settle()


async def test_a_change_at_the_provider_is_in_the_object_within_a_second() -> None:
    async with stage() as on:
        await on.knobs(url=on.url)
        await on.operator.serve(deployment(NAME), within=20)
        await asyncio.sleep(6)  # nothing moves, and no look is owed any more
        before = await on.operator.asked("list")
        for word in ("failed", "running", "failed"):
            await on.out_of_band({"status": word})
            assert await on.seen_within(1, word) < 1
        assert await on.operator.asked("list") - before <= 6
        assert on.operator.total('model_operator_webhook_events_total{provider="paitient",result="accepted"}')
        assert on.operator.says(NAME, PROVIDER)["WebhookReady"] == "True Listening"
        assert on.operator.message(NAME, "WebhookReady", PROVIDER) == (
            f"Events are received at /webhooks/{TEAM}/{NAME}."
        )


async def test_without_events_the_same_change_waits_for_the_poll() -> None:
    async with stage(listens=False) as on:
        await on.operator.serve(deployment(NAME), within=20)
        await asyncio.sleep(1)
        await on.out_of_band({"status": "failed"})
        before = await on.operator.asked("list")
        await asyncio.sleep(2)
        assert on.operator.status("llama")["providerState"] == "running"
        assert await on.operator.asked("list") == before
        assert "WebhookReady" not in on.operator.says(NAME, PROVIDER)


TROUBLES: Mapping[str, Mapping[str, Any]] = {
    "as they should be": {},
    "forged": {"bad_signature_probability": 1},
    "lost": {"drop_probability": 1},
    "some lost": {"drop_probability": 0.5},
    "repeated": {"duplicate_probability": 1, "burst": 5},
    "reordered": {"reorder_probability": 1},
    "late": {"delay_s": 2},
    "all of it": {
        "bad_signature_probability": 0.2,
        "drop_probability": 0.2,
        "duplicate_probability": 0.5,
        "reorder_probability": 0.5,
        "delay_s": 0.3,
        "burst": 2,
    },
}


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("forged", "all of it"), id="at once"),
        pytest.param(tuple(TROUBLES), id="each", marks=pytest.mark.long),
    ],
)
async def test_forged_repeated_reordered_and_lost_events_change_nothing(names: tuple[str, ...]) -> None:
    """The same life, with the same requests that change something and the same words at each stage of it."""
    silent, *told = await asyncio.gather(_life(None), *[_life(TROUBLES[name]) for name in names])
    assert len(silent) == 9
    for name, life in zip(names, told, strict=True):
        assert life == silent, name


async def _life(trouble: Mapping[str, Any] | None) -> list[Any]:
    """What was sent, and what was seen, from the create to the end; `trouble` None is a life without events."""
    async with stage(interval="5s") as on:
        operator = on.operator
        if trouble is not None:
            await on.knobs(url=on.url, **trouble)
        operator.apply(deployment(NAME))
        await on.settled(replicas=1)
        seen = [_plain(operator.status("llama"))]
        await on.out_of_band({"fields": {"max_replicas": 7}})
        await _until(lambda: _writes(operator), 2)
        operator.edit("llama", replicas=2)
        await _until(lambda: _writes(operator), 3)
        await on.settled(replicas=2)
        seen.append(_plain(operator.status("llama")))
        await on.out_of_band({"status": "failed"})
        await on.seen_within(10, "failed")
        await on.out_of_band({"status": "running"})
        await on.settled(replicas=2)
        seen.append(_plain(operator.status("llama")))
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None, within=60)
        seen += [await operator.live(NAME), operator.find("llama")]
        return [*seen, *await _writes(operator)]


async def _until(look: Any, count: int) -> None:
    for _ in range(1000):
        if len(await look()) >= count:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(await look())


async def _writes(operator: Running) -> list[tuple[str, str, str]]:
    """Requests that change something."""
    found = await operator.simulator.control("GET", "/requests")
    sent = [r for r in found["requests"] if r["method"] != "GET"]
    return [(r["method"], r["path"], json.dumps(r.get("body"), sort_keys=True)) for r in sent]


def _plain(status: Mapping[str, Any]) -> dict[str, Any]:
    """Without times."""
    conditions = [{k: v for k, v in c.items() if k != "lastTransitionTime"} for c in status["conditions"]]
    return {**status, "conditions": conditions}


@pytest.mark.parametrize(
    ("secret", "hook", "said"),
    [
        pytest.param(
            {},
            {},
            'False WebhookSecretMissing: Secret "paitient": the Secret\'s key "webhookSecret" is too short',
            id="too short",
        ),
        pytest.param(
            {},
            {"secretKey": "signing"},
            'False WebhookSecretMissing: Secret "paitient": the Secret has no key "signing", or it is empty.',
            id="not there",
        ),
        pytest.param(
            {"webhookSecret": "this is no base64 at all"},
            {"scheme": "StandardWebhooks", "header": None},
            'False WebhookSecretMissing: Secret "paitient": the Secret\'s key',
            id="not of that scheme",
        ),
    ],
)
async def test_a_secret_that_cannot_be_used_is_said_and_everything_else_goes_on(
    secret: Mapping[str, str], hook: Mapping[str, Any], said: str
) -> None:
    async with stage(refresh=1) as on:
        operator = on.operator
        operator.apply(manifests.secret_of(NAME, **{"webhookSecret": "short", **secret}))
        operator.edit(NAME, PROVIDER, webhook=webhook(**hook))
        await operator.until(lambda: operator.says(NAME, PROVIDER)["WebhookReady"] != "True Listening")
        found = operator.says(NAME, PROVIDER)["WebhookReady"]
        assert f"{found}: {operator.message(NAME, 'WebhookReady', PROVIDER)}".startswith(said)
        assert operator.says(NAME, PROVIDER)["Ready"] == "True Available"
        assert operator.says(NAME, PROVIDER)["Stalled"] == "False NotStalled"


async def test_an_operator_that_does_not_listen_says_so() -> None:
    async with stage(listens=False, header="X-Sim-Signature") as on:
        assert on.operator.says(NAME, PROVIDER)["WebhookReady"] == "False NotListening"
        assert on.operator.says(NAME, PROVIDER)["Ready"] == "True Available"


async def test_who_takes_the_webhook_out_of_the_spec_takes_no_more_events() -> None:
    async with stage() as on:
        on.operator.edit(NAME, PROVIDER, webhook=None)
        await on.operator.until(lambda: "WebhookReady" not in on.operator.says(NAME, PROVIDER))
        await on.knobs(url=on.url, bad_signature_probability=0)
        await on.operator.serve(deployment(NAME), within=30)
        assert await on.refused()
        assert on.operator.total('model_operator_webhook_events_total{provider="unknown"')
