"""The watched driver of one CanaryEndpoint, with the simulator's PaiTIENT in place of the provider on paper.

Deployments, splits and metrics are the simulator's; they come through the adapter, in the simulator's time.
"""

from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from typing_extensions import override

from model_operator.domain import Canary, Priority, Remote, Split
from model_operator.plan.canary.observed import Health
from model_operator.providers.base import Provider
from model_operator.traffic import Figures
from support.canary_watcher import Watched
from support.provider_world import World

T = TypeVar("T")

RULES: Final[dict[str, dict[str, Any]]] = {
    "down": {"kind": "error", "status": 503, "body": "html"},
    "lost": {"kind": "commit_then_timeout", "seconds": 60},
    "429": {"kind": "error", "status": 429, "retry_after": 1},
    "stale echo": {"kind": "stale_reply"},
}
"""The driver's faults as the simulator's."""
NO_METRICS: Final[dict[str, Any]] = {"gap_probability": 0, "nan_probability": 0, "unequal": False, "lag_s": 0}


@dataclass(kw_only=True)
class Simulated(Watched):
    world: World

    @override
    def provider(self) -> Provider:
        return AtSimulator(self)

    def begin(self, *versions: str) -> None:
        """Deployments that serve, and metrics without chance."""
        self.run_now(self.measure(noise=0, diurnal=0, error_percent=0, endpoint_rps=self.rps))
        for version in versions:
            self.ids[version] = self.run_now(
                self.world.serving(self.world.desired(f"triage-{version}", uid=version))
            )
        self.now = datetime.fromtimestamp(self.run_now(self.world.control("GET", "/clock"))["now"], UTC)

    async def measure(self, **knobs: Any) -> None:
        """How good the metrics are."""
        await self.world.control("PATCH", "/knobs", {"metrics": knobs})

    def behave(self, version: str, errors: float) -> None:
        """Percent of its requests that fail from now on."""
        self.run_now(self.world.edit(self.id(version), behaviour={"error_percent": errors}))

    def turn(self, version: str, *, is_failed: bool) -> None:
        """It fails by itself, or is well again; the operator has seen it."""
        self.run_now(self.world.edit(self.id(version), status="failed" if is_failed else "running"))
        self.health[version] = Health.FAILED if is_failed else Health.SERVING

    @override
    def pass_time(self, span: timedelta) -> None:
        super().pass_time(span)
        self.run_now(self.world.advance(span.total_seconds()))

    async def look(self) -> None:
        """What is in force at the provider now."""
        state = await self.world.control("GET", "/state")
        canaries = [endpoint for endpoint in state["endpoints"] if "split" in endpoint]
        self.posts = len(canaries)
        self.split = dict(canaries[0]["split"]) if canaries else {}


@dataclass(frozen=True)
class AtSimulator(Provider):
    """The adapter, with the driver's faults on the way and the watcher beside it."""

    driver: Simulated

    @override
    def at(self, priority: Priority) -> "AtSimulator":
        return self

    @override
    async def get(self, id: str) -> Remote:
        return await self.driver.world.provider.get(id)

    @override
    async def create_canary(self, name: str, split: Split) -> Canary:
        self.driver.dies("before the call")
        return await self._send(self.driver.world.provider.create_canary(name, split), split, is_create=True)

    @override
    async def update_canary(self, id: str, split: Split) -> Canary:
        self.driver.dies("before the call")
        return await self._send(self.driver.world.provider.update_canary(id, split), split, is_create=False)

    @override
    async def figures(self, id: str, start: datetime, end: datetime, interval: timedelta) -> Figures:
        world = self.driver.world
        if self.driver.metrics_fail:
            await world.fault("error", operation="metrics", status=503)
        try:
            return await world.provider.figures(id, start, end, interval)
        finally:
            await world.mend()

    async def _send(self, request: Coroutine[Any, Any, Canary], split: Split, *, is_create: bool) -> Canary:
        driver, world = self.driver, self.driver.world
        driver.check_move(dict(split), is_create=is_create)
        if driver.fault is not None:
            rule = {**RULES[driver.fault], "path": "/canary-endpoints", "count": 1}
            await world.fault(rule.pop("kind"), **rule)
        try:
            return await request
        finally:
            await world.mend()
            await driver.look()
            driver.dies("after the call")
