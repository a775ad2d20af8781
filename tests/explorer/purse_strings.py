"""Moves of whoever watches the money: ModelBudgets that hold what is new, are raised, and go; and what they promise."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from explorer.looks import End, uid_of
from explorer.moves import move
from explorer.oracle import rule
from explorer.world import TEAM, World
from model_operator.domain import BUDGET, Key
from support import manifests
from support.memory_schema import Object

NAMES = ("team", "company")
_LIMITS = ("0.01", "2", "1000")
"""Nothing, one replica or so for an hour, and more than a history can cost."""


def _drawn(random: Random, _vendors: tuple[str, ...]) -> dict[str, Any]:
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


_NOT_HEARD_OF: Final = frozenset(
    {
        "clock",
        "copied",
        "credentials",
        "deaf",
        "newer",
        "prices",
        "restored",
        "squatted",
        "status",
        "stranger",
        "taken",
    }
)
"""After these the operator may not have known of a budget, or of a price, in time."""


@rule
def what_a_budget_forbids_is_not_begun(end: End) -> Iterator[str]:
    """A start is let through if its next hour fits, and a history is shorter: so all of them together fit."""
    if end.world.marks & _NOT_HEARD_OF:
        return
    for key, budget in sorted(end.world.server.objects.items()):
        spec = budget.get("spec", {})
        if key.kind != BUDGET or key.namespace != TEAM or spec.get("onExceeded") != "BlockNew":
            continue
        if budget["metadata"]["generation"] > 1:
            continue  # it may have allowed more before
        later = {uid_of(body) for _, body in end.world.deployments() if _is_later(body, budget)}
        cost = sum(row["cost"] for row in end.bill.values() if end.world.uids.get(row["name"]) in later)
        if cost > float(spec["limit"]):
            yield f"{key.name} allows {spec['limit']}, and what was made after it has cost {cost}"


def _is_later(body: Object, budget: Object) -> bool:
    """By more than the watch takes."""
    made, there = (datetime.fromisoformat(one["metadata"]["creationTimestamp"]) for one in (body, budget))
    return made - there > timedelta(seconds=30)
