"""The CRDs one release newer than this operator, as after a rollback: for every enum an object with a word that this
version does not know, and for every required field one without it. Played on the real engine.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest

from model_operator.domain import CANARY, DEPLOYMENT, Key
from model_operator.kube import PLURALS
from support.canary_specs import path, spec
from support.engine_world import World, play
from support.manifests import deployment
from support.memory_schema import Object
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

    async def come_and_go(self, cases: Cases, orphaned: str) -> None:
        """Applied in the newer form, reported, quiet, deleted, and gone without an Event with the reason `orphaned`."""
        self.apply(*(newer.put_into(body) for newer, body in cases.values()))
        await asyncio.sleep(120)
        self.assert_reported(cases)
        await self.assert_idle()
        self.delete(*cases)
        await asyncio.sleep(60)
        assert self.there(*cases) == set()
        assert self.world.events(orphaned) == []

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


def takers(vendor: str, account: str, ids: Mapping[Key, str]) -> dict[Key, Object]:
    """For each id an object that would adopt it and change it."""
    taking = {"providerRef": {"name": account}, "deletionPolicy": "Delete", "replicas": 2}
    made = [deployment(vendor, f"rival-{key.name}", externalID=id_, **taking) for key, id_ in ids.items()]
    return {key_of(body): body for body in made}
