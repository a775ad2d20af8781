"""etcd is lost and the cluster is made again from Git, on the real API server: nothing is created and nothing deleted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from e2e.conftest import QUICK, World
from model_operator.cli import main
from support import manifests
from support.deadlines import eventually
from support.kube_api import path_of
from support.namespace import OUR_KINDS, Namespace, condition
from support.operator_process import OperatorProcess
from support.shared_world import KNOBS
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.simulator("--clock=real"), pytest.mark.own_ids]

A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(
    namespace: Namespace, simulator: SimulatorProcess, operator: Callable[..., OperatorProcess]
) -> World:
    simulator.knobs(**KNOBS)
    created = World(namespace, simulator, operator(**QUICK, installation="berlin-1"))
    created.apply_providers()
    return created


def lose_etcd(world: World) -> None:
    """As far as anybody can see: the operator is killed, and no object is there any more."""
    world.operator.kill()
    for kind in OUR_KINDS:
        for found in world.namespace.objects(kind):
            name = found["metadata"]["name"]
            world.namespace.edit(kind, name, {"metadata": {"finalizers": None}})
        world.namespace.api.call("DELETE", path_of(kind, world.namespace.name))


def orphans(world: World) -> list[str]:
    status = world.namespace.get("ModelProvider", "paitient").get("status", {})
    return [one["id"] for one in (status.get("orphans") or {"items": []})["items"]]


def mutations(world: World, since: int) -> list[str]:
    found = world.simulator.requests(since)
    return [r["operation"] for r in found if r["operation"] in ("create", "delete")]


def test_what_has_a_mark_is_adopted_and_the_rest_is_said(world: World) -> None:
    triage, notes = manifests.paitient_deployment("triage"), manifests.paitient_deployment("notes")
    llama = manifests.parasail_deployment("llama")
    ids = {
        live["metadata"]["name"]: live["status"]["externalID"] for live in world.serve(triage, notes, llama)
    }
    lose_etcd(world)
    since = world.simulator.last_request
    world.operator.restart()
    world.apply_providers()
    (adopted,) = world.serve(triage)
    assert adopted["status"]["externalID"] == ids["triage"]
    world.namespace.apply(llama)
    waiting = world.until("llama", "Synced=False OrphanFound")
    assert f"{ids['llama']} (" in condition_message(waiting)
    eventually(lambda: orphans(world), until=lambda found: found == [ids["notes"]], within=A_MINUTE)
    tags = world.remote("paitient", adopted)["tags"]
    assert tags["model-operator-owner"] == f"berlin-1/{world.namespace.name}/triage"
    assert mutations(world, since) == []

    world.edit("llama", externalID=ids["llama"], deletionPolicy="Delete")
    world.until("llama", "Ready=True Available")
    eventually(lambda: told(world).count("OrphanFound"), until=lambda times: times == 1, what="the Event")
    _adopt_and_delete(world, ids["notes"])
    eventually(lambda: orphans(world), until=lambda found: not found, within=A_MINUTE)
    assert mutations(world, since) == ["delete"]


def told(world: World) -> list[str]:
    return [event["reason"] for event in world.namespace.events("paitient")]


def condition_message(live: dict[str, Any]) -> str:
    found = condition(live, "Synced")
    return str(found["message"]) if found is not None else ""


def _adopt_and_delete(world: World, id_: str) -> None:
    """By `kubectl models orphans`: it lists, writes the YAML, refuses while an object may hold it, and deletes."""
    namespace = world.namespace

    def call(*arguments: str, asked: str | None = None) -> Result:
        where = [f"--kubeconfig={namespace.access.kubeconfig}", f"--namespace={namespace.name}"]
        hosts = f"--allowed-provider-host={world.simulator.url}"
        return CliRunner().invoke(main, ["orphans", *arguments, *where, hosts], input=asked)

    head, row = call().stdout.splitlines()
    assert head.split()[:3] == ["NAMESPACE", "PROVIDER", "ID"]
    assert row.split()[:3] == [namespace.name, "paitient", id_]
    (body,) = (one for one in yaml.safe_load_all(call("--import").stdout) if one)
    assert (body["metadata"]["name"], body["spec"]["externalID"]) == ("notes", id_)
    assert call("--delete", id_, asked="n\n").exit_code == 1
    unknown = call("--delete", "dep_neverissued0")
    assert (unknown.exit_code, "not an orphaned deployment" in unknown.stderr) == (1, True)

    world.operator.kill()
    namespace.apply(manifests.paitient_deployment("notes"))
    refused = call("--delete", id_, "--yes")
    assert (refused.exit_code, "may manage it" in refused.stderr) == (1, True)
    namespace.delete("ModelDeployment", "notes")
    namespace.edit("ModelProvider", "paitient", {"spec": {"mode": "Observe"}})
    assert "is in mode Observe" in call("--delete", id_, "--yes").stderr
    namespace.edit("ModelProvider", "paitient", {"spec": {"mode": None}})
    done = call("--delete", id_, "--yes")
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"{id_}: deletion requested\n", "")
    world.operator.restart()
