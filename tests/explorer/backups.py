"""Moves of who brings objects and statuses back from a backup, whole or in part."""

from explorer.moves import NAMES, move, named
from explorer.people import bare, delete, key_of
from explorer.world import (
    World,
)
from model_operator.domain import DEPLOYMENT


@move(1, named)
def lose_status(world: World, name: str) -> None:
    """A restore without statuses, or `kubectl replace --subresource=status`."""
    body = world.server.find(key_of(name))
    if body is not None:
        world.marks.add("status")
        status = world.server.schemas[DEPLOYMENT].status_default or {}
        world.try_(lambda: world.server.replace_status(key_of(name), None, status))


@move(1, named)
def restore_from_backup(world: World, name: str) -> None:
    """Delete without the operator's knowledge is `strip_and_delete`; this puts a copy with its status beside it."""
    body = world.server.find(key_of(name))
    copy = f"{name}-copy"
    if body is None or not world.create({**bare(body), "metadata": {"name": copy}}):
        return
    world.marks.add("copied")
    world.try_(lambda: world.server.replace_status(key_of(copy), None, body.get("status", {})))


@move(1, lambda random, vendors: {"names": [f"{name}-copy" for name in NAMES[random.choice(vendors)]]})
def delete_copies(world: World, names: list[str]) -> None:
    for name in names:
        delete(world, name)


@move(0.5, lambda random, vendors: {"names": list(NAMES[random.choice(vendors)][:2])})
def exchange_statuses(world: World, names: list[str]) -> None:
    first, second = (world.server.find(key_of(name)) for name in names)
    if first is None or second is None:
        return
    world.marks.add("copied")
    for name, status in ((names[0], second["status"]), (names[1], first["status"])):
        world.try_(lambda name=name, status=status: world.server.replace_status(key_of(name), None, status))
