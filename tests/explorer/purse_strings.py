"""Moves of whoever watches the money: ModelBudgets that hold what is new or stop what runs, are raised, and go; and what they
promise."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from explorer.looks import End, condition, holder, is_terminating, uid_of
from explorer.moves import move
from explorer.objects import TEAM
from explorer.oracle import rule
from explorer.world import World
from model_operator.domain import BUDGET, Key
from support import manifests
from support.memory_schema import Object

NAMES = ("team", "company")
_HOLD: Final = ("BlockNew", "Pause")
_LIMITS = ("0.01", "2", "1000")
"""Nothing, one replica or so for an hour, and more than a history can cost."""


def _drawn(random: Random, _vendors: tuple[str, ...]) -> dict[str, Any]:
    limit, word = random.choice(_LIMITS), random.choice(("BlockNew", "Pause", "Pause", "Warn"))
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
        if key.kind != BUDGET or key.namespace != TEAM or spec.get("onExceeded") not in _HOLD:
            continue
        if budget["metadata"]["generation"] > 1:
            continue  # it may have allowed more before
        later = {uid_of(body) for _, body in end.world.deployments() if _is_later(body, budget)}
        cost = sum(row["cost"] for row in end.bill.values() if end.world.uids.get(row["name"]) in later)
        if cost > float(spec["limit"]):
            yield f"{key.name} allows {spec['limit']}, and what was made after it has cost {cost}"


@rule
def what_a_budget_has_stopped_does_not_run(end: End) -> Iterator[str]:
    """But where somebody has started it at the provider, which the budget says."""
    for key, stop, body in _stops(end):
        running = {one["name"] for one in end.world.server.objects[key]["status"].get("running", ())}
        id_ = holder(body)
        if stop["how"] != "Pause" or id_ not in end.ledger or is_terminating(body) or stop["name"] in running:
            continue
        is_watched = condition(body, "Ready")["reason"] in ("Available", "BudgetExceeded")
        is_by_hand = "hand" in end.world.marks
        if end.ledger[id_]["status"]["status"] == "ONLINE" and is_watched and not is_by_hand:
            yield f"{key.name} has stopped {stop['name']}, and {id_} is ONLINE"


@rule
def what_no_budget_holds_is_not_held(end: End) -> Iterator[str]:
    """A raised limit, a new word and a budget's end resume what it has stopped."""
    holding = [
        body
        for key, body in sorted(end.world.server.objects.items())
        if key.kind == BUDGET and key.namespace == TEAM and body["spec"].get("onExceeded") in _HOLD
    ]
    if holding:
        return
    for key, body in end.world.deployments():
        ready = condition(body, "Ready")
        if key.namespace == TEAM and not is_terminating(body) and ready["reason"] == "BudgetExceeded":
            yield f"{key.name}: {ready['reason']}, and there is no budget: {ready.get('message')}"


def _stops(end: End) -> Iterator[tuple[Key, Any, Object]]:
    """The budgets' records, each with the object that it is about."""
    bodies = {uid_of(body): body for _, body in end.world.deployments()}
    for key, budget in sorted(end.world.server.objects.items()):
        if key.kind == BUDGET:
            for stop in budget.get("status", {}).get("stopped", ()):
                if stop["uid"] in bodies:
                    yield key, stop, bodies[stop["uid"]]


def _is_later(body: Object, budget: Object) -> bool:
    """By more than the watch takes."""
    made, there = (datetime.fromisoformat(one["metadata"]["creationTimestamp"]) for one in (body, budget))
    return made - there > timedelta(seconds=30)
