"""What is left at the provider on purpose is said: an Event, a count, and nothing is sent."""

import asyncio
from typing import Any

import pytest

from model_operator.domain import CANARY
from support.canary_world import canary, traffic
from support.running import VENDORS, Running, deployment, on_virtual_time, running

ORPHANS = {"deletionPolicy": "Orphan"}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("patched", ["from the start", "before", "while it terminates"])
@on_virtual_time
async def test_a_deployment_is_left_behind_with_its_id(vendor: str, patched: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor, **(ORPHANS if patched == "from the start" else {})))
        if patched == "before":
            operator.edit("llama", **ORPHANS)
            await operator.wait(1)
        if patched == "while it terminates":
            await operator.fault("error", operation="delete", status=500)
        operator.delete("llama")
        if patched == "while it terminates":
            await operator.wait(1)
            operator.edit("llama", **ORPHANS)
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(1)
        assert operator.events("llama")[-1] == "Orphaned"
        assert operator.total("model_operator_orphaned_total") == 1
        assert await operator.live(vendor) == [id_]
        assert any(
            id_ in e["message"] for e in operator.server.list("Event", "team") if e["reason"] == "Orphaned"
        )


async def _is_sent(operator: Running, operation: str) -> None:
    async with asyncio.timeout(30):
        while not await operator.asked(operation):
            await operator.wait(0.1)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "latency", "seconds": 2}, id="answered"),
        pytest.param({"kind": "commit_then_reset"}, id="lost"),
        pytest.param({"kind": "error", "status": 500, "commit": True}, id="hidden by a 500"),
    ],
)
@pytest.mark.parametrize("dies", [False, True])
@on_virtual_time
async def test_what_was_deleted_before_it_was_to_stay_is_not_said_to_stay(
    vendor: str, fault: dict[str, Any], dies: bool
) -> None:
    """Its id is said all the same, and nobody is held until it is gone."""
    async with running() as operator:
        await operator.simulator.control("PATCH", "/knobs", {vendor: {"delete_s": 5}})
        (id_,) = await operator.serve(deployment(vendor))
        await operator.fault(operation="delete", **fault)
        operator.delete("llama")
        await _is_sent(operator, "delete")
        if dies:
            await operator.wait(2.1)
            await operator.stop()
        sent = await operator.asked("delete")
        operator.edit("llama", **ORPHANS)
        if dies:
            await operator.start()
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(30)
        assert await operator.live(vendor) == []
        assert await operator.asked("delete") == sent
        (told,) = (e["message"] for e in operator.server.list("Event", "team") if e["reason"] == "Orphaned")
        assert told == (
            f"Deployment {id_} is left at the provider (deletionPolicy Orphan). A delete may have been sent before"
            " that was set: check the provider's console."
        )


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"paused": True}, id="created paused"),
        pytest.param({"providerRef": {"name": "nobody"}}, id="without a ModelProvider"),
    ],
)
@on_virtual_time
async def test_where_nothing_was_made_nothing_is_left(spec: dict[str, Any]) -> None:
    async with running() as operator:
        operator.apply(deployment("parasail", **ORPHANS, **spec))
        await operator.wait(5)
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(1)
        assert "Orphaned" not in operator.events("llama")
        assert operator.total("model_operator_orphaned_total") == 0


@on_virtual_time
async def test_an_endpoint_that_no_api_can_delete_is_named() -> None:
    async with running() as operator:
        body = deployment("paitient", block={"endpointName": "chat"})
        await operator.serve(body)
        await operator.until(lambda: operator.status("llama").get("endpoint"))
        endpoint = operator.status("llama")["endpoint"]["id"]
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(1)
        said = [
            e["message"] for e in operator.server.list("Event", "team") if e["reason"] == "EndpointOrphaned"
        ]
        assert said == [
            f"Endpoint {endpoint} stays at the provider, because the provider's API cannot delete it."
        ]
        assert await operator.live("paitient") == []


@pytest.mark.parametrize("is_stripped", [False, True])
@on_virtual_time
async def test_a_canary_endpoint_is_named_also_without_its_finalizer(is_stripped: bool) -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"))
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        id_ = operator.status("triage", CANARY)["externalID"]
        if is_stripped:
            operator.take_finalizers("triage", CANARY)
        operator.delete("triage", CANARY)
        await operator.until(lambda: operator.find("triage", CANARY) is None)
        await operator.wait(1)
        said = [
            e["message"] for e in operator.server.list("Event", "team") if e["reason"] == "EndpointOrphaned"
        ]
        assert [id_ in message for message in said] == [True]


@on_virtual_time
async def test_in_a_namespace_that_terminates_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment("parasail", **ORPHANS))
        operator.server.terminating.add("team")
        operator.delete("llama")
        await operator.until(lambda: operator.find("llama") is None)
        await operator.wait(1)
        warned = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
        assert any(f"Deployment {id_} stays" in message for message in warned)
        assert operator.total("model_operator_orphaned_total") == 1
