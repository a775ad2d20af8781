"""A vendor at the root of the simulator, as behind a proxy or under a host name of its own."""

import pytest

PAITIENT = {"Authorization": "Bearer sim-paitient-key", "X-Client-ID": "sim-client"}
PARASAIL = {"Authorization": "Bearer sim-parasail-key"}
NEW = {"model_name": "org/model", "deployment_name": "model-a"}
TIER = {"deploymentName": "a-1", "modelName": "org/model", "serviceTierName": "low-cost", "replicas": 1}


async def test_paitient_is_served_at_the_root_and_its_urls_are_without_its_name(sim):
    await sim.knobs({"http.root": "paitient"})
    created = (await sim.send("POST", "/v1/deployments", NEW, PAITIENT)).body
    below = (
        await sim.send("POST", "/paitient/v1/deployments", NEW | {"deployment_name": "b-1"}, PAITIENT)
    ).body
    assert created["endpoint"] == f"{sim.url}/v1/deployments/{created['id']}/generate"
    assert below["endpoint"] == f"{sim.url}/paitient/v1/deployments/{below['id']}/generate"
    assert (await sim.send("GET", "/__sim/clock")).status == 200


async def test_both_of_parasails_apis_are_served_at_the_root(sim):
    await sim.knobs({"http.root": "parasail"})
    created = (await sim.send("POST", "/api/v1/dedicated/deployments", TIER, PARASAIL)).body
    await sim.advance(9)
    chat = {"model": created["externalAlias"], "messages": [{"role": "user", "content": "Hello"}]}
    assert created["baseUrl"] == f"{sim.url}/v1"
    assert (await sim.send("POST", "/v1/chat/completions", chat, PARASAIL)).status == 200


async def test_each_vendor_has_a_public_url_of_its_own(sim):
    urls = {"paitient": "https://secure.example.org", "parasail": "https://gpu.example.org/"}
    await sim.knobs({"http.public_urls": urls, "http.public_url": "https://other.example.org"})
    created = await sim.create_paitient()
    assert created["endpoint"] == f"https://secure.example.org/v1/deployments/{created['id']}/generate"
    assert (await sim.create_parasail())["baseUrl"] == "https://gpu.example.org/v1"


@pytest.mark.parametrize("knob", [{"http.root": "acme"}, {"http.public_urls": {"acme": "https://x"}}])
async def test_a_vendor_that_there_is_not_is_refused(sim, knob):
    answer = await sim.send("PATCH", "/__sim/knobs", knob)
    assert (answer.status, "acme" in answer.body["error"]) == (400, True)
