"""CanaryEndpoints of a release newer than this operator, one for each difference, as after a rollback: each is reported,
holds its targets, and says what its end leaves.
"""

import asyncio

from model_operator.domain import CANARY, Key
from support.manifests import deployment
from support.memory_schema import Object
from support.memory_store import Effect, Trouble, Verb
from support.newer_stage import LIVES, Cases, Stage, bodies, canary, differing, key_of, run


def test_new_endpoints_are_reported_and_go_when_they_are_deleted() -> None:
    async def story(stage: Stage) -> None:
        cases = differing(CANARY, lambda name: canary(name, "one"))
        await stage.serve(deployment("paitient", "one"))
        await stage.come_and_go(cases, "EndpointOrphaned")
        assert await stage.mutations() == {"create": 1}

    run(story)


def targets_of(cases: Cases) -> dict[Key, Object]:
    """For each endpoint a deployment of its own."""
    made = [deployment("paitient", f"on-{key.name}") for key in cases]
    return {key_of(body): body for body in made}


@LIVES
def test_served_endpoints_hold_their_targets_and_say_what_their_end_leaves(restarts: bool) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(CANARY, lambda name: canary(name, f"on-{name}"))
        targets = targets_of(cases)
        await stage.serve(*targets.values())
        await stage.serve(*bodies(cases))
        ids, traffic = stage.ids(*cases), [stage.server.get(key)["status"]["traffic"] for key in cases]
        stage.speak_newer(cases)
        await stage.look_again(restarts=restarts)
        stage.assert_reported(cases)
        await stage.assert_idle()
        assert stage.ids(*cases) == ids
        assert [stage.server.get(key)["status"]["traffic"] for key in cases] == traffic
        stage.delete(*targets)
        await asyncio.sleep(120)
        assert stage.reasons(*targets) == dict.fromkeys(targets, "InUse")
        stage.world.store.troubles = [Trouble(Effect.REFUSE, frozenset({Verb.CREATE}), frozenset({"Event"}))]
        stage.delete(*cases)
        await asyncio.sleep(60)
        assert stage.there(*cases) == set(cases)  # until the server has the Event
        stage.world.store.troubles = []
        await asyncio.sleep(300)
        assert stage.there(*cases, *targets) == set()
        said = stage.world.events("EndpointOrphaned")
        assert [event["count"] for event in said] == [1] * len(cases)
        assert {event["involvedObject"]["name"]: event["message"] for event in said} == {
            key.name: f"Canary endpoint {id_} stays at the provider with on-{key.name}=100, because the provider's"
            " API cannot delete it."
            for key, id_ in ids.items()
        }
        assert (await stage.mutations())["create_canary"] == len(cases)

    run(story)


@LIVES
def test_served_endpoints_go_on_when_they_are_understood(restarts: bool) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(CANARY, lambda name: canary(name, f"on-{name}"))
        await stage.serve(*targets_of(cases).values(), deployment("paitient", "next"))
        await stage.serve(*bodies(cases))
        ids = stage.ids(*cases)
        stage.speak_newer(cases)
        await stage.look_again(restarts=restarts)
        for key in cases:
            stage.put(key, canary(key.name, "next"))
        await asyncio.sleep(400)
        assert stage.ids(*cases) == ids
        assert stage.reasons(*cases) == dict.fromkeys(cases, "Available")
        assert {stage.server.get(key)["status"]["split"] for key in cases} == {"next=100"}
        assert (await stage.mutations())["create_canary"] == len(cases)

    run(story)
