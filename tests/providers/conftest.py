"""A world per vendor: its adapter and its simulator."""

from datetime import timedelta

import pytest

from model_operator.providers.http import HttpTransport
from support.provider_world import in_process_world, new_world
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


@pytest.fixture
async def transport():
    async with HttpTransport(request_timeout=timedelta(seconds=10)) as transport:
        yield transport


@pytest.fixture
async def live():
    async with in_process_world("parasail") as world:
        await world.set(profile="extended")
        yield world
