"""The vendor's PaiTIENT document, replayed example by example: same values in, exactly the documented keys out."""

import re

import pytest

CREATE = {
    "model_name": "ZimaBlueAI/HuatuoGPT-o1-8B",
    "deployment_name": "clinical-assistant",
    "compute_type": "gpu",
    "instance_type": "g4dn.xlarge",
    "min_replicas": 1,
    "max_replicas": 3,
    "auto_scaling": True,
    "region": "us-east-1",
    "vpc_config": {"subnet_ids": ["subnet-abc123", "subnet-def456"], "security_group_ids": ["sg-123456"]},
    "tags": {
        "department": "clinical-research",
        "project": "diabetes-assistant",
        "environment": "production",
    },
    "model_config": {
        "context_length": 4096,
        "max_output_tokens": 1024,
        "default_temperature": 0.7,
        "default_top_p": 0.95,
    },
    "security_settings": {
        "network_isolation": True,
        "private_endpoints": True,
        "encryption_level": "maximum",
        "audit_logging": True,
        "compliance_mode": "hipaa",
    },
}
HEAD = ["id", "model_name", "deployment_name", "status", "endpoint", "created_at", "updated_at"]
HARDWARE = ["compute_type", "instance_type"]
SCALE = ["min_replicas", "max_replicas"]
CREATED = [*HEAD, *HARDWARE, *SCALE, "auto_scaling", "region", "tags"]
FETCHED = [
    *HEAD,
    *HARDWARE,
    *SCALE,
    "current_replicas",
    "auto_scaling",
    "region",
    "tags",
    "model_config",
    "security_settings",
]
UPDATED = [*HEAD, *HARDWARE, *SCALE, "auto_scaling", "tags", "model_config"]
LISTED = [*HEAD, *HARDWARE, "tags"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")


async def running(sim, **changes):
    created = (await sim.paitient("POST", "/v1/deployments", CREATE | changes)).body
    await sim.advance(7)
    return created["id"]


async def test_create_deployment(sim):
    answer = await sim.paitient("POST", "/v1/deployments", CREATE)
    body = answer.body
    assert (answer.status, list(body)) == (200, CREATED)
    assert re.fullmatch(r"dep_[a-z0-9]{10}", body["id"])
    assert body["status"] == "creating"
    assert body["endpoint"] == f"{sim.url}/paitient/v1/deployments/{body['id']}/generate"
    assert TIME.match(body["created_at"])
    assert body["created_at"] == body["updated_at"]
    given = [name for name in CREATED if name in CREATE]
    assert {name: body[name] for name in given} == {name: CREATE[name] for name in given}


async def test_get_deployment(sim):
    identifier = await running(sim)
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}")
    body = answer.body
    assert (answer.status, list(body)) == (200, FETCHED)
    assert (body["status"], body["current_replicas"] in (1, 2, 3)) == ("running", True)
    assert body["updated_at"] > body["created_at"]
    given = [name for name in FETCHED if name in CREATE]
    assert {name: body[name] for name in given} == {name: CREATE[name] for name in given}


async def test_list_deployments(sim):
    for place in range(7):
        await running(sim, deployment_name=f"assistant-{place}")
    answer = await sim.paitient("GET", "/v1/deployments?limit=2")
    assert (answer.status, list(answer.body)) == (200, ["deployments", "pagination"])
    assert [list(item) for item in answer.body["deployments"]] == [LISTED, LISTED]
    assert answer.body["pagination"] == {"total": 7, "limit": 2, "offset": 0, "next_offset": 2}
    assert [item["deployment_name"] for item in answer.body["deployments"]] == ["assistant-6", "assistant-5"]


async def test_update_deployment(sim):
    identifier = await running(sim)
    patch = {
        "min_replicas": 2,
        "max_replicas": 5,
        "tags": {"environment": "production", "version": "2.0"},
        "model_config": {"default_temperature": 0.8},
    }
    answer = await sim.paitient("PATCH", f"/v1/deployments/{identifier}", patch)
    body = answer.body
    assert (answer.status, list(body)) == (200, UPDATED)
    assert body["status"] == "updating"
    assert (body["min_replicas"], body["max_replicas"]) == (2, 5)
    assert body["tags"] == CREATE["tags"] | {"version": "2.0"}
    assert body["model_config"] == CREATE["model_config"] | {"default_temperature": 0.8}
    await sim.advance(5)
    assert await sim.paitient_status(identifier) == "running"


async def test_delete_deployment(sim):
    identifier = await running(sim)
    answer = await sim.paitient("DELETE", f"/v1/deployments/{identifier}")
    assert (answer.status, answer.body) == (200, {"id": identifier, "status": "deleting"})
    again = await sim.paitient("DELETE", f"/v1/deployments/{identifier}?force=true")
    assert (again.status, again.body) == (200, answer.body)
    assert await sim.paitient_status(identifier) == "deleting"
    await sim.advance(4)
    assert await sim.paitient_status(identifier) == "deleted"
    assert (await sim.paitient("DELETE", f"/v1/deployments/{identifier}")).status == 404
    await sim.advance(60)
    assert await sim.paitient_status(identifier) == 404


async def test_get_deployment_metrics(sim):
    identifier = await running(sim)
    await sim.advance(5 * 86_400)
    query = "start_time=2026-01-01T00:00:00Z&end_time=2026-01-30T23:59:59Z&interval=1d"
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/metrics?{query}")
    body = answer.body
    assert (answer.status, list(body)) == (
        200,
        ["deployment_id", "start_time", "end_time", "interval", "metrics", "summary"],
    )
    assert {name: list(series) for name, series in body["metrics"].items()} == {
        "latency": ["average", "p50", "p95", "p99", "timestamps"],
        "throughput": ["requests_per_second", "timestamps"],
        "error_rate": ["percentage", "timestamps"],
        "token_usage": ["total", "input", "output", "timestamps"],
    }
    assert {name: list(means) for name, means in body["summary"].items()} == {
        "latency": ["average", "p50", "p95", "p99"],
        "throughput": ["average_requests_per_second"],
        "error_rate": ["average_percentage"],
        "token_usage": ["total", "input", "output"],
    }
    assert (body["start_time"], body["end_time"]) == ("2026-01-01T00:00:00Z", "2026-01-30T23:59:59Z")
    assert body["metrics"]["latency"]["timestamps"] == [f"2026-01-0{day}T00:00:00Z" for day in range(1, 6)]


async def test_get_deployment_logs(sim):
    identifier = await running(sim)
    answer = await sim.paitient("GET", f"/v1/deployments/{identifier}/logs?limit=3")
    assert (answer.status, list(answer.body)) == (200, ["logs", "pagination"])
    assert [list(line) for line in answer.body["logs"]] == [
        ["timestamp", "level", "message", "component", "request_id"]
    ] * 3
    assert [line["message"] for line in answer.body["logs"]] == [
        f"Deployment {identifier} is now running",
        "Replica 1/1 is now ready",
        "Loading model ZimaBlueAI/HuatuoGPT-o1-8B",
    ]
    assert list(answer.body["pagination"]) == ["next_token"]
    assert isinstance(answer.body["pagination"]["next_token"], str)


async def test_create_endpoint(sim):
    identifier = await running(sim)
    body = {"name": "clinical-assistant-production", "deployment_id": identifier}
    answer = await sim.paitient("POST", "/v1/endpoints", body)
    keys = ["id", "name", "deployment_id", "url", "created_at", "updated_at", "status"]
    assert (answer.status, list(answer.body)) == (200, keys)
    assert re.fullmatch(r"ep_[a-z0-9]{10}", answer.body["id"])
    assert answer.body["url"] == f"{sim.url}/paitient/v1/endpoints/{answer.body['id']}/generate"
    assert answer.body["status"] == "active"
    assert answer.body | body == answer.body


async def test_create_and_update_canary_endpoint(sim):
    one, two = await running(sim), await running(sim, deployment_name="research-assistant")
    body = {
        "name": "clinical-assistant-canary",
        "deployments": [{"id": one, "traffic_percentage": 90}, {"id": two, "traffic_percentage": 10}],
    }
    created = await sim.paitient("POST", "/v1/canary-endpoints", body)
    await sim.advance(5400)
    split = {"deployments": [{"id": one, "traffic_percentage": 50}, {"id": two, "traffic_percentage": 50}]}
    updated = await sim.paitient("PATCH", f"/v1/canary-endpoints/{created.body['id']}", split)

    keys = ["id", "name", "deployments", "url", "created_at", "updated_at", "status"]
    assert [(answer.status, list(answer.body)) for answer in (created, updated)] == [(200, keys)] * 2
    assert re.fullmatch(r"cep_[a-z0-9]{10}", created.body["id"])
    assert created.body["url"] == f"{sim.url}/paitient/v1/endpoints/{created.body['id']}/generate"
    assert created.body["deployments"] == body["deployments"]
    assert updated.body == created.body | split | {"updated_at": updated.body["updated_at"]}
    assert updated.body["updated_at"] > created.body["updated_at"]


@pytest.mark.parametrize(
    ("code", "status", "request_"),
    [
        pytest.param("authentication_error", 401, {"key": "wrong"}, id="unknown key"),
        pytest.param("authentication_error", 401, {"client": "wrong"}, id="wrong client id"),
        pytest.param("permission_denied", 403, {"key": "reader", "client": "reader"}, id="read-only key"),
        pytest.param("invalid_request_error", 400, {"raw": b"{"}, id="malformed"),
        pytest.param("invalid_request_error", 400, {"drop": "model_name"}, id="missing parameter"),
        pytest.param(
            "resource_not_found", 404, {"path": "/v1/deployments/dep_none"}, id="unknown deployment"
        ),
        pytest.param("quota_exceeded", 403, {"knob": {"paitient.max_deployments": 0}}, id="quota"),
        pytest.param(
            "rate_limit_exceeded", 429, {"knob": {"paitient.requests_per_minute": 0}}, id="rate limit"
        ),
        pytest.param("instance_type_unavailable", 422, {"set": {"instance_type": "x9"}}, id="instance type"),
        pytest.param("instance_type_unavailable", 422, {"set": {"region": "mars-1"}}, id="region"),
        pytest.param("model_not_found", 404, {"set": {"model_name": "no-such-model"}}, id="model"),
        pytest.param("validation_error", 422, {"set": {"min_replicas": "one"}}, id="wrong type"),
        pytest.param("validation_error", 422, {"set": {"min_replicas": 4}}, id="min above max"),
        pytest.param(
            "deployment_error", 500, {"fault": {"kind": "error", "status": 500}}, id="deployment error"
        ),
    ],
)
async def test_every_documented_error_code_has_its_status_and_the_vendors_body(sim, code, status, request_):
    await sim.control(
        "POST",
        "/tokens",
        {"vendor": "paitient", "key": "reader", "client_id": "reader", "read_only": True},
    )
    if "knob" in request_:
        await sim.knobs(request_["knob"])
    if "fault" in request_:
        await sim.fault(**request_["fault"])
    body = {name: value for name, value in CREATE.items() if name != request_.get("drop")} | request_.get(
        "set", {}
    )
    more = {name: request_[name] for name in ("key", "client", "raw") if name in request_}
    path = request_.get("path")
    answer = await sim.paitient(
        "GET" if path else "POST", path or "/v1/deployments", None if path else body, **more
    )

    assert (answer.status, list(answer.body)) == (status, ["error"])
    assert list(answer.body["error"]) == ["code", "message", "param", "details", "request_id"]
    assert answer.body["error"]["code"] == code
    assert re.fullmatch(r"req_[a-z0-9]{12}", answer.body["error"]["request_id"])


@pytest.mark.parametrize("missing", ["Authorization", "X-Client-ID"])
async def test_both_documented_headers_are_needed(sim, missing):
    headers = {"Authorization": "Bearer sim-paitient-key", "X-Client-ID": "sim-client"}
    del headers[missing]
    answer = await sim.send("GET", "/paitient/v1/deployments", headers=headers)
    assert (answer.status, answer.body["error"]["code"]) == (401, "authentication_error")
