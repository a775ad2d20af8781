"""Whether a deployment is found idle in one pass: what has to hold besides what the metrics show."""

from datetime import timedelta

import pytest

from model_operator.conditions import ConditionType
from model_operator.domain import RunState
from model_operator.idleness import IdleAction, IdleRule
from model_operator.models.idle import IdleRecord
from model_operator.modes import Mode
from model_operator.plan.deployment.announcing import lead, next_read
from model_operator.plan.deployment.idle import first_read, next_turn, noted, question
from model_operator.plan.deployment.requests import Evidence, Requests
from support.situations import (
    LONG_AGO,
    NOW,
    PAITIENT,
    PARASAIL,
    changed,
    created,
    remote,
    serving_since_long,
    situation,
    status_of,
    told,
)

HOUR = timedelta(hours=1)
RULE = IdleRule(after=24 * HOUR, then=IdleAction.MIN_REPLICAS)
FRESH = IdleRecord(generation=3, counts_from=LONG_AGO)
QUIET = Evidence(LONG_AGO, NOW - 0.1 * HOUR, None, NOW)
FOUND = FRESH.with_(since=LONG_AGO, until=NOW - 0.1 * HOUR, found_at=NOW - 0.05 * HOUR, deployment="33665")
USED = Evidence(None, None, NOW, NOW)


def unused(record=FRESH, evidence=QUIET, **changes):
    """Two days without a request, and a rule of one; it has served for as long."""
    status = serving_since_long(idle=record)
    s = situation(
        status=status,
        idle=RULE,
        capabilities=PAITIENT,
        requests=Requests(evidence=evidence, has_read=True, read_at=NOW),
    )
    return changed(s, **changes)


def test_two_days_without_a_request_are_more_than_one():
    found = FRESH.with_(since=LONG_AGO, until=QUIET.quiet_until, found_at=NOW, deployment="33665")
    assert noted(unused()) == found
    assert told(status_of(unused()))["Idle"] == "True NoRequests"
    assert next_turn(unused()) == NOW + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"evidence": None}, "False NotIdle"),
        ({"evidence": USED}, "False NotIdle"),
        ({"evidence": Evidence(NOW - 23 * HOUR, NOW, None, NOW)}, "False NotIdle"),
        ({"record": FRESH.with_(counts_from=NOW - 23 * HOUR)}, "False NotIdle"),
        ({"guard": "CanaryEndpoint triage"}, "False InUse"),
        ({"idle": IdleRule(after=24 * HOUR, then=RULE.then, counts=False)}, "False OutsideActiveHours"),
        ({"idle": IdleRule(after=24 * HOUR, then=RULE.then, not_before=NOW - HOUR)}, "False NotIdle"),
        ({"capabilities": PARASAIL}, "Unknown Unsupported"),
        ({"requests": Requests(problem="No.", evidence=None)}, "Unknown MetricsUnavailable"),
    ],
    ids=[
        "nothing was read",
        "it is used",
        "not for so long",
        "the edit was later",
        "a canary needs it",
        "outside its hours",
        "its hours began later",
        "a provider without such metrics",
        "metrics that cannot be read",
    ],
)
def test_what_is_not_idle(changes, word):
    s = unused(**changes)
    assert noted(s) == s.status.idle
    assert told(status_of(s))["Idle"] == word


def test_one_that_did_not_serve_the_whole_time_is_not_idle():
    s = unused(status=status_of(situation(now=NOW - HOUR)).with_(idle=FRESH))
    assert noted(s) == FRESH


@pytest.mark.parametrize("state", [RunState.STARTING, RunState.FAILED, RunState.STOPPED, RunState.UNKNOWN])
def test_one_that_does_not_serve_is_neither_read_nor_found_idle(state):
    s = unused(remote=remote(state))
    assert (question(s), noted(s)) == (None, FRESH)


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": USED},
        {"guard": "CanaryEndpoint triage"},
        {"idle": IdleRule(after=24 * HOUR, then=RULE.then, counts=False)},
        {"record": FOUND.with_(deployment="another")},
        {"record": FOUND.with_(found_at=NOW + HOUR)},
    ],
    ids=["a request", "a canary", "outside its hours", "another deployment", "by a clock that was ahead"],
)
def test_what_ends_idleness(changes):
    assert noted(unused(**{"record": FOUND, **changes})) == FRESH


@pytest.mark.parametrize("evidence", [None, QUIET])
def test_what_does_not_end_it(evidence):
    s = unused(FOUND, evidence)
    assert (noted(s), told(status_of(s))["Idle"]) == (FOUND, "True NoRequests")


def test_without_metrics_for_half_an_hour_the_time_begins_again():
    s = unused(FOUND, requests=Requests(problem="No.", blind_since=NOW - HOUR / 2))
    assert noted(s) == FRESH.with_(counts_from=NOW)


@pytest.mark.parametrize("record", [None, FOUND.with_(generation=2), FRESH.with_(counts_from=NOW + HOUR)])
def test_a_new_generation_begins_now(record):
    assert noted(unused(record)) == IdleRecord(generation=3, counts_from=NOW)


def test_without_a_rule_nothing_stays_on_record():
    status = status_of(unused(FOUND, idle=None))
    assert (status.idle, "Idle" in told(status)) == (None, False)


def test_in_mode_suspend_what_was_found_stays():
    assert noted(unused(FOUND, evidence=None, mode=Mode.SUSPEND)) == FOUND


@pytest.mark.parametrize("then", IdleAction)
@pytest.mark.parametrize("found", [None, 0.1 * HOUR])
def test_times_are_said_to_the_second(then, found):
    late = timedelta(microseconds=3)
    record = FRESH.with_(counts_from=LONG_AGO + late)
    if found is not None:
        record = FOUND.with_(since=LONG_AGO + late, found_at=NOW - found + late)
    due = record.found_at if then is IdleAction.EXPIRE else None
    s = unused(record, evidence=None, idle=IdleRule(after=RULE.after, then=then), expires_at=due)
    said = " ".join(one.message for one in status_of(s).conditions)
    assert ("Z" in said, ".000003" in said) == (True, False)


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.SUSPEND])
@pytest.mark.parametrize(
    ("then", "said"),
    [
        (IdleAction.MIN_REPLICAS, "Its replicas are left as they are"),
        (IdleAction.EXPIRE, "It is not deleted"),
    ],
)
def test_in_another_mode_what_is_idle_is_not_said_to_be_changed(mode, then, said):
    s = unused(FOUND, evidence=None, mode=mode, idle=IdleRule(after=RULE.after, then=then))
    message = status_of(s).condition(ConditionType.IDLE).message
    assert message.endswith(f'. {said}, because ModelProvider "acme" is in mode {mode}.')


@pytest.mark.parametrize(
    ("after", "length"),
    [(HOUR, timedelta(minutes=2.5)), (24 * HOUR, HOUR), (HOUR / 6, timedelta(minutes=1))],
)
def test_it_is_asked_for_in_buckets_that_many_of_make_up_the_time(after, length):
    asked = question(unused(idle=IdleRule(after=after, then=RULE.then)))
    assert asked is not None
    assert (asked.end, asked.interval) == (NOW, length)
    assert asked.end - asked.start == after + timedelta(minutes=2) + 3 * length


def test_one_that_is_idle_is_watched_since_it_was_found():
    asked = question(unused(FOUND))
    assert asked is not None
    assert (asked.start, asked.end, asked.interval) == (FOUND.until, NOW, timedelta(minutes=1))


FIRST, LAST = NOW.replace(year=1, month=1, day=1, hour=0), NOW.replace(year=9999, month=12, day=31, hour=23)


@pytest.mark.parametrize("time", [FIRST, LAST])
@pytest.mark.parametrize("then", list(IdleAction))
def test_times_at_the_ends_of_the_calendar_are_times(time, then):
    """Somebody has edited the status."""
    rule = IdleRule(after=24 * HOUR, then=then)
    for record in (FRESH.with_(counts_from=time), FOUND.with_(since=time, until=time, found_at=time)):
        s = unused(record, evidence=None, idle=rule)
        assert first_read(s) is not None
        assert question(s) is not None
        assert noted(s) is not None
        assert told(status_of(s))["Idle"] in ("False NotIdle", "True NoRequests")


def test_what_is_not_seen_brings_no_pass_of_its_own():
    """Its status is kept as it is meanwhile, so that what is noted would be news in each pass."""
    assert next_turn(unused(None)) == NOW + timedelta(seconds=2)
    assert next_turn(unused(None, remote=None)) is None


def test_one_that_begins_to_serve_is_looked_at_when_its_first_reading_is_due():
    s = changed(situation(status=created(idle=FRESH), idle=RULE, capabilities=PAITIENT))
    assert (told(status_of(s))["Serving"], next_turn(s)) == ("True Serving", NOW + HOUR / 6)


@pytest.mark.parametrize(
    ("after", "quiet_for", "expiring"),
    [
        pytest.param(24 * HOUR, 17 * HOUR, None, id="a day: more than a quarter is left"),
        pytest.param(24 * HOUR, 19 * HOUR, "True ExpiresWithinDay", id="a day: the last quarter"),
        pytest.param(24 * HOUR, 23.5 * HOUR, "True ExpiresWithinHour", id="a day: the last hour"),
    ],
)
def test_an_expiry_is_announced_a_day_before_it_or_in_the_last_quarter(after, quiet_for, expiring):
    seen = Evidence(NOW - quiet_for, NOW - 0.05 * HOUR, None, NOW)
    rule = IdleRule(after=after, then=IdleAction.EXPIRE)
    s = changed(unused(FRESH, seen), idle=rule)
    assert told(status_of(s)).get("Expiring") == expiring
    assert (
        told(status_of(changed(s, idle=IdleRule(after=after, then=IdleAction.MIN_REPLICAS)))).get("Expiring")
        is None
    )


def test_a_long_one_is_announced_a_day_before_it_and_read_every_few_hours_from_then_on():
    rule = IdleRule(after=720 * HOUR, then=IdleAction.EXPIRE)
    assert lead(rule) == 24 * HOUR
    assert next_read(rule, NOW + 30 * HOUR, NOW) == NOW + 6 * HOUR
    assert next_read(rule, NOW + 20 * HOUR, NOW) == NOW + 4 * HOUR
    assert next_read(rule, NOW + 3 * HOUR, NOW) == NOW + 3 * HOUR


def test_an_earlier_date_is_what_is_announced():
    seen = Evidence(NOW - 19 * HOUR, NOW - 0.05 * HOUR, None, NOW)
    s = changed(unused(FRESH, seen), idle=IdleRule(after=24 * HOUR, then=IdleAction.EXPIRE))
    by_date = changed(s, expires_at=NOW + 0.5 * HOUR)
    later = changed(s, expires_at=NOW + 20 * HOUR)
    assert told(status_of(by_date))["Expiring"] == "True ExpiresWithinHour"
    assert "no request" in next(c.message for c in status_of(later).conditions if c.type == "Expiring")
