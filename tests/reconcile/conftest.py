"""A vendor's simulator, and one object whose passes go there, in one time that only the test moves."""

from datetime import timedelta
from itertools import pairwise

import pytest

from model_operator.models.deployment import ModelDeploymentStatus
from model_operator.status.events import of_deployment
from support.one_object import OneObject
from support.provider_world import in_process_world
from support.rows import WORLDS
from support.situations import NOW


class Life(OneObject):
    """`wait` moves the operator's clock and the simulator's together."""

    def __init__(self, world, provider=None, **options):
        self.world = world
        self.now = NOW
        super().__init__(
            world.vendor, provider or world.provider, lambda: self.now, **{**world.row.spec, **options}
        )

    async def wait(self, seconds: float) -> None:
        await self.world.advance(seconds)
        self.now += timedelta(seconds=seconds)

    async def go(self, seconds: int = 30, *, every: int = 1) -> None:
        """Polls and passes for so long, as the engine would while something moves."""
        for _ in range(0, seconds, every):
            await self.wait(every)
            await self.poll()
            await self.work()

    async def serve(self) -> str:
        """Until it serves; its id."""
        await self.poll()
        await self.work()
        await self.work()
        await self.go(self.world.row.start + 3)
        assert self.status.external_id is not None, self.status
        return self.status.external_id

    async def remove(self, id: str) -> None:
        """Somebody does it at the vendor."""
        await self.world.control("DELETE", f"/deployments/{self.world.name}/{id}")

    async def count(self, operation: str) -> int:
        """Requests that the vendor got."""
        return len(await self.world.requests(operation=operation))

    async def mutations(self) -> list[str]:
        """Operations of the requests that were no reads, in their order."""
        return [entry["operation"] for entry in await self.world.requests() if entry["method"] != "GET"]

    def events(self) -> list[tuple[str, str]]:
        """Type and reason of what the statuses have announced."""
        pairs = pairwise([ModelDeploymentStatus(), *self.said])
        return [
            (event.type, event.reason) for before, after in pairs for event in of_deployment(before, after)
        ]


@pytest.fixture(params=list(WORLDS))
async def world(request):
    """Every vendor in turn, and of one both kinds of account."""
    async with in_process_world(request.param) as world:
        yield world


@pytest.fixture
async def parasail():
    async with in_process_world("parasail") as world:
        yield world


@pytest.fixture
async def paitient():
    async with in_process_world("paitient") as world:
        yield world


@pytest.fixture
def new_life():
    return Life
