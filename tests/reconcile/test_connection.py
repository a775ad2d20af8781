"""The ConfigMap of spec.connection: what the API server says against it is reported, and holds nothing up."""

from datetime import UTC, datetime, timedelta

import pytest

from model_operator.conditions import Reason
from model_operator.kube import KubeError
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.deployment.decide import decide
from model_operator.plan.verdict import Progress
from model_operator.reconcile.deployment.connection import publish, with_connection
from model_operator.reconcile.deployment.memory import Memory
from support.manifests import parasail_deployment
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Trouble, Verb
from support.running import on_virtual_time, running
from support.situations import situation

SPEC = {
    "providerRef": {"name": "p"},
    "model": "org/m",
    "replicas": 1,
    "parasail": {"serviceTierName": "low-cost"},
}


def deployment(name: str = "llama") -> ModelDeployment:
    return ModelDeployment.parse(
        {
            "metadata": {"name": "llama", "namespace": "team", "uid": "u-1", "resourceVersion": "1"},
            "spec": {**SPEC, "connection": {"configMapName": name}},
        }
    )


def store(*troubles: Trouble) -> MemoryStore:
    return MemoryStore(Server(lambda: datetime.now(UTC)), list(troubles))


@pytest.mark.parametrize(
    ("status", "verb", "says"),
    [
        pytest.param(403, Verb.GET, "rbac.connections", id="no right to read it"),
        pytest.param(403, Verb.CREATE, "rbac.connections", id="quota, or no right to make it"),
        pytest.param(422, Verb.CREATE, "it is invalid", id="invalid"),
    ],
)
async def test_what_the_server_refuses_is_a_condition(status, verb, says):
    trouble = Trouble(Effect.REFUSE, frozenset({verb}), status=status, message="it is invalid")
    s, memory, kube = situation(), Memory(uid="u-1"), store(trouble)
    step = decide(s)
    assert await publish(kube, deployment(), s, memory)
    said = with_connection(step, memory.connection)
    assert said.accepted is not None
    assert said.accepted.reason == Reason.CONNECTION_NOT_WRITTEN
    assert 'ConfigMap "llama": it is invalid' in said.accepted.message
    assert says in said.accepted.message
    assert said.progress is Progress.STUCK
    assert said.look_again is not None
    assert said.look_again <= timedelta(seconds=30)
    assert (said.change, said.phase, said.synced) == (step.change, step.phase, step.synced)
    assert not await publish(kube, deployment(), s, memory)  # nothing new to say

    kube.troubles.clear()
    assert await publish(kube, deployment(), s, memory)
    assert with_connection(step, memory.connection) == step
    found = await kube.get("ConfigMap", "team", "llama")
    assert found["data"] == {"baseURL": "https://api.parasail.io/v1", "model": "acme-llama"}


async def test_a_server_in_trouble_is_no_condition_and_tried_again():
    trouble = Trouble(Effect.REFUSE, frozenset({Verb.CREATE}), status=500)
    memory = Memory(uid="u-1")
    with pytest.raises(KubeError):
        await publish(store(trouble), deployment(), situation(), memory)
    assert memory.connection is None


@pytest.mark.parametrize("name", ["..", "../../victim/configmaps/x", "Not_A_Name"])
async def test_a_name_that_no_config_map_can_have_is_a_condition_and_no_request(name):
    s, kube, memory = situation(), store(), Memory(uid="u-1")
    assert await publish(kube, deployment(name), s, memory)
    assert memory.connection is not None
    assert memory.connection.reason == Reason.CONNECTION_NOT_WRITTEN
    assert "is not a name that a ConfigMap can have" in memory.connection.message
    assert kube.seen == []


async def test_a_config_map_of_another_is_left_as_it_is():
    kube, memory = store(), Memory(uid="u-1")
    theirs = {"metadata": {"name": "llama", "namespace": "team"}, "data": {"baseURL": "https://theirs"}}
    await kube.create("ConfigMap", "team", {"apiVersion": "v1", "kind": "ConfigMap", **theirs})
    assert await publish(kube, deployment(), situation(), memory)
    assert memory.connection is not None
    assert memory.connection.reason == Reason.NAME_TAKEN
    assert (await kube.get("ConfigMap", "team", "llama"))["data"] == theirs["data"]


@on_virtual_time
async def test_nothing_is_published_before_the_models_name_is_known() -> None:
    """A pod that starts with another one keeps it."""
    async with running() as operator:
        await operator.simulator.control("PATCH", "/knobs", {"parasail": {"alias_delay_s": 60}})
        operator.apply(parasail_deployment("llama", connection={"configMapName": "app"}))
        await operator.until(lambda: operator.status("llama").get("externalID"))
        await operator.wait(30)
        assert list(operator.server.list("ConfigMap", "team")) == []
        await operator.until(lambda: operator.says("llama")["Ready"] == "True Available")
        await operator.wait(5)
        (published,) = operator.server.list("ConfigMap", "team")
        assert published["data"]["model"] == operator.status("llama")["externalAlias"]
