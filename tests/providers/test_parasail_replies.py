"""How Parasail's replies and lists are read."""

import json
from contextlib import suppress
from datetime import timedelta

import pytest

from model_operator.domain import RunState
from model_operator.errors import Unavailable, Unsupported
from support.raw_server import serve_raw

NOTHING = frozenset()


async def test_replicas_are_counted_by_the_instances_that_are_online(parasail):
    id = await parasail.serving(parasail.desired(replicas=1))
    await parasail.provider.update(id, {"replicas": 3}, NOTHING)
    counts = []
    for _ in range(4):
        remote = await parasail.provider.get(id)
        counts.append((remote.replicas, remote.fields["replicas"]))
        await parasail.advance(4)
    assert counts[0] == (1, 3)
    assert counts[-1] == (3, 3)
    assert counts == sorted(counts)


async def test_without_instances_an_online_deployment_has_the_replicas_it_says(parasail):
    await parasail.set(reply_fields="documented")
    id = await parasail.serving(parasail.desired(replicas=2))
    assert (await parasail.provider.get(id)).replicas == 2


async def test_the_alias_may_be_late(parasail):
    await parasail.set(alias_delay_s=30)
    id = await parasail.serving()
    remote = await parasail.provider.get(id)
    assert (remote.state, remote.alias) == (RunState.SERVING, None)
    with pytest.raises(Unavailable, match="no externalAlias yet"):
        await parasail.provider.probe(remote, "ping", timedelta(seconds=5))
    await parasail.advance(30)
    assert (await parasail.provider.get(id)).alias


async def test_the_error_state_that_no_document_names_is_failed_and_says_why(parasail):
    id = await parasail.serving()
    await parasail.edit(id, status="ERROR", message="CUDA out of memory\n" + "x" * 400)
    remote = await parasail.provider.get(id)
    assert (remote.state, remote.word) == (RunState.FAILED, "ERROR")
    assert remote.message.startswith("CUDA out of memory xxx")
    assert len(remote.message) == 256


@pytest.mark.parametrize("listing", ["404", "405"])
async def test_a_list_that_the_account_does_not_have_is_unsupported(parasail, listing):
    await parasail.set(listing=listing)
    for operation in (parasail.provider.list, lambda: parasail.provider.find(parasail.desired())):
        with pytest.raises(Unsupported):
            await operation()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"deployments": []}, id="an object"),
        pytest.param({"error": None}, id="an object that says nothing"),
        pytest.param([None], id="an item that is null"),
        pytest.param([{"deploymentName": "no-id"}], id="an item without an id"),
        pytest.param([{"id": "dep_1"}], id="an id that is no number"),
        pytest.param([{"id": True}], id="an id that is true"),
        pytest.param([{"id": -5}], id="a negative id"),
        pytest.param([{"id": 1 << 63}], id="an id beyond 64 bits"),
    ],
)
async def test_a_list_that_is_not_understood_whole_is_an_error(parasail, body):
    async with serve_raw(lambda visit: visit.reply("200 OK", json.dumps(body).encode())) as server:
        parasail.url = server.url
        with pytest.raises(Unavailable, match="parasail: list: the answer was not understood"):
            await parasail.provider.list()


@pytest.mark.parametrize("depth", [300, 900, 960, 990])
async def test_an_item_of_any_depth_is_read_or_not_understood(parasail, depth):
    body = '[{"id": 1, "x": ' + "[" * depth + "]" * depth + "}]"
    async with serve_raw(lambda visit: visit.reply("200 OK", body.encode())) as server:
        parasail.url = server.url
        with suppress(Unavailable):  # where the parser gives up; a RecursionError would come through
            assert [remote.id for remote in await parasail.provider.list()] == ["1"]


@pytest.mark.parametrize(("id", "shown"), [(33665, "33665"), ("33665", "33665"), (33665.0, "33665")])
async def test_ids_may_be_numbers_or_strings(parasail, id, shown):
    async with serve_raw(lambda visit: visit.reply("200 OK", json.dumps([{"id": id}]).encode())) as server:
        parasail.url = server.url
        assert [remote.id for remote in await parasail.provider.list()] == [shown]
