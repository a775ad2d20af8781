"""A mode that only a newer version knows: nothing leaves, and objects name what is not understood, not a mode."""

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER
from support.account_modes import forget_requests, has_finalizer, methods
from support.canary_world import canary, traffic
from support.one_word_newer import loosened
from support.running import VENDORS, Running, deployment, on_virtual_time, running

SAID = 'does not understand ModelProvider "{}"'


async def speak_newer(operator: Running, vendor: str) -> None:
    operator.server.schemas[PROVIDER] = loosened(PROVIDER)
    operator.edit(vendor, PROVIDER, mode="Freeze")
    await operator.wait(30)
    await forget_requests(operator)


@pytest.mark.parametrize("vendor", VENDORS)
@on_virtual_time
async def test_a_deployment_of_a_newer_mode_is_kept_and_says_what_is_not_understood(vendor: str) -> None:
    async with running() as operator:
        (id_,) = await operator.serve(deployment(vendor))
        await speak_newer(operator, vendor)
        assert operator.says("llama")["Ready"] == "False Unsupported"
        assert SAID.format(vendor) in operator.message("llama", "Ready")
        operator.delete("llama")
        await operator.wait(600)
        assert operator.says("llama")["Ready"] == "False Unsupported"
        assert SAID.format(vendor) in operator.message("llama", "Ready")
        assert has_finalizer(operator, "llama")
        assert await methods(operator, vendor) == set()
        assert await operator.live(vendor) == [id_]


@on_virtual_time
async def test_a_canary_of_a_newer_mode_moves_no_traffic_and_says_what_is_not_understood() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("paitient", "triage-v2"))
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        await speak_newer(operator, "paitient")
        operator.edit("triage", CANARY, traffic=traffic(v2=100))
        await operator.wait(600)
        assert operator.says("triage", CANARY)["Ready"] == "False Unsupported"
        assert SAID.format("paitient") in operator.message("triage", "Ready", CANARY)
        assert operator.status("triage", CANARY)["split"] == "v1=100"
        assert await methods(operator, "paitient") == set()
        operator.edit("paitient", PROVIDER, mode=None)
        await operator.until(lambda: operator.status("triage", CANARY).get("split") == "v2=100")
        assert operator.says("triage-v1", DEPLOYMENT)["Ready"] == "True Available"
