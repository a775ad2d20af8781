"""A world per vendor: its adapter and its simulator."""

import pytest

from support.provider_world import ROWS, new_world


@pytest.fixture(params=list(ROWS))
async def world(request):
    """Every vendor in turn."""
    async with new_world(request.param) as world:
        yield world


@pytest.fixture
async def parasail():
    async with new_world("parasail") as world:
        yield world


@pytest.fixture
async def paitient():
    async with new_world("paitient") as world:
        yield world
