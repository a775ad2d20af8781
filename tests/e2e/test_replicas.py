"""Two replicas and one Lease: one acts, the other stands by, and a former leader sends nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from e2e.conftest import QUICK, World
from support import manifests
from support.apiproxy import ApiProxy
from support.crash_steps import STATUS
from support.deadlines import eventually, throughout
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
Start = Callable[..., OperatorProcess]
TAKEOVER = timedelta(seconds=20)
HELD = timedelta(seconds=15)  # longer than a leader may be without an answer about its Lease


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


@pytest.mark.long
def test_a_leader_whose_writes_are_all_held_up_goes_on_leading(
    namespace: Namespace, operator: Start, electorate: dict[str, Any], api_proxy: ApiProxy
) -> None:
    """A policy whose webhook does not answer holds each write for seconds, in whatever namespace it is about."""
    leader = operator(api_proxy=api_proxy, **electorate)
    eventually(lambda: leads(leader), what="it to lead")
    held = api_proxy.rule("PATCH", STATUS, hold=True)
    namespace.apply(*(manifests.parasail_deployment(f"held-{n}") for n in range(60)))
    eventually(api_proxy.writes, until=lambda seen: len(seen) > 19, what="many writes")
    throughout(lambda: leads(leader), holds=bool, during=HELD, what="it leads")
    held.release()


def test_a_leader_that_ends_cleanly_leaves_no_gap(
    namespace: Namespace, operator: Start, electorate: dict[str, Any]
) -> None:
    first = operator(**electorate)
    eventually(lambda: leads(first), what="the first to lead")
    second = operator(**electorate)
    assert first.terminate() == 0
    eventually(lambda: leads(second), within=timedelta(seconds=8), what="the second to lead")
    assert second.terminate() == 0


def test_an_event_that_meets_the_replica_that_stands_by_reaches_the_leader_within_a_second(
    namespace: Namespace, simulator: SimulatorProcess, operator: Start, electorate: dict[str, Any]
) -> None:
    listening = {**electorate, "webhook_address": "127.0.0.1:0"}
    first = operator(**listening)
    eventually(lambda: leads(first), what="the first to lead")
    second = operator(**listening)
    hook = {"header": "X-Sim-Signature"}
    namespace.apply(
        manifests.paitient_secret(webhookSecret="sim-webhook-secret"),
        manifests.paitient_provider(simulator.url, pollInterval="1h", webhook=hook),
    )
    namespace.wait_for_condition("ModelProvider", "paitient", "WebhookReady=True Listening")
    world = World(namespace, simulator, first)
    (live,) = world.serve(manifests.paitient_deployment("triage"))
    simulator.knobs(webhooks={"url": f"{second.url('webhooks')}/webhooks/{namespace.name}/paitient"})
    simulator.edit_deployment("paitient", live["status"]["externalID"], status="failed")
    namespace.wait(
        "ModelDeployment",
        "triage",
        lambda body: body["status"]["providerState"] == "failed",
        what="the event to be heard",
        within=timedelta(seconds=1.5),  # a second, and what it takes to ask
    )
    events = "model_operator_webhook_events_total"
    assert second.metric(events, result="handed_over") >= 1
    assert first.metric(events, provider="paitient", result="accepted") >= 1
    assert second.metric("model_operator_provider_requests_total") == 0

    first.terminate()  # as long as nobody leads, the sender is asked to come again
    simulator.edit_deployment("paitient", live["status"]["externalID"], status="running")
    eventually(lambda: leads(second), within=TAKEOVER, what="the second to lead")
    eventually(
        lambda: second.metric(events, provider="paitient", result="accepted"),
        within=timedelta(seconds=40),
        what="the event to come again",
    )
