"""No body whatever makes the simulator fail."""

import asyncio
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DEPLOYMENTS = "/api/v1/dedicated/deployments"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


PARASAIL_KEYS = [
    "deploymentName",
    "modelName",
    "serviceTierName",
    "replicas",
    "scaleDownPolicy",
    "scaleDownThreshold",
    "contextLength",
    "tags",
    "generative",
    "deviceConfigs",
    "extraEnvVars",
    "autoscalingFactor",
    "status",
    "id",
    "modelAccessKey",
    "customAliases",
    "messages",
    "model",
    "max_tokens",
]


PAITIENT_KEYS = [
    "model_name",
    "deployment_name",
    "compute_type",
    "instance_type",
    "min_replicas",
    "max_replicas",
    "auto_scaling",
    "region",
    "vpc_config",
    "tags",
    "model_config",
    "security_settings",
    "name",
    "deployment_id",
    "deployments",
    "prompt",
    "max_tokens",
]


FIT = {
    "deploymentName": "fit",
    "modelName": "m/m",
    "serviceTierName": "t",
    "replicas": 1,
    "model": "sim-model-a",
}
FIT |= {"model_name": "m/m", "deployment_name": "fit", "name": "n", "prompt": "p"}


def bodies(keys):
    strange = st.dictionaries(st.sampled_from(keys) | st.text(max_size=8), JSON, max_size=6)
    return st.tuples(st.booleans(), strange).map(lambda pair: (FIT if pair[0] else {}) | pair[1])


REQUESTS = st.one_of(
    st.tuples(
        st.just("parasail"),
        st.sampled_from(
            [("POST", DEPLOYMENTS), ("PUT", f"{DEPLOYMENTS}/33665"), ("POST", "/v1/chat/completions")],
        ),
        bodies(PARASAIL_KEYS),
    ),
    st.tuples(
        st.just("paitient"),
        st.sampled_from(
            [
                ("POST", "/v1/deployments"),
                ("PATCH", "/v1/deployments/ID"),
                ("POST", "/v1/endpoints"),
                ("POST", "/v1/canary-endpoints"),
                ("POST", "/v1/deployments/ID/generate"),
            ],
        ),
        bodies(PAITIENT_KEYS),
    ),
)


async def test_no_body_whatever_makes_the_simulator_fail(start):
    sim = await start({"parasail.gpu_quota": None, "paitient.max_deployments": None})
    await sim.create_parasail("model-a")
    identifier = (await sim.create_paitient())["id"]
    await sim.advance(9)
    loop = asyncio.get_running_loop()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(request=REQUESTS)
    def fuzz(request):
        vendor, (method, path), body = request
        raw = json.dumps(body).encode()
        sending = getattr(sim, vendor)(method, path.replace("ID", identifier), raw=raw)
        answer = asyncio.run_coroutine_threadsafe(sending, loop).result(20)
        assert (
            answer.status < 500 or answer.body.get("error", {}).get("type") == "service_unavailable_error"
        ), answer.text

    await asyncio.to_thread(fuzz)
    assert (await sim.parasail("GET", DEPLOYMENTS)).body is not None
    assert (await sim.paitient("GET", "/v1/deployments?limit=100")).body is not None
    await sim.advance(3600)
    assert (await sim.control("GET", "/counters"))["defects"] == 0
