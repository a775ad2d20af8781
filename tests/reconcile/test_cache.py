"""The cache: the newest body counts, what is gone stays gone, and the indexes follow."""

from dataclasses import replace

import pytest

from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.reconcile.cache import Cache
from model_operator.sharding import Shards, shard_of
from support import bodies
from support.signals import Told

ACME, OTHER = Key(PROVIDER, "team", "acme"), Key(PROVIDER, "team", "other")


def key(name: str) -> Key:
    return Key(DEPLOYMENT, "team", name)


@pytest.fixture
def cache():
    return Cache(Told())


def add(cache: Cache, name: str, **changes) -> Key:
    cache.put(key(name), bodies.deployment(name, **changes))
    return key(name)


@pytest.mark.parametrize(
    ("versions", "kept"),
    [
        pytest.param([1, 2], 2, id="a newer one replaces an older one"),
        pytest.param([2, 1], 2, id="an older one changes nothing"),
        pytest.param([9, 10], 10, id="versions are numbers, not words"),
    ],
)
def test_the_newest_body_counts(cache, versions, kept):
    news = [cache.put(key("a"), bodies.deployment("a", version=v, replicas=v)) for v in versions]
    assert news == [True, versions[1] == kept]
    assert cache.deployment(key("a")).spec.replicas == kept


def test_the_same_version_again_is_no_news(cache):
    add(cache, "a", version=3)
    assert not cache.put(key("a"), bodies.deployment("a", version=3))


def test_a_late_reply_does_not_revive_what_is_gone(cache):
    add(cache, "a")
    cache.remove(key("a"))
    assert not cache.renew(key("a"), bodies.deployment("a", version=7))
    assert cache.keys() == ()
    assert cache.dependents(ACME) == frozenset()


def test_an_object_that_is_not_understood_is_kept_as_such(cache):
    broken = bodies.deployment("a")
    del broken["spec"]["model"]
    cache.put(key("a"), broken)
    assert cache.deployment(key("a")) is None
    entry = cache.entry(key("a"))
    assert entry is not None
    assert "model" in str(entry.invalid)


def test_a_vanished_object_has_a_key_that_no_object_can_have(cache):
    a = add(cache, "a", version=5)
    vanished = cache.keep_vanished(cache.deployment(a))
    assert vanished != a
    assert "@" in vanished.name
    assert cache.entry(vanished).is_vanished
    cache.remove(a)
    add(cache, "a", version=6, about={"uid": "new"})
    assert cache.deployment(vanished).metadata.uid == "uid-a"
    assert cache.deployment(a).metadata.uid == "new"
    assert cache.keep_vanished(cache.deployment(vanished)) == vanished


def test_a_vanished_object_still_counts_as_a_dependent(cache):
    a = add(cache, "a")
    vanished = cache.keep_vanished(cache.deployment(a))
    cache.remove(a)
    assert cache.dependents(ACME) == {vanished}


def test_dependents_are_those_that_name_the_provider(cache):
    add(cache, "a")
    add(cache, "b", about=bodies.TERMINATING)
    add(cache, "c", provider="other")
    assert cache.dependents(ACME) == {key("a"), key("b")}
    cache.remove(key("a"))
    assert cache.dependents(ACME) == {key("b")}
    assert cache.dependents(OTHER) == {key("c")}


def test_ids_are_held_by_all_and_expected_of_those_that_should_be_there(cache):
    add(cache, "fine", status={"externalID": "1"})
    add(cache, "going", status={"externalID": "2"}, about=bodies.TERMINATING)
    add(cache, "gone", status={"externalID": "3", "conditions": bodies.MISSING})
    add(cache, "new")
    add(cache, "elsewhere", provider="other", status={"externalID": "4"})
    ids = cache.ids({ACME})
    assert ids.held == {key("fine"): "1", key("going"): "2", key("gone"): "3"}
    assert ids.expected == {"1"}
    assert cache.ids({ACME, OTHER}).expected == {"1", "4"}


def test_an_object_is_found_by_what_it_claims_while_it_is_there(cache):
    add(cache, "a", about=bodies.TERMINATING, status={"externalID": "1"}, deploymentName="chosen")
    terms = ("uid/uid-a", "id/1", "name/chosen")
    assert [cache.claims.find(term) for term in terms] == [{key("a")}] * 3
    cache.remove(key("a"))
    assert [cache.claims.find(term) for term in terms] == [set()] * 3


def test_phases_are_counted_for_the_metrics(cache):
    cache.put(ACME, bodies.provider())
    add(cache, "a", status={"phase": "Ready"})
    add(cache, "b", status={"phase": "Ready"})
    add(cache, "c")
    assert cache.phases()[DEPLOYMENT, "Ready"] == 2
    assert cache.phases()[DEPLOYMENT, "Pending"] == 1


SYNCED = {"type": "Synced", "status": "False", "lastTransitionTime": "2026-03-01T12:00:00Z", "message": ""}
GONE = {**SYNCED, "reason": "ExternalResourceMissing"}
SERVES = [{**SYNCED, "type": type_, "status": "True", "reason": "Available"} for type_ in ("Ready", "Synced")]
PENDING = {"operation": "Create", "startedAt": "2026-03-01T12:00:00Z", "deadline": "2026-03-01T12:01:00Z"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(bodies.deployment("a"), id="no status"),
        pytest.param(
            bodies.deployment(
                "a",
                status={"externalID": "1", "providerState": "running", "conditions": SERVES, "replicas": 1},
            ),
            id="serves",
        ),
        pytest.param(
            bodies.deployment("a", status={"externalID": "1", "conditions": [GONE]}), id="known to be gone"
        ),
        pytest.param(
            bodies.deployment("a", status={"externalID": "1", "pending": PENDING}, deploymentName="chosen"),
            id="made anew",
        ),
        pytest.param(
            bodies.deployment(
                "a", status={"externalID": "1", "conditions": "no list"}, about=bodies.TERMINATING
            ),
            id="going, with nonsense in its status",
        ),
        pytest.param(bodies.deployment("a", status="no object"), id="a status of nonsense"),
    ],
)
def test_of_another_shard_s_object_all_is_kept_that_tells_what_it_holds_and_claims(body):
    theirs = Shards(2)
    theirs.take(1 - shard_of("team", 2))
    own, foreign = Cache(Told()), Cache(Told(), theirs)
    for cache in (own, foreign):
        cache.put(key("a"), body)
    seen = [(c.ids({ACME}), c.claims.of(key("a")), c.dependents(ACME)) for c in (own, foreign)]
    ids = seen[0][0]
    assert seen[1] == (replace(ids, foreign=set(ids.held)), *seen[0][1:])
    assert (own.own_keys(), foreign.own_keys()) == ((key("a"),), ())
