"""The search for reference cycles: not while somebody waits, and not for nothing."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from model_operator.engine import garbage


class Node:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's own settings again afterwards."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def old_cycle() -> weakref.ref[Node]:
    """A cycle that only a full search finds, and that nobody holds any more."""
    node = Node()
    gc.collect(0)
    gc.collect(1)
    return weakref.ref(node)


async def test_cycles_go_at_a_quiet_moment_and_not_before(collector: None) -> None:
    garbage.search_rarely()
    garbage.spare_start_up()
    found, is_quiet = old_cycle(), False
    task = asyncio.create_task(garbage.collect_when_idle(lambda: is_quiet, every=0.01))
    await asyncio.sleep(0.1)
    assert found() is not None
    is_quiet = True
    async with asyncio.timeout(5):
        while found() is not None:
            gc.collect(1)  # as allocations do in their time
            await asyncio.sleep(0.01)
    task.cancel()


def test_what_the_start_up_made_is_not_searched_again(collector: None) -> None:
    garbage.search_rarely()
    garbage.spare_start_up()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_count()[2] == 0
