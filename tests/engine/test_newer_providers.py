"""ModelProviders of a release newer than this operator, one for each difference, as after a rollback: each is reported, and
keeps whoever depends on it.
"""

import asyncio

from model_operator.domain import PROVIDER
from support.engine_world import SIM
from support.manifests import deployment, provider
from support.newer_stage import (
    LIVES,
    ONE_VENDOR,
    VENDOR,
    Stage,
    bodies,
    canary,
    differing,
    key_of,
    run,
    takers,
)


@VENDOR
def test_new_providers_are_reported_and_go_when_they_are_deleted(vendor: str) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(PROVIDER, lambda name: provider(vendor, SIM, name, vendor))
        dependents = [deployment(vendor, f"on-{key.name}", providerRef={"name": key.name}) for key in cases]
        dependents += [canary(f"on-{key.name}", f"on-{key.name}", key.name) for key in cases]
        stage.apply(*(newer.put_into(body) for newer, body in cases.values()), *dependents)
        await asyncio.sleep(120)
        stage.assert_reported(cases)
        stage.assert_named(dependents)
        await stage.assert_idle()
        stage.delete(*cases, *map(key_of, dependents))
        await asyncio.sleep(120)
        assert stage.there(*cases, *map(key_of, dependents)) == set()
        assert await stage.mutations() == {}

    run(story)


@LIVES
@ONE_VENDOR
def test_providers_that_were_ready_keep_what_needs_them(vendor: str, restarts: bool) -> None:
    """Another ModelProvider leads to the same account, and objects of its would take what theirs hold."""

    async def story(stage: Stage) -> None:
        cases = differing(PROVIDER, lambda name: provider(vendor, SIM, name, vendor))
        served = [
            deployment(
                vendor, f"on-{key.name}", providerRef={"name": key.name}, deploymentName=f"chosen-{key.name}"
            )
            for key in cases
        ]
        held = [key_of(body) for body in served]
        await stage.serve(*bodies(cases), *served)
        ids = stage.ids(*held)
        stage.speak_newer(cases)
        await stage.look_again(restarts=restarts)
        stage.assert_reported(cases)
        stage.assert_named(served)
        assert stage.ids(*held) == ids
        await stage.assert_idle()
        rivals = takers(vendor, vendor, ids)
        stage.apply(*rivals.values())
        stage.delete(*cases, *held)
        await asyncio.sleep(300)
        stage.assert_reported(cases)
        stage.assert_named(served)
        assert stage.reasons(*rivals) == dict.fromkeys(rivals, "ExternalIDTaken")
        assert await stage.mutations() == {"create": len(cases)}
        stage.understand(cases)
        stage.delete(*rivals)
        await asyncio.sleep(300)
        assert stage.there(*cases, *held) == set()
        assert await stage.mutations() == {"create": len(cases), "delete": len(cases)}
        assert await stage.world.live() == []

    run(story)
