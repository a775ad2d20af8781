"""Parasail's deployments over time: power, scaling, scale-down policies, quota, deletes, and what the API refuses."""

import pytest

DEPLOYMENTS = "/api/v1/dedicated/deployments"
BODY = {"deploymentName": "model-b", "modelName": "org/model", "serviceTierName": "low-cost", "replicas": 1}


async def act(sim, identifier, *steps):
    """Seconds, ``pause``, ``resume``, ``delete``, ``chat`` or a status to force, one after the other."""
    for step in steps:
        if isinstance(step, int | float):
            await sim.advance(step)
        elif step == "delete":
            await sim.parasail("DELETE", f"{DEPLOYMENTS}/{identifier}")
        elif step == "chat":
            body = {"model": "sim-model-a", "messages": [{"role": "user", "content": "Hello"}]}
            assert (await sim.parasail("POST", "/v1/chat/completions", body)).status == 200
        elif step.islower():
            await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/{step}")
        else:
            await sim.control("PATCH", f"/deployments/parasail/{identifier}", {"status": step})


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        pytest.param([7.9], "STARTING", id="not yet online"),
        pytest.param([8], "ONLINE", id="online"),
        pytest.param([2, "pause", 4], "OFFLINE", id="paused while starting"),
        pytest.param([2, "pause", 4, 20], "OFFLINE", id="the start that was under way is forgotten"),
        pytest.param([9, "pause", 1, "resume", 20], "OFFLINE", id="a resume while stopping has no effect"),
        pytest.param([9, "pause", 4, "pause", 20], "OFFLINE", id="paused twice"),
        pytest.param([9, "resume", 1], "ONLINE", id="resumed while online"),
        pytest.param([9, "pause", 4, "resume", 4, "pause", 4], "OFFLINE", id="paused while resuming"),
        pytest.param([9, "delete"], "STOPPING", id="deleting"),
        pytest.param([9, "delete", "delete", 3], 404, id="deleted twice"),
        pytest.param([9, "delete", "ERROR", 60], "ERROR", id="a delete that failed"),
        pytest.param([9, "delete", "ERROR", "delete", 3], 404, id="deleted again after it failed"),
        pytest.param([9, "delete", "resume", 3], 404, id="no resume stops a delete"),
        pytest.param([9, "pause", 4, "delete", 3], 404, id="deleted while stopped"),
        pytest.param([9, "ERROR", 60], "ERROR", id="failed for good"),
        pytest.param([9, "ERROR", "resume", 9], "ONLINE", id="a resume starts a failed one"),
        pytest.param([9, "ERROR", "delete", 3], 404, id="a failed one can be deleted"),
        pytest.param([9, "PAUSED", "resume", 9], "ONLINE", id="resumed from PAUSED"),
        pytest.param([9, "HIBERNATING", 60], "HIBERNATING", id="a status that nobody knows"),
        pytest.param([9, "STARTING", 60], "STARTING", id="a forced status stays"),
    ],
)
async def test_a_deployment_goes_its_way(sim, steps, status):
    identifier = (await sim.create_parasail("model-a"))["id"]
    await act(sim, identifier, *steps)
    assert await sim.parasail_status(identifier) == status


@pytest.mark.parametrize(
    ("policy", "threshold", "steps", "status"),
    [
        pytest.param("TIMER", 60_000, [8, 59], "ONLINE", id="TIMER, not yet"),
        pytest.param("TIMER", 60_000, [8, 60], "STOPPING", id="TIMER, from online on"),
        pytest.param("TIMER", 60_000, [8, 64], "OFFLINE", id="TIMER, stopped"),
        pytest.param("TIMER", 60_000, [8, 50, "chat", 14], "OFFLINE", id="TIMER, whoever uses it"),
        pytest.param("INACTIVE", 60_000, [8, 64], "OFFLINE", id="INACTIVE, never used"),
        pytest.param("INACTIVE", 60_000, [8, 50, "chat", 59], "ONLINE", id="INACTIVE, used"),
        pytest.param("INACTIVE", 60_000, [8, 50, "chat", 64], "OFFLINE", id="INACTIVE, used and then not"),
        pytest.param("INACTIVE", 60_000, [8, 64, "resume", 8, 59], "ONLINE", id="INACTIVE, counted anew"),
        pytest.param("NONE", 60_000, [8, 3600], "ONLINE", id="NONE"),
        pytest.param(None, None, [8, 3600], "ONLINE", id="no policy"),
        pytest.param("TIMER", 0, [8, 3600], "ONLINE", id="no threshold"),
    ],
)
async def test_a_scale_down_policy_stops_the_deployment(sim, policy, threshold, steps, status):
    body = await sim.create_parasail("model-a", scaleDownPolicy=policy, scaleDownThreshold=threshold)
    await act(sim, body["id"], *steps)
    assert await sim.parasail_status(body["id"]) == status


async def test_a_policy_that_a_put_brings_counts_from_when_it_went_online(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(30)
    body = await sim.get_parasail(identifier) | {"scaleDownPolicy": "TIMER", "scaleDownThreshold": 60_000}
    await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body)
    await sim.advance(40)
    assert await sim.parasail_status(identifier) == "STOPPING"


async def put(sim, identifier, **change):
    body = await sim.get_parasail(identifier)
    return await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body | change)


async def instances(sim, identifier):
    return [one["status"] for one in (await sim.get_parasail(identifier))["status"]["instances"]]


async def test_scaling_converges_instance_by_instance_while_online(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(9)
    assert (await put(sim, identifier, replicas=3)).body["replicas"] == 3
    seen = [await instances(sim, identifier)]
    for _ in range(2):
        await sim.advance(4)
        seen.append(await instances(sim, identifier))
    await put(sim, identifier, replicas=1)
    seen.append(await instances(sim, identifier))
    assert seen == [
        ["ONLINE", "STARTING", "STARTING"],
        ["ONLINE", "ONLINE", "STARTING"],
        ["ONLINE", "ONLINE", "ONLINE"],
        ["ONLINE"],
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"modelName": "org/other"}, "STARTING", id="another model"),
        pytest.param({"serviceTierName": "premium"}, "STARTING", id="another tier"),
        pytest.param({"contextLength": 2048}, "STARTING", id="another context length"),
        pytest.param(
            {"scaleDownPolicy": "TIMER", "scaleDownThreshold": 10**6}, "ONLINE", id="another policy"
        ),
        pytest.param({"description": "new"}, "ONLINE", id="a description"),
        pytest.param({}, "ONLINE", id="nothing"),
    ],
)
async def test_a_put_restarts_only_what_must_be_restarted(sim, change, status):
    identifier = (await sim.create_parasail())["id"]
    await sim.advance(9)
    assert (await put(sim, identifier, **change)).body["status"]["status"] == status


async def test_a_put_while_offline_stays_offline_and_counts_after_the_resume(sim):
    identifier = (await sim.create_parasail())["id"]
    await act(sim, identifier, 9, "pause", 4)
    answer = await put(sim, identifier, replicas=2)
    assert (answer.body["replicas"], answer.body["status"]["status"]) == (2, "OFFLINE")
    assert answer.body["status"]["instances"] == []
    await act(sim, identifier, "resume", 8)
    assert await instances(sim, identifier) == ["ONLINE", "ONLINE"]


async def test_keys_that_nobody_knows_survive_a_put_that_brings_them_back(sim):
    identifier = (await sim.create_parasail())["id"]
    await sim.control("PATCH", f"/deployments/parasail/{identifier}", {"fields": {"novelty": {"a": 1}}})
    assert (await put(sim, identifier, replicas=2)).body["novelty"] == {"a": 1}
    body = {name: value for name, value in (await sim.get_parasail(identifier)).items() if name != "novelty"}
    answer = await sim.parasail("PUT", f"{DEPLOYMENTS}/{identifier}", body)
    assert "novelty" not in answer.body


async def test_a_put_without_the_access_key_keeps_it(sim):
    identifier = (await sim.create_parasail(modelAccessKey="hf_abc"))["id"]
    await sim.advance(9)
    body = await sim.get_parasail(identifier)
    assert "modelAccessKey" not in body
    assert (await put(sim, identifier)).body["status"]["status"] == "ONLINE", "an absent key is no change"


async def test_a_renamed_deployment_has_another_alias(sim):
    identifier = (await sim.create_parasail("model-a"))["id"]
    assert (await put(sim, identifier, deploymentName="model-z")).body["externalAlias"] == "sim-model-z"
    await sim.create_parasail("model-a")


@pytest.mark.parametrize("quota", [pytest.param(4, id="the default"), pytest.param(1, id="one")])
async def test_over_quota_a_deployment_waits_and_starts_when_gpus_come_free(start, quota):
    sim = await start({"parasail.gpu_quota": quota})
    first = (await sim.create_parasail("first", replicas=quota))["id"]
    second = (await sim.create_parasail("second"))["id"]
    await sim.advance(60)
    waiting = (await sim.get_parasail(second))["status"]
    assert (waiting["status"], waiting["statusMessage"]) == ("STARTING", "Insufficient quota")
    await act(sim, first, "delete", 3)
    await sim.advance(8)
    started = (await sim.get_parasail(second))["status"]
    assert (started["status"], started["statusMessage"]) == ("ONLINE", None)


async def test_over_quota_a_growing_deployment_takes_what_there_is(sim):
    first = (await sim.create_parasail("first", replicas=2))["id"]
    second = (await sim.create_parasail("second"))["id"]
    await sim.advance(9)
    await put(sim, second, replicas=3)
    await sim.advance(60)
    status = (await sim.get_parasail(second))["status"]
    assert [one["status"] for one in status["instances"]] == ["ONLINE", "ONLINE", "STARTING"]
    assert (status["status"], status["statusMessage"]) == ("ONLINE", "Insufficient quota")
    await put(sim, first, replicas=1)
    await sim.advance(5)
    assert await instances(sim, second) == ["ONLINE"] * 3


async def test_a_raised_quota_starts_what_waits(sim):
    identifier = (await sim.create_parasail(replicas=5))["id"]
    await sim.advance(60)
    await sim.knobs({"parasail.gpu_quota": 8})
    await sim.advance(8)
    assert await sim.parasail_status(identifier) == "ONLINE"


async def test_a_deleted_name_is_taken_until_it_is_gone(sim):
    identifier = (await sim.create_parasail("model-b"))["id"]
    await act(sim, identifier, "delete", 1)
    seen = [(await sim.parasail("POST", DEPLOYMENTS, BODY)).status]
    await sim.advance(2)
    seen.append((await sim.parasail("POST", DEPLOYMENTS, BODY)).status)
    assert seen == [409, 200]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        pytest.param({"deploymentName": None}, "deploymentName is required", id="no name"),
        pytest.param({"modelName": None}, "modelName is required", id="no model"),
        pytest.param({"replicas": None}, "replicas is required", id="no replicas"),
        pytest.param({"serviceTierName": None}, "serviceTierName or a selected entry", id="no tier"),
        pytest.param({"deploymentName": "a"}, "between 2 and 32 characters", id="short name"),
        pytest.param({"deploymentName": "a" * 33}, "between 2 and 32 characters", id="long name"),
        pytest.param(
            {"deploymentName": "Model_A"}, "Only lowercase letters", id="name with other characters"
        ),
        pytest.param({"deploymentName": "model-a\n"}, "Only lowercase letters", id="name with a line end"),
        pytest.param({"deploymentName": 7}, "deploymentName must be a string", id="name of another type"),
        pytest.param({"replicas": 0}, "replicas must be between 1 and", id="no replica"),
        pytest.param({"replicas": 10**30}, "replicas must be an integer", id="a huge number"),
        pytest.param({"replicas": True}, "replicas must be an integer", id="a boolean"),
        pytest.param({"replicas": 1.5}, "replicas must be an integer", id="a fraction"),
        pytest.param({"replicas": "1"}, "replicas must be an integer", id="a string"),
        pytest.param({"scaleDownPolicy": "SLEEP"}, "scaleDownPolicy must be one of", id="unknown policy"),
        pytest.param({"scaleDownThreshold": -1}, "scaleDownThreshold must be", id="negative threshold"),
        pytest.param({"generative": "yes"}, "generative must be a boolean", id="a word for a boolean"),
        pytest.param(
            {"deviceConfigs": [{"count": 1}]}, "deviceConfigs must hold", id="device without a name"
        ),
        pytest.param({"tags": [1]}, "tags must be an array of strings", id="tags of another type"),
    ],
)
async def test_an_unfit_create_is_refused_as_a_problem(sim, change, detail):
    answer = await sim.parasail("POST", DEPLOYMENTS, BODY | change)
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (
        400,
        "application/problem+json",
    )
    assert list(answer.body) == ["type", "title", "status", "detail", "instance"]
    assert detail in answer.body["detail"]
    assert (answer.body["type"], answer.body["title"], answer.body["status"]) == (
        "about:blank",
        "Bad Request",
        400,
    )
    assert (await sim.parasail("GET", DEPLOYMENTS)).body == []


async def test_a_read_only_key_may_only_get(sim):
    await sim.control("POST", "/tokens", {"vendor": "parasail", "key": "reader", "read_only": True})
    assert (await sim.parasail("GET", DEPLOYMENTS, key="reader")).status == 200
    answer = await sim.parasail("POST", DEPLOYMENTS, BODY, key="reader")
    assert (answer.status, answer.body) == (
        403,
        {
            "type": "about:blank",
            "title": "Forbidden",
            "status": 403,
            "detail": "This API key is read-only",
            "instance": DEPLOYMENTS,
        },
    )


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic c2ltOg==", "sim-parasail-key"]
)
@pytest.mark.parametrize("path", [DEPLOYMENTS, "/v1/models"])
async def test_without_a_key_in_force_the_answer_is_plain_text(sim, header, path):
    headers = {} if header is None else {"Authorization": header}
    answer = await sim.send("GET", f"/parasail{path}", headers=headers)
    assert (answer.status, answer.text) == (401, "Unauthorized. Invalid token format.")
