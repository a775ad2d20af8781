"""Endpoints and canary endpoints: the rules of a split, who answers through them, and what may be changed."""

from collections import Counter

import pytest

CANARIES = "/v1/canary-endpoints"


@pytest.fixture
async def pair(sim):
    """Two running deployments."""
    pair = [(await sim.create_paitient(name))["id"] for name in ("stable", "canary")]
    await sim.advance(7)
    return pair


def split(pair, *percents):
    return [{"id": one, "traffic_percentage": percent} for one, percent in zip(pair, percents, strict=False)]


async def make(sim, deployments):
    return await sim.paitient("POST", CANARIES, {"name": "triage", "deployments": deployments})


@pytest.mark.parametrize(
    ("percents", "status"),
    [
        pytest.param((90, 10), 200, id="ninety to ten"),
        pytest.param((100, 0), 200, id="all to one"),
        pytest.param((100,), 200, id="a single member"),
        pytest.param((90, 9), 422, id="sum below 100"),
        pytest.param((90, 11), 422, id="sum above 100"),
        pytest.param((110, -10), 422, id="outside 0 to 100"),
        pytest.param((99.5, 0.5), 422, id="fractions"),
        pytest.param(("90", "10"), 422, id="strings"),
        pytest.param((True, 99), 422, id="a boolean"),
        pytest.param((None, 100), 422, id="null"),
    ],
)
async def test_a_split_is_whole_numbers_that_sum_to_100(sim, pair, percents, status):
    created = await make(sim, split(pair, *percents))
    assert created.status == status
    good = await make(sim, split(pair, 50, 50))
    patched = await sim.paitient(
        "PATCH", f"{CANARIES}/{good.body['id']}", {"deployments": split(pair, *percents)}
    )
    assert patched.status == status


@pytest.mark.parametrize(
    ("deployments", "status"),
    [
        pytest.param(lambda p: split([p[0], p[0]], 50, 50), 422, id="one id twice"),
        pytest.param(lambda p: split([p[0], "dep_unknown"], 50, 50), 404, id="an unknown id"),
        pytest.param(lambda _: [], 422, id="none"),
        pytest.param(lambda _: None, 400, id="missing"),
        pytest.param(lambda _: "all", 400, id="no array"),
        pytest.param(lambda p: [p[0], p[1]], 422, id="ids alone"),
        pytest.param(lambda _: [{"id": 7, "traffic_percentage": 100}], 422, id="a number for an id"),
    ],
)
async def test_members_are_distinct_deployments_that_exist(sim, pair, deployments, status):
    assert (await make(sim, deployments(pair))).status == status


async def test_a_deployment_that_ends_is_no_member(sim, pair):
    await sim.paitient("DELETE", f"/v1/deployments/{pair[1]}")
    assert (await make(sim, split(pair, 90, 10))).status == 404
    await sim.advance(4)
    body = {"name": "e", "deployment_id": pair[1]}
    assert (await sim.paitient("POST", "/v1/endpoints", body)).status == 404


async def test_a_patch_may_change_the_members_unless_they_are_fixed(sim, pair):
    third = (await sim.create_paitient("third"))["id"]
    identifier = (await make(sim, split(pair, 90, 10))).body["id"]
    both = {"deployments": split([pair[0], third], 60, 40)}
    answer = await sim.paitient("PATCH", f"{CANARIES}/{identifier}", both)
    assert answer.body["deployments"] == both["deployments"]
    await sim.knobs({"paitient.canary_membership": "fixed"})
    refused = await sim.paitient("PATCH", f"{CANARIES}/{identifier}", {"deployments": split(pair, 60, 40)})
    allowed = await sim.paitient(
        "PATCH", f"{CANARIES}/{identifier}", {"deployments": split([third, pair[0]], 1, 99)}
    )
    assert (refused.status, allowed.status) == (422, 200)


async def test_a_refused_patch_changes_nothing(sim, pair):
    identifier = (await make(sim, split(pair, 90, 10))).body["id"]
    await sim.paitient("PATCH", f"{CANARIES}/{identifier}", {"deployments": split(pair, 90, 11)})
    (endpoint,) = (await sim.control("GET", "/endpoints"))["endpoints"]
    assert endpoint["split"] == {pair[0]: 90, pair[1]: 10}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/v1/endpoints", 405, id="list endpoints"),
        pytest.param("GET", "/v1/endpoints/{ep}", 404, id="get an endpoint"),
        pytest.param("DELETE", "/v1/endpoints/{ep}", 404, id="delete an endpoint"),
        pytest.param("PATCH", "/v1/endpoints/{ep}", 404, id="repoint an endpoint"),
        pytest.param("GET", "/v1/canary-endpoints", 405, id="list canaries"),
        pytest.param("GET", "/v1/canary-endpoints/{cep}", 405, id="get a canary"),
        pytest.param("DELETE", "/v1/canary-endpoints/{cep}", 405, id="delete a canary"),
        pytest.param("PATCH", "/v1/canary-endpoints/{ep}", 404, id="an endpoint is no canary"),
        pytest.param("PATCH", "/v1/canary-endpoints/cep_none", 404, id="an unknown canary"),
    ],
)
async def test_what_the_document_does_not_have_is_not_there(sim, pair, method, path, status):
    ep = (await sim.paitient("POST", "/v1/endpoints", {"name": "e", "deployment_id": pair[0]})).body["id"]
    cep = (await make(sim, split(pair, 90, 10))).body["id"]
    body = {"deployments": split(pair, 90, 10)} if method == "PATCH" else None
    answer = await sim.paitient(method, path.format(ep=ep, cep=cep), body)
    assert answer.status == status
    assert "error" in answer.body


async def test_requests_through_a_canary_follow_the_split(sim, pair):
    endpoint = (await make(sim, split(pair, 80, 20))).body
    path = endpoint["url"].removeprefix(f"{sim.url}/paitient")
    answers = [
        (await sim.paitient("POST", path, {"prompt": "Hello"})).body["deployment_id"] for _ in range(200)
    ]
    shares = Counter(answers)
    assert 20 <= shares[pair[1]] <= 65, "20 % of 200, give or take four standard deviations"
    await sim.paitient("PATCH", f"{CANARIES}/{endpoint['id']}", {"deployments": split(pair, 0, 100)})
    answers = [
        (await sim.paitient("POST", path, {"prompt": "Hello"})).body["deployment_id"] for _ in range(10)
    ]
    assert set(answers) == {pair[1]}


async def test_an_endpoint_sends_to_its_deployment(sim, pair):
    body = {"name": "e", "deployment_id": pair[1]}
    path = (await sim.paitient("POST", "/v1/endpoints", body)).body["url"].removeprefix(f"{sim.url}/paitient")
    assert (await sim.paitient("POST", path, {"prompt": "Hello"})).body["deployment_id"] == pair[1]
    await sim.control("PATCH", f"/deployments/paitient/{pair[1]}", {"status": "failed"})
    assert (await sim.paitient("POST", path, {"prompt": "Hello"})).status == 409


async def test_a_stale_echo_shows_the_old_split_of_a_patch_that_took(sim, pair):
    identifier = (await make(sim, split(pair, 90, 10))).body["id"]
    await sim.fault(kind="stale_reply", operation="update_canary")
    echo = await sim.paitient("PATCH", f"{CANARIES}/{identifier}", {"deployments": split(pair, 50, 50)})
    (endpoint,) = (await sim.control("GET", "/endpoints"))["endpoints"]
    assert echo.body["deployments"] == split(pair, 90, 10)
    assert endpoint["split"] == {pair[0]: 50, pair[1]: 50}


async def test_a_split_changed_out_of_band_is_seen_in_the_state(sim, pair):
    identifier = (await make(sim, split(pair, 90, 10))).body["id"]
    edited = await sim.control(
        "PATCH", f"/endpoints/{identifier}", {"split": {pair[0]: 1, pair[1]: 99}, "rps": 3}
    )
    assert (edited["split"], edited["rps"]) == ({pair[0]: 1, pair[1]: 99}, 3)
    await sim.control("DELETE", f"/endpoints/{identifier}")
    assert (await sim.control("GET", "/endpoints"))["endpoints"] == []
    assert (
        await sim.paitient("PATCH", f"{CANARIES}/{identifier}", {"deployments": split(pair, 90, 10)})
    ).status == 404
