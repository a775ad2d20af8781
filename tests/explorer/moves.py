"""The table of moves: what may happen to a world, and how its arguments are drawn.

A move is a function of the world and plain arguments, so that a history can be written down, shortened and repeated.
Arguments are drawn before anything happens: a move for which nothing is there has no effect.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from explorer.world import World

Arguments = dict[str, Any]
Draw = Callable[[Random, tuple[str, ...]], Arguments]


@dataclass(frozen=True)
class MoveKind:
    name: str
    weight: float
    draw: Draw
    do: Callable[..., None]
    vendor: str | None = None
    """Only where that vendor is in the history."""


MOVES: dict[str, MoveKind] = {}


def move(
    weight: float, draw: Draw = lambda _random, _vendors: {}, *, vendor: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Puts the function into the table under its name; a weight of 0 is for named histories alone."""

    def register(do: Callable[..., None]) -> Callable[..., None]:
        MOVES[do.__name__] = MoveKind(do.__name__, weight, draw, do, vendor)
        return do

    return register


NAMES = {"parasail": ("pa", "pb", "pc"), "paitient": ("ta", "tb", "tc")}


def vendor_of_name(name: str) -> str:
    return "parasail" if name.startswith("p") else "paitient"


def a_name(random: Random, vendors: tuple[str, ...]) -> str:
    """The first names come most often, so that moves meet."""
    return NAMES[random.choice(vendors)][random.choice((0, 0, 0, 1, 1, 2))]


def named(random: Random, vendors: tuple[str, ...]) -> Arguments:
    return {"name": a_name(random, vendors)}


def seconds(*choices: float) -> Draw:
    return lambda random, _vendors: {"seconds": random.choice(choices)}


def play(world: World, name: str, arguments: Arguments) -> None:
    MOVES[name].do(world, **arguments)
