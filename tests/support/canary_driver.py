"""Decisions about one CanaryEndpoint driven against a provider on paper: own time, faults, and death at any effect.

It does what reconcile/canary/loop.py does, with the real `act` and `Memory`, and checks after every step what must
always hold.
"""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from model_operator.domain import Bucket, Canary, Figure, Figures, Split
from model_operator.errors import InvalidRequest, NotFound, ProviderError, RateLimited, Unavailable
from model_operator.models.canary import CanaryEndpointSpec
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.plan.canary.course import course_of
from model_operator.plan.canary.decide import decide
from model_operator.plan.canary.judging import question
from model_operator.plan.canary.situation import (
    Action,
    Create,
    Decision,
    Desired,
    Health,
    Observed,
    Question,
    Reading,
    Situation,
    Target,
    Update,
)
from model_operator.reconcile.canary.act import act
from model_operator.reconcile.canary.memory import Memory
from model_operator.status.canary import summarize

T = TypeVar("T")

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Death = Literal["before the call", "after the call", "after the write"]
Fault = Literal["down", "lost", "429", "stale echo", "refused", "gone"]


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


@dataclass
class Driver:
    """One object, its memory, and the world around it."""

    wanted: dict[str, Any]
    now: datetime = START
    generation: int = 1
    action: str = ""
    status: CanaryEndpointStatus = field(default_factory=CanaryEndpointStatus)
    health: dict[str, Health] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    """Percent of each version's requests."""
    rps: float = 10.0
    metrics_fail: bool = False
    shared: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    skew: timedelta = timedelta()

    split: dict[str, int] = field(default_factory=dict)
    """What is in force at the provider."""
    posts: int = 0
    patches: int = 0
    changes: list[tuple[datetime, dict[str, int]]] = field(default_factory=list)
    """By the provider's clock."""
    notices: list[str] = field(default_factory=list)
    decision: Decision | None = None

    memory: Memory = field(default_factory=Memory)

    def forget(self) -> None:
        """kill -9."""
        self.memory = Memory()

    def edit(self, wanted: dict[str, Any]) -> None:
        self.wanted, self.generation = wanted, self.generation + 1

    def id(self, name: str) -> str:
        return self.ids.get(name, f"dep_{name}")

    @property
    def situation(self) -> Situation:
        parsed = CanaryEndpointSpec.read(self.wanted)
        names = {s.deployment_ref for s in parsed.destination} | {"v1", "v2", "v3"}
        targets = {
            f"deployment/{name}": Target(
                self.id(name), self.health.get(name, Health.SERVING), f"{name} is so"
            )
            for name in names
            if name is not None
        }
        desired = Desired(
            endpoint_name="c",
            generation=self.generation,
            destination=parsed.destination,
            course=course_of(parsed),
            external_id=parsed.external_id,
            command=self.action,
        )
        return Situation(
            desired=desired,
            status=self.status,
            observed=Observed(targets=targets, shared=self.shared),
            now=self.now,
            creation=self.memory.creation,
            failure=self.memory.retry.failure,
            synced_at=self.memory.synced_at,
            clock_offset=self.skew,
        )

    def step(self, fault: Fault | None = None, death: Death | None = None) -> Decision:
        """One pass."""
        s = self.situation
        asked = question(s)
        if asked is not None:
            s = replace(s, observed=replace(s.observed, reading=self._read(asked)))
        decision = decide(s)
        if decision.action is not None and death == "before the call":
            self.forget()
            return decision
        if decision.action is not None:
            paper = _OnPaper(self, fault)
            s, decision = _finish(act(s, decision, paper, self.memory, lambda: self.now))
            if death == "after the call":
                self.forget()
                return decision
        self._write(s, decision)
        if death == "after the write":
            self.forget()
        return decision

    def settle(self, most: int = 30) -> Decision:
        """Passes until nothing is to be done at once."""
        for _ in range(most):
            decision = self.step()
            if decision.look_again is None or decision.look_again > timedelta():
                return decision
        raise AssertionError(f"no rest: {self.status.message}")

    def run(self, span: timedelta, most: int = 2000) -> None:
        """Let time pass, with a pass whenever one was asked for."""
        end = self.now + span
        for _ in range(most):
            decision = self.settle()
            wait = decision.look_again if decision.look_again is not None else end - self.now
            if self.now + wait >= end:
                self.now = end
                return
            self.now += wait
        raise AssertionError("too many passes")

    def _read(self, asked: Question) -> Reading:
        if self.metrics_fail:
            return Reading(error=Unavailable("the metrics are down"))
        return Reading(figures={r: self._figures(r.partition("/")[2], asked) for r in asked.references})

    def _figures(self, name: str, asked: Question) -> Figures:
        buckets, start = [], asked.start
        while start + MINUTE <= asked.end:
            share = self._share(name, start)
            n = self.rps * 60 * share / 100
            buckets.append(
                Bucket(start, {Figure.REQUESTS: n, Figure.ERRORS: self.errors.get(name, 0.0) if n else 0.0})
            )
            start += MINUTE
        return Figures(buckets=tuple(buckets), length=MINUTE)

    def _share(self, name: str, at: datetime) -> int:
        current: dict[str, int] = {}
        for when, split in self.changes:
            if when <= at:
                current = split
        return current.get(self.id(name), 0)

    def answer(self, action: Action, fault: Fault | None) -> Canary | ProviderError:
        """What the provider says, and does."""
        before = dict(self.split)
        refused: dict[str, ProviderError] = {
            "down": Unavailable("no route", may_have_landed=False),
            "429": RateLimited("slow down"),
            "refused": InvalidRequest("members are fixed"),
            "gone": NotFound("no such endpoint"),
        }
        if fault in refused:
            return refused[fault]
        self._commit(action)
        if fault == "lost":
            return Unavailable("no answer")
        echo = before if fault == "stale echo" and before else dict(action.split)
        return Canary(id="cep_1", url="https://a.example", split=echo, at=self.now + self.skew)

    def _commit(self, action: Action) -> None:
        assert sum(action.split.values()) == 100, action
        assert all(0 <= percent <= 100 for percent in action.split.values()), action
        assert all(id.startswith("dep_") for id in action.split), action
        self.check_move(action)
        self.posts += isinstance(action, Create)
        self.patches += not isinstance(action, Create)
        assert self.posts <= 1, "a second POST"
        self.split = dict(action.split)
        self.changes.append((self.now + self.skew, self.split))

    def check_move(self, action: Action) -> None:
        """For those who watch what is sent; the status is the one that was written before."""

    def _write(self, s: Situation, decision: Decision) -> None:
        """Through JSON, as the API server keeps it."""
        status = summarize(s, decision, MINUTE)
        written = CanaryEndpointStatus.parse(status.dump())
        assert written == status
        self.memory.written(self.status, written)
        self.status, self.decision = written, decision
        self.notices.extend(notice.reason for notice in decision.notices)

    def condition(self, type: str) -> str:
        found = self.status.condition(type)
        return f"{found.status} {found.reason}" if found else ""

    def at(self) -> dict[str, int]:
        """The provider's split by version, without those that get nothing."""
        return {id.removeprefix("dep_"): percent for id, percent in self.split.items() if percent}


@dataclass
class _OnPaper:
    """The provider as far as `act` asks it."""

    driver: Driver
    fault: Fault | None

    async def create_canary(self, name: str, split: Split) -> Canary:
        return self._answered(Create(name, split))

    async def update_canary(self, id: str, split: Split) -> Canary:
        return self._answered(Update(id, split))

    def _answered(self, action: Action) -> Canary:
        answer = self.driver.answer(action, self.fault)
        if isinstance(answer, ProviderError):
            raise answer
        return answer


def _finish(work: Coroutine[Any, Any, T]) -> T:
    """The result of what never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("it waits")
