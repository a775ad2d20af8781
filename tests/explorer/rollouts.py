"""Moves around CanaryEndpoints: versions, rollouts, figures that stop, versions that fail."""

from random import Random
from typing import Any

from explorer.moves import move
from explorer.objects import TEAM, deployment
from explorer.people import canary
from explorer.world import World
from model_operator.domain import CANARY, Key

_ERRORS = {"name": "errors", "type": "Provider", "provider": {"metric": "ErrorRate", "maxPercent": "2"}}
CANARY_KEY = Key(CANARY, TEAM, "triage")


def _target(name: str, percent: int) -> dict[str, Any]:
    return {"name": name, "deploymentRef": {"name": name}, "percent": percent}


@move(2, lambda random, _vendors: {"hold": random.choice(("2m", "3m", "10m"))}, vendor="paitient")
def apply_canary(world: World, hold: str) -> None:
    """All traffic to the first version; later splits are rollouts in steps that are judged."""
    for name in ("ta", "tb"):
        world.create(deployment("paitient", name))
    analysis = {"metrics": [_ERRORS], "interval": "1m", "warmup": "0s", "delay": "1m", "minRequests": 50}
    rollout = {"steps": [{"percent": 25}, {"percent": 100}], "hold": hold, "analysis": analysis}
    world.create(canary("triage", [_target("ta", 100)], rollout=rollout))


@move(
    2,
    lambda random, _vendors: {"split": random.choice(({"tb": 100}, {"ta": 100}, {"ta": 50, "tb": 50}))},
    vendor="paitient",
)
def shift_traffic(world: World, split: dict[str, int]) -> None:
    traffic = [_target(name, percent) for name, percent in split.items()]
    world.edit(CANARY_KEY, {"spec": {"traffic": traffic}})


@move(1, lambda random, _vendors: {"seconds": random.choice((0.0, 5.0, 40.0))}, vendor="paitient")
def misspell_target(world: World, seconds: float) -> None:
    """An edit that will be refused (a deployment of another ModelProvider), and its correction later."""
    before = world.server.find(CANARY_KEY)
    if before is None:
        return
    world.create(deployment("paitient", "t-elsewhere", providerRef={"name": "elsewhere"}))
    world.edit(CANARY_KEY, {"spec": {"traffic": [_target("t-elsewhere", 100)]}})
    good = {"spec": {"traffic": before["spec"]["traffic"]}}
    world.loop.call_later(seconds, lambda: world.edit(CANARY_KEY, good))


@move(1, vendor="paitient")
def delete_canary(world: World) -> None:
    world.try_(lambda: world.server.delete(CANARY_KEY))


def _behaviour(random: Random, _vendors: tuple[str, ...]) -> dict[str, Any]:
    return {"name": random.choice(("ta", "tb")), "errors": random.choice((0, 60, 100))}


@move(1, _behaviour, vendor="paitient")
def misbehave(world: World, name: str, errors: float) -> None:
    """So many percent of this version's requests fail from now on."""
    found = world.id_of(name)
    if found is not None:
        world.failing[name] = errors
        world.later(world.hand("PATCH", *found, {"behaviour": {"error_percent": errors}}))


@move(2, lambda random, _vendors: {"seconds": random.choice((300.0, 900.0))}, vendor="paitient")
def freeze_figures(world: World, seconds: float) -> None:
    """The provider's metrics end where they end now."""
    world.figures_end = world.loop.time()
    world.loop.call_later(seconds, thaw_figures, world)


def thaw_figures(world: World) -> None:
    world.figures_end = None
