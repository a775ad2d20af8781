"""The watched driver of one CanaryEndpoint, with the simulator's PaiTIENT in place of the provider on paper.

Deployments, splits and metrics are the simulator's; they come over HTTP and through the adapter, in the simulator's time.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from typing_extensions import override

from model_operator.domain import Canary
from model_operator.errors import ProviderError
from model_operator.plan.canary.situation import Action, Create, Health, Question, Reading
from model_operator.providers.base import Provider
from model_operator.providers.http import HttpTransport
from support.canary_driver import Fault
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
_SHORT: Final = timedelta(seconds=0.5)
"""The request timeout where the answer never comes: real time, while the simulator's stands still."""
NO_METRICS: Final[dict[str, Any]] = {"gap_probability": 0, "nan_probability": 0, "unequal": False, "lag_s": 0}


@dataclass(kw_only=True)
class Simulated(Watched):
    world: World
    loop: asyncio.AbstractEventLoop

    def begin(self, *versions: str) -> None:
        """Deployments that serve, and metrics without chance."""
        self.run_now(self.measure(noise=0, diurnal=0, error_percent=0, endpoint_rps=self.rps))
        for version in versions:
            self.ids[version] = self.run_now(
                self.world.serving(self.world.desired(f"triage-{version}", uid=version))
            )
        self.now = datetime.fromtimestamp(self.run_now(self.world.control("GET", "/clock"))["now"], UTC)

    def run_now(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

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

    @override
    def _read(self, asked: Question) -> Reading:
        if self.metrics_fail:
            self.run_now(self.world.fault("error", operation="metrics", status=503))
        try:
            return Reading(
                figures={
                    reference: self.run_now(
                        self.world.provider.figures(
                            self.id(reference.partition("/")[2]), asked.start, asked.end, asked.interval
                        )
                    )
                    for reference in asked.references
                }
            )
        except ProviderError as error:
            return Reading(error=error)
        finally:
            self.run_now(self.world.mend())

    @override
    def answer(self, action: Action, fault: Fault | None) -> Canary | ProviderError:
        self.check_move(action)
        if fault is not None:
            rule = {**RULES[fault], "path": "/canary-endpoints", "count": 1}
            self.run_now(self.world.fault(rule.pop("kind"), **rule))
        try:
            return self.run_now(self._send(action, hasty=fault == "lost"))
        except ProviderError as error:
            return error
        finally:
            self.run_now(self.world.mend())
            self._look()

    async def _send(self, action: Action, *, hasty: bool) -> Canary:
        async with AsyncExitStack() as stack:
            provider: Provider = self.world.provider
            if hasty:
                transport = await stack.enter_async_context(HttpTransport(request_timeout=_SHORT))
                provider = self.world.connect(transport=transport)
            if isinstance(action, Create):
                return await provider.create_canary(action.name, action.split)
            return await provider.update_canary(action.id, action.split)

    def _look(self) -> None:
        """What is in force at the provider now."""
        state = self.run_now(self.world.control("GET", "/state"))
        canaries = [endpoint for endpoint in state["endpoints"] if "split" in endpoint]
        self.posts = len(canaries)
        self.split = dict(canaries[0]["split"]) if canaries else {}
