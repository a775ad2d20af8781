"""The real passes over one CanaryEndpoint, one at a time, on the API server in memory and against a provider on paper.

Time is the test's; so are the provider's faults, and the moment of death. What is sent is checked as it comes.
"""

import asyncio
import atexit
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding, Bindings
from model_operator.domain import ACTION, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.metadata import Metadata
from model_operator.plan.canary.observed import Health
from model_operator.providers.base import Provider
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.canary.loop import CanaryPass
from model_operator.reconcile.canary.memory import Memory
from model_operator.reconcile.recorder import Recorder
from model_operator.status.events import Event
from support import bodies
from support.canary_paper import MINUTE, VERSIONS, Crash, Death, Fault, OnPaper, Paper
from support.canary_specs import spec
from support.memory_schema import Object
from support.memory_server import Server
from support.memory_store import MemoryStore, Request
from support.provider_world import OpenGate
from support.signals import Told
from support.virtual_time import VirtualLoop

T = TypeVar("T")

KEY = Key(CANARY, "team", "c")
ACCOUNT = Key(PROVIDER, "team", "p")
VENDOR = next(vendor for vendor in PROVIDERS.values() if vendor.capabilities.splits_traffic)
SAID = {
    Health.SERVING: ("True", "Serving"),
    Health.UNREADY: ("False", "Starting"),
    Health.FAILED: ("False", "Failed"),
    Health.UNKNOWN: ("Unknown", "Unknown"),
}
"""What the condition Serving of a ModelDeployment says."""


class Noting(Recorder):
    """Keeps the reasons of Events for a look, and posts none."""

    def __init__(self, notices: list[str]) -> None:
        self.notices = notices

    @override
    def note(self, key: Key, metadata: Metadata, events: Iterable[Event]) -> None:
        self.notices.extend(event.reason for event in events)


@lru_cache
def shared_loop() -> asyncio.AbstractEventLoop:
    """For what never waits."""
    loop = VirtualLoop()
    atexit.register(loop.close)
    return loop


@dataclass
class Driver(Paper):
    """One object, the process that looks after it, and the world around both."""

    first: dict[str, Any]
    """The spec that it is created with."""
    loop: asyncio.AbstractEventLoop = field(default_factory=shared_loop)
    notices: list[str] = field(default_factory=list)
    """Reasons of Events."""

    def __post_init__(self) -> None:
        self.server = Server(lambda: self.now)
        self.cache = Cache(Told())
        self._shown: dict[str, tuple[str, Health]] = {}
        self._versions = 0
        self.server.watchers.append(lambda _type, key, body: self.cache.put(key, body))
        account = {"type": VENDOR.type, "credentials": {"secretRef": {"name": "key"}}}
        self.server.create(PROVIDER, KEY.namespace, {"metadata": {"name": ACCOUNT.name}, "spec": account})
        self.server.create(CANARY, KEY.namespace, {"metadata": {"name": KEY.name}, "spec": self.first})
        self.forget()

    def forget(self) -> None:
        """kill -9, and the next process."""
        bindings = Bindings()
        account = Account(
            id="a",
            vendor=VENDOR,
            provider=self.provider(),
            gate=OpenGate(),
            poll_interval=MINUTE,
            signals=Told(),
            members={ACCOUNT},
            is_proven=True,
        )
        bindings.put(ACCOUNT, Binding(account))
        self.passes = CanaryPass(
            around=Surroundings(
                store=MemoryStore(self.server, met=self._met),
                cache=self.cache,
                bindings=bindings,
                vendors=PROVIDERS,
                signals=Told(),
                record=Noting(self.notices),
                clock=lambda: self.now,
            ),
            find=self.cache.canary,
            remember=Memory,
            grace=MINUTE,
        )

    def provider(self) -> Provider:
        return OnPaper(self)

    def run_now(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    # What people do.

    @property
    def wanted(self) -> dict[str, Any]:
        """The spec."""
        spec: dict[str, Any] = self.server.get(KEY)["spec"]
        return spec

    def edit(self, wanted: dict[str, Any]) -> None:
        self.server.replace(KEY, {**self.server.get(KEY), "spec": wanted})

    @property
    def action(self) -> str:
        """The annotation by which people move a rollout."""
        return str(self.server.get(KEY)["metadata"].get("annotations", {}).get(ACTION, ""))

    @action.setter
    def action(self, token: str) -> None:
        self.server.merge(KEY, {"metadata": {"annotations": {ACTION: token}}})

    def share(self, version: str) -> None:
        """Another CanaryEndpoint sends traffic to that version."""
        body = {"metadata": {"name": "other"}, "spec": spec(**{version: 100})}
        self.server.create(CANARY, KEY.namespace, body)
        its = {"name": version, "deploymentRef": version, "deploymentID": self.id(version), "percent": 100}
        self.server.replace_status(Key(CANARY, KEY.namespace, "other"), None, {"traffic": [its]})

    # What people see.

    @property
    def status(self) -> CanaryEndpointStatus:
        return self.resource.status

    @status.setter
    def status(self, status: CanaryEndpointStatus) -> None:
        self.server.replace_status(KEY, None, status.dump())

    @property
    def resource(self) -> CanaryEndpoint:
        found = self.cache.canary(KEY)
        assert found is not None, "a body that cannot be parsed"
        return found

    def condition(self, type: str) -> str:
        found = self.status.condition(type)
        return f"{found.status} {found.reason}" if found else ""

    # Passes, and time.

    def step(self, fault: Fault | None = None, death: Death | None = None) -> timedelta | None:
        """One pass; when it wants to look again. A process that dies after the write does so also without one."""
        self.fault, self.death = fault, death
        self._show_deployments()
        try:
            wait = self.run_now(self.passes.reconcile(KEY))
        except Crash:
            self.forget()
            return timedelta()
        if death == "after the write":
            self.forget()
        return wait

    def settle(self, most: int = 30) -> timedelta | None:
        """Passes until nothing is to be done at once."""
        for _ in range(most):
            wait = self.step()
            if wait is None or wait > timedelta():
                return wait
        raise AssertionError(f"no rest: {self.status.message}")

    def run(self, span: timedelta, most: int = 2000) -> None:
        """Let time pass, with a pass whenever one was asked for."""
        end = self.now + span
        for _ in range(most):
            wait = self.settle()
            if wait is None or self.now + wait >= end:
                self.now = end
                return
            self.now += wait
        raise AssertionError("too many passes")

    def _met(self, point: str, request: Request) -> None:  # noqa: ARG002
        if point == "status.done":
            self.dies("after the write")

    def _show_deployments(self) -> None:
        """What other passes have found out about the ModelDeployments, as far as that is new."""
        for name in VERSIONS:
            now = (self.id(name), self.health.get(name, Health.SERVING))
            if self._shown.get(name) != now:
                self._shown[name] = now
                self._versions += 1
                key = Key(DEPLOYMENT, KEY.namespace, name)
                self.cache.put(key, _deployment(name, *now, self._versions))


def _deployment(name: str, id: str, health: Health, version: int) -> Object:
    """As the passes over ModelDeployments have left it."""
    status, reason = SAID[health]
    serving = {"type": "Serving", "status": status, "reason": reason, "message": f"{name} is so"}
    serving["lastTransitionTime"] = "2026-01-01T12:00:00Z"
    return bodies.deployment(
        name, version=version, provider=ACCOUNT.name, status={"externalID": id, "conditions": [serving]}
    )
