"""Events: on transitions only, a Warning when something is wrong, and never twice the same."""

from datetime import timedelta

import pytest

from model_operator.conditions import Reason
from model_operator.domain import RunState
from model_operator.errors import QuotaExceeded, Unavailable
from model_operator.models.deployment import RemoteEndpoint
from model_operator.models.status import Status, condition
from model_operator.plan.canary.situation import Notice
from model_operator.plan.deployment.situation import Observed
from model_operator.status.events import Event, of_canary, of_deployment, of_transition
from support.situations import (
    NOW,
    changed,
    created,
    failure,
    later,
    remote,
    serving_since_long,
    situation,
    status_of,
    untouched,
)

READY = serving_since_long()
SERVING = situation(status=READY)
NEW = untouched()
REFUSED = situation(None, status=NEW, listed_at=None, can_list=True, failure=failure(QuotaExceeded("4 GPUs")))


def kinds(before, after) -> list[tuple[str, str]]:
    return [(event.type, event.reason) for event in of_deployment(before, after)]


def after(s):
    return status_of(s)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param(
            NEW, after(situation(None, status=NEW, listed_at=SERVING.now)), [], id="announced: quiet"
        ),
        pytest.param(NEW, after(situation(RunState.STARTING)), [("Normal", "Created")], id="the id appears"),
        pytest.param(
            after(situation(RunState.STARTING)), after(SERVING), [("Normal", "Available")], id="it serves"
        ),
        pytest.param(NEW, after(REFUSED), [("Warning", "QuotaExceeded")], id="refused"),
        pytest.param(
            after(situation(RunState.STARTING)),
            after(situation(remote=remote(RunState.STARTING, shortage=Reason.QUOTA_EXCEEDED))),
            [("Warning", "QuotaExceeded")],
            id="it starts, and has to wait for quota",
        ),
        pytest.param(
            READY,
            after(changed(SERVING, observed=Observed(error=Unavailable("no answer")))),
            [("Warning", "ProviderUnavailable")],
            id="an outage",
        ),
        pytest.param(READY, after(changed(SERVING, paused=True)), [("Normal", "Pausing")], id="pausing"),
        pytest.param(
            READY,
            after(changed(SERVING, observed=situation(RunState.FAILED).observed)),
            [("Warning", "Failed")],
            id="it fails",
        ),
        pytest.param(
            after(situation(RunState.STARTING)),
            after(later(situation(RunState.STARTING), timedelta(minutes=30))),
            [("Warning", "ProgressDeadlineExceeded")],
            id="it takes too long",
        ),
        pytest.param(
            after(later(situation(RunState.STARTING), timedelta(minutes=30))),
            after(SERVING),
            [("Normal", "Available")],
            id="at last",
        ),
        pytest.param(
            after(REFUSED),
            after(changed(REFUSED, failure=failure(QuotaExceeded("other words")))),
            [],
            id="refused again, in other words",
        ),
        pytest.param(READY, READY, [], id="nothing"),
        pytest.param(
            READY, after(changed(SERVING, now=SERVING.now + timedelta(days=1))), [], id="nothing, a day later"
        ),
        pytest.param(
            READY,
            READY.model_copy(update={"replicas": 1, "provider_state": "UP"}),
            [],
            id="only numbers moved",
        ),
    ],
)
def test_a_transition_is_worth_an_event_and_nothing_else_is(before, now, expected):
    assert kinds(before, now) == expected


def test_a_message_of_the_same_reason_is_no_transition():
    one = after(changed(SERVING, fields={"replicas": 3, "contextLength": 4096}))
    two = after(changed(SERVING, fields={"replicas": 4, "contextLength": 4096}))
    assert one != two
    assert of_transition(one, two) == ()


def test_an_endpoint_that_stays_behind_is_named():
    before = created(endpoint=RemoteEndpoint(id="ep_1", url="https://example.com/ep_1"))
    (event,) = of_deployment(before, before.model_copy(update={"endpoint": None}))
    assert event == Event("Warning", "EndpointOrphaned", event.message)
    assert "ep_1" in event.message


WELL = {
    Reason.ACCEPTED,
    Reason.AVAILABLE,
    Reason.UPDATING,
    Reason.PAUSING,
    Reason.PAUSED,
    Reason.RESUMING,
    Reason.SCALED_DOWN,
    Reason.OUTSIDE_ACTIVE_HOURS,
    Reason.OBSERVED,
    Reason.SUSPENDED,
    Reason.EXPIRED,
    Reason.DELETING,
    Reason.IN_USE,
}
STATIONS = {Reason.PENDING, Reason.CREATING, Reason.STARTING, Reason.TARGET_NOT_READY}


def saying(ready: Reason, *, is_true: bool = False, stalled: bool = False) -> Status:
    """A status whose Ready has that reason."""
    since = NOW.replace(microsecond=0)
    words = (("Ready", is_true), ("Stalled", stalled))
    return Status(
        conditions=tuple(condition(type, str(value), str(ready), "m", 1, since) for type, value in words)
    )


@pytest.mark.parametrize("reason", Reason)
def test_what_is_wrong_is_a_warning_from_its_first_moment_and_only_once(reason):
    first = of_transition(Status(), saying(reason))
    late = of_transition(saying(reason), saying(reason, stalled=True))
    if reason in STATIONS:
        assert first == ()
    elif reason in WELL:
        assert [event.type for event in first] == ["Normal"]
    else:
        assert [event.type for event in first] == ["Warning"]
    is_told = bool(first) and first[0].type == "Warning"
    assert [event.type for event in late] == ([] if is_told else ["Warning"])


def test_an_endpoint_that_loses_its_target_warns_and_one_that_waits_for_its_first_does_not():
    lost = of_transition(saying(Reason.AVAILABLE, is_true=True), saying(Reason.TARGET_NOT_READY))
    assert [(event.type, event.reason) for event in lost] == [("Warning", "TargetNotReady")]
    assert of_transition(saying(Reason.TARGET_NOT_FOUND), saying(Reason.TARGET_NOT_READY)) == ()


def test_a_rollout_tells_of_its_splits_and_its_end_itself():
    told = [Notice("RolledBack", "Back at v1=100.", True)]
    before, after = saying(Reason.UPDATING), saying(Reason.ROLLED_BACK, stalled=True)
    assert [event.reason for event in of_canary(before, after, told)] == ["RolledBack"]
    assert of_canary(saying(Reason.AVAILABLE, is_true=True), before, ()) == ()


def test_an_event_says_what_the_condition_says():
    status = after(REFUSED)
    (event,) = of_transition(NEW, status)
    stalled = status.condition("Stalled")
    assert stalled is not None
    assert event.message == stalled.message
