"""What a LIST proves about an account."""

from datetime import timedelta

import pytest

from model_operator.accounts.account import Snapshot
from model_operator.accounts.holders import Ids
from model_operator.domain import PROVIDER, Key, RunState
from model_operator.errors import (
    CredentialsInvalid,
    PermissionDenied,
    RateLimited,
    Unavailable,
    Unsupported,
)
from support.account_lists import HELD, MEMBER, ONE, THREE, TWO, listed, new_account, shows
from support.provider_world import OpenGate
from support.situations import NOW, remote


@pytest.mark.parametrize(
    ("shown", "is_mass_missing"),
    [
        pytest.param(["1", "2", "3", "4"], False, id="all there"),
        pytest.param(["1", "2", "3"], False, id="one of four"),
        pytest.param(["1", "2"], False, id="two of four are not over half"),
        pytest.param(["1"], True, id="three of four"),
        pytest.param([], True, id="all four"),
        pytest.param(["1", "2", "3", "4", "foreign"], False, id="others do not matter"),
    ],
)
def test_two_or_more_and_over_half_are_a_mass(shown, is_mass_missing):
    account = new_account(is_proven=True)
    listed(account, *shown)
    assert account.is_mass_missing is is_mass_missing
    assert account.is_mismatch is is_mass_missing


def test_one_of_one_is_no_mass():
    account = new_account(is_proven=True)
    listed(account, held={ONE: "1"})
    assert not account.is_mass_missing


def test_a_known_id_proves_the_credential_and_keeps_it_proven():
    account = new_account()
    listed(account)
    assert not account.is_proven
    listed(account, "4", "foreign")
    assert account.is_proven
    listed(account)
    assert account.is_proven


def test_foreign_ids_prove_nothing():
    account = new_account()
    listed(account, "foreign")
    assert not account.is_proven


def test_a_miss_under_an_unproven_credential_is_doubted_until_a_known_id_is_seen():
    account = new_account()
    listed(account, held={ONE: "1"})
    assert account.is_mismatch
    account.saw()
    assert not account.is_mismatch


def test_a_person_vouches_for_ids_of_one_model_provider():
    account = new_account(confirmed={MEMBER: frozenset({"1"})})
    other = Key(PROVIDER, "team", "other")
    asked = [(MEMBER, "1"), (MEMBER, "2"), (other, "1")]
    assert [account.is_confirmed(provider, id_) for provider, id_ in asked] == [True, False, False]
    listed(account)
    assert account.is_mismatch


def test_a_tombstone_is_missing_and_proves_nothing():
    account = new_account()
    account.listed(shows("1", state=RunState.GONE), Ids({ONE: "1"}, {"1"}))
    assert (account.is_proven, account.is_mismatch, account.missing) == (False, True, {"1"})


def test_what_is_being_deleted_is_no_mass_and_yet_unknown_to_an_unproven_credential():
    account = new_account()
    account.listed(shows(), Ids(HELD, set(), set(HELD.values())))
    assert (account.is_mass_missing, account.is_mismatch, account.missing) == (
        False,
        True,
        set(HELD.values()),
    )


def test_an_account_that_holds_nothing_has_nothing_to_miss():
    account = new_account()
    account.listed(shows("foreign"), Ids({}, set()))
    assert not account.is_mismatch


def test_a_list_that_has_ever_worked_is_not_believed_to_be_gone():
    account = new_account()
    assert account.list_refused(Unsupported("404")) is None
    listed(account)
    sick = account.list_refused(Unsupported("404"))
    assert type(sick) is Unavailable


@pytest.mark.parametrize(
    ("missing", "is_mass"), [({ONE}, False), ({ONE, TWO}, False), ({ONE, TWO, THREE}, True)]
)
def test_without_lists_gets_tell_whether_most_of_the_account_is_missing(missing, is_mass):
    account = new_account(is_proven=True)
    for key, id_ in HELD.items():
        account.looked_up(key, id_, is_there=key not in missing)
    assert account.is_mismatch is is_mass


def test_what_is_known_to_be_missing_is_no_surprise():
    account = new_account(is_proven=True)
    listed(account, "4", expected={"4"})
    assert not account.is_mass_missing


def test_two_hiccups_say_nothing_the_third_failure_does():
    account = new_account()
    assert [account.lasting_error for _ in range(2) if account.failed(Unavailable("x")) is not None] == [
        None
    ] * 2
    assert account.failed(Unavailable("x"))
    assert account.lasting_error is not None
    assert not account.failed(Unavailable("x"))


def test_hiccups_are_counted_anew_after_a_list():
    account = new_account()
    account.failed(Unavailable("x"))
    account.failed(RateLimited("x"))
    listed(account)
    account.failed(Unavailable("x"))
    assert account.lasting_error is None


@pytest.mark.parametrize("error", [CredentialsInvalid("401"), PermissionDenied("403")])
def test_what_waiting_will_not_mend_is_no_hiccup(error):
    account = new_account()
    assert account.failed(error)
    assert account.lasting_error is error


def test_a_deletion_under_way_is_no_candidate():
    found = [remote(id="1"), remote(RunState.DELETING, id="2"), remote(RunState.GONE, id="3")]
    snapshot = Snapshot.of(NOW, found)
    assert [r.id for r in snapshot.candidates(found[0].name, "")] == ["1"]


def test_candidates_are_found_by_name_and_by_tag_once():
    by_tag = remote(id="1", name="renamed", owner_uid="me")
    by_both = remote(id="2", name="mine", owner_uid="me")
    by_name = remote(id="3", name="mine", owner_uid=None)
    other = remote(id="4", name="other", owner_uid="you")
    snapshot = Snapshot.of(NOW, [by_tag, by_both, by_name, other])
    assert {r.id for r in snapshot.candidates("mine", "me")} == {"1", "2", "3"}
    assert len(snapshot.candidates("mine", "me")) == 3


def test_a_rest_ends_at_a_time():
    class Resting(OpenGate):
        resting = timedelta(seconds=7)

    assert new_account(gate=Resting()).paused_until(NOW) == NOW + timedelta(seconds=7)
    assert new_account().paused_until(NOW) is None


def test_two_keys_whose_lists_show_a_common_id_are_one_account():
    second = Key(PROVIDER, "team", "second")
    other = new_account(id="b", members={second}, snapshot=shows("2", "9"))
    account = new_account(snapshot=shows("1", "2"), others=lambda: (other,))
    assert account.all_members == {MEMBER, second}
    other.snapshot = shows("9")
    assert account.all_members == {MEMBER}
