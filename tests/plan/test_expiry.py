"""What an expiry decides: noticed, final, over; and what is left alone."""

from datetime import timedelta

import pytest

from model_operator.conditions import ConditionType, Phase
from model_operator.domain import RunState
from model_operator.models.deployment_status import NO_CHANGE, UNCHANGED, Expired
from model_operator.models.wire import format_time
from model_operator.modes import Mode
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.expiry import NOTICE, next_turn, noted, over
from model_operator.plan.deployment.remembered import Creation, Underway
from model_operator.plan.deployment.situation import Create, Delete
from support.situations import (
    NOW,
    PAITIENT,
    created,
    look,
    pending,
    remote,
    situation,
    status_of,
    told,
    untouched,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = NOW - 5 * MINUTE
FRESH, FINAL = Expired(at=DUE, since=DUE), Expired(at=DUE, since=DUE, is_final=True)


@pytest.mark.parametrize(
    ("due", "before", "now", "after"),
    [
        (None, FINAL, NOW, None),
        (DUE, None, DUE - MINUTE, None),
        (DUE, None, DUE, FRESH),
        (DUE, FRESH, NOW, FRESH),
        (DUE, FRESH, DUE - MINUTE, None),
        (DUE, FINAL, NOW, FINAL),
        (DUE, FINAL, DUE - DAY, FINAL.with_(since=DUE - DAY)),
        (NOW + DAY, FINAL, NOW, None),
        (DUE - HOUR, FINAL, NOW, Expired(at=DUE - HOUR, since=NOW)),
        (DUE + MINUTE, FINAL, NOW, Expired(at=DUE + MINUTE, since=NOW)),
    ],
    ids=[
        "no expiry any more",
        "not yet",
        "at its time",
        "noticed before",
        "the clock was ahead for a moment",
        "final",
        "final, and the clock went back",
        "extended",
        "another time that has passed, earlier",
        "another time that has passed, later",
    ],
)
def test_what_is_noted_of_a_time_that_has_passed(due, before, now, after):
    assert noted(due, before, now) == after


def expired(state=RunState.SERVING, *, record=FRESH, **changes):
    """Its time was over five minutes ago."""
    status = changes.pop("status", None) or created()
    return over(situation(state, status=status.with_(expired=record), expires_at=DUE, **changes))


def test_it_is_final_after_a_minute_and_nothing_else_is_done_in_that_pass():
    step = decide(expired())
    assert (step.action, step.change.expired, step.look_again) == (None, FINAL, timedelta())
    early = decide(expired(record=FRESH.with_(since=NOW - NOTICE + timedelta(seconds=1))))
    assert early.change.expired is UNCHANGED


def test_what_is_final_is_deleted_and_says_so():
    s = expired(record=FINAL)
    step, status = look(s)
    assert isinstance(step.action, Delete)
    assert (s.wanted, s.stays, status.expired) == (False, True, FINAL)
    assert told(status)["Ready"] == "False Deleting"
    assert told(status)["Expiring"] == "True Expired"


def test_what_is_gone_leaves_nothing_in_the_status():
    status = status_of(expired(RunState.GONE, record=FINAL))
    assert (status.external_id, status.last_applied, status.external_alias, status.phase) == (
        None,
        None,
        None,
        Phase.EXPIRED,
    )
    assert told(status)["Ready"] == "True Expired"


@pytest.mark.parametrize("record", [None, FRESH, FINAL])
def test_with_orphan_policy_nothing_is_recorded_as_final_and_nothing_deleted(record):
    s = expired(record=record, orphans=True)
    step, status = look(s)
    assert (step.action, s.wanted, step.change.expired) == (None, True, UNCHANGED)
    assert told(status)["Ready"] == "True Available"
    assert told(status)["Expiring"] == "True Expired"
    assert "deletionPolicy is Orphan" in next(c.message for c in status.conditions if c.type == "Expiring")


def test_what_traffic_goes_to_is_kept_and_looked_at_again():
    s = expired(guard="CanaryEndpoint triage")
    step, status = look(s)
    assert (step.action, step.change.expired) == (None, UNCHANGED)
    assert told(status)["Expiring"] == "True InUse"
    assert next_turn(s) == NOW + s.timing.poll_interval


def test_traffic_that_came_after_it_was_final_keeps_it_too():
    step = decide(expired(record=FINAL, guard="CanaryEndpoint triage"))
    assert (step.action, step.synced.reason) == (None, "InUse")


def test_an_intent_that_was_written_in_time_is_not_sent_after_it():
    written = pending(started=NOW)
    s = expired(
        None,
        status=untouched(pending=written),
        record=FRESH.with_(since=NOW),
        listed_at=NOW,
        creation=Creation(underway=Underway.NOTHING, intent=NOW),
    )
    step = decide(s)
    assert not isinstance(step.action, Create)
    assert (step.change.pending, step.phase) == (None, Phase.EXPIRED)


def test_an_id_is_recorded_before_it_is_final():
    made = remote(id="77")
    s = expired(None, status=untouched(), listed_at=NOW, candidates=(made,))
    step = decide(s)
    assert (step.change.external_id, step.change.expired) == ("77", UNCHANGED)


def test_nothing_is_created_that_has_expired_already():
    step = decide(situation(None, status=untouched(), expires_at=DUE, listed_at=NOW))
    assert (step.action, step.phase) == (None, Phase.EXPIRED)


@pytest.mark.parametrize(
    ("left", "condition", "turn"),
    [
        (3 * DAY, "False NotExpiring", 2 * DAY),
        (DAY + MINUTE, "False NotExpiring", MINUTE),
        (DAY, "True ExpiresWithinDay", 23 * HOUR),
        (HOUR, "True ExpiresWithinHour", HOUR),
        (MINUTE, "True ExpiresWithinHour", MINUTE),
        (timedelta(0), "True Expired", NOTICE),
    ],
)
def test_it_is_announced_by_its_time(left, condition, turn):
    s = situation(expires_at=NOW + left)
    assert told(status_of(s))["Expiring"] == condition
    assert next_turn(s) == NOW + turn


def test_times_at_the_ends_of_the_calendar_are_times():
    first, last = (
        NOW.replace(year=1, month=1, day=1, hour=0),
        NOW.replace(year=9999, month=12, day=31, hour=23),
    )
    assert told(status_of(situation(expires_at=first)))["Expiring"] == "True Expired"
    assert told(status_of(situation(expires_at=last)))["Expiring"] == "False NotExpiring"
    assert next_turn(situation(expires_at=first)) == NOW + NOTICE
    assert next_turn(situation(expires_at=last)) == last - DAY


@pytest.mark.parametrize("record", [FRESH, FINAL])
def test_in_mode_observe_nothing_is_recorded_nor_deleted_nor_let_go(record):
    s = expired(record=record, mode=Mode.OBSERVE)
    step, status = look(s)
    assert (step.action, step.change) == (None, NO_CHANGE)
    assert (status.external_id, told(status)["Expiring"]) == ("33665", "True Expired")
    assert next_turn(s) is None


def test_in_mode_observe_what_has_expired_and_is_gone_is_said_to_have():
    status = status_of(expired(RunState.GONE, mode=Mode.OBSERVE))
    assert (status.external_id, told(status)["Ready"]) == ("33665", "True Expired")


@pytest.mark.parametrize("record", [FRESH, FINAL])
def test_what_another_cluster_has_taken_over_is_its_own_to_expire(record):
    s = expired(record=record, status=created(lost_to_epoch=7), capabilities=PAITIENT)
    step, status = look(s)
    assert (step.action, status.external_id, s.wanted) == (None, "33665", True)
    assert told(status)["Ready"] == "False ExternalIDTaken"


def test_what_is_seen_to_be_taken_over_after_the_end_was_final_is_not_let_go():
    theirs = remote(epoch=7, owner_uid="somebody")
    s = expired(record=FINAL, remote=theirs, capabilities=PAITIENT)
    step, status = look(s)
    assert (step.action, status.external_id, status.lost_to_epoch) == (None, "33665", 7)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"mode": Mode.OBSERVE}, 'ModelProvider "acme" is in mode Observe'),
        ({"mode": Mode.SUSPEND}, 'ModelProvider "acme" is in mode Suspend'),
        ({"status": created(lost_to_epoch=7), "capabilities": PAITIENT}, "another cluster has taken it over"),
    ],
)
def test_what_this_process_does_not_delete_is_not_said_to_be_deleted(changes, why):
    s = expired(record=FRESH, **changes)
    said = status_of(s).condition(ConditionType.EXPIRING).message
    assert said == f"The deployment has expired at {format_time(DUE)}. It is not deleted, because {why}."
    ahead = situation(**{"status": created(), **changes}, expires_at=NOW + MINUTE)
    soon = status_of(ahead).condition(ConditionType.EXPIRING).message
    assert f"; it is then left as it is ({why})." in soon
