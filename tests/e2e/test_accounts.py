"""Accounts: one poller and one limit each, keys that change, a provider that wants rest, and quiet when nothing moves."""

from collections.abc import Callable

import pytest

from e2e.conftest import QUICK, World
from support import manifests
from support.apiproxy import ApiProxy
from support.by_hand import after_sweeps
from support.deadlines import eventually
from support.namespace import Namespace, condition
from support.operator_process import OperatorProcess
from support.simulator_process import Json, SimulatorProcess, Vendor

pytest_plugins = ("support.shared_world",)
pytestmark = pytest.mark.e2e

VENDORS: tuple[Vendor, ...] = ("parasail", "paitient")
NEW_KEY = "sim-parasail-key-2"


def lists(simulator: SimulatorProcess, since: int) -> list[Json]:
    return simulator.requests(since, vendor="parasail", operation="list")


@pytest.mark.long
def test_the_most_generous_limit_of_an_account_holds_for_all_of_it(shared: World) -> None:
    """Whoever has the same key may not slow down the others by a limit of his own."""
    shared.namespace.edit("ModelProvider", "parasail", {"spec": {"requestsPerMinute": 60}})
    shared.namespace.apply(
        manifests.parasail_provider(
            shared.simulator.url, name="slow", secret="parasail", pollInterval=None, requestsPerMinute=1
        )
    )
    shared.namespace.wait_for_condition("ModelProvider", "slow", "Ready=True")
    since = shared.simulator.last_request
    shared.namespace.apply(*(manifests.parasail_deployment(f"m{n}") for n in range(6)))
    found = eventually(
        lambda: shared.simulator.requests(since, vendor="parasail"),
        until=lambda found: found and found[-1]["at"] - found[0]["at"] >= 5,
    )
    within = [request for request in found if request["at"] - found[0]["at"] < 5]
    # Three at once after a quiet time, then 57 a minute.
    assert len(within) <= 3 + 5 + 1, [(r["at"], r["operation"]) for r in within]
    shared.namespace.edit("ModelProvider", "parasail", {"spec": {"requestsPerMinute": None}})
    for n in range(6):
        shared.until(f"m{n}", "Ready=True Available")
    assert set(shared.simulator.counters("parasail")["creates_by_name"].values()) == {1}


def test_a_revoked_key_changes_nothing_until_the_secret_is_mended(shared: World) -> None:
    names = ("a", "b")
    shared.serve(*(manifests.parasail_deployment(name) for name in names))
    before = shared.simulator.state()["parasail"]
    since = shared.simulator.last_request
    shared.simulator.revoke("parasail", "sim-parasail-key")
    for name in names:
        live = shared.until(name, "Ready=False CredentialsInvalid")
        assert condition(live, "Serving")["status"] == "Unknown"  # type: ignore[index]
        assert condition(live, "Stalled")["status"] == "True"  # type: ignore[index]
    shared.namespace.wait_for_condition("ModelProvider", "parasail", "Ready=False CredentialsInvalid")
    shared.edit("a", replicas=2)
    shared.until("a", "Ready=False CredentialsInvalid")

    shared.simulator.put_token("parasail", NEW_KEY)
    assert shared.writes(since, "parasail") == []
    assert shared.simulator.state()["parasail"] == before
    shared.namespace.apply(manifests.parasail_secret(apiKey=NEW_KEY))
    for name in names:
        shared.until(name, "Ready=True Available")
    shared.namespace.wait_for_condition("ModelProvider", "parasail", "Ready=True Available")
    assert set(shared.simulator.counters("parasail")["creates_by_name"].values()) == {1}


def test_a_429_gives_the_whole_account_a_rest_and_no_other(shared: World) -> None:
    (a, triage) = shared.serve(manifests.parasail_deployment("a"), manifests.paitient_deployment("triage"))
    since = shared.simulator.last_request
    shared.simulator.fault(
        "error", vendor="parasail", operation="list", status=429, retry_after=3, count=1
    ).wait()
    shared.edit("a", replicas=2)
    shared.namespace.apply(manifests.parasail_deployment("b"))
    shared.edit("triage", replicas=2)
    for name in ("a", "b"):
        shared.until(name, "Synced=False RateLimited")
    shared.until("triage", "Ready=True Available")
    assert shared.remote("paitient", triage)["min_replicas"] == 2
    assert shared.remote("parasail", a)["replicas"] == 1
    for name in ("a", "b"):
        shared.until(name, "Ready=True Available")
    (refused,) = shared.simulator.requests(since, vendor="parasail", status="429")
    following = shared.simulator.requests(refused["seq"], vendor="parasail")[0]
    assert following["at"] - refused["at"] >= 3
    metric = "model_operator_provider_throttled_seconds_total"
    assert shared.operator.metric(metric, provider="parasail") >= 3


@pytest.mark.long
def test_nothing_is_written_and_only_lists_are_asked_for_while_nothing_changes(
    namespace: Namespace,
    simulator: SimulatorProcess,
    operator: Callable[..., OperatorProcess],
    api_proxy: ApiProxy,
) -> None:
    simulator.knobs(parasail={"gpu_quota": None})
    world = World(namespace, simulator, operator(api_proxy=api_proxy, **QUICK))
    world.apply_providers()
    world.serve(
        *(manifests.parasail_deployment(f"llama-{n}") for n in range(5)),
        *(manifests.paitient_deployment(f"triage-{n}", paitient={"tags": {"n": str(n)}}) for n in range(5)),
    )
    _assert_quiet(world, api_proxy)
    world.operator.restart()
    _assert_quiet(world, api_proxy)


def _assert_quiet(world: World, proxy: ApiProxy) -> None:
    after_sweeps(world.simulator, *VENDORS, sweeps=2)
    writes, since = len(proxy.writes()), world.simulator.last_request
    events = len(world.namespace.objects("Event"))
    after_sweeps(world.simulator, *VENDORS, sweeps=5)
    assert [(seen.method, seen.path) for seen in proxy.writes()[writes:]] == []
    assert len(world.namespace.objects("Event")) == events
    assert {request["operation"] for request in world.simulator.requests(since)} == {"list"}
