"""After a start no object has a pass before its account has answered, and each has one then."""

import asyncio

from model_operator.domain import DEPLOYMENT, Key
from support.engine_world import World, play
from support.manifests import parasail_deployment

MANY = 4


def passes(world: World) -> float:
    """Over ModelDeployments, of this process."""
    labels = {"controller": "modeldeployment"}
    results = ("success", "error", "requeue", "requeue_after")
    found = (
        world.metrics.registry.get_sample_value(
            "controller_runtime_reconcile_total", {**labels, "result": result}
        )
        for result in results
    )
    return sum(one or 0 for one in found)


def test_nothing_is_looked_at_before_the_account_has_answered() -> None:
    async def story(world: World) -> None:
        keys = [Key(DEPLOYMENT, "team", f"m{number}") for number in range(MANY)]
        for key in keys:
            world.apply(parasail_deployment(key.name))
        await asyncio.sleep(120)
        assert {world.ready(key)[0] for key in keys} == {"True"}
        fault = {"operation": "list", "kind": "latency", "seconds": 5}
        await world.simulator.control("POST", "/faults", fault)
        await world.restart()
        await asyncio.sleep(4)
        assert passes(world) == 0
        await asyncio.sleep(4)
        assert passes(world) == MANY
        assert {world.ready(key)[0] for key in keys} == {"True"}

    play(story, is_served=False)


def test_what_no_account_can_bring_back_is_looked_at_at_once() -> None:
    async def story(world: World) -> None:
        world.apply({**parasail_deployment("lost", providerRef={"name": "nobody"})})
        await world.restart()
        await asyncio.sleep(1)
        assert passes(world) == 1
        assert world.condition("Accepted", Key(DEPLOYMENT, "team", "lost"))["reason"] == "ProviderNotFound"

    play(story, is_served=False)


def test_an_account_that_does_not_answer_is_said_of_each_object() -> None:
    async def story(world: World) -> None:
        world.apply(parasail_deployment("llama"))
        await world.simulator.control("POST", "/faults", {"kind": "error", "status": 503})
        await world.restart()
        await asyncio.sleep(60)
        assert world.ready() == ("False", "ProviderUnavailable")

    play(story, is_served=False)


def test_what_was_edited_while_nobody_looked_comes_before_what_is_new() -> None:
    async def story(world: World) -> None:
        edited = [Key(DEPLOYMENT, "team", f"m{number}") for number in range(MANY)]
        for key in edited:
            world.apply(parasail_deployment(key.name))
        await asyncio.sleep(120)
        assert {world.ready(key)[0] for key in edited} == {"True"}
        await world.engine.stop()
        for number in range(MANY * 2):
            world.apply(parasail_deployment(f"a-new-{number}"))  # listed before them
        for key in edited:
            world.server.merge(key, {"spec": {"replicas": 2}})
        await world.restart()
        await asyncio.sleep(120)
        asked = await world.simulator.control("GET", "/requests")
        order = [
            entry["operation"] for entry in asked["requests"] if entry["operation"] in ("create", "update")
        ]
        assert order[MANY:] == ["update"] * MANY + ["create"] * MANY * 2

    play(story, is_served=False, workers=1)
