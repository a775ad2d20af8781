"""The finalizer is the intent of a first create: who may send after whom, and what each end of the story costs."""

from datetime import timedelta

import pytest

from model_operator.domain import DEPLOYMENT, FINALIZER
from model_operator.providers.registry import PROVIDERS
from support.create_world import (
    SECOND,
    Deployment,
    Operator,
    Post,
    Step,
    check_end,
    new_operator,
    play,
    settle,
)
from support.memory_store import Effect, Trouble, Verb
from support.one_object import ACCOUNT, KEY, Crash
from support.rows import ROWS
from support.running import deployment, on_virtual_time, running
from support.situations import NOW, told

BOTH = pytest.mark.parametrize("vendor", PROVIDERS)
UP_TO_THE_POST = [Step("poll"), Step("work")]


def finalizers(operator: Operator) -> list[str]:
    return list(operator.server.get(KEY)["metadata"].get("finalizers", ()))


def mark(operator: Operator) -> None:
    """Our finalizer comes with the object: from Git, from a backup, from a process that is no more."""
    operator.server.merge(KEY, {"metadata": {"finalizers": [FINALIZER]}})


async def look_until_sent(operator: Operator, count: int) -> timedelta:
    """How long it takes until so many creates were sent."""
    began = operator.world.now
    while operator.world.sent < count:
        operator.world.now += SECOND
        await operator.poll()
        await operator.work()
        assert operator.world.now - began < timedelta(minutes=5)
    return operator.world.now - began


@BOTH
async def test_before_anything_is_to_be_created_nothing_is_written_to_the_object(vendor: str) -> None:
    operator = new_operator(vendor)
    await operator.work()
    assert operator.account.waiting == {KEY}, "it waits for a LIST"
    assert finalizers(operator) == []
    assert operator.said == []


@BOTH
async def test_the_finalizer_goes_on_right_before_the_post_and_in_the_same_pass(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [])
    assert finalizers(operator) == [FINALIZER]
    assert operator.world.sent == 1
    assert [status.pending for status in operator.said] == [None], "the first word in the status is the id"
    assert operator.status.external_id is not None


@BOTH
async def test_the_finalizer_is_on_before_its_post_leaves(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("crash", None)])
    assert operator.world.sent == 1
    assert finalizers(operator) == [FINALIZER]


@BOTH
async def test_a_create_whose_answer_is_lost_says_so_in_one_write(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("lost", None)])
    (said,) = operator.said
    assert told(said)["Ready"] == "False OutcomeUnknown"
    assert said.pending is not None
    assert said.pending.sent == dict(ROWS[vendor].vendor.fields(operator.body.spec))
    assert said.pending.absent_before


@BOTH
@pytest.mark.parametrize("dies", ["finalizer.done", "finalizer.sent"])
async def test_who_comes_after_a_death_around_the_finalizer_looks_before_it_sends(
    vendor: str, dies: str
) -> None:
    operator = new_operator(vendor)
    await play(operator, [Step("poll"), Step("work", dies=dies)], [])
    is_marked = finalizers(operator) == [FINALIZER]
    assert is_marked is (dies == "finalizer.done")
    took = await look_until_sent(operator, 1)
    # A request of the process's last moment ends within a minute, and a late commit within another.
    assert took >= timedelta(minutes=2) if is_marked else took <= 2 * SECOND
    await settle(operator)
    check_end(operator)


@BOTH
async def test_what_a_dead_process_has_created_is_adopted_and_its_fields_are_sent_once_more(
    vendor: str,
) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("crash", 5)])
    assert operator.said == []
    operator.world.now += 20 * SECOND
    await operator.poll()
    await operator.work()
    (made,) = operator.world.live()
    assert operator.status.external_id == made.id
    assert operator.status.last_applied == {}, "nobody knows what was sent"
    assert operator.world.sent == 1


@BOTH
async def test_until_then_the_status_says_that_nobody_knows(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("crash", None)])
    await operator.poll()
    await operator.work()
    ready, pending = operator.status.condition("Ready"), operator.status.pending
    assert ready is not None
    assert ready.reason == "OutcomeUnknown"
    assert ready.message.startswith("A create may have been sent before the operator was restarted")
    assert pending is not None
    assert pending.sent is None


@BOTH
async def test_it_is_written_down_before_anything_else_is_said(vendor: str) -> None:
    """Else the report that its ModelProvider is gone would hide that a create may have been sent."""
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("crash", 5)])
    operator.passes.around.bindings.pop(ACCOUNT)
    operator.server.delete(ACCOUNT)
    operator.cache.remove(ACCOUNT)
    await operator.work()
    assert operator.status.pending is not None
    await operator.work()
    assert told(operator.status)["Accepted"] == "False ProviderNotFound"
    assert operator.status.pending is not None


@BOTH
async def test_a_lost_reply_to_the_finalizers_own_write_makes_it_look_first(vendor: str) -> None:
    operator = new_operator(vendor)
    store = operator.passes.around.store
    store.troubles.append(Trouble(Effect.LOSE, frozenset({Verb.FINALIZER}), left=1))
    await operator.poll()
    with pytest.raises(Exception, match="does not answer"):
        await operator.work()
    assert operator.world.sent == 0
    assert finalizers(operator) == [FINALIZER]
    assert await look_until_sent(operator, 1) >= timedelta(minutes=2)
    await settle(operator)
    check_end(operator)


@BOTH
async def test_a_finalizer_that_came_with_the_object_makes_it_look_first(vendor: str) -> None:
    operator = new_operator(vendor)
    mark(operator)
    await play(operator, UP_TO_THE_POST, [])
    assert operator.world.sent == 0
    assert operator.status.pending is not None
    assert await look_until_sent(operator, 1) >= timedelta(seconds=110)
    await settle(operator)
    check_end(operator)


@BOTH
async def test_an_object_of_an_earlier_version_that_was_reported_on_goes_on_at_once(vendor: str) -> None:
    """0.1.0 put the finalizer on first and wrote `pending` before every POST, and so does this one after a report."""
    operator = new_operator(vendor)
    mark(operator)
    refused = new_operator(vendor)
    await play(refused, UP_TO_THE_POST, [Post("refused")])
    reported = refused.status
    operator.server.replace_status(KEY, None, reported.dump())
    operator.start()
    await play(operator, [*UP_TO_THE_POST, Step("work")], [])
    assert operator.world.sent == 1
    assert operator.said[-2].pending is not None, "the finalizer was on before, so the status says it"
    await settle(operator)
    check_end(operator)


@BOTH
async def test_after_a_refusal_the_next_create_is_announced_in_the_status(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("refused")])
    assert told(operator.status)["Ready"] == "False QuotaExceeded"
    assert operator.status.pending is None
    operator.start()
    await play(operator, [Step("poll"), Step("work"), Step("work", dies="status.sent")], [Post("crash", 5)])
    assert operator.world.sent == 2
    assert operator.status.pending is not None
    await settle(operator)
    check_end(operator)


@BOTH
async def test_what_was_refused_is_no_reason_to_wait_after_a_restart(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("refused")])
    operator.start()
    operator.delete()
    await operator.poll()
    await operator.work()
    assert operator.is_released


@BOTH
async def test_a_status_that_was_emptied_is_no_proof_that_nothing_was_made(vendor: str) -> None:
    operator = new_operator(vendor)
    await play(operator, UP_TO_THE_POST, [Post("lost", 50, 30)])
    operator.server.replace_status(KEY, None, operator.server.schemas[DEPLOYMENT].status_default)
    operator.start()
    await settle(operator)
    check_end(operator)
    assert operator.world.sent == 1


@BOTH
@pytest.mark.parametrize("name", [None, "chosen"])
async def test_a_finalizer_that_was_taken_off_while_the_answer_was_lost_is_put_back(
    vendor: str, name: str | None
) -> None:
    operator = new_operator(vendor, name=name)
    await play(operator, [*UP_TO_THE_POST, Step("work")], [Post("lost", 20)])
    operator.server.merge(KEY, {"metadata": {"finalizers": []}})
    await operator.work()
    assert finalizers(operator) == [FINALIZER]


@BOTH
async def test_an_adoption_puts_the_finalizer_on_before_the_id_is_recorded(vendor: str) -> None:
    operator = new_operator(vendor, externalID="33665", deletionPolicy="Delete")
    await play(operator, UP_TO_THE_POST, [])
    assert finalizers(operator) == [], "there is no such deployment"
    operator.world.deployments.append(Deployment("33665", "theirs", "", NOW, NOW))
    operator.world.now += 31 * SECOND
    await operator.poll()
    with pytest.raises(Crash):
        await operator.work(dies="status.sent")
    assert finalizers(operator) == [FINALIZER]
    assert operator.status.external_id is None
    operator.start()
    await operator.poll()
    await operator.work()
    assert operator.status.external_id == "33665", (
        "a spec that never asked for a create has nothing to look for"
    )


@pytest.mark.parametrize("vendor", PROVIDERS)
@pytest.mark.parametrize("is_marked", [True, False])
@on_virtual_time
async def test_an_object_that_is_not_understood_keeps_the_finalizer_while_it_is_an_intent(
    vendor: str, is_marked: bool
) -> None:
    """The CRD is one word newer than this operator, and somebody has used it while a create may have been sent."""
    async with running() as operator:
        server = operator.server
        server.schemas[DEPLOYMENT] = server.schemas[DEPLOYMENT].widened("spec.driftPolicy", "Ask")
        newer = deployment(vendor, driftPolicy="Ask")
        if is_marked:
            newer["metadata"]["finalizers"] = [FINALIZER]
        operator.apply(newer)
        await operator.until(lambda: operator.says("llama").get("Ready") == "False Unsupported")
        operator.delete("llama")
        await operator.wait(60)
        assert (operator.find("llama") is not None) is is_marked
        if is_marked:
            operator.edit("llama", deletionPolicy="Orphan")
            await operator.until(lambda: operator.find("llama") is None)
            assert "Orphaned" in operator.events("llama")
