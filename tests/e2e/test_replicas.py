"""Two replicas and one Lease: one acts, the other stands by, and a former leader sends nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from e2e.conftest import QUICK, World
from support import manifests
from support.deadlines import eventually, throughout
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
Start = Callable[..., OperatorProcess]
TAKEOVER = timedelta(seconds=20)


@pytest.fixture
def electorate(namespace: Namespace) -> dict[str, Any]:
    """The right to the Lease, in the operator's own namespace, and the settings of both replicas."""
    rules = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace.name
    namespace.api.call(
        "POST",
        f"{rules}/roles",
        {
            "metadata": {"name": "leases"},
            "rules": [
                {
                    "apiGroups": ["coordination.k8s.io"],
                    "resources": ["leases"],
                    "verbs": ["get", "create", "update"],
                }
            ],
        },
    )
    namespace.api.call(
        "POST",
        f"{rules}/rolebindings",
        {
            "metadata": {"name": "leases"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "leases"},
            "subjects": [{"kind": "ServiceAccount", "name": "model-operator", "namespace": namespace.name}],
        },
    )
    return {**QUICK, "leader_elect": True}


def leads(operator: OperatorProcess) -> bool:
    return operator.metric("leader_election_master_status") == 1


def test_the_second_takes_over_from_a_killed_leader(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start, electorate: dict[str, Any]
) -> None:
    first = operator(**electorate)
    eventually(lambda: leads(first), what="the first to lead")
    second = operator(**electorate)
    assert second.get("/readyz")[0] == 200
    assert not leads(second)
    world = World(namespace, simulator, first)
    world.apply_providers()
    world.serve(manifests.parasail_deployment("llama"))

    first.kill()
    world.edit("llama", replicas=2)
    eventually(lambda: leads(second), within=TAKEOVER, what="the second to lead")
    live = world.until("llama", "Ready=True Available")
    assert world.remote("parasail", live)["replicas"] == 2
    assert list(simulator.counters("parasail")["creates_by_name"].values()) == [1]


def test_a_leader_that_was_stopped_for_too_long_sends_nothing_and_ends(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start, electorate: dict[str, Any]
) -> None:
    first = operator(**electorate)
    eventually(lambda: leads(first), what="the first to lead")
    second = operator(**electorate)
    world = World(namespace, simulator, second)
    world.apply_providers()
    world.serve(manifests.paitient_deployment("triage"))
    first.pause()
    eventually(lambda: leads(second), within=TAKEOVER, what="the second to lead")
    second.terminate()  # whatever reaches the provider from here on comes from the first
    before = simulator.last_request
    first.resume()
    throughout(
        lambda: simulator.requests(before),
        holds=lambda seen: seen == [],
        during=timedelta(seconds=2),
        what="no request of the former leader",
    )
    eventually(lambda: not first.is_running, what="the former leader to end")
    assert first.process.returncode == 1
    assert simulator.requests(before) == []


def test_a_leader_that_ends_cleanly_leaves_no_gap(
    namespace: Namespace, operator: Start, electorate: dict[str, Any]
) -> None:
    first = operator(**electorate)
    eventually(lambda: leads(first), what="the first to lead")
    second = operator(**electorate)
    assert first.terminate() == 0
    eventually(lambda: leads(second), within=timedelta(seconds=8), what="the second to lead")
    assert second.terminate() == 0
