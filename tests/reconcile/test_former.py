"""Lose etcd, lose nothing: what the owner mark names is adopted, the rest waits for a person, and nothing is made twice."""

from typing import Any

import pytest

from model_operator.accounts.account import Snapshot
from model_operator.domain import EPOCH_TAG, FINALIZER, OWNER_TAG, UID_TAG, RunState
from model_operator.reconcile.deployment.former import left_behind
from support.lost_cluster import lose_etcd, rebuild
from support.running import VENDORS, Running, deployment, on_virtual_time, running
from support.situations import NOW, remote

A_WHILE = 300
HERE = {"installation": "berlin-1"}


async def mutations(operator: Running) -> dict[str, int]:
    return {name: await operator.asked(name) for name in ("create", "delete")}


async def tags(operator: Running, id_: str) -> dict[str, str]:
    found = await operator.simulator.control("GET", f"/deployments/paitient/{id_}")
    return dict(found["tags"])


def is_ready(operator: Running, name: str = "llama") -> bool:
    return operator.says(name).get("Ready") == "True Available"


def is_waiting(operator: Running) -> bool:
    return operator.says("llama").get("Synced") == "False OrphanFound"


async def until_it_waits(operator: Running, vendor: str) -> str:
    """The deployment that a cluster without an installation's name has lost; its object is back, and waits for a person."""
    body = deployment(vendor)
    (id_,) = await operator.serve(body)
    await lose_etcd(operator)
    await rebuild(operator, body)
    await operator.until(lambda: is_waiting(operator))
    return id_


@pytest.mark.parametrize(
    "knobs",
    [
        pytest.param({}, id="a LIST with all tags"),
        pytest.param({"list_tags": "partial"}, id="a LIST with one tag"),
    ],
)
@pytest.mark.parametrize("chosen", [{}, {"deploymentName": "chosen"}], ids=["default name", "chosen name"])
@on_virtual_time
async def test_what_the_owner_mark_names_is_adopted(knobs: dict[str, str], chosen: dict[str, str]) -> None:
    if knobs and chosen:
        return  # a LIST that hides the mark, and a name that is no hint: NameTaken, as before
    async with running(**HERE) as operator:
        await operator.simulator.control("PATCH", "/knobs", {"paitient": knobs})
        body = deployment("paitient", **chosen)
        (id_,) = await operator.serve(body)
        await lose_etcd(operator)
        await rebuild(operator, body)
        await operator.until(lambda: is_ready(operator))
        await operator.wait(A_WHILE)
        assert operator.status("llama")["externalID"] == id_
        assert await mutations(operator) == {"create": 1, "delete": 0}
        found = operator.find("llama")
        assert found is not None
        epoch = str(operator.status("llama")["epoch"])
        marks = {UID_TAG: found["metadata"]["uid"], OWNER_TAG: "berlin-1/team/llama", EPOCH_TAG: epoch}
        assert await tags(operator, id_) == marks
        assert operator.says("llama")["Synced"] == "True Synced"


@on_virtual_time
async def test_a_body_that_comes_with_a_finalizer_adopts_once_its_create_is_proven_to_have_made_nothing() -> (
    None
):
    async with running(**HERE) as operator:
        body = deployment("paitient")
        (id_,) = await operator.serve(body)
        await lose_etcd(operator)
        saved = {**body, "metadata": {**body["metadata"], "finalizers": [FINALIZER]}}
        await rebuild(operator, saved)
        await operator.until(lambda: is_ready(operator), within=300)
        assert operator.status("llama")["externalID"] == id_
        assert await mutations(operator) == {"create": 1, "delete": 0}


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_without_a_mark_it_waits_and_the_remedy_works(vendor: str) -> None:
    async with running(installation="") as operator:
        id_ = await until_it_waits(operator, vendor)
        await operator.wait(A_WHILE)
        assert id_ in operator.message("llama", "Synced")
        assert operator.says("llama") == {
            "Accepted": "True Accepted",
            "Synced": "False OrphanFound",
            "Serving": "False Missing",
            "Ready": "False OrphanFound",
            "Reconciling": "False Idle",
            "Stalled": "True OrphanFound",
        }
        assert operator.warnings("llama") == ["OrphanFound"]
        operator.edit("llama", externalID=id_, deletionPolicy="Delete")
        await operator.until(lambda: is_ready(operator))
        assert await mutations(operator) == {"create": 1, "delete": 0}


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_waiting_costs_nothing(vendor: str) -> None:
    async with running(installation="") as operator:
        await until_it_waits(operator, vendor)
        await operator.wait(30)
        writes, gets = operator.server.writes, await operator.asked("get")
        await operator.wait(A_WHILE)
        assert (operator.server.writes, await operator.asked("get")) == (writes, gets)


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_what_waits_is_made_once_the_other_is_gone(vendor: str) -> None:
    async with running(installation="") as operator:
        id_ = await until_it_waits(operator, vendor)
        await operator.simulator.control("DELETE", f"/deployments/{vendor}/{id_}")
        await operator.until(lambda: is_ready(operator))
        assert await mutations(operator) == {"create": 2, "delete": 0}


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_one_that_waits_is_deleted_without_a_request(vendor: str) -> None:
    async with running(installation="") as operator:
        id_ = await until_it_waits(operator, vendor)
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(A_WHILE)
        assert await operator.live(vendor) == [id_]
        assert await mutations(operator) == {"create": 1, "delete": 0}


@on_virtual_time
async def test_one_of_another_cluster_is_nobodys_former_life() -> None:
    async with running(**HERE) as operator:
        body = deployment("paitient")
        (id_,) = await operator.serve(body)
        await lose_etcd(operator)
        await rebuild(operator, body, installation="paris-1")
        await operator.until(lambda: is_ready(operator))
        assert operator.status("llama")["externalID"] != id_
        assert await mutations(operator) == {"create": 2, "delete": 0}


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_one_with_another_model_is_not_the_same(vendor: str) -> None:
    """Marked, it is this object's for all that, and a person decides; by its name alone it is not."""
    async with running(**HERE) as operator:
        body = deployment(vendor)
        (id_,) = await operator.serve(body)
        await lose_etcd(operator)
        await rebuild(operator, deployment(vendor, model="org/other"))
        await operator.wait(60)
        is_marked = vendor == "paitient"
        assert is_waiting(operator) == is_marked
        assert (id_ in operator.message("llama", "Synced")) == is_marked


@on_virtual_time
async def test_what_another_object_adopts_is_not_taken() -> None:
    async with running(**HERE) as operator:
        body = deployment("paitient")
        (id_,) = await operator.serve(body)
        await lose_etcd(operator)
        other = deployment("paitient", "other", externalID=id_, deletionPolicy="Delete", driftPolicy="Report")
        await rebuild(operator, other, body)
        await operator.until(lambda: is_ready(operator) and is_ready(operator, "other"))
        assert operator.status("other")["externalID"] == id_
        assert operator.status("llama")["externalID"] != id_


@on_virtual_time
async def test_while_it_cannot_be_read_nothing_is_made() -> None:
    async with running(**HERE) as operator:
        body = deployment("paitient")
        (id_,) = await operator.serve(body)
        await lose_etcd(operator)
        await operator.fault("error", operation="get", status=500)
        await rebuild(operator, body)
        await operator.wait(A_WHILE)
        assert operator.status("llama").get("externalID") is None
        await operator.mend()
        await operator.until(lambda: is_ready(operator), within=300)
        assert operator.status("llama")["externalID"] == id_
        assert await mutations(operator) == {"create": 1, "delete": 0}


@pytest.mark.parametrize("policy", ["Correct", "Report"])
@on_virtual_time
async def test_what_git_has_changed_meanwhile_is_shown_and_then_sent(policy: str) -> None:
    async with running(**HERE) as operator:
        body = deployment("paitient")
        await operator.serve(body)
        await lose_etcd(operator)
        await rebuild(operator, deployment("paitient", replicas=2, driftPolicy=policy))
        await operator.until(lambda: bool(operator.status("llama").get("drift")))
        await operator.wait(A_WHILE)
        shown: list[Any] = operator.status("llama").get("drift") or []
        assert [row["field"] for row in shown] == ([] if policy == "Correct" else ["replicas"])
        assert await mutations(operator) == {"create": 1, "delete": 0}


def test_a_former_life_is_found_by_its_mark_or_by_a_name_without_one() -> None:
    ours = remote(id="1", name="chosen", owner="i/team/llama")
    theirs = remote(id="2", name="llama-abcdefgh", owner="i/elsewhere/llama")
    unmarked = remote(id="3", name="llama-abcdefgh", owner=None)
    going = remote(RunState.DELETING, id="4", name="llama-abcdefgh", owner="i/team/llama")
    snapshot = Snapshot.of(NOW, [unmarked, theirs, ours, going])
    assert left_behind(snapshot, "i/team/llama", "llama") == (ours, unmarked)
    assert left_behind(snapshot, "i/team/llama", None) == (ours,)
    assert left_behind(snapshot, None, "llama") == (unmarked,)
    assert left_behind(snapshot, None, None) == ()
