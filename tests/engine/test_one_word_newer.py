"""The CRDs one release newer than this operator, as after a rollback: for every enum an object with a word that this
version does not know, and for every required field one without it.

It is reported, keeps what it has at the provider, its claim to that and whoever depends on it, and says what its end
leaves. Nothing is sent for it meanwhile, and it goes on where it was as soon as it is understood again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, FINALIZER, PROVIDER, Key
from model_operator.kube import PLURALS
from support.canary_specs import path, spec
from support.engine_world import SIM, World, play
from support.manifests import deployment, provider
from support.memory_schema import Object
from support.memory_store import Effect, Trouble, Verb
from support.one_word_newer import Newer, differences, loosened

Cases = dict[Key, tuple[Newer, Object]]
VENDORS = ("parasail", "paitient")
VENDOR = pytest.mark.parametrize("vendor", VENDORS)
ONE_VENDOR = pytest.mark.parametrize(
    "vendor", [pytest.param(v, marks=pytest.mark.long if n else ()) for n, v in enumerate(VENDORS)]
)
"""All of them in the long run."""
LIVES = pytest.mark.parametrize(
    "restarts",
    [
        pytest.param(False, id="the same process"),
        pytest.param(True, id="another process", marks=pytest.mark.long),
    ],
)
NO_QUOTA = {"parasail": {"gpu_quota": None}, "paitient": {"max_deployments": None}}


def key_of(body: Object) -> Key:
    return Key(body["kind"], "team", body["metadata"]["name"])


def differing(kind: str, make: Callable[[str], Object], vendor: str | None = None) -> Cases:
    """For each difference of the kind an object of its own, as it is now; `vendor` leaves out what is the other's."""
    others = [v for v in VENDORS if v != vendor] if vendor else []
    found = [newer for newer in differences(kind) if not set(newer.path[1:2]).intersection(others)]
    return {key_of(body): (newer, body) for n, newer in enumerate(found) if (body := make(f"n{n}"))}


def bodies(cases: Cases) -> list[Object]:
    return [body for _, body in cases.values()]


def own_name(vendor: str) -> Callable[[str], Object]:
    """Deployments with chosen names, which carry no mark at Parasail."""
    return lambda name: deployment(vendor, name, deploymentName=f"chosen-{name}", deletionPolicy="Delete")


def canary(name: str, target: str, provider_name: str = "paitient") -> Object:
    made = {**spec(path(100, hold="1m"), **{target: 100}), "providerRef": {"name": provider_name}}
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": CANARY,
        "metadata": {"name": name},
        "spec": made,
    }


class Stage:
    """The hands of those who have the newer version."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.server = world.server
        for kind in PLURALS:
            self.server.schemas[kind] = loosened(kind)

    def put(self, key: Key, body: Mapping[str, Any]) -> None:
        """To this spec, or to none."""
        stored = {name: part for name, part in self.server.get(key).items() if name != "spec"}
        self.server.replace(key, {**stored, **({"spec": body["spec"]} if "spec" in body else {})})

    def speak_newer(self, cases: Cases) -> None:
        for key, (newer, body) in cases.items():
            self.put(key, newer.put_into(body))

    def understand(self, cases: Cases) -> None:
        for key, (_, body) in cases.items():
            self.put(key, body)

    def apply(self, *many: Object) -> None:
        for body in many:
            self.world.apply(body)

    async def serve(self, *many: Object) -> None:
        self.apply(*many)
        await asyncio.sleep(240)
        assert {key_of(body): self.world.ready(key_of(body))[0] for body in many} == {
            key_of(body): "True" for body in many
        }

    def delete(self, *keys: Key) -> None:
        for key in keys:
            self.server.delete(key)

    def there(self, *keys: Key) -> set[Key]:
        return {key for key in keys if self.server.find(key) is not None}

    async def look_again(self, *, restarts: bool) -> None:
        await asyncio.sleep(5)
        if restarts:
            await self.world.restart()
        await asyncio.sleep(120)

    async def mutations(self) -> Counter[str]:
        asked = await self.world.simulator.control("GET", "/requests")
        return Counter(entry["operation"] for entry in asked["requests"] if entry["method"] != "GET")

    async def assert_idle(self) -> None:
        """Nothing is written and nothing but reads is sent, however long it stands like that."""
        before = self.server.writes, await self.mutations()
        await asyncio.sleep(600)
        assert (self.server.writes, await self.mutations()) == before

    def ids(self, *keys: Key) -> dict[Key, str]:
        return {key: self.server.get(key)["status"]["externalID"] for key in keys}

    def finalizers(self, key: Key) -> list[str]:
        found: list[str] = self.server.get(key)["metadata"].get("finalizers", [])
        return found

    def reasons(self, *keys: Key) -> dict[Key, str]:
        return {key: self.world.ready(key)[1] for key in keys}

    def assert_reported(self, cases: Cases) -> None:
        """Each with its own field, and nothing of it under way."""
        for key, (newer, _) in cases.items():
            body = self.server.get(key)
            conditions = {c["type"]: (c["status"], c["reason"]) for c in body["status"]["conditions"]}
            is_told = key.kind == DEPLOYMENT and "externalID" in body["status"]
            assert conditions == {
                "Ready": ("False", "Unsupported"),
                "Accepted": ("False", "Unsupported"),
                **({"Synced": ("False", "Unsupported")} if is_told else {}),
                "Reconciling": ("False", "Unsupported"),
                "Stalled": ("True", "Unsupported"),
            }
            assert f"{newer.place}: " in self.world.condition("Ready", key)["message"], newer
            assert body["status"]["observedGeneration"] == body["metadata"]["generation"], newer

    def assert_named(self, dependents: Iterable[Object]) -> None:
        """What the objects of a ModelProvider wait for."""
        for body in dependents:
            key, name = key_of(body), body["spec"]["providerRef"]["name"]
            ready = self.world.condition("Ready", key)
            assert (ready["status"], ready["reason"]) == ("False", "Unsupported")
            assert f'does not understand ModelProvider "{name}"' in ready["message"]


def run(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def staged(world: World) -> None:
        await world.simulator.control("PATCH", "/knobs", NO_QUOTA)
        await story(Stage(world))

    play(staged, is_served=False, vendors=VENDORS)


@VENDOR
def test_new_deployments_are_reported_and_go_when_they_are_deleted(vendor: str) -> None:
    async def story(stage: Stage) -> None:
        cases = differing(DEPLOYMENT, own_name(vendor), vendor)
        stage.apply(*(newer.put_into(body) for newer, body in cases.values()))
        await asyncio.sleep(120)
        stage.assert_reported(cases)
        await stage.assert_idle()
        stage.delete(*cases)
        await asyncio.sleep(60)
        assert stage.there(*cases) == set()
        assert stage.world.events("Orphaned") == []
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


def takers(vendor: str, account: str, ids: Mapping[Key, str]) -> dict[Key, Object]:
    """For each id an object that would adopt it and change it."""
    taking = {"providerRef": {"name": account}, "deletionPolicy": "Delete", "replicas": 2}
    made = [deployment(vendor, f"rival-{key.name}", externalID=id_, **taking) for key, id_ in ids.items()]
    return {key_of(body): body for body in made}


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


def test_new_endpoints_are_reported_and_go_when_they_are_deleted() -> None:
    async def story(stage: Stage) -> None:
        cases = differing(CANARY, lambda name: canary(name, "one"))
        await stage.serve(deployment("paitient", "one"))
        stage.apply(*(newer.put_into(body) for newer, body in cases.values()))
        await asyncio.sleep(120)
        stage.assert_reported(cases)
        await stage.assert_idle()
        stage.delete(*cases)
        await asyncio.sleep(60)
        assert stage.there(*cases) == set()
        assert stage.world.events("EndpointOrphaned") == []
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
