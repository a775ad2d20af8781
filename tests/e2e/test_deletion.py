"""The way out: nothing paid is orphaned silently, and every stuck deletion has an end."""

from collections.abc import Callable

import pytest

from e2e.conftest import QUICK, World
from model_operator_demo.controlplane_access import Access
from support import manifests
from support.deadlines import eventually
from support.namespace import Namespace, condition
from support.operator_process import OperatorProcess

pytestmark = pytest.mark.e2e


def test_a_refused_deletion_says_so_and_force_frees_it(world: World) -> None:
    (a, b) = world.serve(manifests.paitient_deployment("a"), manifests.paitient_deployment("b"))
    world.simulator.fault(
        "error", vendor="paitient", method="DELETE", path=f"{a['status']['externalID']}$", status=409, count=1
    )
    world.namespace.delete("ModelDeployment", "a")
    live = world.until("a", "Synced=False DeletionRefused")
    assert condition(live, "Stalled")["status"] == "True"  # type: ignore[index]
    world.edit("a", paitient={"forceDelete": True})
    world.namespace.wait_gone("ModelDeployment", "a")
    forced = world.simulator.requests(vendor="paitient", method="DELETE")
    assert forced[-1]["query"] == [["force", "true"]]
    assert world.remote("paitient", b)["status"] == "running"


def test_a_whole_namespace_goes_and_takes_its_deployments_with_it(
    world: World, cluster: Access, operator: Callable[..., OperatorProcess]
) -> None:
    """The operator lives elsewhere, with a ClusterRoleBinding: roles of the namespace go with it."""
    home, doomed = world.namespace, Namespace.create(cluster, f"{world.namespace.name[:50]}-doomed")
    with home.bound_everywhere():
        world.operator.terminate()
        operator(**{**QUICK, "namespaces": [doomed.name]})
        other = World(doomed, world.simulator, world.operator)
        other.apply_providers()
        other.serve(manifests.parasail_deployment("llama"), manifests.paitient_deployment("triage"))
        doomed.kubectl("delete", "namespace", doomed.name, "--wait=false")
        for kind in ("ModelDeployment", "ModelProvider"):
            eventually(
                lambda kind=kind: doomed.objects(kind),
                until=lambda objects: not objects,
                what=f"no {kind} left",
            )
    doomed.api.close()
    assert world.simulator.counters("parasail")["live"] == 0
    assert world.simulator.counters("paitient")["live"] == 0


def test_what_was_gone_already_does_not_hold_the_object(world: World) -> None:
    (llama,) = world.serve(manifests.parasail_deployment("llama"))
    world.simulator.remove_deployment("parasail", llama["status"]["externalID"])
    world.namespace.delete("ModelDeployment", "llama")
    world.namespace.wait_gone("ModelDeployment", "llama")


def test_an_object_that_vanished_without_its_finalizer_is_finished_all_the_same(world: World) -> None:
    world.serve(manifests.parasail_deployment("llama"))
    world.operator.pause()
    world.namespace.edit("ModelDeployment", "llama", {"metadata": {"finalizers": None}})
    world.namespace.delete("ModelDeployment", "llama")
    world.namespace.wait_gone("ModelDeployment", "llama")
    world.operator.resume()
    eventually(
        lambda: world.simulator.counters("parasail")["live"], until=lambda n: n == 0, what="nothing left"
    )
