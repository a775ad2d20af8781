"""The ledger: replica-seconds by state, whatever moves a deployment, billed as the knobs say."""

import pytest

DEPLOYMENTS = "/api/v1/dedicated/deployments"


async def row(sim, **where):
    query = "&".join(f"{name}={value}" for name, value in where.items())
    found = (await sim.control("GET", f"/ledger?{query}"))["deployments"]
    assert len(found) == 1
    return found[0]


async def test_each_state_has_its_replica_seconds(sim):
    made = await sim.create_parasail("model-a", replicas=2)  # STARTING for 8 s
    await sim.advance(108)
    await sim.parasail("POST", f"{DEPLOYMENTS}/{made['id']}/pause")  # STOPPING for 3 s
    await sim.advance(53)
    found = await row(sim, vendor="parasail")
    assert found["replica_seconds"] == {"STARTING": 16.0, "ONLINE": 200.0, "STOPPING": 6.0, "OFFLINE": 100.0}
    assert (found["billed_replica_seconds"], found["state"]) == (222.0, "OFFLINE")


async def test_what_waits_for_a_quota_runs_nowhere(sim):
    await sim.knobs({"parasail.gpu_quota": 1})
    await sim.create_parasail("model-a", replicas=2)
    await sim.advance(600)
    assert (await row(sim, vendor="parasail"))["billed_replica_seconds"] == 0


async def test_a_change_of_replicas_counts_from_its_moment(sim):
    made = await sim.create_paitient(min_replicas=1, max_replicas=1)  # creating for 6 s
    await sim.advance(106)
    await sim.paitient("PATCH", f"/v1/deployments/{made['id']}", {"min_replicas": 3, "max_replicas": 3})
    await sim.advance(104)  # updating for 4 s
    assert (await row(sim, id=made["id"]))["replica_seconds"] == {
        "creating": 6.0,
        "running": 400.0,
        "updating": 12.0,
    }


async def test_what_the_console_does_counts_as_well(sim):
    made = await sim.create_paitient()
    await sim.advance(6)
    await sim.control(
        "PATCH", f"/deployments/paitient/{made['id']}", {"fields": {"min_replicas": 2, "max_replicas": 2}}
    )
    await sim.advance(50)
    await sim.control("DELETE", f"/deployments/paitient/{made['id']}")
    await sim.advance(1000)
    found = await row(sim, id=made["id"])
    assert found["replica_seconds"] == {"creating": 6.0, "running": 100.0}
    assert found["state"] is None


async def test_a_deleted_one_stays_in_the_ledger_and_costs_no_more(sim):
    made = await sim.create_paitient()
    await sim.advance(10)
    await sim.paitient("DELETE", f"/v1/deployments/{made['id']}")
    await sim.advance(3)  # deleting
    before = await row(sim, id=made["id"])
    await sim.advance(3600)
    assert await row(sim, id=made["id"]) == before | {"state": None}
    assert before["replica_seconds"] == {"creating": 6.0, "running": 4.0, "deleting": 3.0}


async def test_replicas_that_the_vendor_moves_are_those_that_it_shows(sim):
    made = await sim.create_paitient(min_replicas=1, max_replicas=5, auto_scaling=True)
    await sim.advance(6)
    total = 0
    for _ in range(300):
        total += (await sim.paitient("GET", f"/v1/deployments/{made['id']}")).body["current_replicas"]
        await sim.advance(1)
    assert (await row(sim, id=made["id"]))["replica_seconds"]["running"] == pytest.approx(total, abs=5)


@pytest.mark.parametrize(
    ("knobs", "cost"),
    [
        ({}, 3.2),
        ({"parasail.prices": {"H100": 10}}, 10),
        ({"parasail.billed_states": ["ONLINE", "OFFLINE"]}, 3.2),
        ({"parasail.billed_states": []}, 0),
    ],
)
async def test_an_hour_of_one_replica_costs_its_price_in_what_is_billed(sim, knobs, cost):
    await sim.knobs({"parasail.start_s": 0, **knobs})
    await sim.create_parasail("model-a", serviceTierName="H100")
    await sim.advance(3600)
    found = await sim.control("GET", "/ledger")
    assert found["total"]["cost"] == pytest.approx(cost)
    assert found["deployments"][0]["unpriced"] == []


async def test_devices_have_the_price_of_the_catalogue_and_what_has_none_is_named(sim):
    await sim.knobs({"parasail.start_s": 0, "parasail.prices": {}})
    chosen = [{"device": "H100SXM", "count": 2, "selected": True}]
    await sim.create_parasail("model-a", serviceTierName=None, deviceConfigs=chosen)
    await sim.create_parasail("model-b", serviceTierName="H100")
    await sim.advance(3600)
    found = (await sim.control("GET", "/ledger"))["deployments"]
    assert [(one["machines"], one["cost"], one["unpriced"]) for one in found] == [
        (["2 H100SXM"], 5.8, []),
        (["H100"], 0, ["H100"]),
    ]
