"""When a pass wants to look again, and what it asks of its account until then."""

from datetime import timedelta

import pytest

from support.one_object import ACCOUNT, KEY
from support.situations import told

SWEEP = timedelta(seconds=30)
QUICK = timedelta(seconds=1)


async def test_what_serves_is_only_read_again_within_the_hour(world, new_life):
    life = new_life(world)
    await life.serve()
    await life.poll()
    wait = await life.work()
    assert timedelta(minutes=55) < wait <= timedelta(hours=1)
    assert KEY not in life.account.moving
    assert KEY not in life.account.waiting


async def test_while_it_moves_the_account_is_polled_quickly_and_no_pass_is_asked_for(world, new_life):
    life = new_life(world)
    await life.poll()
    await life.work()
    await life.work()
    await life.wait(1)
    await life.poll()
    wait = await life.work()
    assert told(life.status)["Ready"] == "False Starting"
    assert wait > QUICK
    assert KEY in life.account.moving
    await life.go(world.row.start + 3)
    assert KEY not in life.account.moving


async def test_an_intent_that_was_written_is_carried_out_at_once(world, new_life):
    life = new_life(world, deploymentName="chosen")
    await life.poll()
    assert await life.work() == timedelta()
    assert told(life.status)["Ready"] == "False Creating"


async def test_before_the_first_list_it_waits_for_that(world, new_life):
    life = new_life(world)
    assert await life.work() is None
    assert KEY in life.account.waiting
    assert life.said == []
    await life.poll()
    assert KEY in life.changes[-1]


async def test_before_the_providers_first_pass_it_waits_for_that(world, new_life):
    life = new_life(world)
    life.passes.around.bindings.pop(ACCOUNT)
    assert await life.work() is None
    assert life.said == []


async def test_what_was_sent_is_looked_for_in_a_list_that_begins_soon(world, new_life):
    life = new_life(world)
    await life.serve()
    life.account.wake.clear()
    life.edit(replicas=2)
    assert await life.work() == QUICK
    assert KEY in life.account.moving
    assert life.account.wake.is_set()


async def test_a_name_that_is_taken_is_tried_again_each_sweep(parasail, new_life):
    life = new_life(parasail, deploymentName="chosen")
    await parasail.serving(parasail.desired("chosen", uid="another"))
    await life.poll()
    wait = await life.work()
    assert told(life.status)["Accepted"] == "False NameTaken"
    assert wait == SWEEP


@pytest.mark.parametrize(("moves", "wait"), [(False, SWEEP), (True, QUICK)], ids=["it rests", "it moves"])
async def test_without_a_list_passes_look_for_themselves(parasail, new_life, moves, wait):
    life = new_life(parasail)
    await life.serve()
    life.account.can_list = False
    if moves:
        life.edit(replicas=2)
        await life.work()
    assert await life.work() == wait


async def test_while_the_account_is_out_of_order_everybody_waits_for_its_next_list(world, new_life):
    life = new_life(world)
    await life.serve()
    await world.fault("error", status=500, operation="list")
    for _ in range(3):
        await life.wait(30)
        await life.poll()
    await life.work()
    assert told(life.status)["Ready"] == "Unknown ProviderUnavailable"
    assert KEY in life.account.waiting


async def test_what_the_end_of_an_object_leaves_is_nothing(world, new_life):
    life = new_life(world)
    await life.serve()
    life.edit(replicas=2)
    await life.work()
    life.delete()
    await life.go(world.row.end + 5)
    assert life.is_released
    assert (life.passes.memories, life.passes.claims) == ({}, set())
    assert (life.account.moving, life.account.waiting, life.account.seen) == (set(), set(), {})
