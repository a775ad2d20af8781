"""Counters that make "at most one" checkable: creates by name and tag, what is alive, what was written."""

DEPLOYMENTS = "/api/v1/dedicated/deployments"
UID = "model-operator-uid"


async def counters(sim, vendor):
    return (await sim.control("GET", "/counters"))[vendor]


async def test_creates_and_lives_are_counted_by_name(sim):
    await sim.knobs({"parasail.delete_mode": "sync"})
    first = await sim.create_parasail("model-a")
    await sim.create_parasail("model-b", replicas=2)
    await sim.parasail("DELETE", f"{DEPLOYMENTS}/{first['id']}")
    await sim.create_parasail("model-a")

    counts = await counters(sim, "parasail")
    assert counts["creates_by_name"] == {"model-a": 2, "model-b": 1}
    assert counts["live_by_name"] == {"model-a": 1, "model-b": 1}
    assert counts["max_live_by_name"] == {"model-a": 1, "model-b": 1}
    assert (counts["live"], counts["max_live"], counts["deletes"]) == (2, 2, 1)
    assert (counts["live_gpus"], counts["max_live_gpus"]) == (3, 3)


async def test_two_at_once_with_one_tag_are_seen_even_after_one_is_gone(sim):
    twins = [(await sim.create_paitient(f"twin-{place}", tags={UID: "u1"}))["id"] for place in (1, 2)]
    await sim.paitient("DELETE", f"/v1/deployments/{twins[0]}")
    await sim.advance(4)
    counts = await counters(sim, "paitient")
    assert counts["creates_by_tag"] == {"u1": 2}
    assert counts["live_by_tag"] == {"u1": 1}
    assert counts["max_live_by_tag"] == {"u1": 2}


async def test_one_after_the_other_is_one_at_once(sim):
    for _ in range(2):
        identifier = (await sim.create_paitient(tags={UID: "u1"}))["id"]
        await sim.paitient("DELETE", f"/v1/deployments/{identifier}")
        await sim.advance(4)
    counts = await counters(sim, "paitient")
    assert (counts["creates_by_tag"], counts["max_live_by_tag"], counts["live"]) == ({"u1": 2}, {"u1": 1}, 0)


async def test_a_refused_create_is_no_create(sim):
    await sim.create_parasail("model-a")
    await sim.parasail("POST", DEPLOYMENTS, {"deploymentName": "model-a"})
    assert (await counters(sim, "parasail"))["creates"] == {"deployment": 1}


async def test_writes_are_counted_by_object(sim):
    identifier = (await sim.create_parasail())["id"]
    body = await sim.get_parasail(identifier)
    for _ in range(2):
        await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body)
    await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/pause")
    await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/pause")
    counts = await counters(sim, "parasail")
    assert counts["writes"] == {str(identifier): {"put": 2, "pause": 1}}, "a pause without effect is no write"
    assert counts["requests"] == {"create": 1, "get": 1, "update": 2, "pause": 2}


async def test_endpoints_are_counted(sim):
    identifier = (await sim.create_paitient())["id"]
    await sim.paitient("POST", "/v1/endpoints", {"name": "e", "deployment_id": identifier})
    share = [{"id": identifier, "traffic_percentage": 100}]
    await sim.paitient("POST", "/v1/canary-endpoints", {"name": "c", "deployments": share})
    assert (await counters(sim, "paitient"))["creates"] == {
        "deployment": 1,
        "endpoint": 1,
        "canary_endpoint": 1,
    }


async def test_gpus_are_free_while_stopped(sim):
    identifier = (await sim.create_parasail(replicas=3))["id"]
    await sim.advance(9)
    await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/pause")
    await sim.advance(4)
    counts = await counters(sim, "parasail")
    assert (counts["live"], counts["live_gpus"], counts["max_live_gpus"]) == (1, 0, 3)


async def test_an_out_of_band_delete_ends_a_life_without_counting_as_a_request(sim):
    identifier = (await sim.create_paitient(tags={UID: "u1"}))["id"]
    await sim.control("DELETE", f"/deployments/paitient/{identifier}")
    counts = await counters(sim, "paitient")
    assert (counts["live_by_tag"], counts["deletes"], counts["requests"]) == ({}, 0, {"create": 1})


async def test_accounts_are_counted_apart(sim):
    await sim.control("POST", "/tokens", {"vendor": "parasail", "key": "other", "account": "other"})
    await sim.create_parasail("model-a")
    body = {"deploymentName": "model-a", "modelName": "m/m", "serviceTierName": "low-cost", "replicas": 1}
    await sim.parasail("POST", DEPLOYMENTS, body, key="other")
    assert (await counters(sim, "parasail"))["creates_by_name"] == {"model-a": 1, "other/model-a": 1}
