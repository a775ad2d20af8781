"""A rollout on the whole operator in the process: two PaiTIENT deployments that serve, and one CanaryEndpoint over them.

Times are the defaults of the product; nothing here waits in real time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from model_operator.domain import CANARY, Key
from support import manifests
from support.canary_world import canary, judged, path, traffic
from support.in_process import InProcess
from support.memory_schema import Object
from support.rows import ROWS
from support.running import TEAM, URL, Running, deployment, running

NAME = "triage"
MINUTES = 60.0
ANALYSIS = judged(interval="1m")


@dataclass
class Rollouts:
    """`triage` over the versions v1, v2, …, each a ModelDeployment `triage-v1`, `triage-v2`, …"""

    operator: Running

    def apply(self, rollout: dict[str, Any] | None = None, **percents: int) -> None:
        """The CanaryEndpoint as it shall be; each edit replaces the whole list."""
        path_ = {} if rollout is None else {"rollout": rollout}
        self.operator.apply(canary(NAME, traffic=traffic(**percents), **path_))

    def edit(self, **spec: Any) -> None:
        self.operator.edit(NAME, CANARY, **spec)

    def act(self, verb: str) -> None:
        self.operator.annotate(NAME, CANARY, action=f"{verb}:{self.rollout['id']}")

    async def wait(self, minutes: float) -> None:
        await self.operator.wait(minutes * MINUTES)

    async def until_split(self, split: str, minutes: float = 30) -> None:
        await self.operator.until(lambda: self.status.get("split") == split, minutes * MINUTES)

    @property
    def status(self) -> Object:
        return self.operator.status(NAME, CANARY)

    @property
    def rollout(self) -> Object:
        found: Object = self.status["rollout"]
        return found

    def says(self, type: str) -> str:
        return self.operator.says(NAME, CANARY).get(type, "")

    def message(self, type: str) -> str:
        return self.operator.message(NAME, type, CANARY)

    @property
    def events(self) -> list[str]:
        return self.operator.events(NAME)

    def id(self, version: str) -> str:
        return str(self.operator.status(f"triage-{version}")["externalID"])

    async def behave(self, version: str, **behaviour: Any) -> None:
        """What the deployment's requests meet from now on, `error_percent=20.0` or so."""
        await self._change(version, {"behaviour": behaviour})

    async def turn(self, version: str, status: str) -> None:
        """The deployment's state at the provider changes by itself."""
        await self._change(version, {"status": status})

    async def _change(self, version: str, change: dict[str, Any]) -> None:
        await self.operator.simulator.control("PATCH", f"/deployments/paitient/{self.id(version)}", change)

    async def measure(self, **knobs: Any) -> None:
        """How good the provider's figures are; `lag_s=1e6` ends them here."""
        await self.operator.simulator.control("PATCH", "/knobs", {"metrics": knobs})

    async def set_by_hand(self, **percents: int) -> None:
        """Somebody else changes the split at the provider."""
        targets = [{"id": self.id(version), "traffic_percentage": p} for version, p in percents.items()]
        row = ROWS["paitient"]
        async with httpx.AsyncClient(transport=InProcess(self.operator.simulator)) as client:
            reply = await client.patch(
                f"{URL}{row.base_path}/v1/canary-endpoints/{self.status['externalID']}",
                json={"deployments": targets},
                headers=dict(row.api.headers),
            )
        assert reply.is_success, reply.text

    async def in_force(self) -> dict[str, int]:
        """By version, at the provider, whatever anybody believes; empty if there is no endpoint."""
        state = await self.operator.simulator.control("GET", "/state")
        (split, *more) = [e["split"] for e in state["endpoints"] if "split" in e] or [{}]
        assert not more, "a second endpoint"
        versions = {self.id(v): v for v in ("v1", "v2", "v3") if self._has(v)}
        return {versions.get(id, id): percent for id, percent in split.items() if percent}

    def _has(self, version: str) -> bool:
        found = self.operator.find(f"triage-{version}")
        return found is not None and "externalID" in found.get("status", {})


@asynccontextmanager
async def rollouts(*versions: str, **settings: Any) -> AsyncIterator[Rollouts]:
    """An operator with these versions served; keywords are settings."""
    async with running(**settings) as operator:
        world = Rollouts(operator)
        await world.measure(endpoint_rps=10)
        await operator.serve(*(deployment("paitient", f"triage-{v}") for v in versions or ("v1", "v2")))
        yield world


__all__ = [
    "ANALYSIS",
    "CANARY",
    "TEAM",
    "Key",
    "Rollouts",
    "judged",
    "manifests",
    "path",
    "rollouts",
    "traffic",
]
