"""A create that takes its time is told of while it is under way, and whoever comes after has it in the status."""

import asyncio
from datetime import datetime, timedelta

import pytest

from model_operator.domain import FINALIZER
from support.memory_store import Effect, Trouble, Verb
from support.running import VENDORS, deployment, on_virtual_time, running

BOTH = pytest.mark.parametrize("vendor", VENDORS)


@BOTH
@on_virtual_time
async def test_after_a_second_the_status_says_creating_and_what_was_sent(vendor: str) -> None:
    async with running() as operator:
        await operator.fault("latency", vendor=vendor, operation="create", seconds=5)
        operator.apply(deployment(vendor, contextLength=4096))
        await asyncio.sleep(4)
        assert operator.says("llama")["Ready"] == "False Creating"
        pending = operator.status("llama")["pending"]
        assert pending["sent"]["contextLength"] == 4096
        assert pending["absentBefore"] is True
        await operator.until(lambda: operator.status("llama").get("externalID"))
        assert "pending" not in operator.status("llama")
        assert operator.says("llama")["Synced"] == "True Synced"
        assert await operator.asked("create") == 1


@BOTH
@on_virtual_time
async def test_the_deadline_counts_from_the_post_also_after_a_slow_finalizer(vendor: str) -> None:
    async with running() as operator:
        late = Trouble(Effect.LATE, frozenset({Verb.FINALIZER}), seconds=20, left=1)
        operator.store.troubles.append(late)
        await operator.fault("latency", vendor=vendor, operation="create", seconds=5)
        operator.apply(deployment(vendor))
        applied = operator.wall()
        await operator.until(lambda: operator.status("llama").get("pending"))
        started = datetime.fromisoformat(operator.status("llama")["pending"]["startedAt"])
        assert started - applied >= timedelta(seconds=19)


@BOTH
@on_virtual_time
async def test_a_quick_one_is_told_of_by_its_id_alone(vendor: str) -> None:
    async with running() as operator:
        operator.store.seen.clear()
        await operator.serve(deployment(vendor))
        about = [request.verb for request in operator.store.seen if request.key.name == "llama"]
        assert about[:2] == [Verb.FINALIZER, Verb.STATUS]
        assert about.count(Verb.FINALIZER) == 1
        assert operator.events("llama")[0] == "Created"


@BOTH
@on_virtual_time
async def test_a_refused_word_is_no_reason_to_give_the_answer_up(vendor: str) -> None:
    async with running() as operator:
        await operator.fault("latency", vendor=vendor, operation="create", seconds=5)
        operator.store.troubles.append(Trouble(Effect.REFUSE, frozenset({Verb.STATUS}), left=1))
        (id_,) = await operator.serve(deployment(vendor))
        assert await operator.live(vendor) == [id_]
        assert await operator.asked("create") == 1


@BOTH
@pytest.mark.parametrize("effect", [Effect.LOSE, Effect.REFUSE])
@on_virtual_time
async def test_an_id_whose_write_failed_is_written_by_the_next_pass(vendor: str, effect: Effect) -> None:
    async with running() as operator:
        operator.store.troubles.append(Trouble(effect, frozenset({Verb.STATUS}), left=1))
        (id_,) = await operator.serve(deployment(vendor))
        assert await operator.live(vendor) == [id_]
        assert await operator.asked("create") == 1


@BOTH
@on_virtual_time
async def test_a_refusal_after_a_while_takes_the_word_back(vendor: str) -> None:
    async with running() as operator:
        await operator.fault("error", vendor=vendor, operation="create", status=403, count=1)
        await operator.fault("latency", vendor=vendor, operation="create", seconds=3, count=1)
        operator.apply(deployment(vendor))
        await operator.until(lambda: operator.says("llama").get("Ready") == "False PermissionDenied")
        assert "pending" not in operator.status("llama")
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None, within=5)


@BOTH
@on_virtual_time
async def test_an_object_stripped_and_deleted_within_its_post_leaves_nothing(vendor: str) -> None:
    async with running() as operator:
        await operator.fault("latency", vendor=vendor, operation="create", seconds=0.8)
        operator.apply(deployment(vendor))
        await operator.until(
            lambda: (found := operator.find("llama")) and FINALIZER in found["metadata"].get("finalizers", ())
        )
        assert "pending" not in operator.status("llama")
        operator.take_finalizers("llama")
        operator.delete("llama")
        assert operator.find("llama") is None
        await asyncio.sleep(300)
        assert await operator.live(vendor) == []
        assert await operator.asked("create") == 1
