"""A simulator per test, in this process, over real HTTP on loopback, and a client that knows both vendors' headers."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from yarl import URL

from model_operator_simulator import Knobs, Simulator
from support.simulated_metrics import EXACT, split

DEPLOYMENTS = "/api/v1/dedicated/deployments"


@dataclass
class Answer:
    """What came back: ``body`` is the JSON, or ``None`` if it is none."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Sim:
    """A running simulator. Paths are below the vendor's prefix, or below ``/__sim``."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        content = None if data is None else io.BytesIO(data)
        target = URL(self.url + path, encoded=True)
        timeout = aiohttp.ClientTimeout(total=20)
        async with self.session.request(
            method, target, data=content, headers=headers, timeout=timeout, allow_redirects=False
        ) as reply:
            text = (await reply.read()).decode("utf-8", "replace")
            return Answer(reply.status, text, {name.lower(): value for name, value in reply.headers.items()})

    async def parasail(
        self, method: str, path: str, body: Any = None, key: str = "sim-parasail-key", **more: Any
    ) -> Answer:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        return await self.send(method, f"/parasail{path}", body, headers, **more)

    async def paitient(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str = "sim-paitient-key",
        client: str = "sim-client",
        **more: Any,
    ) -> Answer:
        headers = {
            "Authorization": f"Bearer {key}",
            "X-Client-ID": client,
            "Content-Type": "application/json",
        }
        return await self.send(method, f"/paitient{path}", body, headers, **more)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.send(method, f"/__sim{path}", body)
        assert answer.status == 200, answer.text
        return answer.body

    async def advance(self, seconds: float) -> None:
        await self.control("POST", "/clock/advance", {"seconds": seconds})

    async def knobs(self, values: dict[str, Any]) -> None:
        await self.control("PATCH", "/knobs", values)

    async def eventually(self, look: Callable[[], Awaitable[Any]], within: float = 10) -> None:
        """Until ``look`` gives something true; a deadline, not a fixed pause, decides."""
        async with asyncio.timeout(within):
            while True:
                if await look():
                    return
                await asyncio.sleep(0.01)

    async def fault(self, **rule: Any) -> str:
        return (await self.control("POST", "/faults", rule))["id"]

    async def create_parasail(self, name: str = "model-a", **fields: Any) -> dict[str, Any]:
        body = {
            "deploymentName": name,
            "modelName": "org/model",
            "serviceTierName": "low-cost",
            "replicas": 1,
        }
        answer = await self.parasail("POST", DEPLOYMENTS, body | fields)
        assert answer.status == 200, answer.text
        return answer.body

    async def get_parasail(self, identifier: int) -> Any:
        return (await self.parasail("GET", f"{DEPLOYMENTS}/{identifier}")).body

    async def parasail_status(self, identifier: int) -> str | int:
        answer = await self.parasail("GET", f"{DEPLOYMENTS}/{identifier}")
        return answer.body["status"]["status"] if answer.status == 200 else answer.status

    async def create_paitient(self, name: str = "model-a", **fields: Any) -> dict[str, Any]:
        body = {"model_name": "org/model", "deployment_name": name}
        answer = await self.paitient("POST", "/v1/deployments", body | fields)
        assert answer.status == 200, answer.text
        return answer.body

    async def get_paitient(self, identifier: str) -> Any:
        return (await self.paitient("GET", f"/v1/deployments/{identifier}")).body

    async def paitient_status(self, identifier: str) -> str | int:
        answer = await self.paitient("GET", f"/v1/deployments/{identifier}")
        return answer.body["status"] if answer.status == 200 else answer.status


Start = Callable[..., Awaitable[Sim]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """``await start({"parasail.start_s": 1}, clock="scaled", time_scale=50)``: a simulator until the test's end."""
    async with AsyncExitStack() as stack:

        async def begin(knobs: dict[str, Any] | None = None, clock: str = "manual", **options: Any) -> Sim:
            simulator = Simulator(Knobs().changed(knobs or {}), clock=clock, **options)
            url = await stack.enter_async_context(simulator.serve())
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Sim(url, session)

        yield begin


@pytest.fixture
async def sim(start: Start) -> AsyncIterator[Sim]:
    """A simulator with default knobs on a manual clock; at the end it must not have had a defect of its own."""
    running = await start()
    yield running
    assert (await running.control("GET", "/counters"))["defects"] == 0


@pytest.fixture
async def rollout(start):
    """A canary endpoint at 90:10 with 20 requests per second, made at 12:00:10; no noise."""
    sim = await start(EXACT)
    sim.pair = [(await sim.create_paitient(name))["id"] for name in ("stable", "canary")]
    await sim.advance(10)
    body = {"name": "triage", "deployments": split(sim.pair, 90, 10)}
    sim.canary = (await sim.paitient("POST", "/v1/canary-endpoints", body)).body["id"]
    await sim.control("PATCH", f"/endpoints/{sim.canary}", {"rps": 20})
    yield sim
    assert (await sim.control("GET", "/counters"))["defects"] == 0


@pytest.fixture
async def noisy(start):
    """One deployment with direct traffic and the default noise, for six hours."""
    sim = await start({"metrics.direct_rps": 3})
    sim.identifier = (await sim.create_paitient())["id"]
    await sim.advance(6 * 3600)
    return sim
