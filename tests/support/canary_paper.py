"""A provider of canary endpoints on paper: what it has been told, what it shows, and how it fails."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from typing_extensions import override

from model_operator.domain import Canary, Priority, Remote, RunState, Split
from model_operator.errors import InvalidRequest, NotFound, ProviderError, RateLimited, Unavailable
from model_operator.plan.canary.observed import Health
from model_operator.providers.base import Provider
from model_operator.traffic import Bucket, Figure, Figures

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VERSIONS = ("v1", "v2", "v3")
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


@dataclass(kw_only=True)
class Paper:
    """Its clock is ours, and wrong by `skew`."""

    now: datetime = START
    skew: timedelta = timedelta()
    health: dict[str, Health] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)
    """Percent of each version's requests."""
    rps: float = 10.0
    metrics_fail: bool = False
    tells_more: timedelta = timedelta()
    """Figures begin so much earlier than they were asked for."""
    ids: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    death: Death | None = None
    """When the process that asks dies."""

    split: dict[str, int] = field(default_factory=dict)
    """What is in force."""
    posts: int = 0
    patches: int = 0
    changes: list[tuple[datetime, dict[str, int]]] = field(default_factory=list)
    """By the provider's clock."""

    def at(self) -> dict[str, int]:
        """The provider's split by version, without those that get nothing."""
        return {id.removeprefix("dep_"): percent for id, percent in self.split.items() if percent}

    def id(self, name: str) -> str:
        return self.ids.get(name, f"dep_{name}")

    def dies(self, moment: Death) -> None:
        """Raises `Crash` if this is the moment."""
        if self.death == moment:
            self.death = None
            raise Crash

    def figures(self, id: str, start: datetime, end: datetime) -> Figures:
        if self.metrics_fail:
            raise Unavailable("the metrics are down")
        errors = {self.id(name): percent for name, percent in self.errors.items()}.get(id, 0.0)
        buckets = []
        start -= self.tells_more
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

    paper: Paper

    @override
    def at(self, priority: Priority) -> "OnPaper":
        return self

    @override
    async def get(self, id: str) -> Remote:
        return self.paper.shown(id)

    @override
    async def create_canary(self, name: str, split: Split) -> Canary:
        return self._answer(split, is_create=True)

    @override
    async def update_canary(self, id: str, split: Split) -> Canary:
        return self._answer(split, is_create=False)

    @override
    async def figures(self, id: str, start: datetime, end: datetime, interval: timedelta) -> Figures:
        return self.paper.figures(id, start, end)

    def _answer(self, split: Split, *, is_create: bool) -> Canary:
        self.paper.dies("before the call")
        try:
            return self.paper.answer(split, is_create=is_create)
        finally:
            self.paper.dies("after the call")
