"""The requests of two public clients that were tested against the live Parasail API, replayed by a client of our own.

docs/simulator.md tells them step by step. `oumi` selects one of the devices that are offered and sends the whole list
back; the Terraform provider sends nothing but what it selects.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

DEPLOYMENTS = "/api/v1/dedicated/deployments"
CATALOGUE = "/api/v1/dedicated/{}?{}&modelName=Qwen%2FQwen2.5-7B-Instruct&modelAccessKey="
ONLINE, STARTING = "ONLINE", "STARTING"


@pytest.fixture
async def live(start):
    """Whatever of the two spellings a service reads, and whatever it demands, as far as is known."""
    sim = await start({"parasail.profile": "extended", "parasail.device_choices": 24})
    yield Client(sim)
    assert (await sim.control("GET", "/counters"))["defects"] == 0


@dataclass
class Client:
    sim: Any
    steps: list[str] = field(default_factory=list)

    async def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = await self.sim.parasail(method, path, body)
        assert answer.status == status, f"{method} {path}: {answer.text}"
        self.steps.append(f"{method} {path.removeprefix('/api/v1/dedicated').partition('?')[0]}")
        return answer.body

    async def wait(self, identifier: int, wanted: str = ONLINE) -> Any:
        """Polls as both do; a poll turns the clock by 5 s."""
        for _ in range(20):
            shown = await self.call("GET", f"{DEPLOYMENTS}/{identifier}")
            if shown["status"]["status"] == wanted:
                return shown
            assert shown["status"]["status"] in (STARTING, "STOPPING"), shown["status"]
            await self.sim.advance(5)
        raise TimeoutError(wanted)

    @property
    def story(self) -> list[str]:
        """The steps, with repeated ones once and ids as `{id}`."""
        plain = ["/".join("{id}" if part.isdigit() else part for part in s.split("/")) for s in self.steps]
        return [step for step, before in zip(plain, [None, *plain], strict=False) if step != before]


async def oumi(client: Client, spelling: str) -> int:
    support = await client.call("GET", CATALOGUE.format("support", "x="))
    assert support["supported"]
    assert not [message for message in support["messages"] if message["level"] == "ERROR"]
    devices = await client.call("GET", CATALOGUE.format("devices", f"{spelling}=VLLM"))
    for device in devices:
        device["selected"] = (device["device"], device["count"]) == ("L40S", 1)
    assert [device["displayName"] for device in devices if device["selected"]] == ["1x L40S"]
    body = {
        "deploymentName": "oumi-qwen",
        "modelName": "Qwen/Qwen2.5-7B-Instruct",
        "deviceConfigs": devices,  # all of them, with their nulls; of the rest unset keys are left out
        "replicas": 1,
    }
    created = await client.call("POST", DEPLOYMENTS, body)
    sent = {(item["device"], item["count"]): item for item in devices}
    shown = {(item["device"], item["count"]): item for item in created["deviceConfigs"]}
    assert {key: shown[key] for key in sent} == sent
    await client.wait(created["id"])
    one = f"{DEPLOYMENTS}/{created['id']}"
    current = await client.call("GET", one)
    scaled = await client.call("PUT", one, current | {"replicas": 2})
    assert scaled["replicas"] == 2
    await client.call("POST", f"{one}/pause")
    await client.wait(created["id"], "OFFLINE")
    await client.call("POST", f"{one}/resume")
    await client.wait(created["id"])
    listed = await client.call("GET", DEPLOYMENTS)
    assert [item["id"] for item in listed] == [created["id"]]
    await client.call("DELETE", one)
    await client.sim.advance(5)
    await client.call("GET", one, status=404)
    return int(created["id"])


@pytest.mark.parametrize("spelling", ["engine", "engineName"])
async def test_oumis_way_from_the_catalogue_to_nothing(live, spelling):
    await live.sim.knobs({"parasail.device_query": spelling})
    identifier = await oumi(live, spelling)
    assert live.story == [
        "GET /support",
        "GET /devices",
        "POST /deployments",
        "GET /deployments/{id}",
        "PUT /deployments/{id}",
        "POST /deployments/{id}/pause",
        "GET /deployments/{id}",
        "POST /deployments/{id}/resume",
        "GET /deployments/{id}",
        "GET /deployments",
        "DELETE /deployments/{id}",
        "GET /deployments/{id}",
    ]
    counters = (await live.sim.control("GET", "/counters"))["parasail"]
    assert counters["writes"] == {str(identifier): {"put": 1, "pause": 1, "resume": 1, "delete": 1}}


TERRAFORM = {
    "deploymentName": "tf-provider-smoke",
    "modelName": "Qwen/Qwen2.5-7B-Instruct",
    "engine": "VLLM",
    "engineTask": "AUTO",
    "scaleDownPolicy": "TIMER",
    "scaleDownThreshold": 8 * 3600 * 1000,
    "deviceConfigs": [
        {"device": "L40S", "count": 1, "selected": True},
        {"device": "RTX4090", "count": 1, "selected": True},
    ],
}
FIXED = {"autoscaling": False, "replicas": 1}
SCALED = {
    "autoscaling": True,
    "replicas": 1,
    "minReplicas": 1,
    "maxReplicas": 5,
    "targetConnectionsPerReplica": 16,
}


@pytest.mark.parametrize("scaling", [FIXED, SCALED], ids=["fixed", "autoscaled"])
@pytest.mark.parametrize("write_only", ["keep", "clear"])
async def test_terraforms_apply_apply_again_import_and_destroy(live, scaling, write_only):
    await live.sim.knobs({"parasail.put_write_only": write_only})
    body = TERRAFORM | scaling
    created = await live.call("POST", DEPLOYMENTS, body)
    one = f"{DEPLOYMENTS}/{created['id']}"
    shown = await live.wait(created["id"])
    assert {key: shown[key] for key in body if key != "deviceConfigs"} == {
        key: value for key, value in body.items() if key != "deviceConfigs"
    }
    # An update is the same body with something else in it: no id, no status, none of what only a reply has.
    await live.call("PUT", one, body | {"description": "by Terraform", "contextLengthOverride": 8192})
    shown = await live.wait(created["id"])
    assert (shown["description"], shown["contextLengthOverride"]) == ("by Terraform", 8192)
    # An import goes by the number alone.
    assert (await live.call("GET", one))["modelName"] == body["modelName"]
    await live.call("DELETE", one)
    while [item for item in await live.call("GET", DEPLOYMENTS) if item["id"] == created["id"]]:
        await live.sim.advance(1)
    await live.call("DELETE", one, status=404)  # which counts as done
    assert live.story == [
        "POST /deployments",
        "GET /deployments/{id}",
        "PUT /deployments/{id}",
        "GET /deployments/{id}",
        "DELETE /deployments/{id}",
        "GET /deployments",
        "DELETE /deployments/{id}",
    ]


async def test_the_autoscaler_moves_the_replicas_of_what_terraform_made_within_its_bounds(live):
    created = await live.call("POST", DEPLOYMENTS, TERRAFORM | SCALED)
    await live.wait(created["id"])
    await live.sim.knobs({"parasail.gpu_quota": None})
    seen = []
    for _ in range(9):
        seen.append((await live.sim.get_parasail(created["id"]))["replicas"])
        await live.sim.advance(60)
    assert seen == [1, 2, 3, 4, 5, 4, 3, 2, 1]


async def test_a_read_only_key_may_read_and_no_more(live):
    created = await live.call("POST", DEPLOYMENTS, TERRAFORM | FIXED)
    await live.sim.control("POST", "/tokens", {"vendor": "parasail", "key": "reader-key", "read_only": True})
    one = f"{DEPLOYMENTS}/{created['id']}"
    model = "?modelName=org%2Fm"
    dedicated = "/api/v1/dedicated"
    reads = [f"{dedicated}/{name}{model}" for name in ("devices", "support", "performance")]
    for path in (*reads, DEPLOYMENTS, one, f"{one}/models", "/api/v1/openrouter/models"):
        assert (await live.sim.parasail("GET", path, key="reader-key")).status == 200, path
    chat = {"model": created["externalAlias"], "messages": [{"role": "user", "content": "Hello"}]}
    refused = [
        await live.sim.parasail("GET", "/v1/models", key="reader-key"),
        await live.sim.parasail("POST", "/v1/chat/completions", chat, key="reader-key"),
        await live.sim.parasail("PUT", one, created, key="reader-key"),
        await live.sim.parasail("DELETE", one, key="reader-key"),
    ]
    assert [answer.status for answer in refused] == [403] * 4
    assert refused[2].body["detail"] == "This API key is read-only"


async def test_a_deployment_can_be_as_long_as_live_ones_are(start):
    """As live accounts have it: 24 choices of devices and two chat templates make 16 kB of each."""
    knobs = {"gpu_quota": None, "device_choices": 24, "chat_template_bytes": 4600}
    sim = await start({"parasail": knobs})
    for number in range(3):
        await sim.create_parasail(f"model-{number}")
    answer = await sim.parasail("GET", DEPLOYMENTS)
    assert len(answer.body) == 3
    assert 3 * 14_000 < len(answer.text) < 3 * 20_000
