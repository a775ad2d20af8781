"""At most one remote deployment per object, whatever is lost and whoever dies: the rules against a small world.

The world is a provider that commits late, shows late and loses answers; around it the real passes run on an API server
in memory, under a clock that only the test moves, and die wherever the script says.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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
from support.situations import NOW, told

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


def new_operator(vendor: str, *, name: str | None = None, timing: Timing | None = None) -> Operator:
    chosen = {} if name is None else {"deploymentName": name}
    return Operator(World(PROVIDERS[vendor]), timing, **chosen)


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


# A commit may come up to the recovery window after the deadline (design: that is what the window is for).
POSTS = st.lists(
    st.builds(
        Post,
        answer=st.sampled_from(["ok", "lost", "lost", "refused", "crash"]),
        late=st.one_of(st.none(), st.integers(0, 50)),
        lag=st.integers(0, 30),
    ).filter(lambda post: post.answer != "ok" or post.late is not None),
    max_size=6,
)
STEPS = st.lists(
    st.one_of(
        st.builds(
            Step,
            do=st.just("work"),
            dies=st.sampled_from(["", "", "", "status.sent", "status.done", "finalizer.done"]),
        ),
        st.builds(Step, do=st.just("wait"), seconds=st.sampled_from([1, 5, 20, 61, 200])),
        st.builds(Step, do=st.sampled_from(["poll", "poll", "restart", "pause", "unpause"])),
    ),
    max_size=25,
)
A_CREATE = [Step("poll"), Step("work"), Step("work")]


A_BLIND_CREATE = [Step("poll"), Step("work"), Step("list fails"), Step("work")]
LATE = Post("lost", 50, 30)


@pytest.mark.parametrize("vendor", PROVIDERS)
@settings(max_examples=60, deadline=None)
@given(script=STEPS, posts=POSTS, is_deleted=st.booleans())
@example(script=[Step("restart")], posts=[LATE] * 3, is_deleted=False)
@example(script=[Step("restart")], posts=[LATE] * 3, is_deleted=True)
@example(script=[], posts=[Post("crash", 2, 0)], is_deleted=True)
def test_there_is_never_more_than_one_and_never_one_left(
    vendor: str, script: list[Step], posts: list[Post], is_deleted: bool
) -> None:
    async def run() -> None:
        operator = new_operator(vendor)
        await play(operator, A_CREATE + script if posts else script, posts)
        if is_deleted:
            operator.delete()
        else:
            operator.edit(paused=False if operator.world.vendor.capabilities.pauses else None)
        await settle(operator)
        check_end(operator)

    asyncio.run(run())


async def test_without_the_wait_there_would_be_two() -> None:
    operator = new_operator("paitient", timing=Timing(recovery_window=timedelta()))
    await play(operator, A_CREATE, [Post("lost", 70)])
    with pytest.raises(AssertionError, match="Deployment"):
        await settle(operator)


async def test_a_lost_create_is_sent_again_after_two_lists_and_no_sooner() -> None:
    operator = new_operator("paitient")
    await play(operator, A_CREATE, [Post("lost", late=None)])
    pending = operator.status.pending
    assert pending is not None
    while operator.world.sent == 1:
        operator.world.now += SECOND
        await operator.poll()
        await operator.work()
    waited = operator.world.now - pending.deadline
    assert timedelta(seconds=60) <= waited <= timedelta(seconds=65)


@pytest.mark.parametrize("post", [Post("lost", 0), Post("lost", 40), Post("crash", 0), Post("lost", None)])
@pytest.mark.parametrize("name", [None, "chosen"])
async def test_where_nobody_can_list_unique_names_keep_it_one(post: Post, name: str | None) -> None:
    operator = new_operator("parasail", name=name)
    operator.world.lists = False
    await play(operator, [*A_CREATE, Step("wait", 200)], [post])
    for _ in range(200):
        await operator.poll()
        await perform_or_restart(operator, Step("work"))
        operator.world.now += 5 * SECOND
        at_most_one(operator.world)
    (only,) = operator.world.live()
    reason = told(operator.status)["Ready"]
    assert operator.status.external_id == only.id or reason == "False NameTaken"


async def perform_or_restart(operator: Operator, step: Step) -> None:
    try:
        await perform(operator, step)
    except Crash:
        operator.start()


async def test_where_nobody_can_list_a_deletion_waits_for_a_person() -> None:
    operator = new_operator("parasail")
    operator.world.lists = False
    await play(operator, [*A_CREATE, Step("delete")], [Post("lost", 5)])
    await settle(operator)
    assert not operator.is_released
    assert told(operator.status)["Stalled"] == "True OutcomeUnknown"
    operator.edit(deletionPolicy="Orphan")
    await operator.work()
    assert operator.is_released


async def test_a_conflict_over_our_own_name_is_not_forgotten_by_a_deletion() -> None:
    operator = new_operator("parasail")
    operator.world.lists = False
    await play(operator, [*A_CREATE, Step("wait", 61), *[Step("work")] * 5], [Post("lost", 5)])
    assert told(operator.status)["Accepted"] == "False NameTaken"
    assert operator.status.pending is not None, (
        "or a deletion would find nothing to wait for where nobody can list"
    )
    operator.world.lists = True
    operator.delete()
    await settle(operator)
    check_end(operator)


async def test_a_persons_word_ends_the_search_for_a_lost_create() -> None:
    operator = new_operator("paitient")
    await play(operator, [*A_BLIND_CREATE, Step("wait", 61), Step("work")], [Post("lost", 5)])
    assert told(operator.status)["Ready"] == "False OutcomeUnknown"
    (made,) = operator.world.live()
    operator.edit(externalID=made.id, deletionPolicy="Delete")
    await settle(operator)
    assert operator.status.external_id == made.id
    assert operator.status.pending is None


@pytest.mark.parametrize("vendor", PROVIDERS)
@pytest.mark.parametrize("is_made", [True, False])
async def test_a_take_over_waits_for_what_a_lost_create_made(vendor: str, is_made: bool) -> None:
    """Else that would run on without an object, and be paid for."""
    operator = new_operator(vendor)
    foreign = Deployment("7", "theirs", "", NOW, NOW)
    operator.world.deployments.append(foreign)
    await play(operator, A_CREATE, [Post("lost", 40 if is_made else None)])
    operator.edit(externalID="7", deletionPolicy="Delete")
    await look_on(operator, 40)
    if not is_made:
        assert operator.status.external_id == "7"
        return
    (made,) = (one for one in operator.world.live() if one is not foreign)
    assert operator.status.external_id is None
    assert told(operator.status)["Stalled"] == "True OutcomeUnknown"
    ready = operator.status.condition("Ready")
    assert ready is not None
    assert f"made deployment {made.id}, and spec.externalID names 7" in ready.message
    operator.delete()
    await look_on(operator, 40)
    assert operator.is_released
    assert operator.world.live() == [foreign]


async def test_a_name_that_was_not_seen_to_be_free_is_nobodys() -> None:
    operator = new_operator("parasail", name="chosen")
    foreign = Deployment("7", "chosen", "somebody", NOW, NOW)
    operator.world.lists = False
    await play(operator, A_CREATE, [Post("crash", None)])
    operator.world.deployments.append(foreign)
    operator.world.lists = True
    operator.start()
    await settle(operator, minutes=5)
    assert told(operator.status)["Ready"] == "False NameTaken"
    operator.delete()
    await settle(operator, minutes=5)
    assert not foreign.is_deleted
    assert not operator.is_released


async def test_an_intent_that_waited_too_long_is_written_anew() -> None:
    operator = new_operator("parasail")
    await play(operator, [Step("poll"), Step("work"), Step("wait", 45)], [])
    first = operator.status.pending
    await operator.work()
    assert operator.world.sent == 0
    assert operator.status.pending != first
    await operator.work()
    assert operator.world.sent == 1


async def test_an_intent_that_was_not_sent_is_dropped_by_a_pause() -> None:
    operator = new_operator("parasail")
    await play(operator, [Step("poll"), Step("work"), Step("pause"), Step("work")], [])
    assert operator.world.sent == 0
    assert operator.status.pending is None
    assert told(operator.status)["Ready"] == "True Paused"


@pytest.mark.parametrize("vendor", PROVIDERS)
async def test_a_create_costs_three_writes_of_the_status_and_a_restart_none(vendor: str) -> None:
    operator = new_operator(vendor)
    for _ in range(10):
        await operator.work()
        await operator.poll()
        operator.world.now += SECOND
    assert [told(status)["Ready"] for status in operator.said] == [
        "False Creating",
        "False Starting",
        "True Available",
    ]
    operator.start()
    for _ in range(3):
        await operator.work()
        await operator.poll()
        operator.world.now += SECOND
    assert len(operator.said) == 3


@pytest.mark.parametrize(
    ("post", "reason"), [(Post("refused"), "QuotaExceeded"), (Post("forbidden"), "PermissionDenied")]
)
async def test_a_refused_create_is_tried_again_each_ten_minutes_without_a_word(
    post: Post, reason: str
) -> None:
    operator = new_operator("parasail")
    await play(operator, A_CREATE, [post] * 2)
    refused = operator.status.conditions
    for _ in range(13):
        operator.world.now += 60 * SECOND
        await operator.poll()
        await operator.work()
        await operator.work()
        assert operator.status.conditions == refused or operator.world.sent == 3
    assert operator.world.sent == 2
    assert told(operator.status)["Stalled"] == f"True {reason}"
    await settle(operator)
    check_end(operator)
