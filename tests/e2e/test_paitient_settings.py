"""PaiTIENT's own fields, from YAML to the wire and back, its refusals, and what its API cannot take back."""

from typing import Any

import pytest

from e2e.conftest import World
from support import manifests
from support.by_hand import after_sweeps
from support.deadlines import eventually
from support.kube_api import Object
from support.namespace import condition, conditions

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

FULL = {
    "vpcConfig": {"subnetIDs": ["subnet-1", "subnet-2"], "securityGroupIDs": ["sg-1"]},
    "securitySettings": {
        "networkIsolation": True,
        "privateEndpoints": True,
        "encryptionLevel": "maximum",
        "auditLogging": True,
        "complianceMode": "hipaa",
    },
    "tags": {"env": "prod"},
    "modelConfig": {"maxOutputTokens": 512, "defaultTemperature": "0.7", "defaultTopP": "0.95"},
}


def changes(world: World, since: int) -> list[Any]:
    """The bodies of all PATCHes since then, oldest first."""
    return [r["body"] for r in world.simulator.requests(since, vendor="paitient", method="PATCH")]


def test_every_field_reaches_the_provider_under_its_own_name_and_type(shared: World) -> None:
    (triage,) = shared.serve(
        manifests.paitient_deployment(
            "triage",
            deploymentName="triage-v1",
            replicas=None,
            autoscaling={"minReplicas": 1, "maxReplicas": 3},
            contextLength=4096,
            paitient=FULL,
        )
    )
    (create,) = shared.simulator.requests(vendor="paitient", operation="create")
    assert create["body"] == {
        "model_name": manifests.PAITIENT_MODEL,
        "deployment_name": "triage-v1",
        "compute_type": "gpu",
        "instance_type": "g5.2xlarge",
        "region": "us-west-2",
        "vpc_config": {"subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"]},
        "security_settings": {
            "network_isolation": True,
            "private_endpoints": True,
            "encryption_level": "maximum",
            "audit_logging": True,
            "compliance_mode": "hipaa",
        },
        "min_replicas": 1,
        "max_replicas": 3,
        "auto_scaling": True,
        "model_config": {
            "context_length": 4096,
            "max_output_tokens": 512,
            "default_temperature": 0.7,
            "default_top_p": 0.95,
        },
        "tags": {
            "env": "prod",
            "model-operator-uid": triage["metadata"]["uid"],
            "model-operator-owner": f"e2e/{shared.namespace.name}/triage",
        },
    }


@pytest.mark.parametrize(
    ("before", "edit", "sent"),
    [
        pytest.param(
            {"autoscaling": {"minReplicas": 1, "maxReplicas": 3}, "replicas": None},
            {"autoscaling": {"minReplicas": 2, "maxReplicas": 5}},
            {"min_replicas": 2, "max_replicas": 5},
            id="autoscaling",
        ),
        pytest.param(
            {"autoscaling": {"minReplicas": 1, "maxReplicas": 3}, "replicas": None},
            {"autoscaling": None, "replicas": 4},
            {"min_replicas": 4, "max_replicas": 4, "auto_scaling": False},
            id="autoscaling to fixed",
        ),
        pytest.param(
            {"replicas": 3}, {"replicas": 1}, {"min_replicas": 1, "max_replicas": 1}, id="scale down"
        ),
        pytest.param(
            {"paitient": FULL},
            {"paitient": {"tags": {"env": "dev", "team": "a"}}},
            {"tags": {"env": "dev", "team": "a"}},
            id="tag changed and added",
        ),
        pytest.param(
            {"paitient": FULL},
            {"paitient": {"tags": {"team": "a"}, "modelConfig": {"defaultTemperature": "0.20"}}},
            {"tags": {"team": "a"}, "model_config": {"default_temperature": 0.2}},
            id="changed keys only",
        ),
    ],
)
def test_an_edit_sends_what_changed_and_nothing_else(
    shared: World, before: Object, edit: Object, sent: Object
) -> None:
    (triage,) = shared.serve(manifests.paitient_deployment("triage", **before))
    since = shared.simulator.last_request
    shared.edit("triage", **edit)
    live = shared.until("triage", "Ready=True Available")
    assert changes(shared, since) == [sent]
    remote = shared.remote("paitient", live)
    assert remote["min_replicas"] <= live["status"]["replicas"] <= remote["max_replicas"]
    assert remote["tags"]["model-operator-uid"] == triage["metadata"]["uid"]


def test_a_decimal_written_otherwise_is_no_edit(shared: World) -> None:
    shared.serve(manifests.paitient_deployment("triage", paitient=FULL))
    since = shared.simulator.last_request
    shared.edit("triage", paitient={"modelConfig": {"defaultTemperature": "0.70"}})
    shared.until("triage", "Ready=True Available")
    after_sweeps(shared.simulator, "paitient", sweeps=2)
    assert changes(shared, since) == []


def test_what_the_api_cannot_clear_is_said_once(shared: World) -> None:
    (triage,) = shared.serve(manifests.paitient_deployment("triage", paitient=FULL))
    since = shared.simulator.last_request
    shared.edit("triage", paitient={"tags": {"env": None}, "modelConfig": {"maxOutputTokens": None}})
    live = shared.until("triage", "Synced=False RemovalUnsupported")
    message = condition(live, "Synced")["message"]  # type: ignore[index]
    assert "paitient.modelConfig.maxOutputTokens" in message
    assert "paitient.tags.env" in message
    assert conditions(live)["Stalled"] == "True RemovalUnsupported"
    assert conditions(live)["Serving"] == "True Serving"
    after_sweeps(shared.simulator, "paitient")
    assert changes(shared, since) == []
    uid = triage["metadata"]["uid"]

    def told() -> int:
        said = [e for e in shared.namespace.events("triage") if e["involvedObject"]["uid"] == uid]
        return [e["reason"] for e in said].count("RemovalUnsupported")

    eventually(told, until=lambda count: count == 1)

    # An edit beside it is sent all the same, and a value in place of none ends it.
    shared.edit("triage", replicas=2)
    eventually(
        lambda: changes(shared, since), until=lambda sent: sent == [{"min_replicas": 2, "max_replicas": 2}]
    )
    shared.edit("triage", paitient={"tags": {"env": "prod"}, "modelConfig": {"maxOutputTokens": 512}})
    shared.until("triage", "Ready=True Available")
    assert len(changes(shared, since)) == 1


def orphaned_endpoints(world: World, live: Object) -> list[str]:
    uid = live["metadata"]["uid"]
    found = [e for e in world.namespace.events("triage") if e["involvedObject"]["uid"] == uid]
    return [e["message"].split()[1] for e in found if e["reason"] == "EndpointOrphaned"]


def test_an_endpoint_is_made_once_and_named_when_it_is_left_behind(shared: World) -> None:
    (triage,) = shared.serve(manifests.paitient_deployment("triage", paitient={"endpointName": "front"}))
    status = triage["status"]
    first = status["endpoint"]["id"]
    assert first.startswith("ep_")
    assert status["endpoint"]["url"].endswith(f"/v1/endpoints/{first}/generate")
    shared.edit("triage", replicas=2)
    shared.until("triage", "Ready=True Available")
    assert shared.simulator.counters("paitient")["creates"] == {"deployment": 1, "endpoint": 1}

    shared.simulator.remove_deployment("paitient", status["externalID"])
    live = shared.when(
        "triage",
        lambda o: o["status"].get("endpoint") and o["status"]["endpoint"]["id"] != first,
        "an endpoint for the new deployment",
    )
    second = live["status"]["endpoint"]["id"]
    eventually(lambda: orphaned_endpoints(shared, triage), until=lambda ids: ids == [first])
    shared.until("triage", "Ready=True Available")
    shared.namespace.delete("ModelDeployment", "triage")
    shared.namespace.wait_gone("ModelDeployment", "triage")
    eventually(lambda: orphaned_endpoints(shared, triage), until=lambda ids: ids == [first, second])
    assert shared.simulator.counters("paitient")["creates"] == {"deployment": 2, "endpoint": 2}


# In this order: what takes longest to be settled comes first, what rests the account last.
CODES = {
    ("deployment_error", 500): ("OutcomeUnknown", "Reconciling"),
    ("invalid_request_error", 400): ("InvalidRequest", "Stalled"),
    ("validation_error", 422): ("InvalidRequest", "Stalled"),
    ("permission_denied", 403): ("PermissionDenied", "Stalled"),
    ("resource_not_found", 404): ("InvalidRequest", "Stalled"),
    ("model_not_found", 404): ("ModelNotFound", "Stalled"),
    ("quota_exceeded", 403): ("QuotaExceeded", "Stalled"),
    ("instance_type_unavailable", 422): ("InstanceTypeUnavailable", "Stalled"),
    ("authentication_error", 401): ("CredentialsInvalid", "Stalled"),
    ("rate_limit_exceeded", 429): ("RateLimited", "Reconciling"),
}
"""Every documented error code, with the status that the simulator gives it: its reason, and what it means."""


@pytest.mark.long
def test_every_documented_refusal_of_a_create_has_its_reason_and_is_overcome(shared: World) -> None:
    names = []
    for (code, status), (reason, progress) in CODES.items():
        name = code.replace("_", "-")
        names.append(name)
        rest = {"retry_after": 1} if status == 429 else {}
        fault = shared.simulator.fault(
            "error", vendor="paitient", operation="create", status=status, code=code, message="No!", **rest
        )
        shared.namespace.apply(manifests.paitient_deployment(name))
        live = shared.until(name, f"Synced=False {reason}")
        assert conditions(live)[progress].startswith("True"), (code, conditions(live))
        # After a 429 it is the account's rest that holds it back, after a 500 the look for what it made.
        if status != 429 and reason != "OutcomeUnknown":
            assert "No!" in condition(live, "Synced")["message"], code  # type: ignore[index]
        assert "externalID" not in live["status"]
        fault.remove()
    for name in names:
        shared.until(name, "Ready=True Available")
    creates = shared.simulator.counters("paitient")["creates_by_tag"]
    assert sorted(creates.values()) == [1] * len(names)


def test_a_tombstone_is_gone(shared: World) -> None:
    (kept, doomed) = shared.serve(
        manifests.paitient_deployment("kept"), manifests.paitient_deployment("doomed")
    )
    shared.namespace.delete("ModelDeployment", "doomed")
    shared.namespace.wait_gone("ModelDeployment", "doomed")
    assert shared.remote("paitient", doomed)["status"] == "deleted"
    # Deleted by somebody else, it is created again, although GET and LIST still show it.
    shared.simulator.edit_deployment("paitient", kept["status"]["externalID"], status="deleted")
    live = shared.when(
        "kept",
        lambda o: o["status"].get("externalID") not in (None, kept["status"]["externalID"]),
        "created again",
    )
    assert shared.remote("paitient", live)["status"] in ("creating", "running")


def test_a_failed_deployment_says_so_and_takes_an_edit(shared: World) -> None:
    shared.simulator.knobs(paitient={"failing_models": [manifests.PAITIENT_MODEL]})
    shared.namespace.apply(manifests.paitient_deployment("triage"))
    live = shared.until("triage", "Ready=False Failed")
    assert conditions(live)["Stalled"] == "True Failed"
    assert live["status"]["phase"] == "Failed"
    shared.simulator.knobs(paitient={"failing_models": []})
    shared.edit("triage", replicas=2)
    live = shared.until("triage", "Ready=True Available")
    assert shared.remote("paitient", live)["min_replicas"] == 2
    assert shared.simulator.counters("paitient")["creates"] == {"deployment": 1}
