"""A ModelProvider's mode with the real engine: what leaves in each, what an object's end leaves, and the way back."""

from typing import Any

import pytest

from model_operator.domain import PROVIDER, Key
from support import manifests
from support.account_modes import forget_requests, has_finalizer, methods, set_mode
from support.running import VENDORS, deployment, on_virtual_time, provider, running

LONG = 900.0


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_trial_reads_an_account_and_leaves_no_trace_in_it(vendor: str) -> None:
    async with running(opens=False) as operator:
        operator.apply(manifests.secret_of(vendor), provider(vendor, mode="Observe"), deployment(vendor))
        await operator.until(lambda: operator.says("llama").get("Synced") == "False Observed")
        assert operator.message("llama", "Synced").endswith(
            "In mode Manage, the operator would create the deployment."
        )
        assert operator.says("llama")["Ready"] == "False Observed"
        assert operator.says(vendor, PROVIDER)["Ready"] == "True Available"
        await operator.wait(60)
        writes = operator.server.writes
        await operator.wait(LONG)
        assert operator.server.writes == writes
        assert await methods(operator, vendor) == {"GET"}
        assert await operator.asked("list") <= LONG / 30 + 10
        assert not has_finalizer(operator, "llama")
        assert not has_finalizer(operator, vendor, PROVIDER)
        operator.delete("llama")
        operator.delete(vendor, PROVIDER)
        await operator.wait(1)
        assert (operator.find("llama"), operator.find(vendor, PROVIDER)) == (None, None)
        assert await methods(operator, vendor) == {"GET"}


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_what_was_observed_is_done_once_it_is_to_be_managed(vendor: str) -> None:
    async with running() as operator:
        await set_mode(operator, vendor, "Observe")
        operator.apply(deployment(vendor))
        await operator.until(lambda: operator.says("llama").get("Synced") == "False Observed")
        operator.edit(vendor, PROVIDER, mode=None)
        await operator.until(lambda: operator.says("llama")["Ready"] == "True Available")
        assert operator.status(vendor, PROVIDER)["mode"] == "Manage"
        assert len(await operator.live(vendor)) == 1
        assert has_finalizer(operator, "llama")


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_an_edit_is_said_and_not_sent_while_it_only_observes(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await set_mode(operator, vendor, "Observe")
        await operator.until(lambda: operator.says("llama")["Synced"] == "True Observed")
        await forget_requests(operator)
        operator.edit("llama", replicas=2)
        await operator.until(lambda: operator.says("llama")["Synced"] == "False Observed")
        assert operator.says("llama")["Ready"] == "True Available"
        assert f"would update replicas of deployment {id_}" in operator.message("llama", "Synced")
        assert [(d["field"], d["desired"]) for d in operator.status("llama")["drift"]] == [("replicas", "2")]
        await operator.restart()
        await operator.wait(60)
        assert await methods(operator, vendor) == {"GET"}
        await set_mode(operator, vendor, "Manage")
        await operator.until(lambda: operator.says("llama")["Ready"] == "True Available")
        await operator.until(lambda: operator.says("llama")["Synced"] == "True Synced")
        assert await operator.asked("update") >= 1


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_an_object_that_goes_while_it_is_observed_leaves_its_deployment(
    vendor: str, *, restarts: bool
) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await set_mode(operator, vendor, "Observe")
        await forget_requests(operator)
        if restarts:
            await operator.restart()
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(60)
        told = [e["message"] for e in operator.server.list("Event", "team") if e["reason"] == "Orphaned"]
        assert told == [
            f'Deployment {id_} stays at the provider (ModelProvider "{vendor}" is in mode Observe).'
        ]
        assert operator.total("model_operator_orphaned_total") == 1
        assert await operator.live(vendor) == [id_]
        assert await methods(operator, vendor) <= {"GET"}


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_nothing_is_deleted_for_one_that_vanished_while_it_was_observed(
    vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await set_mode(operator, vendor, "Observe")
        operator.take_finalizers("llama")
        operator.delete("llama")
        await operator.wait(60)
        assert operator.find("llama") is None
        assert await operator.live(vendor) == [id_]
        assert operator.events("llama")[-1] == "Orphaned"
        assert "is deleted at the provider" not in caplog.text


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_suspended_account_is_left_in_peace(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await set_mode(operator, vendor, "Suspend")
        await operator.until(lambda: operator.says("llama")["Ready"] == "Unknown Suspended")
        await forget_requests(operator)
        operator.edit("llama", replicas=2)
        operator.apply(deployment(vendor, "new"))
        await operator.wait(60)
        writes = operator.server.writes
        await operator.wait(LONG)
        await operator.restart()
        await operator.wait(LONG)
        assert operator.server.writes == writes
        assert await methods(operator, vendor) == set()
        assert operator.status("llama")["externalID"] == id_
        assert operator.says("new")["Synced"] == "Unknown Suspended"
        assert has_finalizer(operator, "llama")
        assert not has_finalizer(operator, "new")
        await set_mode(operator, vendor, "Manage")
        await operator.until(lambda: operator.says("new").get("Ready") == "True Available")
        await operator.until(lambda: operator.says("llama")["Ready"] == "True Available")
        assert len(await operator.live(vendor)) == 2


@on_virtual_time
async def test_an_account_whose_secret_is_gone_is_left_in_peace_too() -> None:
    """Its key is in memory still."""
    async with running() as operator:
        await operator.serve(deployment("paitient"))
        operator.server.delete(Key("Secret", "team", "paitient"))
        await set_mode(operator, "paitient", "Suspend")
        await forget_requests(operator)
        await operator.wait(120)
        assert await methods(operator, "paitient") == set()


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_what_is_deleted_while_it_is_suspended_waits(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        await set_mode(operator, vendor, "Suspend")
        await forget_requests(operator)
        operator.delete("llama")
        await operator.wait(LONG)
        assert operator.says("llama")["Stalled"] == "True Suspended"
        assert await methods(operator, vendor) == set()
        await set_mode(operator, vendor, "Manage")
        await operator.until(lambda: operator.find("llama") is None)
        assert await operator.live(vendor) == []
        assert await operator.asked("delete") == 1


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_orphan_is_the_way_out_of_a_suspended_account(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await set_mode(operator, vendor, "Suspend")
        operator.delete("llama")
        await operator.wait(10)
        operator.edit("llama", deletionPolicy="Orphan")
        await operator.until(lambda: operator.find("llama") is None)
        assert operator.events("llama")[-1] == "Orphaned"
        assert await operator.live(vendor) == [id_]


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_another_modelprovider_of_the_account_goes_on(vendor: str) -> None:
    async with running() as operator:
        operator.apply(provider(vendor, "second", vendor))
        await operator.serve(deployment(vendor), deployment(vendor, "other", providerRef={"name": "second"}))
        await set_mode(operator, vendor, "Suspend")
        operator.edit("other", replicas=2)
        operator.edit("llama", replicas=2)
        await operator.wait(120)
        assert operator.says("other")["Ready"] == "True Available"
        assert operator.says("llama")["Ready"] == "Unknown Suspended"
        assert await operator.asked("update") == 1
        lists = await operator.asked(f"list&vendor={vendor}")
        await operator.wait(300)
        assert await operator.asked(f"list&vendor={vendor}") - lists <= 11


@on_virtual_time
async def test_what_starts_while_it_is_suspended_is_not_waited_for_by_the_others() -> None:
    """The account is listed at the pace of whom it still serves."""
    async with running() as operator:
        operator.apply(provider("paitient", "second", "paitient"))
        await operator.serve(deployment("paitient", "other", providerRef={"name": "second"}))
        await operator.simulator.control("PATCH", "/knobs", {"paitient": {"create_s": 3000}})
        operator.apply(deployment("paitient"))
        await operator.until(lambda: operator.says("llama").get("Ready") == "False Starting")
        await set_mode(operator, "paitient", "Suspend")
        lists = await operator.asked("list&vendor=paitient")
        await operator.wait(300)
        assert await operator.asked("list&vendor=paitient") - lists <= 11


@pytest.mark.parametrize("mode", ["Observe", "Suspend"])
@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "latency", "seconds": 5}, id="answered late"),
        pytest.param({"kind": "commit_then_reset"}, id="lost"),
        pytest.param(
            {"kind": "error", "status": 500, "commit": True}, id="hidden by a 500", marks=pytest.mark.long
        ),
        pytest.param({"kind": "error", "status": 500}, id="failed", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("dies", [False, pytest.param(True, marks=pytest.mark.long)])
@on_virtual_time
async def test_a_mode_that_comes_into_a_create_makes_no_second_one(
    mode: str, vendor: str, fault: dict[str, Any], *, dies: bool
) -> None:
    async with running() as operator:
        await operator.fault(operation="create", **fault)
        operator.apply(deployment(vendor))
        while not await operator.asked("create"):
            await operator.wait(0.05)
        operator.edit(vendor, PROVIDER, mode=mode)
        if dies:
            await operator.restart()
        await operator.mend()
        await operator.until(lambda: operator.status(vendor, PROVIDER).get("mode") == mode)
        sent = await operator.asked("create")
        await forget_requests(operator)
        await operator.wait(300)
        assert await methods(operator, vendor) <= ({"GET"} if mode == "Observe" else set())
        if dies:
            await operator.restart()
        await set_mode(operator, vendor, "Manage")
        await operator.until(lambda: operator.says("llama").get("Ready") == "True Available", within=600)
        assert await operator.live(vendor) == [operator.status("llama")["externalID"]]
        assert sent + await operator.asked("create") == (
            2 if fault == {"kind": "error", "status": 500} else 1
        )


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_the_status_names_the_mode_once_nothing_of_the_one_before_is_under_way(vendor: str) -> None:
    async with running() as operator:
        await operator.fault("latency", operation="create", seconds=10)
        operator.apply(deployment(vendor))
        while not await operator.asked("create"):
            await operator.wait(0.05)
        operator.edit(vendor, PROVIDER, mode="Suspend")
        await operator.wait(5)
        assert operator.status(vendor, PROVIDER)["mode"] == "Manage"
        await operator.until(lambda: operator.status(vendor, PROVIDER)["mode"] == "Suspend", within=10)
        assert operator.status("llama")["externalID"] == (await operator.live(vendor))[0]


@on_virtual_time
async def test_an_observer_keeps_no_name_from_who_manages() -> None:
    """The elder of two objects with one name has it; unless it makes nothing."""
    vendor = "paitient"
    async with running() as operator:
        operator.apply(provider(vendor, "trial", vendor, mode="Observe"))
        operator.apply(deployment(vendor, "elder", deploymentName="chat", providerRef={"name": "trial"}))
        await operator.until(lambda: operator.says("elder").get("Synced") == "False Observed")
        (id_,) = await operator.serve(deployment(vendor, "younger", deploymentName="chat"))
        await operator.wait(60)
        assert await operator.live(vendor) == [id_]
        assert operator.says("elder")["Accepted"] == "False NameTaken"
