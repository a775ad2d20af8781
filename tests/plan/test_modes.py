"""What a ModelProvider's mode leaves of a decision, and what the status then says to people."""

from datetime import timedelta

import pytest

from model_operator.conditions import Phase
from model_operator.domain import Power, Probe, RunState
from model_operator.errors import Unavailable
from model_operator.models.deployment_status import NO_CHANGE
from model_operator.modes import Mode
from model_operator.plan.deployment.remembered import Creation, Underway
from model_operator.plan.deployment.situation import Observed, Release
from support.situations import (
    FIELDS,
    NOW,
    PAITIENT,
    created,
    look,
    pending,
    power,
    remote,
    serving_since_long,
    situation,
    told,
    untouched,
)

EDITED = {**FIELDS, "contextLength": 8192}
NOTHING_YET = {"status": untouched(), "listed_at": NOW}


def observing(state=RunState.SERVING, **changes):
    return situation(state, mode=Mode.OBSERVE, **changes)


def suspended(state=RunState.SERVING, **changes):
    return situation(state, mode=Mode.SUSPEND, **changes)


OBSERVED = [
    # what is seen, what would be done, Ready, Serving
    pytest.param(observing(), None, "True Available", "True Serving", id="as specified"),
    pytest.param(
        observing(fields=EDITED),
        "update contextLength of deployment 33665",
        "True Available",
        "True Serving",
        id="edited",
    ),
    pytest.param(
        observing(remote=remote(fields={**FIELDS, "replicas": 5})),
        "update replicas of deployment 33665",
        "True Available",
        "True Serving",
        id="changed at the provider",
    ),
    pytest.param(
        observing(paused=True), "pause deployment 33665", "True Available", "True Serving", id="to be paused"
    ),
    pytest.param(
        observing(RunState.STOPPED, status=created(last_power_action=power(Power.PAUSE))),
        "resume deployment 33665",
        "False Stopped",
        "False Stopped",
        id="to be resumed",
    ),
    pytest.param(
        observing(None, **NOTHING_YET),
        "create the deployment",
        "False Observed",
        "False Missing",
        id="to be created",
    ),
    pytest.param(
        observing(RunState.GONE), "create the deployment", "False Observed", "False Missing", id="gone"
    ),
    pytest.param(
        observing(None, **NOTHING_YET, candidates=(remote(),)),
        "adopt deployment 33665",
        "True Available",
        "True Serving",
        id="to be adopted, serves",
    ),
    pytest.param(
        observing(None, **NOTHING_YET, candidates=(remote(RunState.FAILED),)),
        "adopt deployment 33665",
        "False Failed",
        "False Failed",
        id="to be adopted, failed",
    ),
    pytest.param(
        observing(status=untouched(), external_id="33665"),
        "adopt deployment 33665",
        "True Available",
        "True Serving",
        id="named by externalID",
    ),
    pytest.param(
        observing(capabilities=PAITIENT, remote=remote(owner_uid=None)),
        "put this object's tags on deployment 33665",
        "True Available",
        "True Serving",
        id="without its tag",
    ),
    pytest.param(
        observing(capabilities=PAITIENT, endpoint_name="chat"),
        'create the endpoint "chat"',
        "True Available",
        "True Serving",
        id="without its endpoint",
    ),
]


@pytest.mark.parametrize(("s", "would", "ready", "serving"), OBSERVED)
def test_who_only_observes_says_what_it_would_do_and_does_nothing(s, would, ready, serving):
    step, status = look(s)
    assert (step.action, step.change) == (None, NO_CHANGE)
    synced = status.condition("Synced")
    assert (synced.status, synced.reason) == ("True" if would is None else "False", "Observed")
    said = "The provider has the values of the spec. In mode Observe, nothing is sent to the provider."
    if would is not None:
        said = (
            f"In mode Observe, nothing is sent to the provider. In mode Manage, the operator would {would}."
        )
    assert synced.message == said
    assert (told(status)["Ready"], told(status)["Serving"]) == (ready, serving)
    assert (told(status)["Reconciling"], told(status)["Stalled"]) == ("False Idle", "False NotStalled")
    assert status.external_id == s.status.external_id


def test_who_only_observes_shows_what_differs_whoever_would_correct_it():
    _, status = look(observing(fields=EDITED, remote=remote(fields={**FIELDS, "replicas": 5}), paused=True))
    assert [(row.field, row.desired, row.observed) for row in status.drift] == [
        ("paused", "true", "false"),
        ("replicas", "2", "5"),
        ("contextLength", "8192", "4096"),
    ]


def test_who_only_observes_goes_by_the_provider_s_word_where_a_probe_would_be_sent():
    """The pass leaves the probe out; the rule would not send one either."""
    step, _ = look(observing(status=created(), probe=Probe(prompt="ping", timeout=timedelta(seconds=1))))
    assert step.action is None


def test_an_outage_is_said_as_in_any_mode():
    blind = observing(
        None, status=serving_since_long(), observed=Observed(error=Unavailable("no answer"), failures=3)
    )
    _, status = look(blind)
    assert told(status)["Synced"] == "Unknown ProviderUnavailable"


def test_a_create_that_may_have_been_sent_is_written_down_whatever_the_mode():
    for mode in (Mode.OBSERVE, Mode.SUSPEND):
        s = situation(
            None,
            mode=mode,
            status=untouched(),
            has_finalizer=True,
            creation=Creation(underway=Underway.UNTOLD),
        )
        step, status = look(s)
        assert step.action is None
        assert status.pending is not None
        assert told(status)["Synced"] == "False OutcomeUnknown"


def test_the_answer_to_our_own_create_is_recorded_in_mode_observe():
    s = observing(
        None, status=untouched(pending=pending()), creation=Creation(created=remote(), fields=FIELDS)
    )
    assert look(s)[1].external_id == "33665"


def test_an_announced_create_stays_announced():
    for mode in (Mode.OBSERVE, Mode.SUSPEND):
        s = situation(None, mode=mode, status=untouched(pending=pending()), intent=NOW, listed_at=NOW)
        step, status = look(s)
        assert (step.action, status.pending) == (None, s.status.pending)


DELETIONS = [
    # mode, what is left there, what becomes of the object
    pytest.param(
        observing(wanted=False, status=created()),
        Release("33665", why='ModelProvider "acme" is in mode Observe'),
        id="Observe leaves it",
    ),
    pytest.param(
        observing(None, wanted=False, status=untouched(), listed_at=NOW),
        Release(None, why='ModelProvider "acme" is in mode Observe'),
        id="Observe, nothing there",
    ),
    pytest.param(
        observing(wanted=False, orphans=True),
        Release("33665", why="deletionPolicy Orphan"),
        id="Observe and Orphan",
    ),
    pytest.param(
        observing(None, wanted=False, status=untouched(pending=pending()), listed_at=NOW),
        Release(
            '"llama-abcdefgh", if the create with the lost reply succeeded,',
            why='ModelProvider "acme" is in mode Observe',
        ),
        id="Observe, a create may have landed",
    ),
    pytest.param(suspended(wanted=False), None, id="Suspend keeps it"),
    pytest.param(
        suspended(None, wanted=False, status=untouched(pending=pending())),
        None,
        id="Suspend, a create may have landed",
    ),
    pytest.param(suspended(None, wanted=False, status=untouched()), Release(), id="Suspend, nothing there"),
    pytest.param(
        suspended(None, wanted=False, orphans=True, status=created()),
        Release("33665"),
        id="Suspend and Orphan",
    ),
]


@pytest.mark.parametrize(("s", "action"), DELETIONS)
def test_what_becomes_of_an_object_that_is_deleted(s, action):
    step, status = look(s)
    assert step.action == action
    if action is None:
        assert told(status)["Stalled"] == "True Suspended"
        assert told(status)["Reconciling"] == "False Idle"
        assert status.phase == Phase.DELETING
        assert "spec.deletionPolicy of this object to Orphan" in status.condition("Stalled").message


def test_who_is_suspended_says_nothing_of_what_it_does_not_look_at():
    before = serving_since_long()
    step, status = look(suspended(None, status=before))
    assert (step.action, step.change, step.look_again) == (None, NO_CHANGE, None)
    assert told(status) == {
        "Ready": "Unknown Suspended",
        "Accepted": "True Accepted",
        "Synced": "Unknown Suspended",
        "Serving": "Unknown Unknown",
        "Reconciling": "False Idle",
        "Stalled": "False NotStalled",
    }
    assert (status.external_id, status.last_applied, status.phase) == (
        before.external_id,
        before.last_applied,
        before.phase,
    )
