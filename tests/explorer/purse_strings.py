"""Moves of whoever watches the money: ModelBudgets that hold what is new, are raised, and go."""

from typing import Any

from explorer.moves import move
from explorer.world import TEAM, World
from model_operator.domain import BUDGET, Key
from support import manifests

NAMES = ("team", "company")
_LIMITS = ("0.01", "2", "1000")
"""Nothing, one replica or so for an hour, and more than a history can cost."""


def _drawn(random: Any, _vendors: Any) -> dict[str, Any]:
    limit, word = random.choice(_LIMITS), random.choice(("BlockNew", "BlockNew", "Warn"))
    return {"name": random.choice(NAMES), "limit": limit, "on_exceeded": word}


@move(4, _drawn)
def set_budget(world: World, name: str, limit: str, on_exceeded: str) -> None:
    """A new one, or another limit."""
    world.marks.add("budget")
    key = Key(BUDGET, TEAM, name)
    if world.server.find(key) is None:
        world.create(manifests.budget(name, limit, onExceeded=on_exceeded))
    else:
        world.edit(key, {"spec": {"limit": limit, "onExceeded": on_exceeded}})


@move(2, lambda random, _vendors: {"name": random.choice(NAMES)})
def drop_budget(world: World, name: str) -> None:
    world.try_(lambda: world.server.delete(Key(BUDGET, TEAM, name)))
