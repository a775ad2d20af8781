"""Files that a plan is made of, and what it says of one object."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from support.engine_world import SIM, World
from support.manifests import provider, secret_of
from support.rows import ROWS
from support.virtual_time import run

EVERY = pytest.mark.parametrize("vendor", list(ROWS))


def beside(story: Callable[[World], Awaitable[None]]) -> None:
    """Beside an API server and providers on which no operator works."""

    async def main() -> None:
        world = World()
        await story(world)
        await world.simulator.aclose()

    run(main())


def with_account(world: World, vendor: str, **keys: str) -> None:
    world.apply(secret_of(vendor, **keys))
    world.apply(provider(vendor, SIM))


def only(shown: Mapping[str, Any]) -> tuple[str, str]:
    (one,) = shown["objects"]
    return one["outcome"], one["reason"]
