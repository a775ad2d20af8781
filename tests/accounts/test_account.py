"""What a LIST proves about an account, and for whom it is news."""

from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator.accounts.account import Account, Snapshot
from model_operator.accounts.holders import Ids
from model_operator.domain import DEPLOYMENT, PROVIDER, Key, RunState
from model_operator.errors import (
    CredentialsInvalid,
    PermissionDenied,
    RateLimited,
    Unavailable,
    Unsupported,
)
from model_operator.providers.registry import PROVIDERS
from support.provider_world import OpenGate
from support.signals import Told
from support.situations import NOW, remote

ONE, TWO, THREE, FOUR = (Key(DEPLOYMENT, "team", name) for name in ("one", "two", "three", "four"))
HELD = {ONE: "1", TWO: "2", THREE: "3", FOUR: "4"}
MEMBER = Key(PROVIDER, "team", "acme")


def new_account(**changes) -> Account:
    account = Account(
        id="a",
        vendor=PROVIDERS["parasail"],
        provider=None,
        gate=OpenGate(),
        poll_interval=timedelta(seconds=30),
        signals=Told(),
        members={MEMBER},
    )
    for name, value in changes.items():
        setattr(account, name, value)
    return account


def shows(*ids: str, **changes) -> Snapshot:
    return Snapshot.of(NOW, [remote(**{"id": id_, "owner_uid": f"uid-{id_}", **changes}) for id_ in ids])


def listed(account: Account, *ids: str, held=HELD, expected=None) -> set[Key]:
    return account.listed(shows(*ids), Ids(held, set(held.values()) if expected is None else expected))


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


def news_of(account: Account, *ids: str, **changes) -> set[Key]:
    return account.listed(shows(*ids, **changes), Ids(HELD, set(HELD.values())))


def after_a_pass_each(account: Account) -> None:
    for key, id_ in HELD.items():
        account.note(key, id_)


def test_the_first_list_is_news_for_everybody_the_next_for_nobody():
    account = new_account()
    assert news_of(account, "1", "2", "3", "4") == set(HELD)
    after_a_pass_each(account)
    assert news_of(account, "1", "2", "3", "4") == set()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"version": "v2"}, id="a new version"),
        pytest.param({"word": "STOPPING", "state": RunState.STOPPING}, id="a new word"),
        pytest.param({"replicas": 1}, id="another number of replicas"),
    ],
)
def test_a_change_is_news_until_a_pass_has_seen_it(change):
    account = new_account()
    news_of(account, "1", "2", "3", "4")
    after_a_pass_each(account)
    changed = Snapshot.of(
        NOW,
        [
            remote(id="1", owner_uid="uid-1", **change),
            *(remote(id=id_, owner_uid=f"uid-{id_}") for id_ in "234"),
        ],
    )
    assert account.listed(changed, Ids(HELD, set(HELD.values()))) == {ONE}
    assert account.listed(changed, Ids(HELD, set(HELD.values()))) == {ONE}
    account.note(ONE, "1")
    assert account.listed(changed, Ids(HELD, set(HELD.values()))) == set()


def test_whose_uid_another_one_carries_too_is_news_while_that_changes():
    account, everybody = new_account(), Ids(HELD, set(HELD.values()))
    news_of(account, "1", "2", "3", "4")
    after_a_pass_each(account)
    twins = [*shows("1", "2", "3", "4").by_id.values(), remote(id="9", owner_uid="uid-1")]
    assert account.listed(Snapshot.of(NOW, twins), everybody) == {ONE}
    assert account.listed(Snapshot.of(NOW, twins), everybody) == set()
    leaving = [*twins[:-1], replace(twins[-1], state=RunState.DELETING)]
    assert account.listed(Snapshot.of(NOW, leaving), everybody) == {ONE}


def test_a_disappearance_is_news_once_seen_it_is_none():
    account = new_account()
    news_of(account, "1", "2", "3", "4")
    after_a_pass_each(account)
    assert news_of(account, "2", "3", "4") == {ONE}
    account.note(ONE, None)
    assert news_of(account, "2", "3", "4") == {ONE}
    account.note(ONE, "1")
    assert news_of(account, "2", "3", "4") == set()
    assert news_of(account, "1", "2", "3", "4") == {ONE}


def test_who_waits_for_a_list_hears_of_the_next_one_once():
    account = new_account()
    news_of(account, "1", "2", "3", "4")
    after_a_pass_each(account)
    waiting = Key(DEPLOYMENT, "team", "not-created")
    account.want_list(waiting)
    assert account.wake.is_set()
    assert news_of(account, "1", "2", "3", "4") == {waiting}
    assert news_of(account, "1", "2", "3", "4") == set()


def test_the_end_of_a_failure_is_news_for_everybody():
    account = new_account()
    news_of(account, "1", "2", "3", "4")
    after_a_pass_each(account)
    account.failed(Unavailable("no answer"))
    assert news_of(account, "1", "2", "3", "4") == set(HELD)


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


def test_whoever_begins_to_move_wakes_the_poller_also_beside_others():
    account = new_account()
    for key in (ONE, TWO):
        account.settle(key, is_moving=True)
        assert account.wake.is_set()
        account.wake.clear()
    account.settle(ONE, is_moving=True)
    assert not account.wake.is_set()
    account.settle(ONE, is_moving=False)
    account.forget(TWO)
    assert not account.moving


def test_after_a_get_that_shows_another_state_the_same_list_is_news():
    """An update that begins and ends within one second leaves no trace in a list whose times are whole seconds."""
    account = new_account()
    listed(account, *HELD.values())
    for key, id_ in HELD.items():
        account.note(key, id_)
    assert listed(account, *HELD.values()) == set()
    account.doubt(TWO)
    assert listed(account, *HELD.values()) == {TWO}


def test_two_keys_whose_lists_show_a_common_id_are_one_account():
    second = Key(PROVIDER, "team", "second")
    other = new_account(id="b", members={second}, snapshot=shows("2", "9"))
    account = new_account(snapshot=shows("1", "2"), others=lambda: (other,))
    assert account.all_members == {MEMBER, second}
    other.snapshot = shows("9")
    assert account.all_members == {MEMBER}


def test_of_what_changed_it_is_known_until_when_it_had_not():
    account = new_account()

    def list_at(minutes: int, version: str) -> None:
        begun = NOW + timedelta(minutes=minutes)
        found = Snapshot.of(begun, [remote(id="1", version=version)])
        account.listed(found, Ids({ONE: "1"}, {"1"}))

    list_at(0, "a")
    account.note(ONE, "1")
    list_at(1, "a")
    assert account.unchanged == {}
    list_at(2, "b")
    list_at(3, "c")
    assert account.unchanged == {ONE: NOW + timedelta(minutes=1)}, (
        "the last that the last pass would know again"
    )
    account.forget(ONE)
    assert account.unchanged == {}
