"""Which of several ModelDeployments has a name or an id: the one that has it already, else the elder."""

from collections.abc import Callable, Collection
from datetime import timedelta

import pytest

from model_operator.accounts.account import Account, Snapshot
from model_operator.domain import DEPLOYMENT, PROVIDER, Key, Remote
from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.claims import Claimant
from model_operator.reconcile.deployment.desire import default_name
from model_operator.reconcile.deployment.rivals import Contest
from support import bodies
from support.effort import cpu_seconds
from support.provider_world import OpenGate
from support.signals import Told
from support.situations import NOW, remote

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


LIMIT = PROVIDERS["parasail"].capabilities.name_limit


def contest(
    name: str,
    *objects: dict,
    claims: Collection[str] = (),
    shown: Collection[Remote] = (),
    is_ours: Callable[[str], bool] = lambda _: True,
) -> Contest:
    cache = Cache(Told())
    for body in objects:
        metadata = body["metadata"]
        cache.put(Key(DEPLOYMENT, metadata["namespace"], metadata["name"]), body)
    key = Key(DEPLOYMENT, "team", name)
    own = cache.deployment(key)
    account = Account(
        signals=Told(),
        id="a",
        vendor=PROVIDERS["parasail"],
        provider=None,
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        members={Key(PROVIDER, "team", member) for member in ACCOUNTS[own.spec.provider_ref.name]},
        snapshot=Snapshot.of(NOW, shown),
    )
    known = {Key(PROVIDER, "team", member) for account in ACCOUNTS.values() for member in account}
    return Contest(Claimant.of(key, own), account, cache.claims, claims, known.__contains__, is_ours)


def rival_of(name: str, *objects: dict, **more) -> str | None:
    return contest(name, *objects, **more).rival()


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
    assert rival_of(loser, *objects) == f'ModelDeployment "{winner}"'
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


def test_the_age_decides_and_not_the_uid():
    elder = bodies.deployment("elder", about={"uid": "z"}, **NAMED)
    younger = bodies.deployment("younger", about={**YOUNGER, "uid": "a"}, **NAMED)
    assert rival_of("younger", elder, younger) == 'ModelDeployment "elder"'
    assert rival_of("elder", elder, younger) is None


def test_who_was_let_through_comes_before_the_elder_and_after_who_has_announced_it():
    objects = pair(NAMED, NAMED)
    assert rival_of("elder", *objects, claims={"uid-younger"}) == 'ModelDeployment "younger"'
    assert rival_of("younger", *objects, claims={"uid-younger"}) is None
    objects = pair({**NAMED, "status": PENDING}, NAMED)
    assert rival_of("younger", *objects, claims={"uid-younger"}) == 'ModelDeployment "elder"'


@pytest.mark.parametrize(
    ("tag", "owner"),
    [
        pytest.param(None, None, id="no tag"),
        pytest.param("uid-me", None, id="ours"),
        pytest.param("uid-other", 'ModelDeployment "other"', id="of one that lives"),
        pytest.param("uid-gone", None, id="of one that is gone"),
    ],
)
def test_a_tag_names_an_owner_while_that_lives(tag, owner):
    me = contest("me", bodies.deployment("me"), bodies.deployment("other"))
    assert me.owner(remote(id="1", owner_uid=tag)) == owner


FREE = {"id": "1", "name": "llama-abcdefgh", "owner_uid": "uid-of-before"}


@pytest.mark.parametrize(
    ("other", "shown", "is_free"),
    [
        pytest.param({}, {}, True, id="nobody's"),
        pytest.param({}, {"owner_uid": "uid-me"}, False, id="its own by the tag"),
        pytest.param({}, {"name": default_name("me", "uid-me", LIMIT)}, False, id="its own by the name"),
        pytest.param({}, {"owner_uid": "uid-other"}, False, id="of one that lives"),
        pytest.param(
            {}, {"name": default_name("other", "uid-other", LIMIT)}, False, id="likewise by the hash"
        ),
        pytest.param({"status": CREATED}, {}, False, id="held"),
        pytest.param(ADOPTING, {}, False, id="about to be adopted"),
        pytest.param(NAMED, {"name": "chosen"}, False, id="of a chosen name"),
        pytest.param(NAMED, {"name": "chosen", "owner": "i/team/other"}, False, id="and of its mark"),
        pytest.param(NAMED, {"name": "chosen", "owner": "i/team/me"}, True, id="of another one's mark"),
        pytest.param({"status": CREATED, "provider": "same-account"}, {}, False, id="in the same account"),
        pytest.param({"status": CREATED, "provider": "elsewhere"}, {}, True, id="one id in two accounts"),
        pytest.param(
            {"status": CREATED, "provider": "unknown"}, {}, False, id="in whose account nobody knows"
        ),
        pytest.param({"about": {"namespace": "b"}, "status": CREATED}, {}, False, id="in another namespace"),
    ],
)
def test_what_a_former_life_has_left_is_nobodys(other, shown, is_free):
    me = contest("me", bodies.deployment("me"), bodies.deployment("other", **other))
    assert me.is_free(remote(**{**FREE, **shown})) is is_free


def test_a_name_with_a_hash_names_an_owner_too():
    me = contest("me", bodies.deployment("me"), bodies.deployment("other"))
    assert (
        me.owner(remote(id="1", name=default_name("other", "uid-other", LIMIT))) == 'ModelDeployment "other"'
    )
    assert me.owner(remote(id="1", name=default_name("me", "uid-me", LIMIT))) is None


@pytest.mark.parametrize(
    ("shown", "loser"),
    [
        pytest.param({"owner_uid": "uid-younger"}, "elder", id="the tag decides"),
        pytest.param({"name": default_name("younger", "uid-younger", LIMIT)}, "elder", id="the hash decides"),
        pytest.param({}, "younger", id="without a mark the elder has it"),
    ],
)
def test_of_two_statuses_with_one_id_the_mark_at_the_provider_decides(shown, loser):
    objects = pair({"status": CREATED}, {"status": CREATED})
    there = [remote(id="1", **shown)]
    winner = "elder" if loser == "younger" else "younger"
    assert rival_of(loser, *objects, shown=there) == f'ModelDeployment "{winner}"'
    assert rival_of(winner, *objects, shown=there) is None


def test_a_chosen_name_gives_way_to_the_one_whose_default_name_it_is():
    squatter = bodies.deployment("elder", deploymentName=default_name("younger", "uid-younger", LIMIT))
    younger = bodies.deployment("younger", about=YOUNGER)
    assert rival_of("elder", squatter, younger) == 'ModelDeployment "younger"'
    assert rival_of("younger", squatter, younger) is None


def test_an_object_that_is_not_understood_keeps_its_claims():
    unread = bodies.deployment("elder", status=CREATED, **NAMED)
    unread["spec"]["replicas"] = "many"
    assert rival_of("younger", unread, bodies.deployment("younger", about=YOUNGER, **NAMED))
    assert rival_of("younger", unread, bodies.deployment("younger", about=YOUNGER, **ADOPTING))


def _without_provider(body: dict) -> dict:
    del body["spec"]["providerRef"]
    return body


def _of_an_unknown_account(body: dict) -> dict:
    body["spec"]["providerRef"]["name"] = "leads-nowhere"
    return body


@pytest.mark.parametrize("unclear", [_without_provider, _of_an_unknown_account])
def test_what_is_held_in_an_account_that_nobody_can_tell_is_claimed_in_each(unclear):
    younger = bodies.deployment("younger", about=YOUNGER, **ADOPTING)
    assert rival_of("younger", unclear(bodies.deployment("elder", status=CREATED, **NAMED)), younger)
    assert rival_of("younger", unclear(bodies.deployment("elder", **ADOPTING)), younger) is None
    elsewhere = unclear(bodies.deployment("elder", status=CREATED, **NAMED))
    elsewhere["metadata"]["namespace"] = "elsewhere"
    assert rival_of("younger", elsewhere, younger) is None


def test_the_name_of_another_namespace_is_nobodys_business():
    other = bodies.deployment("elder", **ADOPTING)
    other["metadata"]["namespace"] = "elsewhere"
    mine = contest("younger", other, bodies.deployment("younger", about=YOUNGER, **ADOPTING))
    mine.account.members.add(Key(PROVIDER, "elsewhere", "acme"))
    assert mine.rival() == "a ModelDeployment in another namespace"


def test_looking_for_rivals_costs_the_same_among_thousands():
    """All with names of their own, in one account."""
    costs = []
    for number in (10, 3000):
        names = [f"m{n}" for n in range(number)]
        objects = [
            bodies.deployment(name, deploymentName=f"chosen-{name}", status={"externalID": name})
            for name in names
        ]
        mine = contest("m5", *objects)
        other = remote(id="1", owner_uid="uid-m7")

        def look(mine=mine, other=other) -> None:
            for _ in range(100):
                assert mine.rival() is None
                assert mine.owner(other) == 'ModelDeployment "m7"'

        costs.append(cpu_seconds(look))
    assert costs[1] < 5 * costs[0]


def test_who_is_gone_or_has_another_id_now_is_no_rival():
    cache = Cache(Told())
    key = Key(DEPLOYMENT, "team", "a")
    cache.put(key, bodies.deployment("a", deploymentName="x", status={"externalID": "1"}))
    assert cache.claims.find("id/1") == {key}
    cache.put(key, bodies.deployment("a", version=2, deploymentName="x", status={"externalID": "2"}))
    assert cache.claims.find("id/1") == set()
    assert cache.claims.find("name/x") == {key}
    cache.remove(key)
    assert cache.claims.find("id/2", "name/x", "uid/uid-a") == set()


def test_two_shards_agree_by_what_the_server_shows_whomever_each_has_let_through():
    """Each has seen its own object first, and knows nothing of the other's passes."""
    objects = pair(NAMED, NAMED)
    let_through = {"uid-elder", "uid-younger"}
    for claims in ({"uid-elder"}, {"uid-younger"}, let_through, set()):
        assert rival_of("elder", *objects, claims=claims, is_ours=_is_elsewhere) is None
        assert (
            rival_of("younger", *objects, claims=claims, is_ours=_is_elsewhere) == 'ModelDeployment "elder"'
        )


def _is_elsewhere(_: str) -> bool:
    return False
