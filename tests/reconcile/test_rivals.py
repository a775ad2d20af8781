"""Which of several ModelDeployments has a name or an id: the one that has it already, else the elder."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from model_operator.accounts.account import Account
from model_operator.domain import DEPLOYMENT, PROVIDER, Key
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.deployment.rivals import find_owner, find_rival
from support import bodies
from support.effort import cpu_seconds
from support.provider_world import OpenGate
from support.signals import Told

ACCOUNTS = {
    "acme": ("acme", "same-account"),
    "same-account": ("acme", "same-account"),
    "elsewhere": ("elsewhere",),
}
"""Which ModelProviders lead to the same account."""

CREATED = {"externalID": "1"}
PENDING = {
    "pending": {
        "operation": "Create",
        "startedAt": "2026-03-01T12:00:00Z",
        "deadline": "2026-03-01T12:01:00Z",
        "absentBefore": True,
    }
}
NAMED = {"deploymentName": "chosen"}
ADOPTING = {"externalID": "1", "deletionPolicy": "Orphan"}
YOUNGER = {"creationTimestamp": "2026-03-01T12:00:05Z"}


def rival_of(name: str, *objects: dict, claims: Collection[str] = ()) -> str | None:
    cache = Cache(Told())
    for body in objects:
        cache.put(Key(DEPLOYMENT, "team", body["metadata"]["name"]), body)
    key = Key(DEPLOYMENT, "team", name)
    own = cache.deployment(key).spec.provider_ref.name
    account = Account(
        signals=Told(),
        id="a",
        vendor=PROVIDERS["parasail"],
        provider=None,
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        members={Key(PROVIDER, "team", member) for member in ACCOUNTS[own]},
    )
    return find_rival(key, cache.deployment(key), account, cache, claims)


def pair(elder: dict, younger: dict) -> tuple[dict, dict]:
    return bodies.deployment("elder", **elder), bodies.deployment("younger", about=YOUNGER, **younger)


@pytest.mark.parametrize(
    ("elder", "younger", "loser"),
    [
        pytest.param(NAMED, NAMED, "younger", id="one name: the elder has it"),
        pytest.param(
            NAMED, {**NAMED, "status": CREATED}, "elder", id="one name: who has created has it, elder or not"
        ),
        pytest.param(
            NAMED,
            {**NAMED, "status": PENDING},
            "elder",
            id="one name: who has announced it comes before who has not",
        ),
        pytest.param(
            {**NAMED, "status": PENDING}, {**NAMED, "status": CREATED}, "elder", id="created before announced"
        ),
        pytest.param(
            NAMED, {**NAMED, "provider": "same-account"}, "younger", id="one account, two ModelProviders"
        ),
        pytest.param(ADOPTING, ADOPTING, "younger", id="one id: the elder has it"),
        pytest.param({"status": CREATED}, ADOPTING, "younger", id="one id: who made it has it"),
        pytest.param(ADOPTING, {"status": CREATED}, "elder", id="one id: who made it has it, elder or not"),
        pytest.param(
            {**NAMED, "about": bodies.TERMINATING}, NAMED, "younger", id="who is being deleted still has it"
        ),
    ],
)
def test_one_of_two_comes_first(elder, younger, loser):
    objects = pair(elder, younger)
    winner = "elder" if loser == "younger" else "younger"
    assert rival_of(loser, *objects) == f"team/{winner}"
    assert rival_of(winner, *objects) is None


@pytest.mark.parametrize(
    ("elder", "younger"),
    [
        pytest.param({}, {}, id="default names hold the UID"),
        pytest.param(NAMED, {"deploymentName": "another"}, id="other names"),
        pytest.param(NAMED, {**NAMED, "provider": "elsewhere"}, id="another account"),
        pytest.param(ADOPTING, {**ADOPTING, "externalID": "2"}, id="other ids"),
        pytest.param({**NAMED, **ADOPTING}, NAMED, id="who adopts uses no name"),
    ],
)
def test_there_is_no_rivalry(elder, younger):
    objects = pair(elder, younger)
    assert rival_of("elder", *objects) is None
    assert rival_of("younger", *objects) is None


def test_of_the_same_age_one_and_only_one_comes_first():
    objects = [bodies.deployment(name, **NAMED) for name in ("a", "b", "c")]
    assert [rival_of(name, *objects) for name in ("a", "b", "c")].count(None) == 1


def test_who_was_let_through_comes_before_the_elder_and_after_who_has_announced_it():
    objects = pair(NAMED, NAMED)
    assert rival_of("elder", *objects, claims={"uid-younger"}) == "team/younger"
    assert rival_of("younger", *objects, claims={"uid-younger"}) is None
    objects = pair({**NAMED, "status": PENDING}, NAMED)
    assert rival_of("younger", *objects, claims={"uid-younger"}) == "team/elder"


@pytest.mark.parametrize(
    ("tag", "owner"),
    [
        pytest.param(None, None, id="no tag"),
        pytest.param("uid-me", None, id="ours"),
        pytest.param("uid-other", "team/other", id="of one that lives"),
        pytest.param("uid-gone", None, id="of one that is gone"),
    ],
)
def test_a_tag_names_an_owner_while_that_lives(tag, owner):
    cache = Cache(Told())
    for name in ("me", "other"):
        cache.put(Key(DEPLOYMENT, "team", name), bodies.deployment(name))
    assert find_owner(tag, cache.deployment(Key(DEPLOYMENT, "team", "me")), cache) == owner


def test_looking_for_rivals_costs_the_same_among_thousands():
    """All with names of their own, in one account."""
    costs = []
    for number in (10, 3000):
        names = [f"m{n}" for n in range(number)]
        cache = Cache(Told())
        for name in names:
            cache.put(
                Key(DEPLOYMENT, "team", name),
                bodies.deployment(name, deploymentName=f"chosen-{name}", status={"externalID": name}),
            )
        account = Account(
            signals=Told(),
            id="a",
            vendor=PROVIDERS["parasail"],
            provider=None,
            gate=OpenGate(),
            poll_interval=timedelta(seconds=30),
            members={Key(PROVIDER, "team", "acme")},
        )
        key = Key(DEPLOYMENT, "team", "m5")
        resource = cache.deployment(key)

        def look(cache=cache, account=account, key=key, resource=resource) -> None:
            for _ in range(100):
                assert find_rival(key, resource, account, cache, ()) is None
                assert find_owner("uid-m7", resource, cache) == "team/m7"

        costs.append(cpu_seconds(look))
    assert costs[1] < 5 * costs[0]


def test_who_is_gone_or_has_another_name_now_is_no_rival():
    cache = Cache(Told())
    key = Key(DEPLOYMENT, "team", "a")
    cache.put(key, bodies.deployment("a", deploymentName="x", status={"externalID": "1"}))
    assert [found for found, _ in cache.claimants("id/1")] == [key]
    cache.put(key, bodies.deployment("a", version=2, deploymentName="x", status={"externalID": "2"}))
    assert [found for found, _ in cache.claimants("id/1")] == []
    assert [found for found, _ in cache.claimants("name/x")] == [key]
    cache.remove(key)
    assert [list(cache.claimants(claim)) for claim in ("id/2", "name/x", "uid/uid-a")] == [[], [], []]
