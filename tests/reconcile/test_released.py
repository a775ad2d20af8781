"""When an object may go: not before what it made is gone, or is left behind on purpose, also if its finalizer is not there."""

from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, FINALIZER, PROVIDER
from support.canary_world import canary, traffic
from support.memory_store import Effect, Trouble, Verb
from support.running import VENDORS, Running, deployment, on_virtual_time, running

A_WHILE = 60


def vanish(operator: Running, name: str = "llama") -> None:
    """Somebody takes the finalizer off and deletes it, before the operator can put that back."""
    operator.take_finalizers(name)
    operator.delete(name)


async def gone(operator: Running, name: str = "llama") -> None:
    await operator.until(lambda: operator.find(name) is None, within=300)


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_deletion_is_sent_once_and_waited_for(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        operator.delete("llama")
        await operator.wait(0.5)
        assert operator.says("llama")["Ready"] == "False Deleting"
        await gone(operator)
        assert (await operator.live(vendor), await operator.asked("delete")) == ([], 1)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("seconds", [0.0, 0.02, 0.2, 1, 3])
@on_virtual_time
async def test_a_deletion_at_any_moment_of_a_create_leaves_nothing(vendor: str, seconds: float) -> None:
    async with running() as operator:
        operator.apply(deployment(vendor))
        await operator.wait(seconds)
        operator.delete("llama")
        await gone(operator)
        await operator.wait(A_WHILE)
        assert await operator.live(vendor) == []


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_deletion_that_the_provider_refuses_keeps_the_object(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await operator.fault("error", operation="delete", status=500)
        operator.delete("llama")
        await operator.wait(A_WHILE)
        assert operator.find("llama")["metadata"]["finalizers"] == [FINALIZER]
        assert operator.status("llama")["externalID"] == id_
        await operator.mend()
        await gone(operator)
        assert await operator.live(vendor) == []


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_finalizer_that_the_api_server_keeps_is_taken_off_later(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        refused = Trouble(Effect.REFUSE, frozenset({Verb.FINALIZER}), left=5)
        operator.store.troubles.append(refused)
        operator.delete("llama")
        await gone(operator)
        assert await operator.asked("delete") == 1


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("named", [None, "spec"])
@on_virtual_time
async def test_a_reply_that_is_lost_changes_nothing_of_the_end(vendor: str, named: str | None) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor, **({"deploymentName": "chosen"} if named else {})))
        operator.store.troubles.append(Trouble(Effect.LOSE, frozenset({Verb.FINALIZER, Verb.STATUS}), left=3))
        operator.delete("llama")
        await gone(operator)
        assert await operator.live(vendor) == []


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_one_without_a_finalizer_is_finished_from_what_was_known_of_it(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        vanish(operator)
        await operator.wait(A_WHILE)
        assert await operator.live(vendor) == []
        known = operator.engine.cache.keys()
        assert [key for key in known if key.kind == DEPLOYMENT] == []


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_what_vanished_and_orphans_is_left_alone(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor, deletionPolicy="Orphan"))
        vanish(operator)
        await operator.wait(A_WHILE)
        assert await operator.live(vendor) == [id_]


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_new_object_of_the_same_name_does_not_meet_the_old_ones_end(vendor: str) -> None:
    async with running() as operator:
        (old,) = await operator.serve(deployment(vendor))
        vanish(operator)
        await operator.wait(0.1)
        operator.apply(deployment(vendor))
        await operator.until(lambda: operator.says("llama").get("Ready") == "True Available")
        await operator.wait(A_WHILE)
        new = operator.status("llama")["externalID"]
        assert new != old
        assert await operator.live(vendor) == [new]


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_its_provider_is_kept_for_one_that_vanished(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        await operator.fault("error", operation="delete", status=500)
        vanish(operator)
        await operator.wait(5)
        operator.delete(vendor, PROVIDER)
        await operator.wait(5)
        assert operator.says(vendor, PROVIDER)["Ready"] == "False InUse"
        await operator.mend()
        await operator.until(lambda: operator.find(vendor, PROVIDER) is None)
        assert await operator.live(vendor) == []


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_finalizer_that_a_replace_took_off_is_put_back(vendor: str) -> None:
    async with running() as operator:
        await operator.serve(deployment(vendor))
        operator.take_finalizers("llama")
        await operator.wait(1)
        assert operator.find("llama")["metadata"]["finalizers"] == [FINALIZER]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        pytest.param(
            {"externalID": "{missing}", "deletionPolicy": "Delete"}, None, id="an adoption of nothing"
        ),
        pytest.param({"providerRef": {"name": "nobody"}}, "ProviderNotFound", id="no ModelProvider"),
        pytest.param({"replicas": "many"}, None, id="never understood"),
    ],
)
@on_virtual_time
async def test_one_that_never_had_anything_goes_at_once_and_sends_nothing(
    spec: dict[str, Any], reason: str | None
) -> None:
    async with running() as operator:
        given = {k: "999999" if v == "{missing}" else v for k, v in spec.items()}
        body = deployment("parasail", **given)
        if given.get("replicas") == "many":
            operator.server.schemas.pop("ModelDeployment")
        operator.apply(body)
        await operator.wait(5)
        if reason is not None:
            assert operator.says("llama")["Ready"] == f"False {reason}"
        operator.delete("llama")
        await operator.wait(5)
        assert operator.find("llama") is None
        assert await operator.asked("delete") == await operator.asked("create") == 0


@on_virtual_time
async def test_a_deployment_with_traffic_is_kept_for_its_canary_endpoint() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("paitient", "triage-v2"))
        operator.apply(canary(traffic=traffic(v1=100, v2=0)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        operator.delete("triage-v2")
        await gone(operator, "triage-v2")
        operator.delete("triage-v1")
        await operator.wait(A_WHILE)
        assert operator.says("triage-v1")["Ready"] == "False InUse"
        assert operator.message("triage-v1").startswith("CanaryEndpoint triage sends traffic")
        assert await operator.asked("delete") == 1
        operator.delete("triage", CANARY)
        await gone(operator, "triage-v1")
        assert await operator.live("paitient") == []


@on_virtual_time
async def test_a_persons_change_of_mind_is_heard_while_it_terminates() -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment("parasail"))
        await operator.fault("error", operation="delete", status=500)
        operator.delete("llama")
        await operator.wait(5)
        operator.edit("llama", deletionPolicy="Orphan")
        await gone(operator)
        assert await operator.live("parasail") == [id_]
