"""Two objects that want one name or one id: the passes let one of them have it, and change nothing for the other."""

from typing import Any

import pytest

from model_operator.domain import PROVIDER
from support import manifests
from support.running import VENDORS, Running, deployment, on_virtual_time, provider, running

NAMED = {"deploymentName": "chosen"}
A_WHILE = 90
"""Seconds: two sweeps and more."""


def adopting(vendor: str, name: str, id_: str) -> Any:
    return deployment(vendor, name, externalID=id_, deletionPolicy="Delete")


async def stranger(operator: Running, vendor: str) -> str:
    """The id of a deployment that some object made and left behind."""
    (id_,) = await operator.serve(deployment(vendor, "old", deletionPolicy="Orphan"))
    operator.delete("old")
    await operator.until(lambda: operator.find("old") is None)
    return id_


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_the_elder_has_a_name_and_the_younger_gets_it_when_it_is_free(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor, "elder", **NAMED))
        operator.apply(deployment(vendor, "younger", **NAMED))
        await operator.wait(A_WHILE)
        assert operator.says("younger")["Accepted"] == "False NameTaken"
        assert 'ModelDeployment "elder"' in operator.message("younger", "Accepted")
        assert await operator.live(vendor) == [id_]
        operator.delete("elder")
        await operator.until(lambda: operator.says("younger")["Ready"] == "True Available", within=300)
        assert await operator.live(vendor) == [operator.status("younger")["externalID"]]


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_of_two_at_once_one_is_let_through(vendor: str) -> None:
    async with running() as operator:
        operator.apply(deployment(vendor, "a", **NAMED), deployment(vendor, "b", **NAMED))
        await operator.wait(A_WHILE)
        said = sorted(operator.says(name)["Accepted"] for name in ("a", "b"))
        assert said == ["False NameTaken", "True Accepted"]
        assert len(await operator.live(vendor)) == await operator.asked("create") == 1


@on_virtual_time
async def test_a_name_is_kept_for_one_that_is_paused_from_the_start_also_by_the_next_process() -> None:
    async with running() as operator:
        operator.apply(deployment("parasail", "elder", paused=True, **NAMED))
        await operator.wait(1)
        operator.apply(deployment("parasail", "younger", **NAMED))
        for _ in range(2):
            await operator.wait(A_WHILE)
            assert operator.says("younger")["Accepted"] == "False NameTaken"
            await operator.restart()
        assert await operator.live("parasail") == []


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_name_is_one_accounts(vendor: str) -> None:
    """Two ModelProviders with one key are one account, whatever they are called."""
    async with running() as operator:
        operator.apply(provider(vendor, "twin", vendor))
        (id_,) = await operator.serve(deployment(vendor, "a", **NAMED))
        operator.apply(deployment(vendor, "b", providerRef={"name": "twin"}, **NAMED))
        await operator.wait(A_WHILE)
        assert operator.says("b")["Accepted"] == "False NameTaken"
        assert await operator.live(vendor) == [id_]


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_one_id_has_one_owner(vendor: str) -> None:
    async with running() as operator:
        id_ = await stranger(operator, vendor)
        await operator.serve(adopting(vendor, "first", id_))
        operator.apply(adopting(vendor, "second", id_))
        await operator.wait(A_WHILE)
        assert operator.status("second").get("externalID") is None
        assert operator.says("second")["Accepted"] == "False ExternalIDTaken"
        operator.delete("second")
        await operator.until(lambda: operator.find("second") is None)
        assert await operator.live(vendor) == [id_]
        assert await operator.asked("delete") == 0


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_nobody_adopts_what_another_has_made(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor, "maker"))
        operator.apply(adopting(vendor, "taker", id_))
        await operator.wait(A_WHILE)
        assert operator.says("taker")["Accepted"] == "False ExternalIDTaken"
        assert operator.says("maker")["Ready"] == "True Available"
        operator.delete("maker")
        await operator.until(lambda: operator.find("maker") is None)
        assert await operator.live(vendor) == []


@on_virtual_time
async def test_another_account_is_another_place() -> None:
    async with running() as operator:
        token = {"vendor": "parasail", "key": "another-parasail-key", "account": "other"}
        await operator.simulator.control("POST", "/tokens", token)
        operator.apply(
            manifests.secret_of("parasail", "other", apiKey="another-parasail-key"),
            provider("parasail", "other", "other"),
        )
        ids = await operator.serve(
            deployment("parasail", "a", **NAMED),
            deployment("parasail", "b", providerRef={"name": "other"}, **NAMED),
        )
        assert len(set(ids)) == 2


@on_virtual_time
async def test_the_other_may_be_in_another_namespace() -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment("parasail", "elder", **NAMED))
        operator.apply(
            manifests.secret_of("parasail"),
            provider("parasail"),
            deployment("parasail", "younger", **NAMED),
            namespace="elsewhere",
        )
        await operator.wait(A_WHILE)
        found = next(operator.server.list("ModelDeployment", "elsewhere"))
        said = {c["type"]: c["reason"] for c in found["status"]["conditions"]}
        assert said["Accepted"] == "NameTaken"
        assert "elder" not in str(found["status"])
        assert await operator.live("parasail") == [id_]


@on_virtual_time
async def test_a_block_that_is_not_the_providers_is_refused() -> None:
    async with running() as operator:
        operator.apply(deployment("parasail", providerRef={"name": "paitient"}))
        await operator.wait(5)
        assert operator.says("llama")["Accepted"] == "False ProviderMismatch"
        assert await operator.asked("create") == 0
        assert operator.says("paitient", PROVIDER)["Ready"] == "True Available"
