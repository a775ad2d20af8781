"""The real passes over one CanaryEndpoint, one at a time, on the API server in memory and against a provider on paper.

Time is the test's; so are the provider's faults, and the moment of death. What is sent is checked as it comes.
"""

import asyncio
import atexit
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, TypeVar

from typing_extensions import override

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding, Bindings
from model_operator.domain import (
    ACTION,
    CANARY,
    DEPLOYMENT,
    PROVIDER,
    Bucket,
    Canary,
    Figure,
    Figures,
    Key,
    Priority,
    Remote,
    RunState,
    Split,
)
from model_operator.errors import InvalidRequest, NotFound, ProviderError, RateLimited, Unavailable
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.metadata import Metadata
from model_operator.plan.canary.situation import Health
from model_operator.providers.base import Provider
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.canary.loop import CanaryPass
from model_operator.reconcile.canary.memory import Memory
from model_operator.reconcile.recorder import Recorder
from model_operator.status.events import Event
from support import bodies
from support.memory_schema import Object
from support.memory_server import Server
from support.memory_store import MemoryStore, Request
from support.provider_world import OpenGate
from support.signals import Told
from support.virtual_time import VirtualLoop

T = TypeVar("T")

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = Key(CANARY, "team", "c")
ACCOUNT = Key(PROVIDER, "team", "p")
VENDOR = next(vendor for vendor in PROVIDERS.values() if vendor.capabilities.splits_traffic)
VERSIONS = ("v1", "v2", "v3")
SAID = {
    Health.SERVING: ("True", "Serving"),
    Health.UNREADY: ("False", "Starting"),
    Health.FAILED: ("False", "Failed"),
    Health.UNKNOWN: ("Unknown", "Unknown"),
}
"""What the condition Serving of a ModelDeployment says."""
STATES = {
    Health.SERVING: RunState.SERVING,
    Health.UNREADY: RunState.STARTING,
    Health.FAILED: RunState.FAILED,
    Health.UNKNOWN: RunState.UNKNOWN,
}

Death = Literal["before the call", "after the call", "after the write"]
Fault = Literal["down", "lost", "429", "stale echo", "refused", "gone"]


class Crash(BaseException):
    """kill -9."""


def target(name: str, percent: int) -> dict[str, Any]:
    return {"name": name, "deploymentRef": {"name": name}, "percent": percent}


def spec(rollout: Mapping[str, Any] | None = None, **percents: int) -> dict[str, Any]:
    """`spec(v1=90, v2=10)`, as YAML has it."""
    made: dict[str, Any] = {
        "providerRef": {"name": "p"},
        "traffic": [target(name, percent) for name, percent in percents.items()],
    }
    return made | ({"rollout": dict(rollout)} if rollout is not None else {})


def judged(**more: Any) -> dict[str, Any]:
    """An analysis of errors: 2 % at most, 100 requests, two fails."""
    errors = {"name": "errors", "type": "Provider", "provider": {"metric": "ErrorRate", "maxPercent": "2"}}
    return {"metrics": [errors], "interval": "1m", "warmup": "0s", "delay": "0s", **more}


def path(*percents: int, hold: str = "5m", **more: Any) -> dict[str, Any]:
    return {"steps": [{"percent": percent} for percent in percents], "hold": hold, **more}


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
class Driver:
    """One object, the process that looks after it, and the world around both."""

    first: dict[str, Any]
    """The spec that it is created with."""
    now: datetime = START
    health: dict[str, Health] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    """Percent of each version's requests."""
    rps: float = 10.0
    metrics_fail: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    skew: timedelta = timedelta()
    loop: asyncio.AbstractEventLoop = field(default_factory=shared_loop)

    split: dict[str, int] = field(default_factory=dict)
    """What is in force at the provider."""
    posts: int = 0
    patches: int = 0
    changes: list[tuple[datetime, dict[str, int]]] = field(default_factory=list)
    """By the provider's clock."""
    notices: list[str] = field(default_factory=list)
    fault: Fault | None = None
    death: Death | None = None

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

    def at(self) -> dict[str, int]:
        """The provider's split by version, without those that get nothing."""
        return {id.removeprefix("dep_"): percent for id, percent in self.split.items() if percent}

    def id(self, name: str) -> str:
        return self.ids.get(name, f"dep_{name}")

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

    def dies(self, moment: Death) -> None:
        """Raises `Crash` if this is the moment."""
        if self.death == moment:
            self.death = None
            raise Crash

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

    # The provider, on paper.

    def figures(self, id: str, start: datetime, end: datetime) -> Figures:
        if self.metrics_fail:
            raise Unavailable("the metrics are down")
        errors = {self.id(name): percent for name, percent in self.errors.items()}.get(id, 0.0)
        buckets = []
        while start + MINUTE <= end:
            n = self.rps * 60 * self._share(id, start) / 100
            buckets.append(Bucket(start, {Figure.REQUESTS: n, Figure.ERRORS: errors if n else 0.0}))
            start += MINUTE
        return Figures(buckets=tuple(buckets), length=MINUTE, at=self.now + self.skew)

    def _share(self, id: str, at: datetime) -> int:
        current: dict[str, int] = {}
        for when, split in self.changes:
            if when <= at:
                current = split
        return current.get(id, 0)

    def shown(self, id: str) -> Remote:
        """A deployment; one that was created anew has another id, and the old one is gone."""
        name = {self.id(name): name for name in VERSIONS}.get(id)
        if name is None:
            raise NotFound(f"no deployment {id}")
        state = STATES[self.health.get(name, Health.SERVING)]
        return Remote(id=id, name=name, state=state, word=state.lower())

    def answer(self, split: Split, *, is_create: bool) -> Canary:
        """What the provider says, and does."""
        before = dict(self.split)
        refused: dict[str, ProviderError] = {
            "down": Unavailable("no route", may_have_landed=False),
            "429": RateLimited("slow down"),
            "refused": InvalidRequest("members are fixed"),
            "gone": NotFound("no such endpoint"),
        }
        if self.fault in refused:
            raise refused[self.fault]
        self._commit(dict(split), is_create=is_create)
        if self.fault == "lost":
            raise Unavailable("no answer")
        echo = before if self.fault == "stale echo" and before else dict(split)
        return Canary(id="cep_1", url="https://a.example", split=echo, at=self.now + self.skew)

    def _commit(self, split: dict[str, int], *, is_create: bool) -> None:
        assert sum(split.values()) == 100, split
        assert all(0 <= percent <= 100 for percent in split.values()), split
        assert all(id.startswith("dep_") for id in split), split
        self.check_move(split, is_create=is_create)
        self.posts += is_create
        self.patches += not is_create
        assert self.posts <= 1, "a second POST"
        self.split = split
        self.changes.append((self.now + self.skew, split))

    def check_move(self, split: dict[str, int], *, is_create: bool) -> None:
        """For those who watch what is sent; the status is the one that was written before."""


@dataclass(frozen=True)
class OnPaper(Provider):
    """The provider as far as passes over a CanaryEndpoint ask it."""

    driver: Driver

    @override
    def at(self, priority: Priority) -> "OnPaper":
        return self

    @override
    async def get(self, id: str) -> Remote:
        return self.driver.shown(id)

    @override
    async def create_canary(self, name: str, split: Split) -> Canary:
        return self._answer(split, is_create=True)

    @override
    async def update_canary(self, id: str, split: Split) -> Canary:
        return self._answer(split, is_create=False)

    @override
    async def figures(self, id: str, start: datetime, end: datetime, interval: timedelta) -> Figures:
        return self.driver.figures(id, start, end)

    def _answer(self, split: Split, *, is_create: bool) -> Canary:
        self.driver.dies("before the call")
        try:
            return self.driver.answer(split, is_create=is_create)
        finally:
            self.driver.dies("after the call")


def _deployment(name: str, id: str, health: Health, version: int) -> Object:
    """As the passes over ModelDeployments have left it."""
    status, reason = SAID[health]
    serving = {"type": "Serving", "status": status, "reason": reason, "message": f"{name} is so"}
    serving["lastTransitionTime"] = "2026-01-01T12:00:00Z"
    return bodies.deployment(
        name, version=version, provider=ACCOUNT.name, status={"externalID": id, "conditions": [serving]}
    )
