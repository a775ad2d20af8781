"""One tenant's, account's or provider's trouble is his own: the others' work goes on as if he were not there.

The real engine on virtual time, with the API server and both providers in memory. `team-a` makes the trouble.
"""

import asyncio
from typing import Any

from explorer.objects import OTHER_KEYS, OTHER_TEAM, TEAM, deployment, provider, secret
from explorer.world import World
from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from support.memory_store import Verb
from support.tenants import (
    NEIGHBOUR,
    a_neighbour_serves,
    account,
    hangs,
    neighbours_edit,
    on_virtual_time,
    reason,
    sent,
    until,
)

SIXTY = 60
"""More than there are workers."""


@on_virtual_time
async def test_an_account_of_one_request_a_minute_holds_up_nobody_else(world):
    await a_neighbour_serves(world)
    account(world, requestsPerMinute=1)
    for number in range(SIXTY):
        world.create(
            deployment("parasail", f"evil-{number}", externalID=f"9000{number:02}", deletionPolicy="Orphan")
        )
    await asyncio.sleep(120)
    assert max([await neighbours_edit(world, replicas) for replicas in (2, 3, 4)]) < 1


@on_virtual_time
async def test_a_provider_that_hangs_holds_up_nobody_else(world):
    await a_neighbour_serves(world)
    account(world, "paitient")
    for number in range(SIXTY):
        world.create(deployment("paitient", f"evil-{number}"))
    await hangs(world, "paitient", "create")
    await asyncio.sleep(20)
    assert max([await neighbours_edit(world, replicas) for replicas in (2, 3, 4)]) < 1


@on_virtual_time
async def test_at_the_start_nobody_waits_for_all_objects_of_another(world):
    for number in range(300):
        world.create(deployment("parasail", f"evil-{number}"))
    world.create(deployment("parasail", "good"), OTHER_TEAM)
    await until(world, lambda: reason(world, NEIGHBOUR) == "ProviderNotFound")
    written = [request.key for request in world.asked if request.verb is Verb.STATUS]
    assert written.index(NEIGHBOUR) < 5


def canary(name: str, *ids: str, **spec: Any) -> Any:
    """All traffic to the first of these deployments."""
    traffic = [
        {"name": f"t{number}", "deploymentID": id_, "percent": 0 if number else 100}
        for number, id_ in enumerate(ids)
    ]
    body = {"providerRef": {"name": "paitient"}, "traffic": traffic, **spec}
    return {
        "apiVersion": "modeloperator.dev/v1alpha1",
        "kind": CANARY,
        "metadata": {"name": name},
        "spec": body,
    }


async def the_neighbour_has_two_versions(world: World) -> list[str]:
    """Their ids, in an account of team-b."""
    world.create(secret("paitient", OTHER_KEYS["paitient"]), OTHER_TEAM)
    world.create(provider("paitient"), OTHER_TEAM)
    keys = [Key(DEPLOYMENT, OTHER_TEAM, name) for name in ("v1", "v2")]
    for key in keys:
        world.create(deployment("paitient", key.name), OTHER_TEAM)
    await until(world, lambda: all(reason(world, key) == "Available" for key in keys))
    return [world.server.objects[key]["status"]["externalID"] for key in keys]


@on_virtual_time
async def test_canaries_whose_provider_hangs_hold_up_no_other_ones_traffic(world):
    ids = await the_neighbour_has_two_versions(world)
    world.create(canary("triage", *ids), OTHER_TEAM)
    key = Key(CANARY, OTHER_TEAM, "triage")
    await until(world, lambda: reason(world, key) == "Available")
    account(world, "paitient")
    for number in range(12):
        world.create(canary(f"evil-{number}", *(f"dep_hang{number}{n}" for n in range(4))))
    await world.simulator.control(
        "POST", "/faults", {"vendor": "paitient", "path": "dep_hang", "kind": "timeout"}
    )
    await asyncio.sleep(20)
    since = world.loop.time()
    world.edit(key, {"spec": canary("triage", *reversed(ids))["spec"]})
    assert await until(world, lambda: bool(sent(world, "update_canary", since))) < 1


# What was decided before a wait is decided again after it.


async def served_and_then_slow(world: World) -> Key:
    """A deployment of team-a, whose account may send one request a minute from now on, and has just sent one."""
    key = Key(DEPLOYMENT, TEAM, "mine")
    account(world)
    world.create(deployment("parasail", key.name))
    await until(world, lambda: reason(world, key) == "Available")
    world.edit(Key(PROVIDER, TEAM, "parasail"), {"spec": {"requestsPerMinute": 1}})
    before = len(world.sent)
    await until(world, lambda: len(world.sent) > before)
    return key


@on_virtual_time
async def test_a_deletion_that_waits_is_given_up_for_the_policy_orphan(world):
    key = await served_and_then_slow(world)
    world.server.delete(key)
    await asyncio.sleep(5)
    world.edit(key, {"spec": {"deletionPolicy": "Orphan"}})
    assert await until(world, lambda: world.server.find(key) is None) < 1
    await asyncio.sleep(300)
    assert sent(world, "delete") == []
    assert len(await world.ledger()) == 1


@on_virtual_time
async def test_an_edit_that_waits_is_given_up_for_the_next_one(world):
    key = await served_and_then_slow(world)
    for replicas in (2, 3, 4):
        world.edit(key, {"spec": {"replicas": replicas}})
        await asyncio.sleep(2)
    await asyncio.sleep(300)
    assert [one.body["replicas"] for one in sent(world, "update")] == [4]


@on_virtual_time
async def test_an_edit_that_waits_is_given_up_for_the_deletion(world):
    key = await served_and_then_slow(world)
    world.edit(key, {"spec": {"replicas": 2}})
    await asyncio.sleep(2)
    world.server.delete(key)
    await until(world, lambda: world.server.find(key) is None)
    assert sent(world, "update") == []
    assert await world.ledger() == {}


async def a_create_waits(world: World) -> Key:
    """One turn in 15 seconds, and the LIST has had the first."""
    key = Key(DEPLOYMENT, TEAM, "mine")
    account(world, requestsPerMinute=4)
    world.create(deployment("parasail", key.name))
    await until(world, lambda: "pending" in world.server.objects[key].get("status", {}))
    await asyncio.sleep(1)
    return key


@on_virtual_time
async def test_a_create_that_waits_is_not_sent_for_the_next_object_of_that_name(world):
    key = await a_create_waits(world)
    old = world.server.objects[key]["metadata"]
    world.edit(key, {"metadata": {"finalizers": None}})
    world.server.delete(key)
    world.create(deployment("parasail", key.name))
    new = world.server.objects[key]["metadata"]
    assert (old["generation"], old["uid"]) != (new["generation"], new["uid"]) == (1, new["uid"])
    await until(world, lambda: reason(world, key) == "Available")
    assert len(sent(world, "create")) == 1
    assert list(await world.ledger()) == [world.id_of(key.name)]


@on_virtual_time
async def test_a_create_that_waits_is_given_up_for_an_edit_and_sent_once(world):
    """It never left: nobody has to look for what it may have made."""
    key = await a_create_waits(world)
    world.edit(key, {"spec": {"replicas": 3}})
    await until(world, lambda: bool(sent(world, "create")))
    assert world.loop.time() < 20
    await until(world, lambda: reason(world, key) == "Available")
    assert [one.body["replicas"] for one in sent(world, "create")] == [3]
