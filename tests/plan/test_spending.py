"""What a budget holds, situation by situation: never the word about a create that may have been sent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from model_operator.billing.purse import Allowance, Purse
from model_operator.domain import RunState
from model_operator.models.budget import ModelBudget
from model_operator.models.deployment_status import UNCHANGED, Pending
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.remembered import Creation, Underway
from model_operator.plan.deployment.situation import Situation, Update
from support.situations import NOW, look, missed, pending, remote, situation, told, untouched

HOUR = timedelta(hours=1)
SPEC = {"period": "Month", "limit": "10", "currency": "USD", "onExceeded": "BlockNew"}
SPENT = Purse(
    (
        Allowance(
            budget=ModelBudget.parse({"metadata": {"name": "team"}, "spec": SPEC}),
            left=Decimal(0),
            is_spent=True,
            span=HOUR,
            ends_at=NOW + HOUR,
        ),
    )
)
NO_KEY = 'Secret "hugging-face" does not exist in namespace team.'
LOST = pending(started=NOW - HOUR)
PROVEN = Creation(looks=missed(NOW - 10 * timedelta(minutes=1), NOW))


def lost(**changes: object) -> Situation:
    """A create was announced an hour ago, and nothing of it was seen since."""
    usual = {"status": untouched(pending=LOST), "creation": PROVEN, "listed_at": NOW, "purse": SPENT}
    return situation(None, **(usual | changes))


@pytest.mark.parametrize("holds", [{"purse": SPENT}, {"missing_key": NO_KEY}], ids=["budget", "access key"])
def test_that_a_create_may_have_been_sent_is_written_down_whatever_holds_another(holds: dict) -> None:
    """Another process has put the finalizer on, and has died before it said a word."""
    step, status = look(situation(None, status=untouched(), has_finalizer=True, listed_at=NOW, **holds))
    assert isinstance(step.change.pending, Pending)
    assert (step.synced.reason, status.pending) == ("OutcomeUnknown", step.change.pending)


def test_a_create_that_provably_made_nothing_is_held_and_no_longer_announced() -> None:
    step, status = look(lost())
    assert (told(status)["Accepted"], step.change.pending, status.pending) == (
        "False BudgetExceeded",
        None,
        None,
    )


def test_what_this_process_has_announced_and_not_sent_is_held_too() -> None:
    written = pending()
    creation = Creation(underway=Underway.NOTHING, intent=NOW)
    s = lost(status=untouched(pending=written), creation=creation, fields={"replicas": 3})
    step = decide(s)
    assert (step.action, step.change.pending, step.accepted and step.accepted.reason) == (
        None,
        None,
        "BudgetExceeded",
    )


def test_where_nobody_can_look_what_was_announced_stays_so() -> None:
    step = decide(lost(can_list=False))
    assert (step.action, step.change.pending) == (None, UNCHANGED)


def scaling(least: int, most: int) -> dict[str, int]:
    return {"minReplicas": least, "maxReplicas": most}


@pytest.mark.parametrize(
    ("there", "wanted", "sent"),
    [
        pytest.param(scaling(2, 4), scaling(1, 8), scaling(1, 4), id="fewer at least, more at most"),
        pytest.param(scaling(1, 8), scaling(2, 4), scaling(1, 4), id="more at least, fewer at most"),
        pytest.param(3, scaling(1, 8), scaling(1, 3), id="of a fixed number"),
        pytest.param(scaling(2, 4), scaling(3, 8), None, id="more of both"),
        pytest.param(scaling(1, 8), 3, None, id="a fixed number between"),
        pytest.param(scaling(2, 4), scaling(1, 4), scaling(1, 4), id="fewer"),
    ],
)
def test_of_an_edit_of_both_bounds_the_half_that_lowers_the_bill_is_sent(
    there: Any, wanted: Any, sent: Any
) -> None:
    """All deployments are served, and the limit is spent."""
    running = remote(RunState.SERVING, fields={"replicas": there})
    s = situation(fields={"replicas": wanted}, purse=SPENT, remote=running)
    step = decide(s)
    changes = step.action.changes if isinstance(step.action, Update) else None
    is_held = step.synced is not None and step.synced.reason == "BudgetExceeded"
    assert (changes, is_held) == ({} if sent is None else {"replicas": sent}, wanted != sent)
