"""What a pass adds to the bill, and what LISTs between passes say about it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from model_operator.billing.accrual import Tally, Usage
from model_operator.domain import RunState
from model_operator.models.cost import Cost
from model_operator.models.metadata import Metadata
from model_operator.models.provider import ModelProvider
from model_operator.reconcile.deployment.bill import Bill, Shown, Times, billed, with_cost
from model_operator.reconcile.deployment.view import View
from support.situations import NOW, PAITIENT, remote, situation

MINUTE = timedelta(minutes=1)
CHECKPOINT = Cost(
    currency="USD",
    per_hour=Decimal(12),
    accrued=Decimal(0),
    uncertain=Decimal(0),
    at=NOW - 60 * MINUTE,
    period="2026-03",
)
SPEC = {
    "type": "paitient",
    "credentials": {"secretRef": {"name": "key"}},
    "prices": [{"match": "*", "perReplicaHour": "6", "currency": "USD"}],
}
PROVIDER = ModelProvider.parse({"metadata": {"name": "acme"}, "spec": SPEC})


UNPRICED = ModelProvider.parse({"metadata": {"name": "acme"}, "spec": {**SPEC, "prices": None}})


def after_a_pass(bill, times, *, view=None, machine="g5", provider=PROVIDER, awaited=None, **shown):
    """The bill; the provider shows that, two replicas where nothing else is said."""
    s = situation(capabilities=PAITIENT, remote=remote(machine=machine, **shown))
    status = s.status.with_(cost=CHECKPOINT)
    what = Shown(
        s=s,
        metadata=Metadata(name="llama"),
        provider=provider,
        view=view or View(),
        now=NOW,
        awaited=awaited,
    )
    return billed(bill.looks(times), status, status, what)


def counted(**changes):
    """The bill of a process that has seen two replicas at the checkpoint."""
    tally = Tally(cost=CHECKPOINT, sure_at=CHECKPOINT.at, usage=Usage("g5", Decimal(2)))
    return Bill(tally=tally, is_counted=True, **changes)


@pytest.mark.parametrize(
    ("bill", "expected"),
    [
        pytest.param(counted(), NOW - MINUTE, id="it goes on until the LIST that shows what was counted"),
        pytest.param(
            Bill(tally=Tally.of(CHECKPOINT)), CHECKPOINT.at, id="not where what was seen is not in the tally"
        ),
    ],
)
def test_a_list_that_shows_the_same_extends_what_is_known(bill, expected):
    times = Times(listed_at=NOW - MINUTE, unchanged=NOW - MINUTE)
    found = after_a_pass(bill, times, changed_at=NOW - 30 * MINUTE, fields={}, is_full=False)
    assert found.tally.sure_at == expected
    assert found.is_counted is (expected != CHECKPOINT.at)


def test_a_change_that_could_not_be_counted_yet_is_a_gap_at_the_next_look():
    half = NOW - 30 * MINUTE
    times = Times(listed_at=NOW - 2 * MINUTE, unchanged=half, has_changed=True)
    bill = after_a_pass(counted(), times, changed_at=half + MINUTE, fields={}, is_full=False)
    assert (bill.had_change, bill.tally.cost) == (True, CHECKPOINT)
    found = after_a_pass(
        bill, Times(listed_at=NOW - MINUTE, unchanged=NOW - MINUTE), changed_at=half + MINUTE
    )
    assert found.tally.cost.accrued == Decimal("11.8")
    assert Decimal("5.7") < found.tally.cost.uncertain < Decimal("6.1"), "half an hour of two replicas"


def test_what_no_reply_shows_of_an_update_is_a_gap_from_the_look_before_it():
    """A LIST and a GET that lag show what was before it, for as long as they like."""
    sent, old = NOW - 30 * MINUTE, Times(listed_at=NOW - MINUTE, unchanged=NOW - MINUTE)
    before = after_a_pass(counted(), Times(listed_at=sent, unchanged=sent), awaited=sent)
    assert (before.tally.sure_at, before.is_counted) == (sent, False)
    bill = after_a_pass(before, old, awaited=sent)
    assert (bill.tally, bill.is_counted, bill.had_change) == (before.tally, False, True)
    found = after_a_pass(bill, Times(listed_at=NOW), changed_at=sent, fields={"replicas": 4}, replicas=4)
    assert (found.tally.cost.per_hour, found.tally.cost.accrued) == (24, 18)
    assert found.tally.cost.uncertain == 12


def test_one_that_failed_is_billed_by_what_was_sent_after_a_restart():
    """A LIST shows no replicas; of what serves it is not known that those that were sent still stand, and the rate goes on."""
    restarted, times = Bill(tally=Tally.of(CHECKPOINT)), Times(listed_at=NOW - MINUTE)
    changed = {"changed_at": NOW - 30 * MINUTE, "fields": {}, "is_full": False}
    assert after_a_pass(restarted, times, **changed).tally.cost == CHECKPOINT
    found = after_a_pass(restarted, times, state=RunState.FAILED, **changed).tally
    assert found.cost.per_hour == 0
    assert found.cost.uncertain >= 6


def test_a_price_that_is_gone_adds_nothing_more_where_no_reply_names_a_machine_either():
    tally = Tally(cost=CHECKPOINT, sure_at=CHECKPOINT.at, usage=Usage(None, Decimal(2)))
    bill = Bill(tally=tally, is_counted=True)
    times = Times(listed_at=NOW, unchanged=NOW)
    found = after_a_pass(bill, times, machine=None, provider=UNPRICED)
    assert (found.tally.cost.per_hour, found.tally.cost.accrued) == (0, 12)
    listed = after_a_pass(bill, times, machine=None, provider=UNPRICED, is_full=False)
    assert listed.tally.cost == CHECKPOINT, "a LIST may leave the machine out"


def test_a_heartbeat_is_no_change():
    times = Times(listed_at=NOW, unchanged=NOW - MINUTE, has_changed=True)
    assert after_a_pass(counted(), times, view=View(beats=2)).tally.cost == CHECKPOINT
    assert after_a_pass(counted(), times).tally.cost != CHECKPOINT


def test_a_status_gets_a_checkpoint_for_news_or_with_another_write_and_else_keeps_the_old_one():
    bill = after_a_pass(counted(), Times(listed_at=NOW))
    before = situation().status.with_(cost=CHECKPOINT)
    assert with_cost(bill, before, before)[1] is before
    _, with_write = with_cost(bill, before, before.with_(phase="Updating"))
    assert (with_write.cost.at, with_write.cost.accrued) == (NOW, 12)
    scaled = after_a_pass(counted(), Times(listed_at=NOW), fields={"replicas": 1}, replicas=1)
    assert with_cost(scaled, before, before)[1].cost.per_hour == 6
