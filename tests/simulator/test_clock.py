"""The clock: real, scaled and manual, and events in their order."""

import asyncio
import time

import pytest

from model_operator_simulator.clock import Clock, rfc3339

DEPLOYMENTS = "/api/v1/dedicated/deployments"


async def test_a_manual_clock_moves_only_when_told(sim):
    before = await sim.control("GET", "/clock")
    await asyncio.sleep(0.05)
    assert await sim.control("GET", "/clock") == before
    after = await sim.control("POST", "/clock/advance", {"seconds": 90})
    assert (before["now_text"], after["now_text"]) == ("2026-01-01T12:00:00Z", "2026-01-01T12:01:30Z")


async def test_a_scaled_clock_runs_so_many_times_as_fast(start):
    sim = await start(clock="scaled", time_scale=1000)
    began, before = time.monotonic(), (await sim.control("GET", "/clock"))["now"]
    await asyncio.sleep(0.1)
    after, took = (await sim.control("GET", "/clock"))["now"], time.monotonic() - began
    assert 100 <= after - before <= took * 1000 + 1


async def test_a_real_clock_is_the_wall_clock_and_can_be_advanced(start):
    sim = await start(clock="real")
    assert (await sim.control("GET", "/clock"))["now"] == pytest.approx(time.time(), abs=2)
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(9)
    assert await sim.parasail_status(identifier) == "ONLINE"


async def test_the_next_event_is_told(sim):
    assert (await sim.control("GET", "/clock"))["next_event_in"] is None
    await sim.create_parasail()
    assert (await sim.control("GET", "/clock"))["next_event_in"] == 8


async def test_a_transition_carries_the_time_at_which_it_was_due(sim):
    identifier = (await sim.create_paitient())["id"]
    await sim.advance(3600)
    assert (await sim.get_paitient(identifier))["updated_at"] == "2026-01-01T12:00:06Z"


@pytest.mark.parametrize("seconds", [-1, "1", None, True, 1e300])
async def test_an_unfit_advance_is_refused(sim, seconds):
    answer = await sim.send("POST", "/__sim/clock/advance", {"seconds": seconds})
    assert answer.status == 400


@pytest.mark.parametrize("scale", [0, -1, 1e9])
def test_an_unfit_scale_is_refused(scale):
    with pytest.raises(ValueError, match="time_scale"):
        Clock("scaled", scale)


def test_events_fire_in_the_order_of_their_times_and_may_add_others():
    clock, fired = Clock("manual"), []

    def note(name):
        fired.append((name, rfc3339(clock.now())))

    def note_and_follow():
        note("b")
        clock.after(1, lambda: note("c"))

    clock.after(3, lambda: note("d"))
    clock.after(1, lambda: note("a"))
    clock.after(1, note_and_follow)
    clock.advance(2.5)
    assert fired == [
        ("a", "2026-01-01T12:00:01Z"),
        ("b", "2026-01-01T12:00:01Z"),
        ("c", "2026-01-01T12:00:02Z"),
    ]
    clock.advance(1)
    assert fired[-1] == ("d", "2026-01-01T12:00:03Z")
    assert clock.next_event() is None
