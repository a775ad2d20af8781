"""A field of the vendor's that changes in every LIST and means nothing to us: it costs no GET each time."""

import itertools
from datetime import timedelta

import pytest

from support.provider_world import in_process_world
from support.situations import told

SWEEP = 30
HOUR = 3600


class Beating:
    """A life in which each LIST, and each GET, shows another value of that key."""

    def __init__(self, life, key):
        self.life = life
        self.key = key
        self.beats = itertools.count(1)

    async def go(self, seconds):
        """Steady sweeps, and the passes that the engine would make after each."""
        world = self.life.world
        for _ in range(0, seconds, SWEEP):
            await self.life.wait(SWEEP)
            await world.mend()
            await world.fault("fields", extra={self.key: self._beat()})
            await self.life.poll()
            await self.life.work()

    def _beat(self):
        number = next(self.beats)
        at = self.life.now + timedelta(milliseconds=number)
        return at.isoformat() if self.key == "updated_at" else number


@pytest.fixture(
    params=[
        ("parasail", "modifiedAt"),
        ("paitient", "updated_at"),
    ],
    ids=" ".join,
)
async def beating(request, new_life):
    vendor, key = request.param
    async with in_process_world(vendor) as world:
        life = new_life(world)
        await life.serve()
        yield Beating(life, key)


async def test_a_heartbeat_costs_ever_fewer_reads(beating):
    await beating.go(2 * HOUR)
    since, written = await beating.life.count("get"), len(beating.life.said)
    await beating.go(4 * HOUR)
    assert await beating.life.count("get") - since <= 5, "one an hour"
    assert since < 15
    assert len(beating.life.said) == written
    assert told(beating.life.status)["Ready"] == "True Available"


async def test_what_changes_beside_a_heartbeat_is_found(beating):
    """At once where the LIST shows it, with the hourly read at the latest."""
    await beating.go(HOUR // 2)
    life = beating.life
    id_ = life.status.external_id
    await life.world.set_replicas(id_, 3)
    await beating.go(HOUR)
    assert await life.count("update") == 1
    assert await life.world.replicas(id_) == 1


async def test_an_edit_beside_a_heartbeat_is_read_back_as_ever(beating):
    await beating.go(HOUR // 2)
    life = beating.life
    life.edit(replicas=2)
    await beating.go(5 * SWEEP)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.world.replicas(life.status.external_id) == 2
    assert await life.count("update") == 1


async def test_a_heartbeat_that_ends_with_a_change_does_not_hide_it_for_good(beating):
    """It came with the last beat, which nobody read; half an hour of beats means a quarter of an hour of rest."""
    await beating.go(HOUR // 2)
    life = beating.life
    await life.world.set_replicas(life.status.external_id, 3)
    await beating.go(SWEEP)
    await life.go(HOUR // 3, every=SWEEP)
    assert await life.world.replicas(life.status.external_id) == 1
