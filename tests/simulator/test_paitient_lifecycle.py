"""PaiTIENT's deployments over time, its lists with paging and filters, and what the API refuses."""

import pytest

CREATE = {"model_name": "org/model", "deployment_name": "model-a"}
PATH = "/v1/deployments"


async def act(sim, identifier, *steps):
    """Seconds, ``PATCH``, ``DELETE`` or a status to force; the HTTP statuses of the requests."""
    answers = []
    for step in steps:
        if isinstance(step, int | float):
            await sim.advance(step)
        elif step in ("PATCH", "DELETE"):
            body = {"tags": {"a": "1"}} if step == "PATCH" else None
            answers.append((await sim.paitient(step, f"{PATH}/{identifier}", body)).status)
        else:
            await sim.control("PATCH", f"/deployments/paitient/{identifier}", {"status": step})
    return answers


@pytest.mark.parametrize(
    ("steps", "answers", "status"),
    [
        pytest.param([5.9], [], "creating", id="not yet running"),
        pytest.param([6], [], "running", id="running"),
        pytest.param([1, "PATCH", 6], [409], "running", id="no update while creating"),
        pytest.param([6, "PATCH"], [200], "updating", id="updating"),
        pytest.param([6, "PATCH", 1, "PATCH"], [200, 409], "updating", id="no update while updating"),
        pytest.param([6, "PATCH", 4], [200], "running", id="updated"),
        pytest.param([6, "failed", "PATCH", 4], [200], "running", id="a failed one can be updated"),
        pytest.param([6, "failed", 60], [], "failed", id="failed for good"),
        pytest.param([6, "DELETE"], [200], "deleting", id="deleting"),
        pytest.param([1, "DELETE", 3], [200], "deleted", id="deleted while creating"),
        pytest.param([6, "DELETE", 1, "DELETE", 2], [200, 200], "deleted", id="deleted twice"),
        pytest.param([6, "DELETE", 1, "PATCH"], [200, 409], "deleting", id="no update while deleting"),
        pytest.param(
            [6, "DELETE", 3, "DELETE", "PATCH"], [200, 404, 409], "deleted", id="nothing after the end"
        ),
        pytest.param([6, "DELETE", 63], [200], 404, id="gone"),
        pytest.param([6, "delete_failed", 60], [], "delete_failed", id="a delete that failed"),
        pytest.param([6, "delete_failed", "DELETE", 3], [200], "deleted", id="deleted again"),
        pytest.param([6, "hibernating", 60], [], "hibernating", id="a status that nobody knows"),
    ],
)
async def test_a_deployment_goes_its_way(sim, steps, answers, status):
    identifier = (await sim.create_paitient())["id"]
    assert await act(sim, identifier, *steps) == answers
    assert await sim.paitient_status(identifier) == status


async def test_current_replicas_follow_the_status_and_the_scaling(sim):
    fixed = (await sim.create_paitient("fixed", min_replicas=2, max_replicas=4))["id"]
    scaling = (await sim.create_paitient("scaling", min_replicas=2, max_replicas=9, auto_scaling=True))["id"]
    assert (await sim.get_paitient(fixed))["current_replicas"] == 0
    seen = set()
    for _ in range(40):
        await sim.advance(60)
        assert (await sim.get_paitient(fixed))["current_replicas"] == 2
        seen.add((await sim.get_paitient(scaling))["current_replicas"])
    assert min(seen) >= 2
    assert max(seen) <= 9
    assert len(seen) > 3


async def test_a_patch_merges_and_leaves_the_rest(sim):
    created = await sim.create_paitient(
        tags={"a": "1", "b": "2"},
        model_config={"context_length": 4096, "default_top_p": 0.9},
        vpc_config={"subnet_ids": ["s"]},
    )
    await sim.advance(6)
    patch = {"tags": {"b": "3"}, "model_config": {"default_top_p": 1}, "region": "eu-west-1"}
    await sim.paitient("PATCH", f"{PATH}/{created['id']}", patch)
    fetched = await sim.get_paitient(created["id"])
    assert fetched["tags"] == {"a": "1", "b": "3"}
    assert fetched["model_config"] == {"context_length": 4096, "default_top_p": 1}
    assert fetched["region"] == "us-east-1", "not among the fields that a PATCH changes"
    shown = await sim.control("GET", f"/deployments/paitient/{created['id']}")
    assert shown["vpc_config"] == {"subnet_ids": ["s"]}, "kept, though no reply shows it"


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        pytest.param({"deployment_name": "ab"}, "validation_error", "deployment_name", id="short name"),
        pytest.param({"deployment_name": "a" * 65}, "validation_error", "deployment_name", id="long name"),
        pytest.param({"deployment_name": None}, "invalid_request_error", "deployment_name", id="null name"),
        pytest.param({"min_replicas": 0}, "validation_error", "min_replicas", id="zero"),
        pytest.param({"min_replicas": True}, "validation_error", "min_replicas", id="a boolean"),
        pytest.param({"max_replicas": 10**30}, "validation_error", "max_replicas", id="a huge number"),
        pytest.param(
            {"min_replicas": 3, "max_replicas": 2}, "validation_error", "max_replicas", id="min above max"
        ),
        pytest.param({"auto_scaling": "yes"}, "validation_error", "auto_scaling", id="a word for a boolean"),
        pytest.param({"tags": ["a"]}, "validation_error", "tags", id="tags of another type"),
        pytest.param({"tags": {"a": 1}}, "validation_error", "tags.a", id="a tag of another type"),
        pytest.param(
            {"model_config": {"context_length": 0}},
            "validation_error",
            "model_config.context_length",
            id="no context",
        ),
        pytest.param(
            {"model_config": {"default_top_p": 1.1}},
            "validation_error",
            "model_config.default_top_p",
            id="top_p",
        ),
        pytest.param(
            {"vpc_config": {"subnet_ids": "s"}}, "validation_error", "vpc_config.subnet_ids", id="subnets"
        ),
        pytest.param({"model_name": "nothing"}, "model_not_found", "model_name", id="unknown model"),
        pytest.param(
            {"instance_type": "tpu"}, "instance_type_unavailable", "instance_type", id="instance type"
        ),
        pytest.param(
            {"region": "eu-west-1", "instance_type": "p4d.24xlarge"},
            "instance_type_unavailable",
            "instance_type",
            id="not in this region",
        ),
    ],
)
async def test_an_unfit_create_names_the_parameter(sim, change, code, param):
    answer = await sim.paitient("POST", PATH, CREATE | change)
    assert answer.status >= 400
    assert (answer.body["error"]["code"], answer.body["error"]["param"]) == (code, param)
    assert (await sim.paitient("GET", PATH)).body["pagination"]["total"] == 0


@pytest.fixture
async def twenty_five(start):
    sim = await start({"paitient.max_deployments": None})
    for place in range(25):
        region = "us-west-2" if place % 5 == 0 else "us-east-1"
        tags = {"parity": "even" if place % 2 == 0 else "odd", "weird key": "a b&c=d"}
        await sim.create_paitient(f"model-{place}", region=region, tags=tags, model_name=f"org/m{place % 3}")
    return sim


async def pages(sim, query=""):
    """Follow next_offset to the end; the names page by page."""
    offset, found = 0, []
    while offset is not None:
        body = (await sim.paitient("GET", f"{PATH}?offset={offset}{query}")).body
        found.append([int(item["deployment_name"].removeprefix("model-")) for item in body["deployments"]])
        offset = body["pagination"]["next_offset"]
    return found


async def test_pages_hold_twenty_newest_first_and_end(twenty_five):
    assert await pages(twenty_five) == [list(range(24, 4, -1)), list(range(4, -1, -1))]
    assert [len(page) for page in await pages(twenty_five, "&limit=10")] == [10, 10, 5]
    assert [len(page) for page in await pages(twenty_five, "&limit=25")] == [25]


@pytest.mark.parametrize(
    ("query", "total"),
    [
        pytest.param("tags%5Bparity%5D=even", 13, id="tag with encoded brackets"),
        pytest.param("tags[parity]=odd", 12, id="tag with raw brackets"),
        pytest.param("tags[parity]=odd&tags[weird%20key]=a%20b%26c%3Dd", 12, id="two tags"),
        pytest.param("tags[parity]=neither", 0, id="no such value"),
        pytest.param("tags[none]=odd", 0, id="no such tag"),
        pytest.param("region=us-west-2", 5, id="region"),
        pytest.param("model_name=org%2Fm0", 9, id="model"),
        pytest.param("status=creating", 25, id="status"),
        pytest.param("status=running", 0, id="another status"),
        pytest.param("region=us-west-2&tags[parity]=even", 3, id="both"),
        pytest.param("unknown=1", 25, id="an unknown parameter"),
    ],
)
async def test_filters_pick_what_they_say(twenty_five, query, total):
    body = (await twenty_five.paitient("GET", f"{PATH}?{query}")).body
    assert body["pagination"]["total"] == total
    assert len(body["deployments"]) == min(20, total)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "offset=-1", "offset=1e9", "limit=%C2%B2"],
)
async def test_an_unfit_page_is_a_validation_error(sim, query):
    answer = await sim.paitient("GET", f"{PATH}?{query}")
    assert (answer.status, answer.body["error"]["code"]) == (422, "validation_error")


async def test_a_page_beyond_the_end_is_empty(sim):
    await sim.create_paitient()
    body = (await sim.paitient("GET", f"{PATH}?offset=7")).body
    assert (body["deployments"], body["pagination"]) == (
        [],
        {"total": 1, "limit": 20, "offset": 7, "next_offset": None},
    )


async def test_a_tombstone_is_listed_until_it_is_gone_and_frees_the_quota_before(start):
    sim = await start({"paitient.max_deployments": 1})
    identifier = (await sim.create_paitient())["id"]
    await act(sim, identifier, 6, "DELETE", 3)
    listed = (await sim.paitient("GET", f"{PATH}?status=deleted")).body["deployments"]
    assert [item["id"] for item in listed] == [identifier]
    await sim.create_paitient("next")
    await sim.advance(60)
    assert (await sim.paitient("GET", f"{PATH}?status=deleted")).body["deployments"] == []


@pytest.mark.parametrize(
    ("force", "status"), [("", 409), ("?force=false", 409), ("?force=true", 200), ("?force=x", 422)]
)
async def test_a_guarded_delete_needs_force_while_traffic_flows(start, force, status):
    sim = await start({"paitient.delete_guard": "on"})
    one, two = [(await sim.create_paitient(name))["id"] for name in ("one", "two")]
    split = [{"id": one, "traffic_percentage": 100}, {"id": two, "traffic_percentage": 0}]
    await sim.paitient("POST", "/v1/canary-endpoints", {"name": "c", "deployments": split})
    assert (await sim.paitient("DELETE", f"{PATH}/{one}{force}")).status == status
    assert (await sim.paitient("DELETE", f"{PATH}/{two}")).status == 200, "no traffic, no guard"


async def test_accounts_see_their_own_deployments_only(sim):
    token = {"vendor": "paitient", "key": "other", "client_id": "other", "account": "other"}
    await sim.control("POST", "/tokens", token)
    identifier = (await sim.create_paitient())["id"]
    other = {"key": "other", "client": "other"}
    assert (await sim.paitient("GET", PATH, **other)).body["pagination"]["total"] == 0
    for method in ("GET", "PATCH", "DELETE"):
        assert (await sim.paitient(method, f"{PATH}/{identifier}", {}, **other)).status == 404


async def test_generate_is_answered_while_serving(sim):
    identifier = (await sim.create_paitient())["id"]
    body = {"prompt": "Hello there", "max_tokens": 3}
    seen = [(await sim.paitient("POST", f"{PATH}/{identifier}/generate", body)).status]
    await sim.advance(6)
    answer = await sim.paitient("POST", f"{PATH}/{identifier}/generate", body)
    assert seen == [409]
    assert list(answer.body) == ["id", "deployment_id", "model", "created_at", "text", "usage"]
    assert answer.body["text"] == "This is org/model,"
    assert answer.body["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}
    await act(sim, identifier, "PATCH")
    assert (await sim.paitient("POST", f"{PATH}/{identifier}/generate", body)).status == 200, (
        "the old version serves"
    )
