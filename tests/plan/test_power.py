"""Pause and resume as stories: whose stop it was decides, and our own last word is never lost."""

from datetime import timedelta

import pytest

from model_operator.domain import Power, RunState
from model_operator.plan.deployment.situation import SetPower, Situation
from support.situations import NOW, changed, created, look, power, situation, status_of, told

SECOND = timedelta(seconds=1)
PAUSE = SetPower("33665", Power.PAUSE, is_correction=False)
RESUME = SetPower("33665", Power.RESUME, is_correction=False)


def sees(s: Situation, state: RunState, after: timedelta, **changes) -> Situation:
    """The next look, so much later, at a deployment in that state."""
    return changed(s, observed=situation(state).observed, status=status_of(s), now=s.now + after, **changes)


def last_word(s: Situation) -> Power | None:
    last = status_of(s).last_power_action
    return last.action if last else None


@pytest.mark.parametrize("may_scale_down", [True, False])
def test_unpaused_before_the_pause_shows_is_resumed_once_it_does(may_scale_down):
    """Else it would look like a stop of its own policy, and stay down for ever."""
    unpaused = situation(
        RunState.SERVING,
        may_scale_down=may_scale_down,
        status=created(last_power_action=power(Power.PAUSE, at=NOW)),
    )
    assert last_word(unpaused) is Power.PAUSE
    stopping = sees(unpaused, RunState.STOPPING, 2 * SECOND)
    assert told(status_of(stopping))["Ready"] == "False Resuming"
    stopped = sees(stopping, RunState.STOPPED, 3 * SECOND)
    assert look(stopped)[0].action == RESUME


def test_a_pause_that_never_shows_is_forgotten_after_its_grace():
    unpaused = situation(RunState.SERVING, status=created(last_power_action=power(Power.PAUSE, at=NOW)))
    still_up = sees(unpaused, RunState.SERVING, timedelta(seconds=60))
    assert last_word(still_up) is Power.RESUME
    assert told(status_of(sees(still_up, RunState.SERVING, SECOND)))["Ready"] == "True Available"


def test_resumed_by_hand_and_then_unpaused_needs_no_resume():
    running = situation(RunState.SERVING, status=created(last_power_action=power(Power.PAUSE)))
    assert look(running)[0].action is None
    assert last_word(running) is Power.RESUME


def test_a_scaled_down_deployment_is_brought_back_by_pausing_and_unpausing():
    down = situation(RunState.STOPPED, may_scale_down=True)
    assert look(down)[0].action is None
    paused = sees(down, RunState.STOPPED, SECOND, paused=True, generation=4)
    assert look(paused)[0].action is None
    unpaused = sees(paused, RunState.STOPPED, SECOND, paused=False, generation=5)
    assert look(unpaused)[0].action == RESUME


def test_a_hand_is_corrected_once_and_again_after_an_edit():
    stopped = situation(RunState.STOPPED)
    action = look(stopped)[0].action
    assert action == SetPower("33665", Power.RESUME, is_correction=True)
    resumed = created(last_power_action=power(Power.RESUME, at=NOW, correction=True))
    within_grace = situation(RunState.STOPPED, status=resumed, now=NOW + 59 * SECOND)
    assert told(status_of(within_grace))["Ready"] == "False Resuming"
    assert look(within_grace)[0].action is None
    after_it = changed(within_grace, now=NOW + 60 * SECOND)
    assert told(status_of(after_it))["Ready"] == "False Stopped"
    assert look(changed(after_it, generation=4))[0].action == action


def test_a_pause_that_fails_is_still_the_first_one():
    s = situation(RunState.SERVING, paused=True)
    assert look(s)[0].action == PAUSE
    assert status_of(s).last_power_action is None


def test_a_failed_deployment_is_paused_once():
    s = situation(RunState.FAILED, paused=True)
    assert look(s)[0].action == PAUSE
    assert look(changed(s, status=created(last_power_action=power(Power.PAUSE))))[0].action is None


@pytest.mark.parametrize("state", [RunState.UNKNOWN, RunState.DELETING, RunState.GONE])
@pytest.mark.parametrize("paused", [True, False])
def test_what_is_not_understood_or_going_is_not_switched(state, paused):
    assert not isinstance(look(situation(state, paused=paused))[0].action, SetPower)


def test_edits_are_held_while_it_is_stopped_and_sent_once_it_runs():
    edited = {"replicas": 3, "contextLength": 4096}
    stopped = situation(RunState.STOPPED, paused=True, fields=edited)
    assert look(stopped)[0].action is None
    running = changed(stopped, observed=situation(RunState.SERVING).observed, paused=False)
    action = look(running)[0].action
    assert action is not None
    assert getattr(action, "changes", None) == {"replicas": 3}
