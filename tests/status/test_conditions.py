"""Conditions: one per type, a transition time that moves with the status alone, and deadlines that are kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from model_operator.conditions import ConditionType, Reason
from model_operator.domain import RunState
from model_operator.errors import NotAccepted, Unavailable
from model_operator.models.status import Condition
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.situation import Observed
from model_operator.plan.verdict import Verdict
from model_operator.status.conditions import merge
from model_operator.status.deployment import time_left
from support.situations import (
    NOW,
    PAITIENT,
    PARASAIL,
    changed,
    created,
    later,
    remote,
    serving_since_long,
    situation,
    status_of,
    told,
    untouched,
)

EARLIER = NOW - timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NEVER = situation(None, status=untouched(), error=NotAccepted(Reason.PROVIDER_NOT_FOUND, "no ModelProvider"))
STARTING = situation(RunState.STARTING)


def one(status: str, reason: str = "Synced", message: str = "x") -> Condition:
    return Condition(
        type="Synced",
        status=status,
        reason=reason,
        message=message,
        observed_generation=1,
        last_transition_time=EARLIER,
    )


@pytest.mark.parametrize(
    ("before", "verdict", "moved"),
    [
        pytest.param([], Verdict(True, Reason.SYNCED, "x"), True, id="first"),
        pytest.param([one("True")], Verdict(True, Reason.SYNCED, "x"), False, id="the same"),
        pytest.param([one("True")], Verdict(True, Reason.SYNCED, "y"), False, id="another message"),
        pytest.param([one("False")], Verdict(False, Reason.UPDATING, "x"), False, id="another reason"),
        pytest.param([one("True")], Verdict(False, Reason.UPDATING, "x"), True, id="True → False"),
        pytest.param([one("True")], Verdict(None, Reason.UNKNOWN, "x"), True, id="True → Unknown"),
        pytest.param([one("Unknown")], Verdict(False, Reason.SYNCED, "x"), True, id="Unknown → False"),
    ],
)
def test_the_transition_time_moves_when_the_status_flips(before, verdict, moved):
    (after,) = merge(before, {ConditionType.SYNCED: verdict}, 7, NOW)
    assert after.last_transition_time == (NOW if moved else EARLIER)
    assert (after.reason, after.message) == (verdict.reason, verdict.message)
    assert after.observed_generation == 7


def test_times_are_whole_seconds():
    (after,) = merge(
        [], {ConditionType.SYNCED: Verdict(True, Reason.SYNCED, "x")}, 1, NOW + timedelta(microseconds=7)
    )
    assert after.last_transition_time == NOW


def test_a_long_message_is_cut():
    (after,) = merge([], {ConditionType.SYNCED: Verdict(True, Reason.SYNCED, "x" * 5000)}, 1, NOW)
    assert len(after.message) == 1024


def test_types_that_nobody_speaks_of_go():
    foreign = one("True").model_copy(update={"type": "Foreign"})
    after = merge([foreign, one("True")], {ConditionType.SYNCED: Verdict(True, Reason.SYNCED, "x")}, 1, NOW)
    assert [condition.type for condition in after] == ["Synced"]


@pytest.mark.parametrize(
    ("s", "grace", "reason"),
    [
        pytest.param(NEVER, MINUTE, Reason.PROVIDER_NOT_FOUND, id="not accepted: 60 s"),
        pytest.param(
            STARTING,
            timedelta(minutes=30),
            Reason.PROGRESS_DEADLINE_EXCEEDED,
            id="starting: progressDeadline",
        ),
        pytest.param(
            changed(STARTING, progress_deadline=5 * MINUTE),
            5 * MINUTE,
            Reason.PROGRESS_DEADLINE_EXCEEDED,
            id="a progressDeadline of its own",
        ),
        pytest.param(
            situation(wanted=False, delete_at=NOW, status=serving_since_long()),
            timedelta(minutes=30),
            Reason.PROGRESS_DEADLINE_EXCEEDED,
            id="a deletion that takes too long",
        ),
    ],
)
def test_work_that_takes_too_long_is_stalled_at_its_deadline_and_not_before(s, grace, reason):
    just_before = later(s, grace - timedelta(seconds=1))
    assert told(status_of(just_before))["Reconciling"].startswith("True")
    assert time_left(just_before, decide(just_before)) == timedelta(seconds=1)
    at_last = later(s, grace)
    assert told(status_of(at_last))["Stalled"] == f"True {reason}"
    assert told(status_of(at_last))["Reconciling"] == "False Idle"
    still = later(at_last, timedelta(hours=5))
    assert status_of(still).conditions == status_of(at_last).conditions


def test_success_after_the_deadline_ends_stalled():
    stalled = later(STARTING, timedelta(minutes=30))
    served = later(stalled, observed=situation().observed)
    assert told(status_of(served))["Stalled"] == "False NotStalled"
    assert told(status_of(served))["Ready"] == "True Available"


def test_an_outage_neither_ends_the_work_nor_gives_it_a_new_deadline():
    silence = Observed(error=Unavailable("no answer"))
    blind = later(later(STARTING), timedelta(minutes=20), observed=silence)
    assert told(status_of(blind))["Ready"] == "Unknown ProviderUnavailable"
    assert told(status_of(blind))["Reconciling"] == "True ProviderUnavailable"
    back = later(blind, timedelta(minutes=11), observed=STARTING.observed)
    assert told(status_of(back))["Stalled"] == "True ProgressDeadlineExceeded"
    blind_again = later(back, observed=silence)
    assert told(status_of(blind_again))["Stalled"] == "True ProgressDeadlineExceeded"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"generation": 4}, id="an edit"),
        pytest.param({"wanted": False, "generation": 4}, id="a deletion"),
    ],
)
def test_new_work_has_a_new_deadline(change):
    stalled = later(STARTING, timedelta(minutes=30))
    renewed = later(stalled, **change)
    assert told(status_of(renewed))["Stalled"] == "False NotStalled"
    assert told(status_of(renewed))["Reconciling"].startswith("True")


def test_a_changed_reason_is_still_the_same_work():
    stalled = later(STARTING, timedelta(minutes=30))
    few = later(stalled, remote=replace(situation().observed.remote, replicas=1))
    assert told(status_of(few))["Ready"] == "False Updating"
    assert told(status_of(few))["Stalled"] == "True ProgressDeadlineExceeded"


def test_what_only_a_person_can_help_needs_no_deadline():
    s = situation(RunState.FAILED)
    assert time_left(s, decide(s)) is None


WHAT_NEXT = "Edit the spec, or delete this object and apply it again."


@pytest.mark.parametrize(
    ("capabilities", "said"),
    [
        (PARASAIL, f'The provider reports "ERROR". {WHAT_NEXT}'),
        (
            PAITIENT,
            f'The provider reports "ERROR". `model-operator logs llama -n team` may say why. {WHAT_NEXT}',
        ),
    ],
    ids=["there are no logs", "there are"],
)
def test_a_failure_without_a_reason_says_where_one_may_be(capabilities, said):
    failed = status_of(situation(RunState.FAILED, capabilities=capabilities))
    assert failed.condition("Serving").message == failed.condition("Ready").message == said


def test_a_failure_with_a_reason_says_that():
    seen = remote(RunState.FAILED, message="no such model")
    failed = status_of(situation(RunState.FAILED, capabilities=PAITIENT, remote=seen))
    assert failed.condition("Serving").message == f'The provider reports "ERROR": no such model. {WHAT_NEXT}'


def test_lists_without_end_at_the_provider_are_drift_of_a_bearable_length():
    """A condition's message has at most 32,768 characters, and a status must fit into etcd."""
    theirs = {f"parasail.list{n}": tuple("x" * 500 for _ in range(1000)) for n in range(8)}
    ours = dict.fromkeys(theirs, ("a",))
    seen = remote(fields={**remote().fields, **theirs})
    s = situation(status=created(last_applied=ours), remote=seen, fields={**remote().fields, **ours})
    for corrects_drift in (True, False):
        found = status_of(changed(s, corrects_drift=corrects_drift))
        assert found.condition("Synced").reason in ("Updating", "DriftReported")
        assert len(found.model_dump_json()) < 16_000


def test_an_outage_says_when_it_began_and_when_it_ended():
    ready = serving_since_long()
    out = changed(situation(status=ready), observed=replace(NEVER.observed, error=Unavailable("no answer")))
    during = status_of(out)
    assert during.condition("Ready").last_transition_time == NOW
    back = status_of(later(out, MINUTE, observed=situation().observed))
    assert back.condition("Ready").last_transition_time == NOW + MINUTE
    assert back.condition("Accepted").last_transition_time == ready.condition("Accepted").last_transition_time


def test_what_applications_use_stays_while_nothing_is_known_and_counts_stop_when_it_is_gone():
    ready = serving_since_long()
    assert (ready.replicas, ready.provider_state, ready.endpoint_url) == (
        2,
        "ONLINE",
        "https://api.parasail.io/v1",
    )
    blind = status_of(situation(None, status=ready, error=Unavailable("no answer")))
    assert (blind.replicas, blind.provider_state, blind.external_alias) == (2, "ONLINE", "acme-llama")
    gone = status_of(situation(RunState.GONE, status=ready))
    assert (gone.replicas, gone.provider_state, gone.external_id) == (0, None, "33665")


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.STARTING])
def test_no_replica_runs_while_it_is_stopped_or_starts(state):
    assert status_of(situation(state, status=created())).replicas == 0
