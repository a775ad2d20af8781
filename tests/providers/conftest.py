"""A world per vendor: its adapter and its simulator."""

import pytest

from support.provider_world import new_world
from support.rows import WORLDS


@pytest.fixture(params=list(WORLDS))
async def world(request):
    """Every vendor in turn, and of one both kinds of account."""
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
