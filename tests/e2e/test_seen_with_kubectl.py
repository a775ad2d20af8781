"""What people and GitOps tools see of a running operator's objects: columns, waits, scale, Events, owners, kstatus."""

from collections import Counter
from itertools import groupby

import pytest
import yaml

from e2e.conftest import World
from support import manifests
from support.by_hand import after_sweeps
from support.deadlines import eventually
from support.kstatus import kstatus
from support.kube_api import Object
from support.namespace import conditions
from support.recorder import Recorder

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

CONDITIONS = {"Accepted", "Synced", "Serving", "Ready", "Reconciling", "Stalled"}


def events(world: World, live: Object) -> Counter[tuple[str, str]]:
    """How often which (type, reason) was told of this very object; what is told again is counted in its Event."""
    uid = live["metadata"]["uid"]
    found = [e for e in world.namespace.events(live["metadata"]["name"]) if e["involvedObject"]["uid"] == uid]
    assert len({(e["type"], e["reason"], e["message"]) for e in found}) == len(found)
    return Counter((e["type"], e["reason"]) for e in found for _ in range(e["count"]))


def test_columns_waits_and_scale(shared: World) -> None:
    kubectl = shared.namespace.kubectl
    shared.namespace.apply(manifests.parasail_deployment("llama"))
    kubectl("wait", "mdep/llama", "--for=condition=Ready", "--timeout=20s")
    live = shared.namespace.get("ModelDeployment", "llama")
    alias, url = live["status"]["externalAlias"], live["status"]["endpointURL"]
    short = kubectl("get", "mdep", "llama", "--no-headers").stdout.split()
    assert short[:-1] == ["llama", "Ready", "True", "Available", "1", "parasail"]
    wide = kubectl("get", "mdep", "llama", "--no-headers", "--output=wide").stdout.split()
    assert wide[6:9] == [manifests.PARASAIL_MODEL, alias, url]
    provider = kubectl("get", "mprov", "parasail", "--no-headers").stdout.split()
    assert provider[:-1] == ["parasail", "parasail", "Manage", "True", "Available", "1"]
    everything = set(kubectl("get", "modelops", "--output=name").stdout.split())
    kinds = {
        "modeldeployment.modeloperator.dev/llama",
        "modelprovider.modeloperator.dev/parasail",
        "modelprovider.modeloperator.dev/paitient",
    }
    assert everything == kinds

    kubectl("scale", "mdep/llama", "--replicas=3", "--current-replicas=1")
    kubectl("wait", "mdep/llama", "--for=jsonpath={.status.replicas}=3", "--timeout=20s")
    scaled = shared.until("llama", "Ready=True Available")
    assert scaled["metadata"]["generation"] == live["metadata"]["generation"] + 1
    assert scaled["status"]["observedGeneration"] == scaled["metadata"]["generation"]
    assert shared.remote("parasail", scaled)["replicas"] == 3
    scale = shared.namespace.api.call("GET", f"{_path(shared, 'llama')}/scale")
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (3, 3)
    pods = kubectl("get", "pods", f"--selector={scale['status']['selector']}", "--output=name").stdout
    assert pods == ""

    kubectl("delete", "mdep/llama", "--wait", "--timeout=20s")
    assert shared.simulator.counters("parasail")["live"] == 0


def _path(world: World, name: str) -> str:
    return f"/apis/modeloperator.dev/v1alpha1/namespaces/{world.namespace.name}/modeldeployments/{name}"


@pytest.mark.long
def test_events_come_with_transitions_only(shared: World) -> None:
    (llama,) = shared.serve(manifests.parasail_deployment("llama"))
    expected = Counter([("Normal", "Created"), ("Normal", "Available")])
    _expect(shared, llama, expected)
    for replicas, reasons in ((2, ["Updating", "Available"]), (2, [])):
        shared.edit("llama", replicas=replicas)
        shared.until("llama", "Ready=True Available")
        expected.update(("Normal", reason) for reason in reasons)
        _expect(shared, llama, expected)
    shared.edit("llama", paused=True)
    shared.until("llama", "Ready=True Paused")
    expected.update([("Normal", "Pausing"), ("Normal", "Paused")])
    _expect(shared, llama, expected)
    shared.simulator.edit_deployment("parasail", llama["status"]["externalID"], status="ERROR", message="Out")
    shared.until("llama", "Ready=False Failed")
    expected.update([("Warning", "Failed")])
    _expect(shared, llama, expected)
    shown = shared.namespace.kubectl("describe", "mdep/llama").stdout
    table = shown[shown.index("\nEvents:") :]
    assert sorted(line.split()[:2] for line in table.splitlines()[4:]) == sorted(map(list, expected))


def _expect(world: World, live: Object, expected: Counter[tuple[str, str]]) -> None:
    """These Events, and no more after some sweeps."""
    eventually(lambda: events(world, live), until=lambda found: found >= expected, what=str(expected))
    after_sweeps(world.simulator, "parasail", sweeps=2)
    said = [f"{e['reason']}: {e['message']}" for e in world.namespace.events(live["metadata"]["name"])]
    assert events(world, live) == expected, said


def test_a_name_as_long_as_they_come_is_served_and_has_events(shared: World) -> None:
    name = "long-" * 50 + "abc"
    assert len(name) == 253
    (live,) = shared.serve(manifests.parasail_deployment(name))
    eventually(
        lambda: events(shared, live),
        until=lambda seen: seen == {("Normal", "Created"): 1, ("Normal", "Available"): 1},
    )
    assert shared.remote("parasail", live)["deploymentName"].startswith("long-long-")


def test_applying_again_changes_nothing_and_nobody_fights_over_a_field(shared: World) -> None:
    manifest = manifests.parasail_deployment("llama", replicas=2, paused=False)
    manifest["metadata"] |= {"labels": {"team": "a"}, "annotations": {"note": "mine"}}
    (llama,) = shared.serve(manifest)
    shared.namespace.apply(manifest)
    after = shared.namespace.get("ModelDeployment", "llama")
    assert after["metadata"]["resourceVersion"] == llama["metadata"]["resourceVersion"]
    assert after["spec"] == manifest["spec"]
    assert after["metadata"]["labels"] == {"team": "a"}
    assert after["metadata"]["annotations"] == {"note": "mine"}
    _assert_no_diff(shared, manifest)

    owned = {
        field: entry["manager"] for entry in after["metadata"]["managedFields"] for field in entry["fieldsV1"]
    }
    assert set(owned) == {"f:metadata", "f:spec", "f:status"}
    ours = [entry for entry in after["metadata"]["managedFields"] if entry["manager"] != "kubectl"]
    for entry in ours:
        if entry.get("subresource") == "status":
            assert set(entry["fieldsV1"]) == {"f:status"}
        else:
            assert set(entry["fieldsV1"]) == {"f:metadata"}
            assert set(entry["fieldsV1"]["f:metadata"]) == {"f:finalizers"}


def test_client_side_apply_finds_no_difference_either(shared: World) -> None:
    manifest = manifests.paitient_deployment("triage", paitient={"tags": {"env": "prod"}})
    _client_side(shared, manifest)
    shared.until("triage", "Ready=True Available")
    assert "unchanged" in _client_side(shared, manifest)


def _client_side(world: World, manifest: Object) -> str:
    return world.namespace.kubectl("apply", "--filename=-", input=yaml.safe_dump(manifest)).stdout


def _assert_no_diff(world: World, manifest: Object) -> None:
    done = world.namespace.kubectl(
        "diff", "--server-side", "--filename=-", input=yaml.safe_dump(manifest), check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_tools_that_wait_see_work_success_failure_and_the_end(shared: World) -> None:
    with Recorder(shared.namespace.access, shared.namespace.name, "ModelDeployment") as recorder:
        (llama,) = shared.serve(manifests.parasail_deployment("llama"))
        id_ = llama["status"]["externalID"]
        shared.edit("llama", replicas=2)
        shared.until("llama", "Ready=True Available")
        shared.edit("llama", paused=True)
        shared.until("llama", "Ready=True Paused")
        shared.edit("llama", paused=False)
        shared.until("llama", "Ready=True Available")
        shared.simulator.edit_deployment("parasail", id_, status="ERROR", message="No GPU left")
        shared.until("llama", "Ready=False Failed")
        shared.simulator.edit_deployment("parasail", id_, status="ONLINE")
        shared.until("llama", "Ready=True Available")
        shared.namespace.delete("ModelDeployment", "llama")
        shared.namespace.wait_gone("ModelDeployment", "llama")
        eventually(lambda: kstatus(recorder.of("llama")[-1]) == "Terminating")
    versions = recorder.of("llama")
    seen = [status for status, _ in groupby(kstatus(version) for version in versions)]
    work = ["InProgress", "Current"]
    # Created, scaled, paused, resumed; failed and mended; deleted.
    assert seen == [*work, *work, *work, *work, "Failed", "Current", "Terminating"]
    for version in versions:
        _assert_sound(version)


def _assert_sound(version: Object) -> None:
    """What holds of every state that anybody could ever see."""
    generation, status = version["metadata"]["generation"], version["status"]
    assert status["observedGeneration"] <= generation
    if status["observedGeneration"] == -1:
        return  # the server's default, before the first pass
    found = conditions(version)
    assert set(found) == CONDITIONS
    assert not (found["Reconciling"].startswith("True") and found["Stalled"].startswith("True"))
    for entry in status["conditions"]:
        assert entry["observedGeneration"] == status["observedGeneration"]
        assert entry["message"]
    if found["Ready"].startswith("True"):
        assert found["Reconciling"].startswith("False")
        assert found["Accepted"].startswith("True")
