"""A deployment that expires while a CanaryEndpoint needs it is kept, and says why; one that has expired gets no traffic."""

from datetime import timedelta

from model_operator.domain import CANARY, Key
from model_operator.models.wire import format_time
from support.rollouts import NAME, path, rollouts
from support.running import on_virtual_time
from support.virtual_time import START

OVER = "True Expired"


def in_minutes(count: int) -> str:
    """The world begins at START, and a rollout of these tests within its first minutes."""
    return format_time(START + timedelta(minutes=count))


@on_virtual_time
async def test_it_is_kept_while_it_has_traffic_and_goes_after_that() -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.operator.edit("triage-v1", expiresAt=in_minutes(10))
        await world.wait(20)
        words = world.operator.says("triage-v1")
        assert (words["Ready"], words["Expiring"]) == ("True Available", "True InUse")
        assert f"as long as CanaryEndpoint {NAME} sends traffic" in world.operator.message(
            "triage-v1", "Expiring"
        )
        world.operator.server.delete(Key(CANARY, "team", NAME))
        await world.wait(3)
        assert world.operator.says("triage-v1")["Ready"] == OVER


@on_virtual_time
async def test_a_baseline_is_kept_until_its_rollout_has_ended() -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.operator.edit("triage-v1", expiresAt=in_minutes(10))
        world.apply(path(25, 100, hold="20m"), v2=100)
        await world.wait(15)
        assert world.operator.says("triage-v1")["Expiring"] == "True InUse"
        await world.until_split("v2=100", minutes=60)
        assert world.operator.says("triage-v1")["Expiring"] == "True InUse"
        await world.operator.until(lambda: world.says("RolloutComplete") == "True Completed", within=3600)
        await world.wait(3)
        assert world.operator.says("triage-v1")["Ready"] == OVER
        assert world.operator.says("triage-v2")["Ready"] == "True Available"


@on_virtual_time
async def test_no_traffic_is_moved_to_one_that_has_expired() -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.operator.edit("triage-v2", expiresAt=in_minutes(1))
        await world.wait(5)
        assert world.operator.says("triage-v2")["Ready"] == OVER
        world.apply(path(25, 100, hold="5m"), v2=100)
        await world.wait(5)
        assert world.says("TargetsReady") == "False TargetNotReady"
        assert (world.status["split"]) == "v1=100"


@on_virtual_time
async def test_no_traffic_is_moved_to_one_whose_end_is_final_while_it_still_serves() -> None:
    """The provider refuses to delete it."""
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        await world.operator.fault("error", operation="delete", status=503)
        world.operator.edit("triage-v2", expiresAt=in_minutes(1))
        await world.wait(4)
        assert world.operator.status("triage-v2")["expired"]["isFinal"]
        world.apply(path(25, 100, hold="5m"), v2=100)
        await world.wait(5)
        assert world.status["split"] == "v1=100"
        assert "triage-v2 has expired" in world.message("TargetsReady")


@on_virtual_time
async def test_one_that_a_canary_needs_is_not_idle_and_may_be_after_that() -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        await world.operator.simulator.control(
            "PATCH", "/knobs", {"metrics": {"endpoint_rps": 0, "direct_rps": 0}}
        )
        world.operator.edit("triage-v1", idle={"after": "10m", "then": "Expire"})
        await world.wait(30)
        assert world.operator.says("triage-v1")["Idle"] == "False InUse"
        assert "idle" in world.operator.status("triage-v1")
        world.operator.server.delete(Key(CANARY, "team", NAME))
        await world.wait(20)
        assert world.operator.says("triage-v1")["Ready"] == OVER
