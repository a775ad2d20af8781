"""At most one remote deployment per object, whatever is lost and whoever dies: the rules against a small world.

The world is support/create_world.py: around it the real passes run on an API server in memory, under a clock that only
the test moves, and die wherever the script says.
"""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_operator.plan.deployment.situation import Timing
from model_operator.providers.registry import PROVIDERS
from support.create_world import (
    A_CREATE,
    SECOND,
    Deployment,
    Operator,
    Post,
    Step,
    at_most_one,
    check_end,
    look_on,
    new_operator,
    perform,
    play,
    settle,
)
from support.one_object import Crash
from support.situations import NOW, told

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
            dies=st.sampled_from(
                ["", "", "", "status.sent", "status.done", "finalizer.sent", "finalizer.done"]
            ),
        ),
        st.builds(Step, do=st.just("wait"), seconds=st.sampled_from([1, 5, 20, 61, 200])),
        st.builds(Step, do=st.sampled_from(["poll", "poll", "restart", "pause", "unpause"])),
    ),
    max_size=25,
)


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
    assert f"created deployment {made.id} earlier, but spec.externalID names 7" in ready.message
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
    operator = new_operator("parasail", name="chosen")
    await play(operator, [Step("poll"), Step("work"), Step("wait", 45)], [])
    first = operator.status.pending
    await operator.work()
    assert operator.world.sent == 0
    assert operator.status.pending != first
    await operator.work()
    assert operator.world.sent == 1


async def test_an_intent_that_was_not_sent_is_dropped_by_a_pause() -> None:
    operator = new_operator("parasail", name="chosen")
    await play(operator, [Step("poll"), Step("work"), Step("pause"), Step("work")], [])
    assert operator.world.sent == 0
    assert operator.status.pending is None
    assert told(operator.status)["Ready"] == "True Paused"


@pytest.mark.parametrize("vendor", PROVIDERS)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(None, ["False Starting", "True Available"], id="a name that carries the UID"),
        pytest.param("chosen", ["False Creating", "False Starting", "True Available"], id="a chosen name"),
    ],
)
async def test_a_create_costs_a_finalizer_and_two_writes_of_the_status_and_a_restart_none(
    vendor: str, name: str | None, said: list[str]
) -> None:
    operator = new_operator(vendor, name=name)
    for _ in range(10):
        await operator.work()
        await operator.poll()
        operator.world.now += SECOND
    assert [told(status)["Ready"] for status in operator.said] == said
    operator.start()
    for _ in range(3):
        await operator.work()
        await operator.poll()
        operator.world.now += SECOND
    assert len(operator.said) == len(said)


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
