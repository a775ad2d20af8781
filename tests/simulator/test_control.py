"""Out of band: edits and deletes, forced statuses, keys, reset, and the state as a whole."""

import asyncio

import pytest

from support.rows import ROWS

DEPLOYMENTS = "/api/v1/dedicated/deployments"


async def test_the_index_names_every_base_and_operation(sim):
    index = await sim.control("GET", "")
    assert index["parasail"] == f"{sim.url}/parasail/api/v1"
    assert index["parasail_chat"] == f"{sim.url}/parasail/v1"
    assert index["paitient"] == f"{sim.url}/paitient"
    assert "POST /__sim/faults/{id}/release" in index["operations"]


async def test_an_edit_in_the_vendors_console_is_seen_by_every_reader(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(9)
    edited = await sim.control(
        "PATCH", f"/deployments/parasail/{identifier}", {"fields": {"replicas": 3, "contextLength": 2048}}
    )
    assert (edited["replicas"], edited["contextLength"]) == (3, 2048)
    fetched = await sim.get_parasail(identifier)
    (listed,) = (await sim.parasail("GET", DEPLOYMENTS)).body
    assert (fetched["replicas"], listed["replicas"], fetched["status"]["status"]) == (3, 3, "STARTING")
    counts = (await sim.control("GET", "/counters"))["parasail"]
    assert counts["writes"] == {}, "a change out of band is no request"


async def test_an_edit_of_paitients_moves_updated_at(sim):
    identifier = (await sim.create_paitient(tags={"a": "1"}))["id"]
    await sim.advance(60)
    await sim.control(
        "PATCH", f"/deployments/paitient/{identifier}", {"fields": {"tags": {"b": "2"}, "region": None}}
    )
    fetched = await sim.get_paitient(identifier)
    assert (fetched["tags"], fetched["region"], fetched["updated_at"]) == (
        {"b": "2"},
        None,
        "2026-01-01T12:01:00Z",
    )


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
async def test_an_object_deleted_out_of_band_is_gone_at_once(sim, vendor):
    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    await sim.advance(9)
    await sim.control("DELETE", f"/deployments/{vendor}/{identifier}")
    assert await getattr(sim, f"{vendor}_status")(identifier) == 404
    answer = await sim.send("GET", f"/__sim/deployments/{vendor}/{identifier}")
    assert answer.status == 404
    await getattr(sim, f"create_{vendor}")()


@pytest.mark.parametrize(
    ("vendor", "status"),
    [
        ("parasail", "ERROR"),
        ("parasail", "OFFLINE"),
        ("parasail", "PAUSED"),
        ("parasail", "STOPPING"),
        ("parasail", "HIBERNATING"),
        ("paitient", "failed"),
        ("paitient", "delete_failed"),
        ("paitient", "creating"),
        ("paitient", "hibernating"),
    ],
)
async def test_a_forced_status_stays(sim, vendor, status):
    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    await sim.control(
        "PATCH", f"/deployments/{vendor}/{identifier}", {"status": status, "message": "by hand"}
    )
    await sim.advance(3600)
    assert await getattr(sim, f"{vendor}_status")(identifier) == status
    if vendor == "parasail":
        assert (await sim.get_parasail(identifier))["status"]["statusMessage"] == "by hand"


async def test_a_forced_end_is_an_end_and_cannot_be_taken_back(sim):
    identifier = (await sim.create_paitient())["id"]
    await sim.control("PATCH", f"/deployments/paitient/{identifier}", {"status": "deleted"})
    assert (await sim.control("GET", "/counters"))["paitient"]["live"] == 0
    answer = await sim.send("PATCH", f"/__sim/deployments/paitient/{identifier}", {"status": "running"})
    assert answer.status == 400
    await sim.advance(61)
    assert await sim.paitient_status(identifier) == 404


@pytest.mark.parametrize(("vendor", "failed"), [("parasail", "ERROR"), ("paitient", "failed")])
async def test_a_failure_can_be_planned(sim, vendor, failed):
    identifier = (await getattr(sim, f"create_{vendor}")())["id"]
    await sim.advance(9)
    await sim.control(
        "PATCH", f"/deployments/{vendor}/{identifier}", {"fail_after_s": 5, "message": "node lost"}
    )
    await sim.advance(4.9)
    assert await getattr(sim, f"{vendor}_status")(identifier) != failed
    await sim.advance(0.2)
    assert await getattr(sim, f"{vendor}_status")(identifier) == failed


async def test_a_transition_can_be_stuck_half_way(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(9)
    await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/pause")
    await sim.control("PATCH", f"/deployments/parasail/{identifier}", {"stuck": True})
    await sim.advance(3600)
    assert await sim.parasail_status(identifier) == "STOPPING"
    await sim.control("PATCH", f"/deployments/parasail/{identifier}", {"stuck": False})
    await sim.advance(3)
    assert await sim.parasail_status(identifier) == "OFFLINE"


@pytest.mark.parametrize("vendor", ["parasail", "paitient"])
async def test_a_revoked_key_is_refused_and_a_rotated_one_sees_the_same_world(sim, vendor):
    await getattr(sim, f"create_{vendor}")()
    path = DEPLOYMENTS if vendor == "parasail" else "/v1/deployments"
    old, request = f"sim-{vendor}-key", getattr(sim, vendor)
    await sim.control("POST", "/tokens/rotate", {"vendor": vendor, "key": old, "new_key": "new"})
    seen = [(await request("GET", path)).status, (await request("GET", path, key="new")).status]
    body = (await request("GET", path, key="new")).body
    assert len(body if vendor == "parasail" else body["deployments"]) == 1
    await sim.control("DELETE", "/tokens", {"vendor": vendor, "key": "new"})
    seen.append((await request("GET", path, key="new")).status)
    assert seen == [401, 200, 401]


async def test_a_key_can_become_read_only_and_writable_again(sim):
    seen = []
    for read_only in (True, False):
        token = {"vendor": "parasail", "key": "sim-parasail-key", "read_only": read_only}
        await sim.control("POST", "/tokens", token)
        seen.append((await sim.parasail("POST", f"{DEPLOYMENTS}/99/pause")).status)
    assert seen == [403, 404]
    listed = (await sim.control("GET", "/tokens"))["tokens"]
    assert {token["key"] for token in listed} == {row.key for row in ROWS.values()}


async def test_the_state_holds_every_object_of_both_vendors(sim):
    identifier = (await sim.create_paitient(vpc_config={"subnet_ids": ["s"]}))["id"]
    await sim.create_parasail("model-a")
    await sim.paitient("POST", "/v1/endpoints", {"name": "e", "deployment_id": identifier})
    state = await sim.control("GET", "/state")
    assert [one["deploymentName"] for one in state["parasail"]] == ["model-a"]
    assert state["parasail"][0]["sim"] == {"account": "sim", "stuck": False, "deleting": False, "gpus": 1}
    assert [(one["id"], one["vpc_config"]) for one in state["paitient"]] == [
        (identifier, {"subnet_ids": ["s"]})
    ]
    assert [one["split"] for one in state["endpoints"]] == [{identifier: 100}]
    assert state["clock"]["mode"] == "manual"


@pytest.mark.parametrize("keep", [False, True])
async def test_a_reset_makes_everything_new_and_keeps_the_knobs_if_asked(start, keep):
    sim = await start({"parasail.start_s": 3})
    first = await sim.create_paitient()
    await sim.knobs({"parasail.stop_s": 77})
    await sim.control("POST", "/tokens", {"vendor": "parasail", "key": "other"})
    await sim.advance(100)
    hold = await sim.fault(kind="hold")
    task = asyncio.create_task(sim.parasail("GET", DEPLOYMENTS))
    await sim.control("GET", f"/faults/{hold}/wait")

    await sim.control("POST", "/reset", {"keep_knobs": keep})

    assert (await asyncio.wait_for(task, 5)).status == 200, "a reset releases who is held"
    state = await sim.control("GET", "/state")
    assert (state["parasail"], state["paitient"], state["endpoints"]) == ([], [], [])
    assert state["clock"]["now_text"] == "2026-01-01T12:00:00Z"
    assert (await sim.control("GET", "/requests"))["requests"] == []
    assert (await sim.control("GET", "/faults"))["faults"] == []
    assert (await sim.control("GET", "/counters"))["paitient"]["creates"] == {}
    assert len((await sim.control("GET", "/tokens"))["tokens"]) == len(ROWS)
    knobs = (await sim.control("GET", "/knobs"))["values"]["parasail"]
    assert (knobs["start_s"], knobs["stop_s"]) == (3, 77 if keep else 3)
    assert await sim.create_paitient() == first, "the same seed gives the same ids"
