"""What a rollout goes by after a restart, a lost answer and an edit: the status has it, or nobody would know."""

import pytest

from model_operator.domain import CANARY
from reconcile.test_canary_refused import OUTSIDE, half_way
from support.rollouts import ANALYSIS, NAME, path, rollouts
from support.running import on_virtual_time


@pytest.mark.parametrize("edited", ["while it runs", "while it is down"])
@pytest.mark.parametrize("ill", ["fails by itself", "fails its requests"])
@on_virtual_time
async def test_a_refused_edit_without_a_path_does_not_stop_the_way_back_of_the_next_process(
    edited: str, ill: str
) -> None:
    async with half_way() as world:
        if edited == "while it runs":
            world.edit(traffic=[OUTSIDE], rollout=None)
            await world.wait(1)
        await world.operator.stop()
        world.edit(traffic=[OUTSIDE], rollout=None)
        await world.operator.start()
        await world.wait(1)
        if ill == "fails by itself":
            await world.turn("v2", "failed")
        else:
            await world.behave("v2", error_percent=60.0)
        await world.wait(10)
        assert await world.in_force() == {"v1": 100}
        assert (world.rollout["state"], world.says("Accepted")) == ("RolledBack", "False ProviderMismatch")


@pytest.mark.parametrize("restarts", [False, True])
@on_virtual_time
async def test_a_deployment_to_which_a_lost_answer_may_have_sent_traffic_is_kept(restarts: bool) -> None:
    """Its rollout was superseded by then; the next split that is acknowledged lets it go."""
    async with rollouts("v1", "v2", "v3") as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        await world.operator.fault("commit_then_reset", operation="update_canary")
        world.apply(path(25, 100, hold="20m", analysis=ANALYSIS), v2=100)
        await world.wait(1)
        assert (await world.in_force(), world.status["split"]) == ({"v1": 75, "v2": 25}, "v1=100")
        await world.operator.mend()
        await world.operator.fault("error", operation="update_canary", status=503)
        world.apply(path(25, 100, hold="20m", analysis=ANALYSIS), v3=100)
        await world.wait(1)
        if restarts:
            await world.operator.restart()
        world.operator.delete("triage-v2")
        await world.wait(5)
        assert world.operator.says("triage-v2")["Synced"] == "False InUse"
        await world.operator.mend()
        await world.until_split("v1=75 v3=25")
        await world.operator.until(lambda: world.operator.find("triage-v2") is None)
        assert world.operator.status(NAME, CANARY)["unacknowledged"] == []
