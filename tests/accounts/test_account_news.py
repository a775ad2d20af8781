"""For whom a LIST is news."""

from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator.accounts.account import Account, Snapshot
from model_operator.accounts.holders import Ids
from model_operator.domain import DEPLOYMENT, Key, RunState
from model_operator.errors import Unavailable
from support.account_lists import HELD, ONE, TWO, listed, new_account, shows
from support.situations import NOW, remote


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
