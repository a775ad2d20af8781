"""A whole life while the provider spells everything otherwise: the same end, with as many changes, as on any other day."""

import pytest

from support.situations import told

SPELLINGS = [
    {"empty_lists": "null"},
    {"floats": "single"},
    {"times": "naive"},
    {"times": "milliseconds"},
    {"ids": "text"},
    {"ids": "decimal"},
    {"heartbeat": True},
    {"not_a_number": True},
    {"byte_order_mark": True},
    {"refusals": "success"},
    *({"not_now_status": status} for status in (421, 423, 424, 425, 400)),
    {"empty_lists": "null", "floats": "single", "times": "milliseconds", "ids": "text", "not_a_number": True},
]
LISTS = [
    {"id_form": "path"},
    {"last_next_offset": "beyond"},
    {"total": "page"},
    {"total": "none"},
    {"total": "page", "last_next_offset": "beyond", "list_tags": "partial"},
]


async def live_and_die(life) -> dict[str, int]:
    """Serve, be edited, be corrected and be deleted; the changes that the provider saw."""
    await life.serve()
    assert told(life.status)["Ready"] == "True Available"
    life.edit(replicas=2, contextLength=8192)
    await life.go(90, every=3)
    assert told(life.status)["Ready"] == "True Available"
    life.delete()
    await life.go(180, every=3)
    assert life.is_released
    return {operation: await life.count(operation) for operation in ("create", "update", "delete")}


ONCE = {"create": 1, "update": 1, "delete": 1}


def named(knobs: dict[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in knobs.items())


@pytest.mark.parametrize("spelling", SPELLINGS, ids=named)
async def test_every_spelling_is_understood(world, new_life, spelling):
    await world.control("PATCH", "/knobs", {"spelling": spelling})
    assert await live_and_die(new_life(world)) == ONCE


@pytest.mark.parametrize("knobs", LISTS, ids=named)
async def test_every_kind_of_list_is_understood(paitient, new_life, knobs):
    await paitient.set(**knobs)
    settings = {
        "instanceType": "g4dn.xlarge",
        "region": "us-east-1",
        "modelConfig": {"defaultTemperature": "0.7"},
    }
    assert await live_and_die(new_life(paitient, paitient=settings)) == ONCE


async def test_a_setting_that_went_through_32_bits_is_the_one_that_was_sent(paitient, new_life):
    await paitient.control("PATCH", "/knobs", {"spelling": {"floats": "single"}})
    settings = {
        "instanceType": "g4dn.xlarge",
        "region": "us-east-1",
        "modelConfig": {"defaultTemperature": "0.7"},
    }
    assert await live_and_die(new_life(paitient, paitient=settings)) == ONCE


@pytest.mark.parametrize("spelling", [{"refusals": "success"}, {"not_now_status": 423}], ids=named)
async def test_a_quota_is_a_quota_in_every_spelling(world, new_life, spelling):
    await world.control("PATCH", "/knobs", {"spelling": spelling, **world.row.no_quota_left})
    life = new_life(world)
    await life.poll()
    await life.work()
    await life.work()
    assert told(life.status)["Ready"] == "False QuotaExceeded"
    assert "quota" in life.status.condition("Ready").message
