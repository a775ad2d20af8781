"""What is called orphaned: ours by its mark, and of no object in two reads that lie a sweep apart. The rest is unknown."""

from datetime import timedelta

import pytest

from model_operator.domain import Remote
from model_operator.models.orphans import Orphan, Orphans
from model_operator.plan.orphans import Sightings, unheld
from model_operator.status.orphans import of_orphans, orphans_of
from support.situations import NOW, remote

SWEEP = timedelta(seconds=30)
OURS = "berlin-1/team/llama"


def one(id_: str, owner: str | None = OURS) -> Remote:
    return remote(id=id_, name=f"llama-{id_}", owner=owner, owner_uid=f"uid-{id_}", created=NOW)


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        pytest.param(OURS, ({"a"}, 0), id="our mark"),
        pytest.param("paris-1/team/llama", (set(), 1), id="another installation's"),
        pytest.param("berlin-1/elsewhere/llama", (set(), 1), id="of a namespace that is not watched"),
        pytest.param(None, (set(), 1), id="without a mark"),
        pytest.param("whatever", (set(), 1), id="a mark that is none"),
    ],
)
def test_what_no_object_holds_is_a_suspect_or_unknown(
    owner: str | None, expected: tuple[set[str], int]
) -> None:
    found = unheld(
        [one("a", owner), one("held")], "berlin-1", {"team"}.__contains__, lambda r: r.id == "held"
    )
    assert (set(found.suspects), found.unknown) == expected


def test_without_a_name_of_its_own_a_process_suspects_nothing() -> None:
    found = unheld([one("a")], "", lambda _: True, lambda _: False)
    assert (dict(found.suspects), found.unknown) == ({}, 1)


@pytest.mark.parametrize(
    ("reads", "orphaned"),
    [
        pytest.param([(0, {"a"})], set(), id="once is not enough"),
        pytest.param([(0, {"a"}), (29, {"a"})], set(), id="nor twice within a sweep"),
        pytest.param([(0, {"a"}), (30, {"a"})], {"a"}, id="twice, a sweep apart"),
        pytest.param([(0, {"a"}), (30, set()), (60, {"a"})], set(), id="an object between begins anew"),
        pytest.param([(0, {"a"}), (30, set()), (60, {"a"}), (90, {"a"})], {"a"}, id="and ends in two again"),
        pytest.param([(0, {"a"}), (30, {"a", "b"})], {"a"}, id="each for itself"),
    ],
)
def test_two_reads_a_sweep_apart_make_an_orphan(
    reads: list[tuple[int, set[str]]], orphaned: set[str]
) -> None:
    seen, suspects = Sightings(), {"a", "b"}
    for seconds, ownerless in reads:
        begun = NOW + timedelta(seconds=seconds)
        seen = seen.among(suspects)
        seen = seen.read(seen.due(suspects, begun, SWEEP), ownerless, begun)
    assert seen.orphaned == orphaned


def test_what_is_known_needs_no_read() -> None:
    seen = Sightings(first={"a": NOW, "b": NOW}, orphaned=frozenset({"a"}))
    assert seen.due({"a"}, NOW + SWEEP, SWEEP) == frozenset()
    assert seen.due({"a", "b"}, NOW, SWEEP) == frozenset()
    assert seen.among({"b"}) == Sightings(first={"b": NOW})


def listed(*ids: str, count: int | None = None) -> Orphans:
    items = tuple(
        Orphan(id=id_, name=f"llama-{id_}", owner=OURS, created_at=NOW, found_at=NOW) for id_ in ids
    )
    return Orphans(count=len(ids) if count is None else count, items=items)


MANY = {f"{n:03}": one(f"{n:03}") for n in range(30)}


@pytest.mark.parametrize(
    ("before", "suspects", "orphaned", "after"),
    [
        pytest.param(None, {}, set(), None, id="nothing"),
        pytest.param(None, {"a": one("a")}, set(), None, id="a suspect is none"),
        pytest.param(None, {"a": one("a"), "b": one("b")}, {"b"}, listed("b"), id="one is"),
        pytest.param(listed("a"), {"a": one("a")}, set(), listed("a"), id="known before a restart"),
        pytest.param(listed("a"), {}, set(), None, id="gone, or somebody's again"),
        pytest.param(None, MANY, set(MANY), listed(*list(MANY)[:20], count=30), id="the first 20 are named"),
        pytest.param(
            listed(*list(MANY)[:20], count=30),
            MANY,
            set(),
            listed(*list(MANY)[:20], count=30),
            id="after a restart the others are counted still",
        ),
    ],
)
def test_the_list_in_the_status(
    before: Orphans | None, suspects: dict[str, Remote], orphaned: set[str], after: Orphans | None
) -> None:
    assert orphans_of(before, suspects, orphaned, NOW) == after


def test_when_it_was_found_stays() -> None:
    later = NOW + timedelta(days=1)
    assert orphans_of(listed("a"), {"a": one("a")}, {"a"}, later) == listed("a")


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        pytest.param(None, listed("a"), ["a"], id="the first"),
        pytest.param(listed("a"), listed("a", "b"), ["b"], id="another"),
        pytest.param(listed("a"), listed("a"), None, id="no news"),
        pytest.param(listed("a", "b"), listed("a"), None, id="one less"),
        pytest.param(listed("a"), None, None, id="none any more"),
    ],
)
def test_what_is_told(before: Orphans | None, after: Orphans | None, named: list[str] | None) -> None:
    told = of_orphans(before, after)
    if named is None:
        assert told == ()
        return
    (event,) = told
    assert (event.type, event.reason) == ("Warning", "OrphanFound")
    assert [f"{id_} (llama-{id_}, created for {OURS})" in event.message for id_ in named] == [True]
