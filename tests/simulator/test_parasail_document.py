"""The vendor's Parasail document, replayed: its fields, its statuses, its examples and its closing script."""

import asyncio
import json

import httpx
import openai
import pytest

DEPLOYMENTS = "/api/v1/dedicated/deployments"
REQUEST_FIELDS = {
    "deploymentName": "scripting-example-deployment-2",
    "modelName": "shuyuej/Llama-3.2-1B-Instruct-GPTQ",
    "serviceTierName": "low-cost",
    "replicas": 1,
    "scaleDownPolicy": "TIMER",
    "scaleDownThreshold": 3_600_000,
    "draftModelName": "org/draft",
    "generative": True,
    "embedding": False,
    "contextLength": 4096,
}
DOCUMENTED_KEYS = {"id", "externalAlias", "status", *REQUEST_FIELDS}


class Script:
    """The document's closing script: same calls, same assertions. Its time.sleep(30) turns the clock by 2 s."""

    def __init__(self, url):
        self.clock = f"{url}/__sim/clock/advance"
        self.client = httpx.Client(
            base_url=f"{url}/parasail/api/v1",
            headers={"Authorization": "Bearer sim-parasail-key", "Content-Type": "application/json"},
            trust_env=False,
        )
        self.openai = openai.Client(
            api_key="sim-parasail-key",
            base_url=f"{url}/parasail/v1",
            max_retries=0,
            http_client=httpx.Client(trust_env=False),
        )
        self.seen = []

    def close(self):
        self.client.close()
        self.openai.close()

    def call(self, method, path, **body):
        response = self.client.request(method, path, **body)
        assert 200 <= response.status_code < 300, f"{method} {path}: {response.status_code} {response.text}"
        return response

    def get(self, identifier):
        return self.call("GET", f"/dedicated/deployments/{identifier}").json()

    def wait_for_status(self, identifier, status):
        for _ in range(40):
            current = self.get(identifier)["status"]["status"]
            self.seen.append(current)
            if current == status:
                return
            if current not in ("STARTING", "STOPPING"):
                raise ValueError(f"Unexpected deployment status: {current}")
            self.call("POST", self.clock, json={"seconds": 2})
        raise TimeoutError(f"Deployment status did not change to {status}")

    def test_deployment(self, identifier):
        deployment = self.get(identifier)
        assert deployment["status"]["status"] == "ONLINE"
        completion = self.openai.chat.completions.create(
            model=deployment["externalAlias"],
            messages=[{"role": "user", "content": "What's the capital of New York?"}],
        )
        assert len(completion.choices) == 1
        assert completion.choices[0].message.content

    def main(self):
        # model_dump_json() of the script's CreateModelStruct: unset optionals are sent as null.
        config = dict.fromkeys(REQUEST_FIELDS) | {
            "deploymentName": "scripting-example-deployment-2",
            "modelName": "shuyuej/Llama-3.2-1B-Instruct-GPTQ",
            "serviceTierName": "low-cost",
            "replicas": 1,
        }
        deployment = self.call("POST", "/dedicated/deployments", content=json.dumps(config)).json()
        identifier = deployment["id"]
        self.wait_for_status(identifier, "ONLINE")
        self.test_deployment(identifier)
        self.call("POST", f"/dedicated/deployments/{identifier}/pause")
        self.wait_for_status(identifier, "OFFLINE")
        self.call("POST", f"/dedicated/deployments/{identifier}/resume")
        self.wait_for_status(identifier, "ONLINE")
        self.test_deployment(identifier)
        deployment = self.get(identifier)
        deployment["replicas"] = 2
        deployment = self.call("PUT", f"/dedicated/deployments/{identifier}", json=deployment).json()
        assert deployment["replicas"] == 2
        self.wait_for_status(identifier, "ONLINE")
        self.test_deployment(identifier)
        self.call("DELETE", f"/dedicated/deployments/{identifier}")
        return identifier


async def test_the_documents_script_runs_to_its_end(sim):
    script = Script(sim.url)
    identifier = await asyncio.to_thread(script.main)
    await asyncio.to_thread(script.close)
    await sim.advance(10)

    assert await sim.parasail_status(identifier) == 404
    changes = [
        status for status, before in zip(script.seen, [None, *script.seen], strict=False) if status != before
    ]
    assert changes == ["STARTING", "ONLINE", "STOPPING", "OFFLINE", "STARTING", "ONLINE"]
    counters = (await sim.control("GET", "/counters"))["parasail"]
    assert counters["creates_by_name"] == {"scripting-example-deployment-2": 1}
    assert counters["writes"] == {str(identifier): {"pause": 1, "resume": 1, "put": 1, "delete": 1}}


async def test_documented_replies_have_the_documented_keys_and_no_others(start):
    sim = await start({"parasail.reply_fields": "documented"})
    created = await sim.parasail("POST", DEPLOYMENTS, REQUEST_FIELDS)
    fetched = await sim.parasail("GET", f"{DEPLOYMENTS}/{created.body['id']}")
    updated = await sim.parasail("PUT", f"{DEPLOYMENTS}/{created.body['id']}", fetched.body | {"replicas": 2})

    for answer in (created, fetched, updated):
        assert answer.status == 200
        assert set(answer.body) == DOCUMENTED_KEYS
        assert set(answer.body["status"]) == {"status"}
    assert {name: fetched.body[name] for name in REQUEST_FIELDS} == REQUEST_FIELDS
    assert updated.body["replicas"] == 2
    assert isinstance(created.body["id"], int)


async def test_observed_replies_hold_the_documented_keys_and_those_of_live_clients(sim):
    body = await sim.create_parasail(**REQUEST_FIELDS)
    await sim.advance(10)
    fetched = await sim.get_parasail(body["id"])

    assert set(fetched) > DOCUMENTED_KEYS
    assert set(fetched["status"]) == {"id", "status", "statusMessage", "statusLastUpdated", "instances"}
    for name in ("createdAt", "startedAt", "modifiedAt", "deploymentAvailableAt"):
        assert isinstance(fetched[name], int), name
        assert fetched[name] > 1_700_000_000_000, name
    (instance,) = fetched["status"]["instances"]
    assert set(instance) == {
        "id",
        "name",
        "status",
        "statusMessage",
        "statusLastUpdated",
        "observedContext",
        "kvCacheSize",
    }


@pytest.mark.parametrize(
    ("status", "reached"),
    [
        pytest.param("STARTING", [], id="a new deployment starts"),
        pytest.param("ONLINE", [9], id="ready after its start"),
        pytest.param("STOPPING", [9, "pause"], id="a pause stops it"),
        pytest.param("OFFLINE", [9, "pause", 4], id="and ends OFFLINE as the text says"),
        pytest.param("STARTING", [9, "pause", 4, "resume"], id="a resume starts it"),
        pytest.param("ONLINE", [9, "pause", 4, "resume", 9], id="and it serves again"),
    ],
)
async def test_every_status_of_the_table_is_reached_as_documented(sim, status, reached):
    identifier = (await sim.create_parasail())["id"]
    for step in reached:
        if isinstance(step, str):
            answer = await sim.parasail("POST", f"{DEPLOYMENTS}/{identifier}/{step}")
            assert (answer.status, answer.text) == (200, "")
        else:
            await sim.advance(step)
    assert await sim.parasail_status(identifier) == status


async def test_explicit_nulls_are_the_same_as_unset(sim):
    unset = dict.fromkeys(
        ("scaleDownPolicy", "scaleDownThreshold", "draftModelName", "generative", "contextLength")
    )
    body = await sim.create_parasail(**unset)
    assert {name: body[name] for name in unset} == unset


async def test_the_list_is_a_bare_array_of_the_accounts_deployments(sim):
    names = ["model-a", "model-b", "model-c"]
    for name in names:
        await sim.create_parasail(name)
    await sim.control("POST", "/tokens", {"vendor": "parasail", "key": "other", "account": "other"})

    own = await sim.parasail("GET", DEPLOYMENTS)
    others = await sim.parasail("GET", DEPLOYMENTS, key="other")
    assert [item["deploymentName"] for item in own.body] == names
    assert own.body[0] == await sim.get_parasail(own.body[0]["id"])
    assert others.body == []


async def test_the_extended_profile_creates_from_devices_of_the_device_list(sim):
    query = "?engineName=VLLM&modelName=org%2Fmodel"
    support = await sim.parasail("GET", f"/api/v1/dedicated/support{query}")
    devices = (await sim.parasail("GET", f"/api/v1/dedicated/devices{query}")).body
    assert support.body["supported"] is True
    two = next(device for device in devices if device["count"] == 2)
    two["selected"] = True
    body = {"deploymentName": "by-device", "modelName": "org/model", "replicas": 1, "deviceConfigs": devices}

    created = await sim.parasail("POST", DEPLOYMENTS, body)

    assert created.status == 200
    assert created.body["deviceConfigs"] == devices
    assert (await sim.control("GET", "/counters"))["parasail"]["live_gpus"] == 2


async def test_a_streamed_chat_says_the_same_as_a_whole_one(sim):
    alias = (await sim.create_parasail())["externalAlias"]
    await sim.advance(9)
    client = openai.AsyncClient(
        api_key="sim-parasail-key",
        base_url=f"{sim.url}/parasail/v1",
        http_client=httpx.AsyncClient(trust_env=False),
    )
    messages = [{"role": "user", "content": "Hello"}]
    async with client:
        whole = await client.chat.completions.create(model=alias, messages=messages)
        stream = await client.chat.completions.create(
            model=alias, messages=messages, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        short = await client.chat.completions.create(model=alias, messages=messages, max_tokens=2)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert (short.choices[0].finish_reason, short.usage.completion_tokens) == ("length", 2)


@pytest.mark.parametrize(
    ("advance", "model", "status"),
    [
        pytest.param(0, "sim-model-a", 503, id="starting"),
        pytest.param(9, "sim-model-a", 200, id="online"),
        pytest.param(9, "model-a", 404, id="the deployment's name is not its alias"),
        pytest.param(9, "nobody", 404, id="unknown alias"),
    ],
)
async def test_only_a_deployment_that_is_online_answers_under_its_alias(sim, advance, model, status):
    await sim.create_parasail("model-a")
    await sim.advance(advance)
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    answer = await sim.parasail("POST", "/v1/chat/completions", body)
    assert answer.status == status
    if status != 200:
        assert set(answer.body["error"]) == {"message", "type", "code"}
