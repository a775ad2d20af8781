"""A deployment with an expiry, pass by pass: announced, deleted in its time and never before, and made again if extended."""

from datetime import timedelta

import pytest

from model_operator.reconcile.deployment.desire import desire
from support.one_object import Crash
from support.situations import NOW, told


def at(**later):
    return (NOW + timedelta(**later)).isoformat().replace("+00:00", "Z")


@pytest.fixture
async def life(parasail, new_life):
    life = new_life(parasail, expiresAt=at(hours=2))
    await life.serve()
    return life


async def until(life, **later):
    """A jump, and a few polls and passes after it."""
    await life.wait((NOW + timedelta(**later) - life.now).total_seconds() - 3)
    await life.go(3)


async def expire(life):
    await until(life, hours=2)
    await life.go(110, every=11)


async def test_it_is_deleted_when_it_expires_and_the_object_stays(world, new_life):
    life = new_life(world, expiresAt=at(hours=2))
    await life.serve()
    assert told(life.status)["Ready"] == "True Available"
    assert life.status.expires_at == NOW + timedelta(hours=2)
    await until(life, hours=2)
    assert await life.mutations() == ["create"]
    await life.go(110, every=11)
    assert await life.mutations() == ["create", "delete"]
    assert told(life.status) == {
        "Ready": "True Expired",
        "Accepted": "True Accepted",
        "Synced": "True Synced",
        "Serving": "False Missing",
        "Reconciling": "False Idle",
        "Stalled": "False NotStalled",
        "Expiring": "True Expired",
    }
    assert (life.status.phase, life.status.external_id, life.status.replicas) == ("Expired", None, 0)
    assert life.is_wanted


async def test_what_has_expired_is_quiet(life):
    await expire(life)
    version, requests = life.body.metadata.resource_version, await life.mutations()
    await until(life, hours=9)
    assert (life.body.metadata.resource_version, await life.mutations()) == (version, requests)
    life.start()
    await until(life, hours=10)
    assert (life.body.metadata.resource_version, await life.mutations()) == (version, requests)


async def test_it_is_announced_a_day_and_an_hour_before(parasail, new_life):
    life = new_life(parasail, expiresAfter="50h")
    await life.serve()
    assert told(life.status)["Expiring"] == "False NotExpiring"
    await until(life, hours=26, minutes=1)
    assert told(life.status)["Expiring"] == "True ExpiresWithinDay"
    await until(life, hours=49, minutes=1)
    assert told(life.status)["Expiring"] == "True ExpiresWithinHour"
    await until(life, hours=50)
    await life.go(110, every=11)
    told_of = [event for event in life.events() if event[1].startswith("Expire")]
    assert told_of == [
        ("Normal", "ExpiresWithinDay"),
        ("Warning", "ExpiresWithinHour"),
        ("Warning", "Expired"),
        ("Normal", "Expired"),
    ]


async def test_a_pass_wants_to_look_again_a_little_before_it_and_at_last_at_it(life):
    wait, waits = await life.work(), 0
    while life.now < NOW + timedelta(hours=2):
        await life.wait(wait.total_seconds())
        wait, waits = await life.work(), waits + 1
    assert life.status.expired is not None
    assert waits < 60
    assert wait <= timedelta(minutes=1)


async def test_an_extended_one_is_made_again(life):
    await expire(life)
    life.edit(expiresAt=at(hours=9))
    await life.go(20)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.mutations() == ["create", "delete", "create"]
    assert life.status.expired is None


async def test_one_without_an_expiry_any_more_is_made_again_too(life):
    await expire(life)
    life.edit(expiresAt=None)
    await life.go(20)
    assert told(life.status)["Ready"] == "True Available"
    assert "Expiring" not in told(life.status)


async def test_an_edit_of_anything_else_makes_nothing(life):
    await expire(life)
    life.edit(replicas=3)
    life.edit(expiresAt=at(minutes=30))
    await until(life, hours=3)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.mutations() == ["create", "delete"]


async def test_one_that_is_applied_when_it_has_expired_is_never_made(world, new_life):
    life = new_life(world, expiresAt=at(hours=-1))
    await life.go(110, every=11)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.mutations() == []


async def test_one_in_its_time_extended_is_never_deleted(life):
    await until(life, hours=2)
    await life.go(30, every=10)
    assert told(life.status)["Expiring"] == "True Expired"
    life.edit(expiresAt=at(hours=4))
    await until(life, hours=3)
    assert told(life.status)["Ready"] == "True Available"
    assert await life.mutations() == ["create"]


async def test_a_shorter_duration_acts_after_a_warning_and_a_minute(parasail, new_life):
    life = new_life(parasail, expiresAfter="500h")
    await life.serve()
    await until(life, hours=3)
    life.edit(expiresAfter="1h")
    await life.go(50, every=10)
    assert ("Warning", "Expired") in life.events()
    assert await life.mutations() == ["create"]
    await life.go(100, every=10)
    assert told(life.status)["Ready"] == "True Expired"


async def test_a_clock_that_was_ahead_for_a_moment_deletes_nothing(life):
    life.now += timedelta(hours=3)
    await life.work()
    await life.work()
    life.now -= timedelta(hours=3)
    await until(life, hours=1)
    assert told(life.status)["Ready"] == "True Available"
    assert (await life.mutations(), life.status.expired) == (["create"], None)


async def test_a_clock_that_goes_back_brings_nothing_back(life):
    await expire(life)
    life.now -= timedelta(hours=5)
    await life.go(70, every=10)
    life.start()
    await life.go(70, every=10)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.mutations() == ["create", "delete"]


@pytest.mark.parametrize("point", ["status.sent", "status.done"])
async def test_that_it_is_over_is_recorded_before_anything_is_deleted(life, point):
    await until(life, hours=2)
    await life.work()
    await life.wait(61)
    with pytest.raises(Crash):
        await life.work(dies=point)
    assert await life.count("delete") == 0
    life.start()
    await life.poll()
    await life.go(110, every=11)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.count("delete") == 1


async def test_a_kill_in_the_middle_of_the_deletion_deletes_once(life):
    await until(life, hours=2)
    while await life.count("delete") == 0:
        await life.go(5, every=5)
    life.start()
    await life.poll()
    await life.go(90, every=6)
    assert told(life.status)["Ready"] == "True Expired"
    assert life.status.external_id is None


async def test_with_orphan_it_is_only_reported(world, new_life):
    life = new_life(world, expiresAt=at(hours=2), deletionPolicy="Orphan")
    id_ = await life.serve()
    await expire(life)
    words = told(life.status)
    assert (words["Ready"], words["Expiring"]) == ("True Available", "True Expired")
    assert await life.mutations() == ["create"]
    await life.remove(id_)
    await life.go(160, every=8)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.mutations() == ["create"]
    life.edit(deletionPolicy="Delete")
    await life.go(110, every=11)
    assert told(life.status)["Ready"] == "True Expired"


async def test_a_create_of_unknown_outcome_is_found_and_deleted(world, new_life):
    life = new_life(world, expiresAt=at(seconds=20))
    await life.poll()
    await life.world.fault("commit_then_reset", operation="create", count=1)
    await life.work()
    await life.go(200, every=5)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.mutations() == ["create", "delete"]
    assert (life.status.external_id, life.status.pending) == (None, None)


async def test_a_paused_one_is_deleted_too(parasail, new_life):
    life = new_life(parasail, expiresAt=at(hours=2))
    await life.serve()
    life.edit(paused=True)
    await expire(life)
    assert told(life.status)["Ready"] == "True Expired"
    assert (await life.mutations())[-1] == "delete"


async def test_one_outside_its_hours_is_deleted_too_and_extended_waits_for_them(parasail, new_life):
    hours = {"timeZone": "UTC", "active": ["Sun 08:00-13:00", "Sun 15:00-17:00"], "outside": "Pause"}
    life = new_life(parasail, expiresAt=at(hours=2), schedule=hours)
    await life.serve()
    await until(life, hours=1, minutes=30)
    await life.go(20)
    assert told(life.status)["Ready"] == "True OutsideActiveHours"
    await expire(life)
    assert told(life.status)["Ready"] == "True Expired"
    life.edit(expiresAt=at(hours=4))
    await until(life, hours=2, minutes=59)
    assert told(life.status)["Ready"] == "True OutsideActiveHours"
    await until(life, hours=3, minutes=1)
    await life.go(20)
    assert told(life.status)["Ready"] == "True Available"


async def test_what_comes_back_with_our_mark_is_deleted_again(world, new_life):
    life = new_life(world, expiresAt=at(hours=2))
    await life.serve()
    await expire(life)
    assert life.status.external_id is None
    await life.world.provider.create(desire(life.body, life.vendor), within=timedelta(minutes=1))
    await life.go(60, every=5)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.count("delete") == 2


async def test_an_object_that_has_expired_goes_at_once(life):
    await expire(life)
    life.delete()
    await life.work()
    assert life.is_released
    assert await life.mutations() == ["create", "delete"]


async def test_an_adopted_one_is_deleted_and_never_made_again(parasail, new_life):
    first = new_life(parasail, deletionPolicy="Orphan")
    id_ = await first.serve()
    first.delete()
    await first.work()
    life = new_life(parasail, externalID=id_, deletionPolicy="Delete", expiresAt=at(hours=2))
    await life.go(30)
    assert life.status.external_id == id_
    await expire(life)
    assert told(life.status)["Ready"] == "True Expired"
    life.edit(expiresAt=at(hours=9))
    await life.go(120, every=10)
    assert told(life.status)["Ready"] == "False ExternalResourceMissing"
    assert await life.mutations() == ["create", "delete"]


async def test_a_deletion_that_fails_is_tried_again(life):
    await until(life, hours=2)
    await life.world.fault("error", operation="delete", count=2, status=500)
    await life.go(200, every=10)
    assert told(life.status)["Ready"] == "True Expired"
    assert await life.count("delete") == 3
