"""Rules of faults: which requests they match, by chance, in time, on hold, and how they are listed and ended."""

import asyncio
import time

import pytest

from support.fault_outcomes import BODY, DEPLOYMENTS, created, parasail_outcome


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        pytest.param({}, [500] * 6, id="every request"),
        pytest.param({"count": 2}, [500, 500, 200, 200, 200, 200], id="at most so many"),
        pytest.param({"nth": 3}, [200, 200, 500, 200, 200, 200], id="the nth"),
        pytest.param({"every": 2}, [200, 500, 200, 500, 200, 500], id="every second"),
        pytest.param({"every": 2, "count": 1}, [200, 500, 200, 200, 200, 200], id="every second, once"),
        pytest.param({"probability": 0.0}, [200] * 6, id="never"),
        pytest.param({"vendor": "paitient"}, [200] * 6, id="the other vendor"),
        pytest.param({"method": "POST"}, [200] * 6, id="another method"),
        pytest.param({"path": "deployments$"}, [500] * 6, id="a path that matches"),
        pytest.param({"path": "/pause$"}, [200] * 6, id="a path that does not"),
        pytest.param({"operation": "list"}, [500] * 6, id="the operation"),
        pytest.param({"operation": "get"}, [200] * 6, id="another operation"),
    ],
)
async def test_a_rule_matches_what_it_says(sim, rule, statuses):
    await sim.fault(kind="error", **rule)
    assert [(await sim.parasail("GET", DEPLOYMENTS)).status for _ in range(6)] == statuses


async def test_chance_is_seeded(start):
    runs = []
    for seed in (1, 1, 2):
        sim = await start(seed=seed)
        await sim.fault(kind="error", probability=0.5)
        runs.append([(await sim.parasail("GET", DEPLOYMENTS)).status for _ in range(20)])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
    assert set(runs[0]) == {200, 500}


async def test_latency_has_a_fixed_part_a_jitter_and_a_tail(sim):
    await sim.fault(kind="latency", seconds=0.05, count=1)
    await sim.fault(kind="latency", seconds=0, tail_probability=1, tail_seconds=1, nth=2)
    took = []
    for _ in range(3):
        began = time.monotonic()
        await sim.parasail("GET", DEPLOYMENTS)
        took.append(time.monotonic() - began)
    assert took[0] >= 0.05
    assert took[1] >= 1
    assert took[2] < 1


@pytest.mark.parametrize(
    ("when", "creates"), [pytest.param("before", 0, id="before"), pytest.param("after", 1, id="after")]
)
async def test_a_request_is_held_before_or_after_its_commit_until_it_is_released(sim, when, creates):
    fault = await sim.fault(kind="hold", when=when, method="POST", seconds=30)
    task = asyncio.create_task(sim.parasail("POST", DEPLOYMENTS, BODY))
    waited = await sim.control("GET", f"/faults/{fault}/wait?timeout=5")
    assert (waited["arrived"], waited["held"]) == (True, 1)
    assert await created(sim) == creates
    assert not task.done()
    await sim.control("POST", f"/faults/{fault}/release")
    assert (await asyncio.wait_for(task, 5)).status == 200
    assert await created(sim) == 1
    assert (await sim.parasail("POST", DEPLOYMENTS, BODY | {"deploymentName": "b-2"})).status == 200
    report = await sim.control("GET", f"/faults/{fault}")
    assert (report["matched"], report["hits"], report["reached"]) == (2, 1, 1), "a released rule hits nobody"


async def test_a_hold_ends_at_its_deadline(sim):
    await sim.fault(kind="hold", seconds=0.05)
    assert (await asyncio.wait_for(sim.parasail("GET", DEPLOYMENTS), 5)).status == 200


async def test_a_held_write_is_committed_though_its_client_is_gone(sim):
    fault = await sim.fault(kind="hold", when="before", method="POST")
    task = asyncio.create_task(sim.parasail("POST", DEPLOYMENTS, BODY))
    await sim.control("GET", f"/faults/{fault}/wait")
    task.cancel()
    await asyncio.wait([task])
    await sim.control("POST", f"/faults/{fault}/release")
    await sim.eventually(lambda: created(sim))


async def test_waiting_counts_requests_and_gives_up(sim):
    fault = await sim.fault(kind="hold", seconds=30)
    tasks = [asyncio.create_task(sim.parasail("GET", DEPLOYMENTS)) for _ in range(3)]
    assert (await sim.control("GET", f"/faults/{fault}/wait?hits=3&timeout=5"))["held"] == 3
    assert (await sim.control("GET", f"/faults/{fault}/wait?hits=4&timeout=0.05"))["arrived"] is False
    await sim.control("DELETE", "/faults")
    assert [answer.status for answer in await asyncio.gather(*tasks)] == [200] * 3


async def test_rules_combine_waiting_and_one_end(sim):
    await sim.fault(kind="latency", seconds=0.05)
    await sim.fault(kind="commit_then_reset", method="POST")
    await sim.fault(kind="error", commit=True)
    began = time.monotonic()
    assert await parasail_outcome(sim) == "lost", "the first rule that ends it decides"
    assert time.monotonic() - began >= 0.05
    assert await created(sim) == 1


async def test_rules_are_listed_with_their_counts_and_cleared(sim):
    fault = await sim.fault(kind="error", count=1)
    await sim.parasail("GET", DEPLOYMENTS)
    await sim.parasail("GET", DEPLOYMENTS)
    (listed,) = (await sim.control("GET", "/faults"))["faults"]
    assert (listed["id"], listed["matched"], listed["hits"]) == (fault, 2, 1)
    assert listed["rule"]["kind"] == "error"
    await sim.control("DELETE", "/faults")
    assert (await sim.control("GET", "/faults"))["faults"] == []


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({}, id="no kind"),
        pytest.param({"kind": "earthquake"}, id="unknown kind"),
        pytest.param({"kind": "error", "path": "("}, id="no regular expression"),
        pytest.param({"kind": "error", "probability": 2}, id="no probability"),
        pytest.param({"kind": "error", "colour": 1}, id="unknown key"),
        pytest.param({"kind": "error", "status": 42}, id="no status"),
    ],
)
async def test_an_unfit_rule_is_refused(sim, rule):
    answer = await sim.send("POST", "/__sim/faults", rule)
    assert answer.status == 400
    assert answer.body["error"]
    assert (await sim.control("GET", "/faults"))["faults"] == []
