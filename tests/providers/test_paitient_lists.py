"""Whole lists of PaiTIENT's, and what is found in them by tag."""

import asyncio
import json

import pytest

from model_operator.domain import UID_TAG
from model_operator.errors import Unavailable
from support.paitient_answers import answering, item
from support.raw_server import serve_raw


async def test_find_asks_by_tag_and_confirms_each_by_a_get(paitient):
    mine = await paitient.provider.create(paitient.desired("mine", "uid-1"))
    await paitient.provider.create(paitient.desired("other", "uid-2"))
    await paitient.control("DELETE", "/requests")
    assert [remote.id for remote in await paitient.provider.find(paitient.desired("mine", "uid-1"))] == [
        mine.id
    ]
    asked = [(request["operation"], request["query"]) for request in await paitient.requests()]
    assert asked == [
        ("list", [[f"tags[{UID_TAG}]", "uid-1"], ["limit", "100"], ["offset", "0"]]),
        ("get", []),
    ]


async def test_find_works_where_items_show_part_of_their_tags(paitient):
    await paitient.set(list_tags="partial")
    tagged = {"paitient": {"tags": {"first": "shown"}}}
    mine = await paitient.provider.create(paitient.desired(**tagged))
    assert [remote.id for remote in await paitient.provider.find(paitient.desired())] == [mine.id]


async def test_find_gives_the_oldest_first(paitient):
    ids = []
    for name in ("one", "two", "three"):
        ids.append((await paitient.provider.create(paitient.desired(name))).id)
        await paitient.advance(5)
    assert [remote.id for remote in await paitient.provider.find(paitient.desired())] == ids


async def test_find_is_not_misled_by_a_server_that_ignores_the_filter(paitient):
    page = {"deployments": [item("dep_x", "uid-x"), item("dep_y", tags={}), item("dep_m")]}
    async with serve_raw(answering(page, item("dep_y", tags={}), item("dep_m"))) as server:
        paitient.url = server.url
        assert [remote.id for remote in await paitient.provider.find(paitient.desired())] == ["dep_m"]


@pytest.mark.parametrize("tags", [None, "drop", []])
async def test_find_is_no_answer_if_a_candidate_does_not_show_its_tags(paitient, tags):
    full = {key: value for key, value in item("dep_m", tags=tags).items() if value != "drop"}
    async with serve_raw(answering({"deployments": [item("dep_m")]}, full)) as server:
        paitient.url = server.url
        with pytest.raises(Unavailable, match="the tags of a deployment"):
            await paitient.provider.find(paitient.desired())


async def test_find_goes_on_if_a_candidate_vanishes_meanwhile(paitient):
    first = await paitient.provider.create(paitient.desired("one"))
    second = await paitient.provider.create(paitient.desired("two"))
    await paitient.fault("error", operation="get", status=404, nth=1)
    found = await paitient.provider.find(paitient.desired())
    assert len(found) == 1
    assert found[0].id in (first.id, second.id)


async def create_many(paitient, count):
    async def create(number):
        return (await paitient.provider.create(paitient.desired(f"model-{number}", f"uid-{number}"))).id

    return [
        id
        for begin in range(0, count, 50)
        for id in await asyncio.gather(*map(create, range(begin, begin + 50)))
    ]


@pytest.mark.parametrize("last", ["null", "absent"])
@pytest.mark.parametrize("count", [100, 250])
async def test_a_list_of_many_pages_is_whole(paitient, last, count):
    await paitient.set(last_next_offset=last)
    ids = await create_many(paitient, count)
    await paitient.control("DELETE", "/requests")
    assert sorted(remote.id for remote in await paitient.provider.list()) == sorted(ids)
    assert len(await paitient.requests(operation="list")) == -(-count // 100)


async def test_a_list_whose_pages_shift_is_still_whole(paitient):
    ids = await create_many(paitient, 150)
    await paitient.fault("page_shift", operation="list", nth=2, shift=-5)
    assert sorted(remote.id for remote in await paitient.provider.list()) == sorted(ids)


async def test_one_failed_page_fails_the_list(paitient):
    await create_many(paitient, 150)
    await paitient.fault("error", operation="list", status=502, nth=2)
    with pytest.raises(Unavailable):
        await paitient.provider.list()


@pytest.mark.parametrize("operation", ["list", "find"])
async def test_an_item_whose_id_repeats_the_key_is_asked_for_nowhere(paitient, operation):
    """Found by the fuzzer: the id went into a path, and by that into a message."""
    key = paitient.row.key
    lines = []

    async def script(visit):
        lines.append(visit.line)
        item = {"id": f"dep_{key}", "status": "running", "tags": {UID_TAG: "11111111-2222"}}
        await visit.reply("200 OK", json.dumps({"deployments": [item]}).encode())

    async with serve_raw(script) as server:
        paitient.url = server.url
        asked = {"list": paitient.provider.list, "find": lambda: paitient.provider.find(paitient.desired())}
        with pytest.raises(Unavailable, match="an id that repeats a key") as caught:
            await asked[operation]()
    assert key not in str(caught.value)
    assert len(lines) == 1
