"""Parasail's own fields, from YAML to the wire and back, and the states and shapes that its document does not name."""

from typing import Any

import pytest

from e2e.conftest import World
from support import manifests
from support.by_hand import after_sweeps, create_by_hand, word_of
from support.namespace import condition, conditions

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e


def puts(world: World, since: int) -> list[dict[str, Any]]:
    """The bodies of all PUTs since then, oldest first."""
    return [r["body"] for r in world.simulator.requests(since, vendor="parasail", method="PUT")]


def test_every_field_reaches_the_provider_under_its_own_name_and_type(shared: World) -> None:
    settings = {
        "serviceTierName": "low-cost",
        "scaleDownPolicy": "INACTIVE",
        "scaleDownThreshold": "1h30m",
        "draftModelName": "org/draft",
        "generative": True,
        "embedding": False,
    }
    shared.serve(
        manifests.parasail_deployment(
            "llama", deploymentName="llama-v1", contextLength=4096, replicas=2, parasail=settings
        )
    )
    (create,) = shared.simulator.requests(vendor="parasail", operation="create")
    assert create["body"] == {
        "deploymentName": "llama-v1",
        "modelName": manifests.PARASAIL_MODEL,
        "replicas": 2,
        "contextLength": 4096,
        "serviceTierName": "low-cost",
        "scaleDownPolicy": "INACTIVE",
        "scaleDownThreshold": 5_400_000,
        "draftModelName": "org/draft",
        "generative": True,
        "embedding": False,
    }


def test_what_is_not_set_is_not_sent(shared: World) -> None:
    shared.serve(manifests.parasail_deployment("llama", deploymentName="llama-v1"))
    (create,) = shared.simulator.requests(vendor="parasail", operation="create")
    assert create["body"] == {
        "deploymentName": "llama-v1",
        "modelName": manifests.PARASAIL_MODEL,
        "replicas": 1,
        "serviceTierName": "H100",
    }


def test_an_edit_changes_its_own_keys_of_the_whole_object(shared: World) -> None:
    policy = {"scaleDownPolicy": "TIMER", "scaleDownThreshold": "2h"}
    (llama,) = shared.serve(manifests.parasail_deployment("llama", parasail=policy))
    theirs = {"description": "by hand", "customAliases": ["front"], "maxConnectionsPerReplica": 8}
    shared.simulator.edit_deployment("parasail", llama["status"]["externalID"], fields=theirs)
    before, since = shared.remote("parasail", llama), shared.simulator.last_request
    shared.edit("llama", parasail={"scaleDownThreshold": "90m"})
    shared.until("llama", "Ready=True Available")
    shared.edit("llama", parasail={"scaleDownPolicy": None, "scaleDownThreshold": None})
    shared.until("llama", "Ready=True Available")
    (first, second) = puts(shared, since)
    moving = ("status", "baseUrl", "modifiedAt", "sim")

    def still(body: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in body.items() if key not in moving}

    assert still(first) == {**still(before), "scaleDownThreshold": 5_400_000}
    assert still(second) == {**still(before), "scaleDownThreshold": None, "scaleDownPolicy": None}
    after = shared.remote("parasail", llama)
    assert {key: after[key] for key in theirs} == theirs


def test_fewer_replicas_are_asked_for_and_shown(shared: World) -> None:
    (llama,) = shared.serve(manifests.parasail_deployment("llama", replicas=3))
    assert llama["status"]["replicas"] == 3
    shared.edit("llama", replicas=1)
    live = shared.until("llama", "Ready=True Available")
    assert shared.remote("parasail", live)["replicas"] == 1
    assert live["status"]["replicas"] == 1


def test_an_account_that_wants_devices_says_so_and_keeps_those_it_has(shared: World) -> None:
    shared.simulator.knobs(parasail={"profile": "extended"})
    shared.namespace.apply(manifests.parasail_deployment("llama"))
    live = shared.until("llama", "Synced=False InvalidRequest")
    assert "spec.parasail.devices" in condition(live, "Synced")["message"]  # type: ignore[index]
    shared.edit("llama", parasail={"serviceTierName": None, "devices": [{"device": "L40S", "count": 1}]})
    made = shared.remote("parasail", shared.until("llama", "Ready=True Available"))
    assert [row["device"] for row in made["deviceConfigs"] if row["selected"]] == ["L40S"]

    devices = [{"device": "H100SXM", "count": 1, "selected": True}, {"device": "L40S", "count": 1}]
    id_ = create_by_hand(shared.simulator, "parasail", "theirs", serviceTierName=None, deviceConfigs=devices)
    manifest = manifests.parasail_deployment("adopted", externalID=id_, deletionPolicy="Delete", replicas=2)
    manifest["spec"]["parasail"] = {}
    shared.serve(manifest)
    remote = shared.simulator.deployment("parasail", id_)
    assert (remote["replicas"], remote["deviceConfigs"]) == (2, devices)


def test_an_error_is_shown_in_the_providers_words_and_edits_are_sent(shared: World) -> None:
    (llama,) = shared.serve(manifests.parasail_deployment("llama"))
    id_, since = llama["status"]["externalID"], shared.simulator.last_request
    shared.simulator.edit_deployment("parasail", id_, status="ERROR", message="CUDA out of memory")
    live = shared.until("llama", "Ready=False Failed")
    assert "CUDA out of memory" in condition(live, "Serving")["message"]  # type: ignore[index]
    assert (live["status"]["phase"], conditions(live)["Stalled"]) == ("Failed", "True Failed")
    after_sweeps(shared.simulator, "parasail", sweeps=2)
    assert shared.writes(since, "parasail") == [], "never created again or resumed for it"
    shared.edit("llama", contextLength=2048)
    shared.when("llama", lambda _: shared.remote("parasail", llama)["contextLength"] == 2048, "edit sent")
    shared.simulator.edit_deployment("parasail", id_, status="ONLINE")
    shared.until("llama", "Ready=True Available")


def test_a_state_that_nobody_knows_is_shown_and_left_alone(shared: World) -> None:
    (llama,) = shared.serve(manifests.parasail_deployment("llama"))
    id_, since = llama["status"]["externalID"], shared.simulator.last_request
    shared.simulator.edit_deployment("parasail", id_, status="REBALANCING")
    live = shared.until("llama", "Ready=Unknown Unknown")
    assert live["status"]["providerState"] == "REBALANCING"
    assert "REBALANCING" in condition(live, "Serving")["message"]  # type: ignore[index]
    shared.edit("llama", replicas=2)
    shared.when("llama", lambda o: o["status"]["observedGeneration"] == 2, "seen")
    after_sweeps(shared.simulator, "parasail", sweeps=2)
    assert shared.writes(since, "parasail") == []
    shared.simulator.edit_deployment("parasail", id_, status="ONLINE")
    live = shared.until("llama", "Ready=True Available")
    assert shared.remote("parasail", live)["replicas"] == 2


def test_without_an_alias_nobody_is_told_that_it_serves(shared: World) -> None:
    shared.simulator.knobs(parasail={"alias_delay_s": 2})
    shared.namespace.apply(manifests.parasail_deployment("llama"))
    live = shared.when(
        "llama",
        lambda o: "alias" in (condition(o, "Serving") or {}).get("message", ""),
        "up and without alias",
    )
    assert conditions(live)["Ready"] == "False Starting"
    assert "externalAlias" not in live["status"]
    assert word_of(shared.remote("parasail", live)) == "ONLINE"
    live = shared.until("llama", "Ready=True Available")
    assert live["status"]["externalAlias"] == shared.remote("parasail", live)["externalAlias"]
