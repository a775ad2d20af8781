"""Events: on transitions only, a Warning when something is wrong, and never twice the same."""

from datetime import timedelta

import pytest

from model_operator.domain import RunState
from model_operator.errors import QuotaExceeded, Unavailable
from model_operator.models.deployment import RemoteEndpoint
from model_operator.plan.deployment.situation import Observed
from model_operator.status.events import Event, of_deployment, of_transition
from support.situations import (
    changed,
    created,
    failure,
    later,
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


def test_an_event_says_what_the_condition_says():
    status = after(REFUSED)
    (event,) = of_transition(NEW, status)
    stalled = status.condition("Stalled")
    assert stalled is not None
    assert event.message == stalled.message
