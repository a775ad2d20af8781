"""Moves of who owns an account at a provider: its key, its limit, and a word that what is missing is gone."""

from random import Random
from typing import Any

from explorer.moves import move
from explorer.objects import KEYS, OTHER_KEYS, TEAM, secret
from explorer.world import World
from model_operator.domain import CONFIRM_ABSENCE, PROVIDER, Key


@move(2, lambda random, vendors: {"vendor": random.choice(vendors)})
def confirm_absence(world: World, vendor: str) -> None:
    """The annotation, left in place as Git does; with the right key in the Secret, or it would be a person's mistake."""
    found = world.server.find(Key("Secret", TEAM, vendor))
    if found is not None and found["data"] == secret(vendor, KEYS[vendor])["data"]:
        missing = world.server.get(Key(PROVIDER, TEAM, vendor)).get("status", {}).get("missing") or {}
        note = {CONFIRM_ABSENCE: missing.get("token") or found["metadata"]["resourceVersion"]}
        world.edit(Key(PROVIDER, TEAM, vendor), {"metadata": {"annotations": note}})


def _credentials(random: Random, vendors: tuple[str, ...]) -> dict[str, Any]:
    vendor = random.choice(vendors)
    key = random.choice((KEYS[vendor], OTHER_KEYS[vendor], "wrong-key", ""))
    return {"vendor": vendor, "key": key, "seconds": random.choice((20, 90, 200))}


@move(1, _credentials)
def change_key(world: World, vendor: str, key: str, seconds: float) -> None:
    """Another key in the Secret (or none at all) for a while."""
    name = Key("Secret", TEAM, vendor)
    world.marks.add("credentials")
    for _, body in world.deployments():
        if body.get("status", {}).get("pending") or not body.get("status", {}).get("externalID"):
            # An account in which no object holds an id has nothing to miss, so its LISTs count (promise 2): what a lost
            # create made, or a status that was emptied had, is looked for under whatever key there is then.
            world.excused.add(body["metadata"]["uid"])
    if key:
        world.edit(name, {"data": secret(vendor, key)["data"]})
    else:
        world.try_(lambda: world.server.delete(name))
    world.loop.call_later(seconds, put_keys_back, world)


def put_keys_back(world: World) -> None:
    for vendor, key in KEYS.items():
        name = Key("Secret", TEAM, vendor)
        if world.server.find(name) is None and world.server.find(Key(PROVIDER, TEAM, vendor)):
            world.create(secret(vendor, key))
        elif world.server.find(name):
            world.edit(name, {"data": secret(vendor, key)["data"]})


@move(1, lambda random, vendors: {"vendor": random.choice(vendors), "per_minute": random.choice((1, 2, 6))})
def limit_requests(world: World, vendor: str, per_minute: int) -> None:
    """A strict limit of one's own, so that requests wait for their turn."""
    world.edit(Key(PROVIDER, TEAM, vendor), {"spec": {"requestsPerMinute": per_minute}})
