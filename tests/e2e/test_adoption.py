"""Taking over what exists: with `spec.externalID`, carefully, and never what is somebody else's."""

from typing import Any

import pytest

from e2e.conftest import World
from model_operator.domain import EPOCH_TAG
from support import manifests
from support.by_hand import after_sweeps, create_by_hand, word_of
from support.kube_api import Object
from support.namespace import condition, conditions
from support.rows import INSTALLATION, ROWS
from support.simulator_process import Json, Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

EACH = list(ROWS)


def adopting(vendor: Vendor, name: str, id_: str, **spec: Any) -> Object:
    """A ModelDeployment of that name that takes over `id_` and, unless told otherwise, leaves it behind."""
    return manifests.deployment(vendor, name, **{"externalID": id_, "deletionPolicy": "Orphan", **spec})


def poll_every_five_seconds(world: World, vendor: Vendor) -> None:
    world.namespace.edit("ModelProvider", vendor, {"spec": {"pollInterval": "5s"}})
    world.namespace.wait_for_condition("ModelProvider", vendor, "Ready=True Available")


def replicas_of(remote: Json) -> int:
    return int(remote["replicas"] if "replicas" in remote else remote["min_replicas"])


@pytest.mark.long
@pytest.mark.parametrize("vendor", EACH)
def test_what_is_taken_over_is_shown_first_and_corrected_a_sweep_later(shared: World, vendor: Vendor) -> None:
    poll_every_five_seconds(shared, vendor)
    row = ROWS[vendor]
    id_ = create_by_hand(shared.simulator, vendor, "legacy", **row.api.other_fields)
    before, since = shared.simulator.deployment(vendor, id_), shared.simulator.last_request
    shared.namespace.apply(adopting(vendor, "legacy", id_, replicas=2))
    live = shared.when("legacy", lambda o: o["status"].get("externalID") == id_, "taken over")
    assert live["status"]["drift"] == [{"field": "replicas", "desired": "2", "observed": "1"}]
    assert conditions(live)["Ready"] == "False Updating"
    assert shared.writes(since, vendor) == []

    shared.until("legacy", "Ready=True Available")
    after = shared.simulator.deployment(vendor, id_)
    assert replicas_of(after) == 2
    untouched = ("contextLength", "description", "model_config", "deploymentName", "deployment_name")
    assert {k: after.get(k) for k in untouched} == {k: before.get(k) for k in untouched}
    tags = row.api.other_fields.get("tags", {})
    assert (after.get("tags") or {}) == {**tags, **row.tags_of(live, INSTALLATION)}
    looked = shared.simulator.requests(since, vendor=vendor, operation="get")[0]["at"]
    wrote = next(r for r in shared.simulator.requests(since, vendor=vendor) if r["method"] != "GET")["at"]
    assert wrote - looked >= 5
    assert shared.simulator.counters(vendor)["live"] == 1


def test_an_omitted_paused_leaves_a_stopped_deployment_stopped(shared: World) -> None:
    ids = {name: create_by_hand(shared.simulator, "parasail", name) for name in ("left", "resumed", "paused")}
    for name in ("left", "resumed"):
        shared.simulator.edit_deployment("parasail", ids[name], status="OFFLINE")
    since = shared.simulator.last_request
    shared.namespace.apply(
        adopting("parasail", "left", ids["left"]),
        adopting("parasail", "resumed", ids["resumed"], paused=False),
        adopting("parasail", "paused", ids["paused"], paused=True),
    )
    shared.until("left", "Ready=True Paused")
    shared.until("resumed", "Ready=True Available")
    shared.until("paused", "Ready=True Paused")
    after_sweeps(shared.simulator, "parasail")
    words = {name: word_of(shared.simulator.deployment("parasail", id_)) for name, id_ in ids.items()}
    assert words == {"left": "OFFLINE", "resumed": "ONLINE", "paused": "OFFLINE"}
    root = "/api/v1/dedicated/deployments"
    assert sorted(shared.writes(since, "parasail")) == [
        ("POST", f"{root}/{ids['resumed']}/resume"),
        ("POST", f"{root}/{ids['paused']}/pause"),
    ]


@pytest.mark.long
def test_power_waits_for_the_sweep_as_fields_do(shared: World) -> None:
    poll_every_five_seconds(shared, "parasail")
    id_ = create_by_hand(shared.simulator, "parasail", "legacy")
    since = shared.simulator.last_request
    shared.namespace.apply(adopting("parasail", "legacy", id_, paused=True))
    live = shared.when("legacy", lambda o: o["status"].get("externalID") == id_, "taken over")
    assert live["status"]["drift"] == [{"field": "paused", "desired": "true", "observed": "false"}]
    shared.until("legacy", "Ready=True Paused")
    looked = shared.simulator.requests(since, vendor="parasail", operation="get")[0]["at"]
    paused = shared.simulator.requests(since, vendor="parasail", operation="pause")[0]["at"]
    assert paused - looked >= 5


@pytest.mark.parametrize("vendor", EACH)
def test_another_model_is_refused_untouched_and_never_deleted(shared: World, vendor: Vendor) -> None:
    id_ = create_by_hand(shared.simulator, vendor, "theirs")
    before, since = shared.simulator.deployment(vendor, id_), shared.simulator.last_request
    shared.namespace.apply(
        adopting(vendor, "ours", id_, model="org/another", deletionPolicy="Delete", replicas=3)
    )
    live = shared.until("ours", "Accepted=False ModelMismatch")
    assert "externalID" not in live["status"]
    message = condition(live, "Accepted")["message"]  # type: ignore[index]
    assert "org/another" in message
    shared.until("ours", "Stalled=True ModelMismatch")
    shared.namespace.delete("ModelDeployment", "ours")
    shared.namespace.wait_gone("ModelDeployment", "ours")
    assert shared.writes(since, vendor) == []
    assert shared.simulator.deployment(vendor, id_) == before


@pytest.mark.parametrize(
    ("vendor", "unknown"),
    [pytest.param(vendor, row.missing_id, id=vendor) for vendor, row in ROWS.items()],
)
def test_an_unknown_id_is_missing_and_nothing_is_created(shared: World, vendor: Vendor, unknown: str) -> None:
    shared.serve(
        manifests.deployment(vendor, "known")
    )  # proves the credentials: before that, a miss says nothing
    shared.namespace.apply(adopting(vendor, "legacy", unknown))
    live = shared.until("legacy", "Ready=False ExternalResourceMissing")
    assert condition(live, "Stalled")["status"] == "True"  # type: ignore[index]
    assert live["status"]["phase"] == "Missing"
    after_sweeps(shared.simulator, vendor)
    assert shared.simulator.counters(vendor)["live"] == 1
    shared.namespace.delete("ModelDeployment", "legacy")
    shared.namespace.wait_gone("ModelDeployment", "legacy")


@pytest.mark.long
@pytest.mark.parametrize("vendor", EACH)
def test_an_id_is_taken_while_its_owner_lives(shared: World, vendor: Vendor) -> None:
    (first,) = shared.serve(manifests.deployment(vendor, "first", deletionPolicy="Orphan"))
    id_ = first["status"]["externalID"]
    shared.namespace.apply(adopting(vendor, "second", id_, deletionPolicy="Delete"))
    live = shared.until("second", "Accepted=False ExternalIDTaken")
    assert 'ModelDeployment "first"' in condition(live, "Accepted")["message"]  # type: ignore[index]

    shared.namespace.delete("ModelDeployment", "first")
    live = shared.until("second", "Ready=True Available")
    assert live["status"]["externalID"] == id_
    tags = ROWS[vendor].tags_of(live, INSTALLATION)
    assert (EPOCH_TAG in tags) == bool(tags)
    assert (shared.remote(vendor, live).get("tags") or {}) == tags
    shared.namespace.delete("ModelDeployment", "second")
    shared.namespace.wait_gone("ModelDeployment", "second")
    assert shared.simulator.counters(vendor)["live"] == 0


@pytest.mark.long
@pytest.mark.parametrize("vendor", EACH)
def test_a_restored_object_takes_its_deployment_back(shared: World, vendor: Vendor) -> None:
    """After the loss of a cluster: the same spec under a new UID, with the id from the backup."""
    spec: Json = {"deletionPolicy": "Orphan", "deploymentName": "triage-v1"}
    (lost,) = shared.serve(manifests.deployment(vendor, "triage", **spec))
    id_ = lost["status"]["externalID"]
    shared.namespace.delete("ModelDeployment", "triage")
    shared.namespace.wait_gone("ModelDeployment", "triage")
    since = shared.simulator.last_request
    shared.namespace.apply(manifests.deployment(vendor, "triage", externalID=id_, **spec))
    live = shared.until("triage", "Ready=True Available")
    assert live["metadata"]["uid"] != lost["metadata"]["uid"]
    assert live["status"]["externalID"] == id_
    after_sweeps(shared.simulator, vendor)
    live = shared.until("triage", "Ready=True Available")
    tags = ROWS[vendor].tags_of(live, INSTALLATION)
    assert (shared.remote(vendor, live).get("tags") or {}) == tags
    tagged = [("PATCH", f"/v1/deployments/{id_}")] if tags else []
    assert shared.writes(since, vendor) == tagged
    assert shared.simulator.counters(vendor)["creates_by_name"] == {"triage-v1": 1}


@pytest.mark.long
@pytest.mark.parametrize("vendor", EACH)
def test_the_deletion_policy_decides_what_becomes_of_it(shared: World, vendor: Vendor) -> None:
    ids = {
        policy: create_by_hand(shared.simulator, vendor, policy.lower()) for policy in ("Orphan", "Delete")
    }
    shared.serve(
        *(adopting(vendor, policy.lower(), id_, deletionPolicy=policy) for policy, id_ in ids.items())
    )
    for name in ("orphan", "delete"):
        shared.namespace.delete("ModelDeployment", name)
    for name in ("orphan", "delete"):
        shared.namespace.wait_gone("ModelDeployment", name)
    assert word_of(shared.simulator.deployment(vendor, ids["Orphan"])) in ("ONLINE", "running")
    assert shared.simulator.counters(vendor)["live"] == 1


@pytest.mark.long
@pytest.mark.parametrize("vendor", EACH)
def test_what_was_taken_over_is_never_created_again(shared: World, vendor: Vendor) -> None:
    id_ = create_by_hand(shared.simulator, vendor, "legacy")
    shared.serve(adopting(vendor, "legacy", id_))
    since = shared.simulator.last_request
    shared.simulator.remove_deployment(vendor, id_)
    live = shared.until("legacy", "Ready=False ExternalResourceMissing")
    assert condition(live, "Stalled")["status"] == "True"  # type: ignore[index]
    shared.edit("legacy", contextLength=4096)
    live = shared.until("legacy", "Ready=False ExternalResourceMissing")
    after_sweeps(shared.simulator, vendor)
    assert shared.writes(since, vendor) == []
    assert shared.simulator.counters(vendor)["live"] == 0
