"""A provider that commits late, shows late and loses answers, and operators in it that die wherever a script says.

The real passes run on an API server in memory, under a clock that only the test moves.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from model_operator.domain import Desired, Priority, Remote, RunState
from model_operator.errors import (
    NameTaken,
    NotFound,
    PermissionDenied,
    QuotaExceeded,
    Unavailable,
    Unsupported,
)
from model_operator.plan.deployment.situation import Timing
from model_operator.providers.base import Provider, Vendor
from model_operator.providers.registry import PROVIDERS
from support.one_object import Crash, OneObject, Point
from support.situations import NOW

SECOND = timedelta(seconds=1)
REQUEST = 30 * SECOND


@dataclass(frozen=True)
class Post:
    """What becomes of one POST. `late` is how long after it was sent it is carried out; None: never."""

    answer: Literal["ok", "lost", "refused", "forbidden", "crash"] = "ok"
    late: int | None = 0
    lag: int = 0
    """How long after that a LIST still does not show it."""


@dataclass
class Deployment:
    id: str
    name: str
    owner: str
    begins: datetime
    shows: datetime
    is_deleted: bool = False


@dataclass
class World:
    vendor: Vendor
    now: datetime = NOW
    posts: deque[Post] = field(default_factory=deque)
    deployments: list[Deployment] = field(default_factory=list)
    lists: bool = True
    sent: int = 0

    def live(self) -> list[Deployment]:
        """What costs money now. Where names are unique a later create of a taken name comes to nothing."""
        found: dict[str, Deployment] = {}
        for one in sorted(self.deployments, key=lambda one: one.begins):
            if one.begins <= self.now and not one.is_deleted:
                found.setdefault(one.name if self.vendor.capabilities.names_are_unique else one.id, one)
        return list(found.values())

    def shown(self, one: Deployment) -> Remote:
        is_up = self.now - one.begins >= 3 * SECOND
        return Remote(
            id=one.id,
            name=one.name,
            state=RunState.SERVING if is_up else RunState.STARTING,
            word="up" if is_up else "going up",
            alias="alias",
            url="https://example.com",
            owner_uid=one.owner if self.vendor.capabilities.has_tags else None,
            is_full=True,
        )


@dataclass(frozen=True)
class WorldProvider(Provider):
    world: World

    @property
    def capabilities(self):
        return self.world.vendor.capabilities

    def at(self, priority: Priority):  # noqa: ARG002
        return self

    async def list(self) -> Sequence[Remote]:
        if not self.world.lists:
            raise Unsupported("there is no list")
        return [self.world.shown(one) for one in self.world.live() if one.shows <= self.world.now]

    async def get(self, id: str) -> Remote:
        for one in self.world.live():
            if one.id == id:
                return self.world.shown(one)
        raise NotFound(id)

    async def find(self, desired: Desired) -> Sequence[Remote]:
        return [
            r for r in await self.list() if desired.uid == r.owner_uid or desired.deployment_name == r.name
        ]

    async def create(self, desired: Desired, *, within: timedelta | None = None) -> Remote:
        world = self.world
        assert within is not None
        assert within >= REQUEST, "it was sent so late that its deadline says nothing"
        world.sent += 1
        post = world.posts.popleft() if world.posts else Post()
        if world.vendor.capabilities.names_are_unique and any(
            one.name == desired.deployment_name for one in world.live()
        ):
            raise NameTaken("that name is taken")
        if post.answer == "refused":
            raise QuotaExceeded("no GPU is left")
        if post.answer == "forbidden":
            raise PermissionDenied("this key may only read")
        if post.late is not None:
            begins = world.now + post.late * SECOND
            made = Deployment(str(100 + world.sent), desired.deployment_name, desired.uid, begins, begins)
            made.shows = begins + post.lag * SECOND
            world.deployments.append(made)
            if post.answer == "ok":
                made.begins = world.now
                return world.shown(made)
        if post.answer == "crash":
            raise Crash
        world.now += REQUEST
        raise Unavailable("no answer", may_have_landed=True)

    async def delete(self, id: str, *, force: bool) -> None:  # noqa: ARG002
        await self.get(id)
        for one in self.world.deployments:
            if one.id == id:
                one.is_deleted = True


class Operator(OneObject):
    """One process after another in that world."""

    def __init__(self, world: World, timing: Timing | None, **spec: Any) -> None:
        self.world = world
        super().__init__(world.vendor, WorldProvider(world), lambda: world.now, timing=timing, **spec)


def new_operator(
    vendor: str, *, name: str | None = None, timing: Timing | None = None, **spec: Any
) -> Operator:
    chosen = {} if name is None else {"deploymentName": name}
    return Operator(World(PROVIDERS[vendor]), timing, **chosen, **spec)


@dataclass(frozen=True)
class Step:
    do: Literal["work", "poll", "wait", "restart", "pause", "unpause", "delete", "list fails", "list works"]
    seconds: int = 0
    dies: Point = ""


async def play(operator: Operator, script: Sequence[Step], posts: Sequence[Post]) -> None:
    world = operator.world
    world.posts.extend(posts)
    for step in script:
        try:
            await perform(operator, step)
        except Crash:
            operator.start()
        at_most_one(world)


async def perform(operator: Operator, step: Step) -> None:
    match step.do:
        case "work":
            await operator.work(step.dies)
        case "poll":
            await operator.poll()
        case "wait":
            operator.world.now += step.seconds * SECOND
        case "restart":
            raise Crash
        case "pause" | "unpause":
            if operator.world.vendor.capabilities.pauses and operator.status.external_id is None:
                operator.edit(paused=step.do == "pause")
        case "delete":
            operator.delete()
        case "list fails" | "list works":
            operator.world.lists = step.do == "list works"


async def settle(operator: Operator, minutes: int = 15) -> None:
    """From now on nothing goes wrong: looked at every five seconds."""
    operator.world.posts.clear()
    for _ in range(minutes * 12):
        await operator.poll()
        for _ in range(3):
            await operator.work()
            at_most_one(operator.world)
        operator.world.now += 5 * SECOND
        at_most_one(operator.world)
        if is_quiet(operator):
            return


async def look_on(operator: Operator, times: int) -> None:
    for _ in range(times):
        await operator.poll()
        await operator.work()
        operator.world.now += 5 * SECOND


def is_quiet(operator: Operator) -> bool:
    """Nothing is on its way any more, at neither end."""
    world, status = operator.world, operator.status
    is_over = all(one.shows <= world.now for one in world.deployments)
    is_at_rest = status.pending is None and operator.is_wanted
    has_it = status.external_id is not None or bool(operator.body.spec.paused)
    return is_over and (operator.is_released or (is_at_rest and has_it))


def at_most_one(world: World) -> None:
    assert len(world.live()) <= 1, world.deployments


def check_end(operator: Operator) -> None:
    live, status = operator.world.live(), operator.status
    if not operator.is_wanted:
        assert operator.is_released, status
        assert not live, status
        return
    if operator.body.spec.paused:
        assert [one.id for one in live] == ([status.external_id] if status.external_id else [])
        return
    assert [one.id for one in live] == [status.external_id], status
    assert status.pending is None


A_CREATE = [Step("poll"), Step("work"), Step("work")]
