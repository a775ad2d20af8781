"""A list read as it arrives is the list that JSON says, cut wherever; and no piece of it takes long."""

import gc
import json
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_operator.providers.items import ITEM_LIMIT, MOST_ITEMS, Items, NotJson
from model_operator.providers.reading import Malformed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(*pieces: str, each=lambda item: item):
    items = Items(each)
    for piece in pieces:
        for _ in items.feed(piece):
            pass
    for _ in items.close():
        pass
    return items.body


@example(value=[0.0], cuts=[3], indent=None)
@example(value=[1e22], cuts=[3, 4], indent=None)
@given(value=VALUES, cuts=st.lists(st.integers(0, 200), max_size=6), indent=st.sampled_from([None, 2]))
def test_wherever_it_is_cut_it_is_what_json_says(value, cuts, indent):
    text = json.dumps(value, indent=indent)
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    assert read(*(text[a:b] for a, b in pairwise(places))) == value


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("[1, 2]", [2, 3]),
        (
            '{"deployments": [1], "pagination": {"total": [1]}}',
            {"deployments": [2], "pagination": {"total": [1]}},
        ),
        ("", None),
        (" \n", None),
        ("12", 12),
    ],
)
def test_something_is_made_of_each_item_of_the_list_or_of_the_lists_of_a_page(text, made):
    assert read(text, each=lambda item: item + 1) == made


@pytest.mark.parametrize(
    "text", ["[1", "[1 2]", "[1,]", '{"a" 1}', '{"a": 1', "{1: 2}", "[1] x", "x", '["a', "[1]]", "{}{}"]
)
def test_what_is_not_json_is_no_list(text):
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    for pieces in ((text,), tuple(text)):
        with pytest.raises(NotJson):
            read(*pieces)


def test_more_items_than_anybody_has_are_refused_before_the_rest_is_read():
    items = Items(lambda _: None)
    with pytest.raises(Malformed, match=f"more than {MOST_ITEMS} items"):
        for _ in items.feed("[" + "1," * (MOST_ITEMS + 1)):
            pass


def test_one_endless_item_is_refused():
    with pytest.raises(NotJson, match="an item of more than 256 KiB"):
        read('["', *["x" * 65536] * 100)


@pytest.fixture
def spared():
    """What other tests have left is no search for garbage here, as what an operator has loaded is none there."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("spared")
def test_no_step_takes_long_whatever_comes():
    """Two thousand deployments of 16 kB, one item of the worst, a sea of blanks, and members without end."""
    big = json.dumps([{"id": n, "text": "x" * 16_000} for n in range(2000)])
    worst = "[" + "[]," * (ITEM_LIMIT // 4) + "[]]"
    blanks = " " * (1 << 22) + "[]"
    members = "{" + ",".join(f'"{n}":1' for n in range(15_000)) + "}"
    for text in (big, f"[{worst}]", blanks, members):
        items, longest = Items(lambda item: item), 0.0
        for start in range(0, len(text), 1 << 16):
            steps = items.feed(text[start : start + (1 << 16)])
            is_going = True
            while is_going:
                began = time.thread_time()
                is_going = next(steps, steps) is None
                longest = max(longest, time.thread_time() - began)
        assert longest < 0.1
