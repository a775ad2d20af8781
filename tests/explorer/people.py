"""Moves of people with kubectl: users, GitOps tools, restores from a backup, and other tenants."""

import asyncio
from typing import Any, Final

from explorer.moves import NAMES, a_name, move, named, vendor_of_name
from explorer.objects import KEYS, OTHER_KEYS, OTHER_TEAM, TEAM, deployment, provider, secret
from explorer.world import World
from model_operator.domain import ACTION, CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.models.schedule import ACTIVE_UNTIL_NEXT_EDGE
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.deployment.desire import default_name
from model_operator.rehearsal.overlay import merged
from support.memory_schema import Object
from support.rows import ROWS

SHARED_NAME = "shared-llama"
_PARASAILS: Final = {"paused", "schedule"}
"""Fields that ask for a pause."""


def _hours(*active: str) -> dict[str, Any]:
    """A history begins on a Thursday at noon and lasts for minutes."""
    return {"schedule": {"timeZone": "UTC", "active": list(active), "outside": "Pause"}}


_VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {},
    {"deploymentName": SHARED_NAME},
    {"deploymentName": SHARED_NAME},
    {"deploymentName": SHARED_NAME},
    {"deletionPolicy": "Orphan"},
    {"driftPolicy": "Report"},
    {"connection": {"configMapName": "model"}},
    {"connection": {"configMapName": "model"}},
    {"paused": True},
    {"contextLength": 4096},
    {"expiresAfter": "4m"},
    {"expiresAfter": "8m", "driftPolicy": "Report"},
    _hours("Thu 12:00-12:04"),
    _hours("Thu 12:03-12:09", "Thu 12:12-20:00"),
)
_EDITS: tuple[dict[str, Any], ...] = (
    {"replicas": 2},
    {"replicas": 3},
    {"contextLength": 8192},
    {"contextLength": 2048},
    {"contextLength": None},
    {"deletionPolicy": "Orphan"},
    {"deletionPolicy": "Delete"},
    {"driftPolicy": "Report"},
    {"driftPolicy": None},
    {"paused": True},
    {"paused": False},
    _hours("Thu 08:00-12:06"),
    _hours("Thu 12:08-20:00"),
    {"schedule": None},
    {"expiresAfter": "2m"},
    {"expiresAfter": "5m"},
    {"expiresAfter": "500h"},
    {"expiresAfter": None},
    {"connection": {"configMapName": "model"}},
)


def key_of(name: str, namespace: str = TEAM) -> Key:
    return Key(DEPLOYMENT, namespace, name)


def _fitting(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    fitting = {
        k: v
        for k, v in spec.items()
        if not (k in _PARASAILS and not ROWS[vendor_of_name(name)].vendor.capabilities.pauses)
    }
    return {**fitting, "connection": {"configMapName": f"for-{name}"}} if "connection" in spec else fitting


@move(0)
def open_accounts(world: World, vendors: list[str]) -> None:
    for vendor in vendors:
        world.create(secret(vendor, KEYS[vendor]))
        world.create(provider(vendor))


@move(
    6,
    lambda random, vendors: {"name": a_name(random, vendors), "spec": dict(random.choice(_VARIANTS))},
)
def apply(world: World, name: str, spec: dict[str, Any]) -> None:
    world.create(deployment(vendor_of_name(name), name, **_fitting(name, spec)))


@move(8, lambda random, vendors: {"name": a_name(random, vendors), "spec": dict(random.choice(_EDITS))})
def edit(world: World, name: str, spec: dict[str, Any]) -> None:
    if None in spec.values():
        world.marks.add("removal")
    world.edit(key_of(name), {"spec": _fitting(name, spec)})


@move(2, named)
def let_run(world: World, name: str) -> None:
    """Somebody works late."""
    world.edit(key_of(name), {"metadata": {"annotations": {ACTION: ACTIVE_UNTIL_NEXT_EDGE}}})


@move(4, named)
def delete(world: World, name: str) -> None:
    world.try_(lambda: world.server.delete(key_of(name)))


@move(0)
def delete_all(world: World) -> None:
    """A team gives up: everything but the ModelProviders."""
    for key in sorted(world.server.objects, reverse=True):
        if key.kind in (DEPLOYMENT, CANARY):
            world.try_(lambda key=key: world.server.delete(key))


@move(2, named)
def orphan(world: World, name: str) -> None:
    """The deployment shall stay; also said while the object is being deleted."""
    world.edit(key_of(name), {"spec": {"deletionPolicy": "Orphan"}})


@move(2, named)
def delete_and_apply(world: World, name: str) -> None:
    """`kubectl replace --force`: deleted, waited for, and created again under the same name."""
    body = world.server.find(key_of(name))
    if body is None:
        return
    delete(world, name)

    async def wait_and_create() -> None:
        for _ in range(600):
            if world.server.find(key_of(name)) is None:
                break
            await asyncio.sleep(0.2)
        world.create(bare(body))

    world.later(wait_and_create())


@move(1, named)
def replace(world: World, name: str) -> None:
    """`kubectl replace`: a body from a file, without finalizer and annotations."""
    body = world.server.find(key_of(name))
    if body is not None:
        world.try_(lambda: world.server.replace(key_of(name), bare(body)))


@move(1, lambda random, vendors: {"name": a_name(random, vendors), "again": random.random() < 0.7})
def strip_and_delete(world: World, name: str, again: bool) -> None:
    """The finalizer taken off by hand, deleted, and (`again`) applied anew at once."""
    body = world.server.find(key_of(name))
    if body is None:
        return
    world.stripped.add(body["metadata"]["uid"])
    if world.process is None or world.process.watch.is_deaf:
        world.excused.add(body["metadata"]["uid"])
    world.edit(key_of(name), {"metadata": {"finalizers": None}})
    delete(world, name)
    if again:
        world.create(bare(body))


@move(1, lambda random, vendors: {"vendor": random.choice(vendors), "name": "adopted"})
def adopt_stranger(world: World, vendor: str, name: str) -> None:
    """Takes over by its id what a colleague has made."""
    found = next(((v, id_) for v, id_ in sorted(world.strangers) if v == vendor), None)
    if found is None:
        return
    model = ROWS[vendor].api.shown("model", world.strangers[found])
    prefix = NAMES[vendor][0][0]
    spec = {"externalID": found[1], "deletionPolicy": "Delete", "model": model}
    if world.create(deployment(vendor, f"{prefix}-{name}", **spec)):
        world.strangers.pop(found)


@move(0.7, named)
def squat_default_name(world: World, name: str) -> None:
    """An object whose chosen name is the default name of another one."""
    body = world.server.find(key_of(name))
    if body is None:
        return
    vendor = PROVIDERS[vendor_of_name(name)]
    taken = default_name(name, body["metadata"]["uid"], vendor.capabilities.name_limit)
    world.marks.add("squatted")
    world.create(deployment(vendor.type, f"{name}-squatter", deploymentName=taken))


@move(0.4)
def newer_provider(world: World) -> None:
    """The CRD is one release newer than the operator, and somebody uses its new word."""
    world.server.schemas[PROVIDER] = world.server.schemas[PROVIDER].widened("spec.type", "openrouter")
    newer = provider("parasail", "newer", chatBaseURL=None, type="openrouter")
    world.create(newer)
    world.create(deployment("parasail", "p-newer", providerRef={"name": "newer"}))


@move(0.4, named)
def newer_word(world: World, name: str) -> None:
    """A ModelDeployment gets a word that this operator does not know."""
    schema = world.server.schemas[DEPLOYMENT].widened("spec.driftPolicy", "Ask")
    world.server.schemas[DEPLOYMENT] = schema
    world.marks.add("newer")
    world.edit(key_of(name), {"spec": {"driftPolicy": "Ask"}})


@move(0.7, lambda random, vendors: {"name": a_name(random, vendors)})
def foreign_canary(world: World, name: str) -> None:
    """Another tenant, with an account of its own, names this deployment's id as a target."""
    found = world.id_of(name)
    if found is None:
        return
    world.create(secret("paitient", OTHER_KEYS["paitient"]), OTHER_TEAM)
    world.create(provider("paitient"), OTHER_TEAM)
    traffic = [{"name": "x", "deploymentID": found[1], "percent": 100}]
    world.create(canary("evil", traffic), OTHER_TEAM)


def canary(name: str, traffic: list[dict[str, Any]], **spec: Any) -> Object:
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": CANARY,
        "metadata": {"name": name},
        "spec": {"providerRef": {"name": "paitient"}, "traffic": traffic, **spec},
    }


def bare(body: Object) -> Object:
    """As in a file: name and spec."""
    metadata = {"name": body["metadata"]["name"]}
    return merged({k: v for k, v in body.items() if k != "status"}, {}) | {"metadata": metadata}
