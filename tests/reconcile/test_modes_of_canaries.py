"""A ModelProvider's mode and its CanaryEndpoints, with the real engine: no traffic is moved but by who manages."""

import pytest

from model_operator.domain import CANARY
from support.account_modes import forget_requests, has_finalizer, methods, set_mode
from support.canary_world import canary, path, traffic
from support.running import deployment, on_virtual_time, running

LONG = 900.0


@pytest.mark.parametrize("mode", ["Observe", "Suspend"])
@on_virtual_time
async def test_a_rollout_stays_where_it_is(mode: str) -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("paitient", "triage-v2"))
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        operator.edit("triage", CANARY, traffic=traffic(v2=100), rollout=path(25, 50, 100, hold="5m"))
        await operator.until(lambda: "v2=25" in str(operator.status("triage", CANARY).get("split")))
        await set_mode(operator, "paitient", mode)
        await operator.wait(10)
        await forget_requests(operator)
        await operator.wait(LONG)
        assert await methods(operator, "paitient") <= ({"GET"} if mode == "Observe" else set())
        assert (
            operator.says("triage", CANARY)["RolloutComplete"]
            == f"Unknown {mode}{'d' if mode == 'Observe' else 'ed'}"
        )
        assert operator.status("triage", CANARY)["phase"] == "Paused"
        assert operator.status("triage", CANARY)["split"] == "v1=75 v2=25"
        await set_mode(operator, "paitient", "Manage")
        await operator.until(
            lambda: operator.says("triage", CANARY)["RolloutComplete"] == "True Completed", within=LONG
        )


@on_virtual_time
async def test_a_canary_endpoint_is_made_only_by_who_manages() -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("paitient", "triage-v2"))
        await set_mode(operator, "paitient", "Observe")
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.wait(60)
        assert operator.says("triage", CANARY)["Ready"] == "Unknown Observed"
        assert not has_finalizer(operator, "triage", CANARY)
        operator.delete("triage", CANARY)
        await operator.wait(10)
        assert operator.find("triage", CANARY) is None
        assert await operator.asked("create_canary") == 0


@pytest.mark.parametrize("mode", ["Observe", "Suspend", "Manage"])
@on_virtual_time
async def test_a_canary_whose_status_was_lost_is_still_known_to_have_lost_it(mode: str) -> None:
    async with running() as operator:
        await operator.serve(deployment("paitient", "triage-v1"), deployment("paitient", "triage-v2"))
        operator.apply(canary(traffic=traffic(v1=100)))
        await operator.until(lambda: operator.says("triage", CANARY).get("Ready") == "True Available")
        await set_mode(operator, "paitient", mode)
        await operator.stop()
        key = next(k for k in operator.server.objects if k.kind == CANARY)
        operator.server.replace_status(key, None, {})
        await operator.start()
        await operator.wait(120)
        await set_mode(operator, "paitient", "Manage")
        await operator.wait(120)
        operator.edit("triage-v1", replicas=2)  # one more look, of many
        await operator.wait(120)
        assert await operator.asked("create_canary") == 1
        assert operator.says("triage", CANARY)["TrafficSynced"] == "False OutcomeUnknown"
