"""What CanaryEndpoints of other namespaces and accounts can hold, and what is said of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from model_operator.accounts.account import Account
from model_operator.accounts.bindings import Binding, Bindings
from model_operator.domain import CANARY, DEPLOYMENT, PROVIDER, Key
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.deployment.guard import find_guard
from support import bodies
from support.canary_world import canary
from support.manifests import paitient_secret
from support.provider_world import OpenGate
from support.rollouts import ANALYSIS, NAME, Rollouts, path, rollouts
from support.running import deployment, on_virtual_time, provider
from support.signals import Told

NEIGHBOUR = "team-b"
HIDDEN = "neighbours-own"


@asynccontextmanager
async def neighbours(account: str) -> AsyncIterator[Rollouts]:
    """Beside ours a namespace whose ModelProvider leads to our account ("sim"), or to one of its own."""
    async with rollouts() as world:
        key = {"apiKey": "key-of-the-neighbour", "clientID": "client-of-the-neighbour"}
        token = {"vendor": "paitient", "key": key["apiKey"], "client_id": key["clientID"], "account": "b"}
        await world.operator.simulator.control("POST", "/tokens", token)
        keys = key if account == "b" else {}
        world.operator.apply(paitient_secret(**keys), provider("paitient"), namespace=NEIGHBOUR)
        await world.wait(1)
        yield world


def points_at(world: Rollouts, id: str, percent: int = 100) -> None:
    """The neighbour's CanaryEndpoint names a deployment by its id."""
    targets = [{"name": "x", "deploymentID": id, "percent": percent}]
    world.operator.apply(canary(HIDDEN, traffic=targets), namespace=NEIGHBOUR)


@pytest.mark.parametrize("vendor", ["paitient", "parasail"])
@on_virtual_time
async def test_an_endpoint_of_another_account_stops_no_deletion(vendor: str) -> None:
    async with neighbours("b") as world:
        (id_,) = await world.operator.serve(deployment(vendor, "good"))
        points_at(world, id_)
        await world.wait(2)
        world.operator.delete("good")
        await world.wait(5)
        assert world.operator.find("good") is None
        assert id_ not in await world.operator.live(vendor)


@on_virtual_time
async def test_an_endpoint_to_which_nothing_was_ever_sent_stops_no_deletion() -> None:
    async with neighbours("sim") as world:
        await world.turn("v1", "failed")
        await world.wait(2)
        points_at(world, world.id("v1"))
        await world.wait(2)
        world.operator.delete("triage-v1")
        await world.wait(5)
        assert world.operator.find("triage-v1") is None


@on_virtual_time
async def test_traffic_of_the_same_account_keeps_a_deployment_and_names_nobody_elsewhere() -> None:
    async with neighbours("sim") as world:
        points_at(world, world.id("v1"))
        await world.wait(2)
        world.operator.delete("triage-v1")
        await world.wait(5)
        assert world.operator.says("triage-v1")["Synced"] == "False InUse"
        status = str(world.operator.status("triage-v1"))
        assert "A CanaryEndpoint of another namespace sends traffic to this deployment" in status
        assert NEIGHBOUR not in status
        assert HIDDEN not in status
        world.operator.server.delete(Key(CANARY, NEIGHBOUR, HIDDEN))
        await world.wait(5)
        assert world.operator.server.find(Key(DEPLOYMENT, "team", "triage-v1")) is None


@on_virtual_time
async def test_ones_own_endpoint_is_named() -> None:
    async with rollouts() as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        world.operator.delete("triage-v1")
        await world.wait(5)
        assert world.operator.message("triage-v1", "Synced").startswith(
            f"CanaryEndpoint {NAME} sends traffic"
        )


@pytest.mark.parametrize(("account", "available"), [("b", "True Measured"), ("sim", "False SharedTarget")])
@on_virtual_time
async def test_verdicts_are_held_by_traffic_of_the_same_account_alone(account: str, available: str) -> None:
    async with neighbours(account) as world:
        world.apply(v1=100)
        await world.until_split("v1=100")
        points_at(world, world.id("v1"))
        await world.wait(2)
        world.apply(path(25, 100, hold="1h", analysis=ANALYSIS), v2=100)
        await world.wait(10)
        assert world.says("MetricsAvailable") == available
        status = str(world.status)
        assert NEIGHBOUR not in status
        assert HIDDEN not in status


@pytest.mark.parametrize("account", ["ours", "theirs"])
def test_a_status_holds_only_deployments_of_its_own_account(account: str) -> None:
    """Whoever writes a status of his own names any id as one with traffic."""
    mine = bodies.deployment("mine", status={"externalID": "1"}, about=bodies.TERMINATING)
    hidden = canary(HIDDEN, provider="acme", traffic=[{"name": "x", "deploymentID": "1", "percent": 100}])
    hidden["metadata"] = {**bodies.metadata(HIDDEN), "namespace": NEIGHBOUR}
    hidden["status"] = {"traffic": [{"name": "x", "deploymentID": "1", "percent": 100}]}
    cache, bindings = Cache(Told()), Bindings()
    cache.put(Key(DEPLOYMENT, "team", "mine"), mine)
    cache.put(Key(CANARY, NEIGHBOUR, HIDDEN), hidden)
    for namespace, id_ in (("team", "ours"), (NEIGHBOUR, account)):
        bindings.put(Key(PROVIDER, namespace, "acme"), Binding(account_of(id_)))
    resource = cache.deployment(Key(DEPLOYMENT, "team", "mine"))
    assert resource is not None
    assert (find_guard(resource, cache, bindings) is not None) == (account == "ours")


@pytest.mark.parametrize(("sent_to", "is_kept"), [("1", True), ("2", False)])
def test_traffic_by_a_name_is_that_of_who_has_it_now(sent_to: str, is_kept: bool) -> None:
    """An object that vanished, and the next one of its name: only the id tells whose the traffic is."""
    cache, bindings = Cache(Told()), Bindings()
    gone = {**bodies.TERMINATING, "uid": "uid-of-before"}
    cache.put(
        Key(DEPLOYMENT, "team", "mine"), bodies.deployment("mine", status={"externalID": "1"}, about=gone)
    )
    before = cache.deployment(Key(DEPLOYMENT, "team", "mine"))
    assert before is not None
    cache.keep_vanished(before)
    cache.put(
        Key(DEPLOYMENT, "team", "mine"), bodies.deployment("mine", version=2, status={"externalID": "2"})
    )
    split = canary("split", provider="acme", traffic=[{"name": "x", "deploymentRef": "mine", "percent": 100}])
    split["metadata"] = bodies.metadata("split")
    share = {"name": "x", "deploymentRef": "mine", "deploymentID": sent_to, "percent": 100}
    split["status"] = {"traffic": [share]}
    cache.put(Key(CANARY, "team", "split"), split)
    bindings.put(Key(PROVIDER, "team", "acme"), Binding(account_of("ours")))
    assert (find_guard(before, cache, bindings) is not None) is is_kept


def account_of(id_: str) -> Account:
    return Account(
        id=id_,
        vendor=PROVIDERS["paitient"],
        provider=None,  # nobody asks it
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        signals=Told(),
    )
