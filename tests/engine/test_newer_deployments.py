"""ModelDeployments of a release newer than this operator, one for each difference, as after a rollback.

Each is reported, keeps what it has at the provider and its claim to that, and says what its end leaves. Nothing is sent for
it meanwhile, and it goes on where it was as soon as it is understood again.
"""

import asyncio
from collections.abc import Callable

from model_operator.domain import DEPLOYMENT, FINALIZER, PROVIDER, Key
from support.manifests import deployment
from support.memory_schema import Object
from support.newer_stage import LIVES, ONE_VENDOR, VENDOR, Stage, bodies, differing, key_of, run, takers


def own_name(vendor: str) -> Callable[[str], Object]:
    """Deployments with chosen names, which carry no mark at Parasail."""
    return lambda name: deployment(vendor, name, deploymentName=f"chosen-{name}", deletionPolicy="Delete")


@VENDOR
def test_new_deployments_are_reported_and_go_when_they_are_deleted(vendor: str) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(DEPLOYMENT, own_name(vendor), vendor)
        await stage.come_and_go(cases, "Orphaned")
        assert await stage.mutations() == {}

    run(story)


@LIVES
@ONE_VENDOR
def test_served_deployments_are_kept_and_go_on_when_they_are_understood(vendor: str, restarts: bool) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(DEPLOYMENT, own_name(vendor), vendor)
        account = Key(PROVIDER, "team", vendor)
        await stage.serve(*bodies(cases))
        ids = stage.ids(*cases)
        stage.speak_newer(cases)
        await stage.look_again(restarts=restarts)
        stage.assert_reported(cases)
        await stage.assert_idle()
        stage.delete(account, *cases)
        await asyncio.sleep(300)
        stage.assert_reported(cases)
        assert stage.ids(*cases) == ids
        assert stage.there(account, *cases) == {account, *cases}
        assert await stage.mutations() == {"create": len(cases)}
        left = {
            key: case for key, case in cases.items() if set(case[0].path) <= {"spec", "providerRef", "name"}
        }
        stage.understand({key: case for key, case in cases.items() if key not in left})
        await asyncio.sleep(300)
        assert stage.there(account, *cases) == {account, *left}  # nobody can tell whose they are
        stage.understand(left)
        await asyncio.sleep(300)
        assert stage.there(account, *cases) == set()
        assert await stage.mutations() == {"create": len(cases), "delete": len(cases)}
        assert await stage.world.live() == []

    run(story)


def test_what_a_deployment_may_have_made_keeps_its_provider() -> None:
    """The finalizer is the only trace of the create, and nobody can tell whose the object is."""

    async def story(stage: Stage) -> None:
        body = deployment("parasail", "llama")
        key, account = key_of(body), Key(PROVIDER, "team", "parasail")
        await stage.serve(body)
        stage.world.watch.go_deaf()
        stage.server.replace_status(key, None, stage.server.schemas[DEPLOYMENT].status_default or {})
        stage.put(key, {"spec": {name: part for name, part in body["spec"].items() if name != "providerRef"}})
        await stage.look_again(restarts=True)
        stage.delete(account, key)
        await asyncio.sleep(300)
        assert stage.there(account, key) == {account, key}
        stage.put(key, body)
        await asyncio.sleep(300)
        assert stage.there(account, key) == set()
        assert await stage.world.live() == []

    run(story)


@VENDOR
@LIVES
def test_a_deployment_whose_create_was_refused_goes_when_it_is_deleted(vendor: str, restarts: bool) -> None:
    """It has a finalizer, and it is known that there is nothing behind it."""

    async def story(stage: Stage) -> None:
        cases = differing(DEPLOYMENT, lambda name: deployment(vendor, name), vendor)
        rule = {"kind": "error", "status": 400, "vendor": vendor, "operation": "create"}
        await stage.world.simulator.control("POST", "/faults", rule)
        stage.apply(*bodies(cases))
        await asyncio.sleep(120)
        assert stage.reasons(*cases) == dict.fromkeys(cases, "InvalidRequest")
        stage.speak_newer(cases)
        await stage.look_again(restarts=restarts)
        stage.delete(*cases)
        await asyncio.sleep(60)
        assert stage.there(*cases) == set()
        assert stage.world.events("Orphaned") == []

    run(story)


@LIVES
@ONE_VENDOR
def test_what_a_deployment_holds_nobody_else_takes(vendor: str, restarts: bool) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(DEPLOYMENT, own_name(vendor), vendor)
        await stage.serve(*bodies(cases))
        ids = stage.ids(*cases)
        stage.speak_newer(cases)
        await stage.look_again(restarts=restarts)
        rivals = takers(vendor, vendor, ids)
        stage.apply(*rivals.values())
        await asyncio.sleep(120)
        assert stage.reasons(*rivals) == dict.fromkeys(rivals, "ExternalIDTaken")
        stage.delete(*rivals)
        await asyncio.sleep(60)
        assert stage.there(*rivals) == set()
        stage.understand(cases)
        await asyncio.sleep(120)
        assert stage.reasons(*cases) == dict.fromkeys(cases, "Available")
        assert await stage.mutations() == {"create": len(cases)}

    run(story)


@VENDOR
def test_the_end_of_a_deployment_says_what_it_leaves(vendor: str) -> None:
    """The finalizer comes back where somebody takes it off; deletionPolicy Orphan is the way out."""

    async def story(stage: Stage) -> None:
        cases = differing(DEPLOYMENT, own_name(vendor), vendor)
        await stage.serve(*bodies(cases))
        ids = stage.ids(*cases)
        stage.speak_newer(cases)
        for key in cases:
            stage.server.merge(key, {"metadata": {"finalizers": None}})
        await stage.look_again(restarts=False)
        assert {key for key in cases if FINALIZER in stage.finalizers(key)} == set(cases)
        stage.delete(*cases)
        for key in cases:
            stage.server.merge(key, {"spec": {"deletionPolicy": "Orphan"}})
        await asyncio.sleep(60)
        assert stage.there(*cases) == set()
        said = stage.world.events("Orphaned")
        assert [event["count"] for event in said] == [1] * len(cases)
        assert {event["involvedObject"]["name"]: event["message"] for event in said} == {
            key.name: f"Deployment {id_} stays at the provider (deletionPolicy Orphan)."
            for key, id_ in ids.items()
        }
        assert await stage.mutations() == {"create": len(cases)}

    run(story)
