"""Orphaned deployments, seen by the whole operator: said on the ModelProvider, and never touched."""

from datetime import timedelta
from typing import Any

import pytest

from model_operator.accounts.account import Account, Snapshot
from model_operator.accounts.bindings import Bindings
from model_operator.domain import DEPLOYMENT, OWNER_TAG, PROVIDER, UID_TAG, Key
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.orphans import OrphanWatch
from model_operator.sharding import Shards
from support import bodies
from support.lost_cluster import lose_etcd, rebuild
from support.memory_server import Server
from support.memory_store import Effect, MemoryStore, Request, Trouble, Verb
from support.provider_world import OpenGate
from support.rows import ROWS
from support.running import Running, deployment, on_virtual_time, provider, running
from support.signals import Told
from support.situations import NOW, remote

HERE = {"installation": "berlin-1"}
A_WHILE = 300
READ = Request(Verb.LIST, Key(DEPLOYMENT, "", ""))


async def left_behind(operator: Running, name: str = "llama") -> str:
    """A deployment with our mark, whose object was lost while no operator ran."""
    (id_,) = await operator.serve(deployment("paitient", name))
    await lost(operator, name)
    return id_


async def lost(operator: Running, name: str = "llama") -> None:
    await operator.stop()
    operator.server.objects.pop(Key(DEPLOYMENT, "team", name))
    await operator.start()


def orphans(operator: Running, name: str = "paitient") -> list[str]:
    found: dict[str, Any] = operator.status(name, PROVIDER).get("orphans") or {"items": []}
    return [one["id"] for one in found["items"]]


@on_virtual_time
async def test_one_is_said_in_status_event_and_metric_and_not_touched() -> None:
    async with running(**HERE) as operator:
        id_ = await left_behind(operator)
        await operator.until(lambda: orphans(operator) == [id_], within=200)
        await operator.wait(A_WHILE)
        (one,) = operator.status("paitient", PROVIDER)["orphans"]["items"]
        assert (one["id"], one["owner"]) == (id_, "berlin-1/team/llama")
        assert one["createdAt"] < one["foundAt"]
        assert operator.events("paitient").count("OrphanFound") == 1
        assert operator.warnings("paitient") == ["OrphanFound"]
        assert operator.total('model_operator_orphans{name="paitient",namespace="team"}') == 1
        assert operator.total("model_operator_unknown_deployments{") == 0
        assert operator.says("paitient", PROVIDER)["Ready"] == "True Available"
        assert await operator.live("paitient") == [id_]
        assert await operator.asked("delete") == 0


@on_virtual_time
async def test_what_it_costs_is_said_where_a_price_is_known() -> None:
    async with running(**HERE) as operator:
        operator.edit(
            "paitient", PROVIDER, prices=[{"match": "*", "perReplicaHour": "4.5", "currency": "EUR"}]
        )
        (id_,) = await operator.serve(deployment("paitient", replicas=2))
        await lost(operator)
        await operator.until(lambda: orphans(operator) == [id_], within=200)
        (one,) = operator.status("paitient", PROVIDER)["orphans"]["items"]
        assert one["perHour"] in ("9 EUR", "9.0 EUR")
        gets = await operator.asked("get")
        await operator.wait(A_WHILE)
        assert await operator.asked("get") == gets


@on_virtual_time
async def test_a_price_that_comes_later_is_said_of_orphans_that_are_known() -> None:
    async with running(**HERE) as operator:
        id_ = await left_behind(operator)
        await operator.until(lambda: orphans(operator) == [id_], within=200)
        assert "perHour" not in operator.status("paitient", PROVIDER)["orphans"]["items"][0]
        prices = [{"match": "*", "perReplicaHour": "4.5", "currency": "EUR"}]
        operator.edit("paitient", PROVIDER, prices=prices)
        await operator.wait(60)
        (one,) = operator.status("paitient", PROVIDER)["orphans"]["items"]
        assert one["perHour"] == "4.5 EUR"
        operator.edit("paitient", PROVIDER, prices=None)
        await operator.wait(60)
        assert "perHour" not in operator.status("paitient", PROVIDER)["orphans"]["items"][0]


@on_virtual_time
async def test_it_is_none_any_more_once_an_object_of_that_name_is_there() -> None:
    async with running(**HERE) as operator:
        id_ = await left_behind(operator)
        await operator.until(lambda: orphans(operator) == [id_], within=200)
        assert await operator.serve(deployment("paitient")) == [id_]
        await operator.until(lambda: "orphans" not in operator.status("paitient", PROVIDER), within=70)
        assert operator.total("model_operator_orphans{") == 0


@on_virtual_time
async def test_what_stays_on_purpose_is_an_orphan() -> None:
    async with running(**HERE) as operator:
        (id_,) = await operator.serve(deployment("paitient", deletionPolicy="Orphan"))
        operator.delete("llama")
        await operator.until(lambda: orphans(operator) == [id_], within=200)


@on_virtual_time
async def test_objects_are_read_only_while_something_looks_orphaned() -> None:
    async with running(**HERE) as operator:
        await operator.serve(deployment("paitient", "other"))
        await operator.wait(1)
        before = operator.store.seen.count(READ)
        await operator.wait(A_WHILE - 60)
        assert operator.store.seen.count(READ) == before
        id_ = await left_behind(operator)
        before, writes = operator.store.seen.count(READ), operator.server.writes
        await operator.until(lambda: orphans(operator) == [id_], within=200)
        assert operator.store.seen.count(READ) - before == 2
        await operator.wait(30)
        seen, writes = operator.store.seen.count(READ), operator.server.writes
        await operator.wait(200)
        assert (operator.store.seen.count(READ) - seen <= 1, operator.server.writes) == (True, writes)


@on_virtual_time
async def test_while_objects_cannot_be_read_nothing_is_called_an_orphan() -> None:
    async with running(**HERE) as operator:
        await left_behind(operator)
        operator.store.troubles.append(
            Trouble(Effect.REFUSE, frozenset({Verb.LIST}), frozenset({DEPLOYMENT}), 500)
        )
        await operator.wait(A_WHILE)
        assert orphans(operator) == []


@on_virtual_time
async def test_a_restart_says_nothing_twice() -> None:
    async with running(**HERE) as operator:
        id_ = await left_behind(operator)
        await operator.until(lambda: orphans(operator) == [id_], within=200)
        await operator.wait(30)
        status = operator.status("paitient", PROVIDER)["orphans"]
        await operator.restart()
        for _ in range(40):
            await operator.wait(5)
            assert operator.status("paitient", PROVIDER)["orphans"] == status
        assert operator.events("paitient").count("OrphanFound") == 1


@pytest.mark.parametrize(
    ("settings", "tags"),
    [
        pytest.param(HERE, {UID_TAG: "u", OWNER_TAG: "paris-1/team/llama"}, id="another installation's"),
        pytest.param(HERE, {UID_TAG: "u"}, id="without an owner"),
        pytest.param(HERE, {}, id="without a mark"),
        pytest.param(
            {**HERE, "namespaces": ("team",)},
            {UID_TAG: "u", OWNER_TAG: "berlin-1/elsewhere/llama"},
            id="of a namespace that is not watched",
        ),
    ],
)
@on_virtual_time
async def test_what_is_unknown_is_counted_apart(settings: dict[str, Any], tags: dict[str, str]) -> None:
    async with running(**settings) as operator:
        api = ROWS["paitient"].api
        await operator.create_at("paitient", {**api.least, api.name: "theirs", "tags": tags})
        await operator.wait(A_WHILE)
        assert orphans(operator) == []
        assert operator.total('model_operator_unknown_deployments{name="paitient",namespace="team"}') == 1
        assert operator.total("model_operator_orphans{") == 0
        assert "OrphanFound" not in operator.events("paitient")


@on_virtual_time
async def test_at_a_provider_without_tags_none_is_ever_called_an_orphan() -> None:
    async with running(**HERE) as operator:
        await operator.serve(deployment("parasail"))
        await lose_etcd(operator)
        await rebuild(operator)
        await operator.wait(A_WHILE)
        assert orphans(operator, "parasail") == []
        assert operator.total("model_operator_unknown_deployments{") == 1


@on_virtual_time
async def test_of_two_model_providers_of_one_account_one_tells_of_it() -> None:
    async with running(**HERE) as operator:
        operator.apply(provider("paitient", "a-second", "paitient"))
        id_ = await left_behind(operator)
        await operator.until(lambda: orphans(operator, "a-second") == [id_], within=200)
        await operator.wait(A_WHILE)
        assert orphans(operator, "paitient") == []
        assert operator.total("model_operator_orphans{") == 1


@on_virtual_time
async def test_the_former_deployment_of_an_object_that_has_another_is_an_orphan() -> None:
    async with running(**HERE) as operator:
        old = await left_behind(operator)
        api = ROWS["paitient"].api
        new = await operator.create_at("paitient", {**api.least, api.name: "new"})
        operator.apply(deployment("paitient", externalID=new, deletionPolicy="Delete"))
        await operator.until(lambda: orphans(operator) == [old], within=300)
        assert operator.status("llama")["externalID"] == new


@on_virtual_time
async def test_an_object_that_the_watch_has_not_told_of_has_its_deployment() -> None:
    """The read is of the API server, not of what this process happens to know."""
    async with running(**HERE) as operator:
        (id_,) = await operator.serve(deployment("paitient"))
        await operator.stop()
        kept = operator.server.objects.pop(Key(DEPLOYMENT, "team", "llama"))
        await operator.start()
        operator.watch.close()
        operator.server.objects[Key(DEPLOYMENT, "team", "llama")] = kept
        await operator.wait(200)
        assert orphans(operator) == []
        assert await operator.live("paitient") == [id_]


@pytest.mark.parametrize(
    ("objects", "is_orphan"),
    [
        pytest.param([], True, id="no object"),
        pytest.param([bodies.deployment("llama")], False, id="of a shard that is not ours"),
        pytest.param([bodies.deployment("other", status={"externalID": "1"})], False, id="held by one of it"),
        pytest.param([bodies.deployment("other")], True, id="another one"),
    ],
)
@on_virtual_time
async def test_objects_of_other_shards_are_objects(objects: list[dict[str, Any]], is_orphan: bool) -> None:
    shards = Shards(2)
    shards.take(1 - shards.of("team"))
    cache, here = Cache(Told(), shards), Key(PROVIDER, "ours", "acme")
    for body in objects:
        cache.put(Key(DEPLOYMENT, "team", body["metadata"]["name"]), body)
    account = Account(
        id="a",
        vendor=PROVIDERS["paitient"],
        provider=None,  # nobody asks it
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        signals=Told(),
        members={here, Key(PROVIDER, "team", "acme")},
    )
    watch = OrphanWatch(
        store=MemoryStore(Server(lambda: NOW)),
        cache=cache,
        bindings=Bindings(),
        namespaces=(),
        installation="i",
    )
    left = remote(id="1", name="llama-abcdefgh", owner="i/team/llama", owner_uid="of-before")
    said = {}
    for minutes in range(3):
        account.snapshot = Snapshot.of(NOW + timedelta(minutes=minutes), [left])
        for key in account.members:
            said[key] = await watch.look(key, None, account, NOW)
    found = said.pop(Key(PROVIDER, "team", "acme"))
    assert ([one.id for one in found.items] if found is not None else []) == ["1"] * is_orphan
    assert said == {here: None}, "the ModelProvider of the mark's namespace tells of it"
