"""Which of several ModelDeployments has a name or an id: the one that has it already, else the elder."""

import pytest

from model_operator.providers.registry import PROVIDERS
from model_operator.reconcile.deployment.desire import default_name
from support import bodies
from support.contests import ADOPTING, CREATED, NAMED, PENDING, YOUNGER, contest, pair, rival_of
from support.situations import remote

LIMIT = PROVIDERS["parasail"].capabilities.name_limit


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
