"""A spec that is refused while something of the endpoint is under way, on the whole operator."""

from model_operator.domain import CANARY
from support.rollouts import NAME, TEAM, Rollouts, rollouts
from support.running import deployment, on_virtual_time, provider

SLOW = 20.0


def refuse(world: Rollouts) -> None:
    """A target of another ModelProvider."""
    world.edit(traffic=[{"name": "v1", "deploymentRef": {"name": "elsewhere"}, "percent": 100}])


@on_virtual_time
async def test_an_id_that_was_received_is_recorded_whatever_is_refused_meanwhile() -> None:
    """The POST is answered; its status write conflicts with an edit, and the pass after that refuses."""
    async with rollouts() as world:
        world.operator.apply(
            provider("paitient", "second"),
            deployment("paitient", "elsewhere", providerRef={"name": "second"}),
        )
        await world.operator.fault("latency", method="POST", path="/canary-endpoints", seconds=SLOW)
        world.apply(v1=100)
        await world.operator.wait(SLOW / 2)
        assert "pending" in world.status
        refuse(world)
        await world.operator.wait(SLOW)
        (endpoint,) = (await world.operator.simulator.control("GET", "/state"))["endpoints"]
        assert world.status["externalID"] == endpoint["id"]


@on_virtual_time
async def test_an_endpoint_whose_object_was_deleted_before_the_answer_came_is_named_at_its_end() -> None:
    async with rollouts() as world:
        await world.operator.fault("latency", method="POST", path="/canary-endpoints", seconds=SLOW)
        world.apply(v1=100)
        await world.operator.wait(SLOW / 2)
        world.operator.delete(NAME, CANARY)
        await world.operator.wait(SLOW)
        (endpoint,) = (await world.operator.simulator.control("GET", "/state"))["endpoints"]
        assert world.operator.find(NAME, CANARY) is None
        (said,) = (
            event["message"]
            for event in world.operator.server.list("Event", TEAM)
            if event["reason"] == "EndpointOrphaned"
        )
        assert f"Canary endpoint {endpoint['id']} stays at the provider" in said
