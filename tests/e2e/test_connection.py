"""The ConfigMap of `spec.connection`: how applications reach a model, without any key."""

from collections.abc import Callable

import pytest

from e2e.conftest import QUICK, World
from support import manifests
from support.deadlines import eventually
from support.namespace import Namespace, condition, conditions
from support.operator_process import SECRETS, OperatorProcess
from support.simulator_process import SimulatorProcess

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

CONNECTION = {"configMapName": "llama-connection"}


def test_applications_get_url_and_model_and_lose_them_with_the_deployment(shared: World) -> None:
    (llama,) = shared.serve(manifests.parasail_deployment("llama", connection=CONNECTION))
    made = shared.namespace.get("ConfigMap", "llama-connection")
    status = llama["status"]
    assert made["data"] == {"baseURL": status["endpointURL"], "model": status["externalAlias"]}
    (owner,) = made["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == (
        "ModelDeployment",
        "llama",
        llama["metadata"]["uid"],
    )
    assert not any(secret in str(made) for secret in SECRETS)

    shared.namespace.delete("ModelDeployment", "llama")
    shared.namespace.wait_gone("ModelDeployment", "llama")
    shared.namespace.wait_gone("ConfigMap", "llama-connection")


def test_another_deployment_at_the_provider_means_another_url(shared: World) -> None:
    (triage,) = shared.serve(manifests.paitient_deployment("triage", connection=CONNECTION))
    first = triage["status"]["externalID"]
    made = shared.namespace.get("ConfigMap", "llama-connection")
    assert made["data"] == {"baseURL": triage["status"]["endpointURL"], "model": manifests.PAITIENT_MODEL}
    shared.simulator.remove_deployment("paitient", first)
    live = shared.when(
        "triage", lambda o: o["status"].get("externalID") not in (None, first), "created again"
    )
    second = live["status"]["externalID"]
    data = eventually(
        lambda: shared.namespace.get("ConfigMap", "llama-connection")["data"],
        until=lambda data: second in data["baseURL"],
    )
    assert data["baseURL"] == shared.until("triage", "Ready=True Available")["status"]["endpointURL"]


def test_it_follows_the_name_in_the_spec(shared: World) -> None:
    shared.serve(manifests.parasail_deployment("llama"))
    assert shared.namespace.find("ConfigMap", "late") is None
    shared.edit("llama", connection={"configMapName": "late"})
    eventually(lambda: shared.namespace.find("ConfigMap", "late"))


@pytest.mark.long
def test_hands_on_it_are_undone_at_the_next_full_read(
    namespace: Namespace, simulator: SimulatorProcess, operator: Callable[..., OperatorProcess]
) -> None:
    world = World(namespace, simulator, operator(**{**QUICK, "full_read_interval": "2s"}))
    world.apply_providers()
    world.serve(manifests.parasail_deployment("llama", connection=CONNECTION))
    made = namespace.get("ConfigMap", "llama-connection")["data"]
    namespace.edit("ConfigMap", "llama-connection", {"data": {"baseURL": "https://example.com"}})
    eventually(
        lambda: namespace.get("ConfigMap", "llama-connection")["data"], until=lambda data: data == made
    )
    namespace.delete("ConfigMap", "llama-connection")
    eventually(lambda: namespace.find("ConfigMap", "llama-connection"))


def test_a_foreign_config_map_is_left_alone(shared: World) -> None:
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "llama-connection"}}
    shared.namespace.apply({**foreign, "data": {"baseURL": "https://mine.example"}})
    before = shared.namespace.get("ConfigMap", "llama-connection")
    shared.namespace.apply(manifests.parasail_deployment("llama", connection=CONNECTION))
    live = shared.until("llama", "Accepted=False NameTaken")
    assert "llama-connection" in condition(live, "Accepted")["message"]  # type: ignore[index]
    # The model itself is served all the same.
    live = shared.until("llama", "Serving=True")
    assert conditions(live)["Ready"] == "False NameTaken"
    assert conditions(live)["Stalled"] == "True NameTaken"
    assert shared.namespace.get("ConfigMap", "llama-connection") == before

    shared.namespace.delete("ConfigMap", "llama-connection")
    live = shared.until("llama", "Ready=True Available")
    made = shared.namespace.get("ConfigMap", "llama-connection")
    assert made["data"]["model"] == live["status"]["externalAlias"]
