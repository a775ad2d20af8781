"""Paging by offset against lists that mark their end in any way, move under the reader, or lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_operator.providers.paitient.paging import all_items
from model_operator.providers.paitient.wire import Page, page_of
from model_operator.providers.reading import Malformed


def items(*numbers):
    return [{"id": f"dep_{number}"} for number in numbers]


class Shelf:
    """A list on a server; before each page `moves[n]` may change it."""

    def __init__(self, count, *, next_offset=True, total=True, page=100, moves=()):
        self.items = items(*range(count))
        self.next_offset, self.total, self.page = next_offset, total, page
        self.moves = dict(moves)
        self.fetched = []

    async def fetch(self, limit, offset):
        if len(self.fetched) in self.moves:
            self.moves[len(self.fetched)](self)
        self.fetched.append(offset)
        page = self.items[offset : offset + min(limit, self.page)]
        end = offset + len(page)
        following = end if self.next_offset and end < len(self.items) else None
        return Page(page, following, len(self.items) if self.total else None)


@pytest.mark.parametrize("total", [True, False], ids=["with total", "without total"])
@pytest.mark.parametrize("next_offset", [True, False], ids=["with next_offset", "without next_offset"])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 350])
async def test_every_way_to_mark_the_end_is_understood(count, next_offset, total):
    shelf = Shelf(count, next_offset=next_offset, total=total)
    assert list(await all_items(shelf.fetch, dict)) == shelf.items


async def test_a_server_with_smaller_pages_is_read_to_its_end():
    shelf = Shelf(250, page=30)
    assert list(await all_items(shelf.fetch, dict)) == shelf.items


async def test_one_page_is_one_request():
    shelf = Shelf(100)
    await all_items(shelf.fetch, dict)
    assert shelf.fetched == [0]


def remove(*places):
    def move(shelf):
        for place in sorted(places, reverse=True):
            del shelf.items[place]

    return move


def insert(count):
    def move(shelf):
        shelf.items[:0] = items(*(f"new{number}" for number in range(count)))

    return move


@pytest.mark.parametrize(
    "moves",
    [
        pytest.param({1: remove(0)}, id="one before the page is deleted"),
        pytest.param({1: remove(3, 40, 99), 2: remove(0, 1)}, id="several, at several pages"),
        pytest.param({1: insert(1)}, id="one comes in at the front"),
        pytest.param({1: insert(30), 2: remove(5, 6)}, id="some come and some go"),
        pytest.param({2: remove(*range(100))}, id="a whole page is deleted"),
    ],
)
async def test_what_stays_on_a_moving_list_is_seen(moves):
    shelf = Shelf(350, moves=moves)
    at_first = [item["id"] for item in shelf.items]
    found = [item["id"] for item in await all_items(shelf.fetch, dict)]
    assert len(found) == len(set(found))
    stayed = {item["id"] for item in shelf.items} & set(at_first)
    assert stayed <= set(found)


@given(
    count=st.integers(0, 320),
    places=st.dictionaries(st.integers(1, 4), st.sets(st.integers(0, 99), max_size=20)),
)
async def test_deletions_never_hide_what_stays(count, places):
    def move(found):
        return lambda shelf: remove(*(place for place in found if place < len(shelf.items)))(shelf)

    shelf = Shelf(count, moves={page: move(found) for page, found in places.items()})
    found = {item["id"] for item in await all_items(shelf.fetch, dict)}
    assert {item["id"] for item in shelf.items} <= found


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        pytest.param([Page(items(1), 0, None)], "do not advance", id="next_offset is this one"),
        pytest.param(
            [Page(items(1), 1, 9), Page(items(2), 1, 9)], "do not advance", id="next_offset stands still"
        ),
        pytest.param([Page(items(1), -4, 9)], "do not advance", id="next_offset goes back"),
        pytest.param(
            [Page(items(1), 1, 9), Page(items(1), 2, 9)], "repeat themselves", id="the same page again"
        ),
    ],
)
async def test_pages_that_do_not_advance_are_an_error(pages, problem):
    rest = list(pages)

    async def fetch(_limit, _offset):
        return rest.pop(0)

    with pytest.raises(Malformed, match=problem):
        await all_items(fetch, dict)


@pytest.mark.parametrize("total", [0, 100, 200, 249, 250, 10**6])
async def test_where_total_and_next_offset_disagree_the_explicit_one_is_followed(total):
    shelf = Shelf(250)

    async def fetch(limit, offset):
        page = await shelf.fetch(limit, offset)
        return Page(page.items, offset + limit, total)

    assert list(await all_items(fetch, dict)) == shelf.items


async def test_no_items_beside_a_total_are_not_nothing():
    async def fetch(_limit, _offset):
        return Page([], None, 3)

    with pytest.raises(Malformed, match="none of the 3 deployments"):
        await all_items(fetch, dict)


@pytest.mark.parametrize(
    "body",
    [
        {"deployments": []},
        {"deployments": None},
        {"deployments": None, "pagination": {"total": 0}},
        {"pagination": {"total": 0}},
    ],
)
def test_an_empty_list_is_known_in_every_spelling(body):
    assert list(page_of(body).items) == []


async def test_pages_without_end_are_an_error():
    async def fetch(_limit, offset):
        return Page(items(offset), offset + 1, None)

    with pytest.raises(Malformed, match="do not end"):
        await all_items(fetch, dict)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(None, id="nothing"),
        pytest.param([], id="a bare array"),
        pytest.param({}, id="no deployments"),
        pytest.param({"deployments": {}}, id="deployments that are no array"),
        pytest.param({"deployments": [{"id": "a"}, {}]}, id="an item without an id"),
        pytest.param({"deployments": [{"id": True}]}, id="an id that is true"),
        pytest.param({"deployments": [{"id": 7.5}]}, id="an id that is a part of a number"),
        pytest.param({"pagination": {"total": 2}}, id="a total and no deployments"),
        pytest.param({"deployments": ["dep_1"]}, id="an item that is a string"),
    ],
)
def test_a_page_that_is_not_understood_whole_is_an_error(body):
    with pytest.raises(Malformed):
        page_of(body)


@pytest.mark.parametrize(
    "pagination",
    [
        None,
        [],
        {},
        {"total": None, "next_offset": None},
        {"total": True, "next_offset": "soon"},
        {"total": 1.5},
    ],
)
def test_pagination_that_says_nothing_says_nothing(pagination):
    page = page_of({"deployments": items(1), "pagination": pagination})
    assert (page.next_offset, page.total) == (None, None)
