"""How namespaces are divided: evenly whatever people call them, the same by everybody, and limits with them. Pure."""

import itertools
import json
import string
from collections import Counter

import pytest
from pydantic import ValidationError

from model_operator.settings import Settings
from model_operator.shard_lease import lease_name
from model_operator.sharding import Shards, shard_of

LETTERS = string.ascii_lowercase
WORDS = json.loads('["search","billing","chat","fraud","maps","music","vision","speech","support","risk"]')
NAMES = {
    "team-aa": [f"team-{a}{b}" for a, b in itertools.product(LETTERS, LETTERS)][:300],
    "ns-0": [f"ns-{n}" for n in range(300)],
    "project-07919-prod": [f"project-{n * 7919 % 100_000:05}-prod" for n in range(1, 301)],
    "words": [f"{a}-{b}-{c}" for a, b, c in itertools.product(WORDS, WORDS, ("dev", "test", "prod"))],
}
"""300 of each: equal ranges of the API server's hash put all of the first into one of three shards."""


def split(names: list[str], count: int) -> list[int]:
    found = Counter(shard_of(name, count) for name in names)
    return [found[shard] for shard in range(count)]


@pytest.mark.parametrize(
    ("names", "three"),
    [
        ("team-aa", [102, 87, 111]),
        ("ns-0", [115, 92, 93]),
        ("project-07919-prod", [113, 93, 94]),
        ("words", [94, 98, 108]),
    ],
)
def test_the_names_that_people_use_spread_evenly(names: str, three: list[int]) -> None:
    """These numbers stand in docs/scaling.md. Another hash would let two releases write in one namespace."""
    assert split(NAMES[names], 3) == three


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("count", [2, 3, 4, 5, 10])
def test_no_shard_has_half_as_much_again_as_its_part(names: str, count: int) -> None:
    assert max(split(NAMES[names], count)) <= 1.5 * 300 / count


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_namespace_is_one_process_s(count: int) -> None:
    processes = [Shards(count) for _ in range(count)]
    for shard, process in enumerate(processes):
        process.take(shard)
    for name in NAMES["team-aa"]:
        assert sum(process.owns(name) for process in processes) == 1


def test_nothing_is_ours_before_a_shard_is() -> None:
    assert not any(Shards(3).owns(name) for name in NAMES["ns-0"])


def test_whatever_may_become_ours_is_kept_whole() -> None:
    process = Shards(3)
    assert not any(process.excludes(name) for name in NAMES["ns-0"])
    process.take(1)
    assert all(process.excludes(name) != process.owns(name) for name in NAMES["ns-0"])


@pytest.mark.parametrize("total", [3, 20, 100, 101])
@pytest.mark.parametrize("users", [1, 2, 3])
def test_a_limit_is_divided_among_those_who_use_the_account(total: int, users: int) -> None:
    shards = [Shards(3) for _ in range(3)]
    for shard, process in enumerate(shards):
        process.take(shard)
    namespaces = [name for name in NAMES["ns-0"] if shard_of(name, 3) < users]
    parts = [process.part(total, namespaces) for process in shards[:users]]
    assert sum(parts) == total
    assert max(parts) - min(parts) <= 1


def test_everybody_may_ask_once_where_there_is_less_to_divide_than_there_are_shards() -> None:
    last = Shards(3)
    last.take(2)
    assert last.part(1, NAMES["ns-0"]) == 1


def test_the_leases_have_the_count_in_their_names() -> None:
    assert [lease_name("model-operator", shard, 2) for shard in range(2)] == [
        "model-operator-1-of-2",
        "model-operator-2-of-2",
    ]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"shards": 2}, "--shards requires --leader-elect"),
        ({"shards": 0, "leader_elect": True}, "greater than or equal to 1"),
        ({"shards": 65, "leader_elect": True}, "less than or equal to 64"),
    ],
)
def test_what_cannot_be_divided_is_refused_at_the_start(given: dict[str, int], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Settings(**given)
