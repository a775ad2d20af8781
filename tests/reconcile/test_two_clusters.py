"""Two clusters of one Git repository at one account: a change-over, and what becomes of one that does not wait for it."""

import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from model_operator.domain import EPOCH_TAG, PROVIDER, UID_TAG
from model_operator.modes import is_read
from support import manifests
from support.running import Running, beside, deployment, on_virtual_time, provider, running

VENDOR = "paitient"
NAMES = ("a", "b", "c")
BODIES = [deployment(VENDOR, name) for name in NAMES]


async def set_mode(operator: Running, mode: str) -> None:
    operator.edit(VENDOR, PROVIDER, mode=mode)
    await operator.until(lambda: operator.status(VENDOR, PROVIDER).get("mode") == mode)


async def changes(operator: Running) -> list[tuple[int, str]]:
    """(number, cluster) of all requests that change something, in the order of their arrival."""
    found = (await operator.simulator.control("GET", "/requests"))["requests"]
    return [
        (request["seq"], {k.lower(): v for k, v in request["headers"].items()}.get("x-cluster", "old"))
        for request in found
        if not is_read(request["method"])
    ]


async def tags(operator: Running, id_: str) -> dict[str, str]:
    shown: dict[str, str] = (await operator.simulator.control("GET", f"/deployments/{VENDOR}/{id_}"))["tags"]
    return shown


async def live(operator: Running) -> list[str]:
    return sorted(await operator.live(VENDOR))


def says(operator: Running, condition: str) -> set[str]:
    return {operator.says(name).get(condition, "") for name in NAMES}


def uid(operator: Running, name: str) -> str:
    return str(operator.find(name)["metadata"]["uid"])  # type: ignore[index]


@asynccontextmanager
async def both(list_tags: str = "all") -> AsyncIterator[tuple[Running, Running, list[str]]]:
    """The old cluster manages, the new one observes the same objects under the old one's name; and the ids.

    `list_tags` is the simulator's knob; of partial ones, a LIST shows the user's alone.
    """
    bodies = [deployment(VENDOR, name, block={"tags": {"a-team": "triage"}}) for name in NAMES]
    async with running(installation="prod") as old:
        await old.simulator.control("PATCH", "/knobs", {VENDOR: {"list_tags": list_tags}})
        ids = await old.serve(*bodies)
        async with beside(old, "new") as new:
            new.apply(manifests.secret_of(VENDOR), provider(VENDOR, mode="Observe"), *bodies)
            await new.until(lambda: says(new, "Synced") == {"False Observed"})
            yield old, new, ids


@on_virtual_time
async def test_a_cluster_that_stands_by_says_what_it_would_adopt() -> None:
    async with both() as (_, new, ids):
        for name, id_ in zip(NAMES, ids, strict=True):
            assert new.message(name, "Synced").endswith(f"the operator would adopt deployment {id_}.")
        assert says(new, "Ready") == {"True Available"}
        await new.wait(60)
        before = new.server.writes
        await new.wait(300)
        assert new.server.writes == before
        assert {cluster for _, cluster in await changes(new)} == {"old"}


@on_virtual_time
async def test_a_change_over_has_one_writer_at_a_time() -> None:
    async with both() as (old, new, ids):
        await set_mode(old, "Observe")
        await old.until(lambda: says(old, "Synced") == {"True Observed"})
        await set_mode(new, "Manage")
        await new.until(lambda: says(new, "Synced") == {"True Synced"})
        await new.wait(120)
        assert says(new, "Ready") == {"True Available"}
        assert [new.status(name)["externalID"] for name in NAMES] == ids
        assert await live(new) == sorted(ids)
        assert await new.asked("create") == len(NAMES)
        assert await new.asked("delete") == 0
        for name, id_ in zip(NAMES, ids, strict=True):
            shown = await tags(new, id_)
            assert (shown[UID_TAG], shown[EPOCH_TAG]) == (uid(new, name), str(new.status(name)["epoch"]))
        writers = [cluster for _, cluster in await changes(new)]
        assert writers == sorted(writers, reverse=True)  # old, old, …, new, new
        old.edit("a", replicas=2)
        old.delete("b")
        await old.wait(60)
        assert [cluster for _, cluster in await changes(new)] == writers
        assert await live(new) == sorted(ids)


@pytest.mark.long
@on_virtual_time
async def test_the_way_back_is_the_same() -> None:
    async with both() as (old, new, ids):
        for one, other in ((old, new), (new, old), (old, new)):
            await set_mode(one, "Observe")
            await one.until(lambda one=one: says(one, "Synced") <= {"True Observed", "False Observed"})
            await one.simulator.control("DELETE", "/requests")
            await set_mode(other, "Manage")
            await other.until(lambda other=other: says(other, "Synced") == {"True Synced"})
            await other.wait(60)
            assert says(other, "Ready") == {"True Available"}
            assert len({cluster for _, cluster in await changes(other)}) == 1
            for name, id_ in zip(NAMES, ids, strict=True):
                assert (await tags(other, id_))[UID_TAG] == uid(other, name)
        assert await live(new) == sorted(ids)


@pytest.mark.parametrize("restarts", [False, pytest.param(True, marks=pytest.mark.long)])
@on_virtual_time
async def test_a_cluster_that_was_not_stopped_stops_at_its_next_look(*, restarts: bool) -> None:
    async with both() as (old, new, ids):
        await set_mode(new, "Manage")
        await new.until(lambda: says(new, "Synced") == {"True Synced"}, within=300)
        await old.until(lambda: says(old, "Accepted") == {"False ExternalIDTaken"})
        if restarts:
            await old.restart()
            await old.wait(10)
        await old.simulator.control("DELETE", "/requests")
        for name in NAMES:
            old.edit(name, replicas=3)
        await old.wait(200)
        assert "old" not in {cluster for _, cluster in await changes(new)}
        assert await new.asked("create") == 0
        assert await live(new) == sorted(ids)
        old.delete("a")
        await old.until(lambda: old.find("a") is None)
        assert old.events("a")[-1] == "Orphaned"
        assert await live(new) == sorted(ids)
        assert says(new, "Ready") == {"True Available"}


@pytest.mark.long
@on_virtual_time
async def test_what_the_new_cluster_deletes_the_old_one_does_not_make_again() -> None:
    async with both() as (old, new, ids):
        await set_mode(new, "Manage")
        await old.until(lambda: says(old, "Accepted") == {"False ExternalIDTaken"}, within=300)
        new.delete("a")
        await new.until(lambda: new.find("a") is None)
        await old.wait(900)
        await old.restart()
        await old.wait(900)
        assert await live(new) == sorted(ids[1:])
        assert await new.asked("create") == len(NAMES)
        assert old.says("a")["Accepted"] == "False ExternalIDTaken"


@pytest.mark.parametrize("edits", [False, pytest.param(True, marks=pytest.mark.long)])
@on_virtual_time
async def test_who_starts_after_it_was_taken_over_looks_before_it_sends(*, edits: bool) -> None:
    """The old cluster was away; its first request that changes something would undo what the new one did."""
    async with both("partial") as (old, new, ids):
        await old.stop()
        await set_mode(new, "Manage")
        await new.until(lambda: says(new, "Synced") == {"True Synced"}, within=300)
        await new.simulator.control("DELETE", "/requests")
        if edits:
            old.edit("a", replicas=2)
        else:
            old.delete("a")
        await old.start()
        await old.wait(300)
        assert "old" not in {cluster for _, cluster in await changes(new)}
        assert await live(new) == sorted(ids)


@on_virtual_time
async def test_a_deletion_reads_once_more_whose_the_deployment_is() -> None:
    """It was taken over since the last LIST."""
    async with running(installation="prod") as old:
        (id_, *_) = await old.serve(*BODIES)
        await old.wait(60)
        theirs = {**await tags(old, id_), UID_TAG: "elsewhere", EPOCH_TAG: "9" * 13}
        await old.simulator.control("PATCH", f"/deployments/{VENDOR}/{id_}", {"fields": {"tags": theirs}})
        old.delete("a")
        await old.until(lambda: old.find("a") is None)
        assert await old.asked("delete") == 0
        assert id_ in await old.live(VENDOR)


@on_virtual_time
async def test_a_copy_of_etcd_is_told_apart_by_its_epoch() -> None:
    """The same UIDs, the same statuses."""
    async with running(installation="prod") as old:
        ids = await old.serve(*BODIES)
        async with beside(old, "new") as new:
            await new.stop()
            new.server.objects.update(copy.deepcopy(old.server.objects))
            new.server.version = old.server.version
            new.edit(VENDOR, PROVIDER, mode="Observe")
            await new.start()
            await new.until(lambda: says(new, "Synced") == {"True Observed"})
            await set_mode(new, "Manage")
            await new.until(lambda: says(new, "Synced") == {"True Synced"}, within=300)
            await old.until(lambda: says(old, "Accepted") == {"False ExternalIDTaken"}, within=300)
            assert await live(new) == sorted(ids)
            assert {old.status(name)["lostToEpoch"] for name in NAMES} == {
                new.status(name)["epoch"] for name in NAMES
            }
