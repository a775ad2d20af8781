"""Promises that hold in every situation, whatever else is true: checked over the whole product of small choices.

Nothing here says what a situation should look like (the table does); only what must never be.
"""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from model_operator.domain import Power, RunState
from model_operator.models.deployment_status import NO_CHANGE, UNCHANGED, ModelDeploymentStatus, Pending
from model_operator.modes import Mode
from model_operator.plan.deployment.marks import is_lost
from model_operator.plan.deployment.remembered import Underway
from model_operator.plan.deployment.situation import (
    Create,
    Decision,
    Delete,
    Presence,
    Release,
    SetPower,
    Situation,
    Update,
)
from model_operator.plan.verdict import Progress
from support.every_situation import SECOND, SPACES
from support.situations import look

Passes = list[tuple[Situation, Decision, ModelDeploymentStatus]]


def passes(s: Situation) -> Passes:
    """Three passes over an unchanged world, each with the status of the one before, a second apart."""
    taken = []
    for _ in range(3):
        step, status = look(s)
        taken.append((s, step, status))
        s = replace(s, status=status, now=s.now + SECOND)
    return taken


def check_conditions(s: Situation, step: Decision, status: ModelDeploymentStatus) -> None:
    if step.keeps_status:
        assert status == s.status
        return
    by_type = {condition.type: condition for condition in status.conditions}
    assert set(by_type) == {"Ready", "Accepted", "Synced", "Serving", "Reconciling", "Stalled"}
    assert len(status.conditions) == len(by_type)
    assert not (by_type["Reconciling"].status == "True" and by_type["Stalled"].status == "True")
    assert status.observed_generation == s.desired.generation
    assert all(condition.observed_generation == s.desired.generation for condition in status.conditions)
    if by_type["Ready"].status == "True":
        assert by_type["Accepted"].status == "True"
        assert by_type["Synced"].status == "True" or by_type["Synced"].reason in {
            "HeldWhilePaused",
            "DriftReported",
            "DuplicateFound",
            "Observed",
        }
        assert by_type["Serving"].status == "True" or by_type["Serving"].reason in {"Paused", "ScaledDown"}


def check_transitions(s: Situation, status: ModelDeploymentStatus) -> None:
    for condition in status.conditions:
        before = s.status.condition(condition.type)
        is_same = before is not None and before.status == condition.status
        if is_same:
            assert before is not None
            assert condition.last_transition_time == before.last_transition_time
        else:
            assert condition.last_transition_time == s.now


TIMES = re.compile(r"\d{4}-\d\d|\d\d:\d\d|\d+ ?(s|seconds|minutes|times|attempts?)\b|req_")


def check_messages(status: ModelDeploymentStatus) -> None:
    for condition in status.conditions:
        assert condition.message
        assert len(condition.message) <= 1024
        assert not TIMES.search(condition.message), condition.message


def check_action(s: Situation, step: Decision) -> None:
    action = step.action
    is_blind = s.observed.error is not None and s.observed.presence is Presence.UNKNOWN
    if isinstance(action, Release):
        assert not s.wanted
        is_never_created = s.status.external_id is None and (
            (s.status.pending is None and not s.may_have_made) or s.intent_unsent or proves_absence(s)
        )
        is_left = s.desired.orphans or s.mode is Mode.OBSERVE or is_lost(s)
        assert s.observed.presence is Presence.ABSENT or is_left or is_never_created
        return
    if action is None:
        return
    assert not is_blind
    assert step.accepted is None
    assert s.paused_until is None or s.now >= s.paused_until
    if not s.wanted:
        assert isinstance(action, Delete)
        assert action.id == s.status.external_id
        return
    assert not isinstance(action, Delete)
    if isinstance(action, Create):
        if s.status.pending is not None:
            assert s.intent_unsent
            assert s.now < s.status.pending.deadline
        else:
            check_marked_create(s)
        assert not s.desired.paused
        assert s.desired.external_id is None
        assert not s.observed.former, "nothing is made beside what it has had before"
        assert not s.observed.namesakes
    if isinstance(action, SetPower):
        check_power(s, action)
    if isinstance(action, Update):
        assert set(action.changes) <= set(s.desired.fields)
        assert action.removed.isdisjoint(s.desired.fields)
        assert s.capabilities.removes_fields or not action.removed
        assert s.state in {RunState.SERVING, RunState.FAILED}
        assert not s.desired.paused or not s.capabilities.pauses or s.state is RunState.FAILED


def check_marked_create(s: Situation) -> None:
    """The finalizer is its intent: whoever comes after this process must be able to tell, and to find what it makes."""
    assert s.has_default_name
    assert s.status.condition("Synced") is None
    assert not s.has_finalizer or s.creation.underway is Underway.NOTHING
    assert s.creation.underway is not Underway.MAYBE
    assert s.observed.can_list
    assert s.observed.listed_at is not None


def proves_absence(s: Situation) -> bool:
    span, listed, intent = s.creation.looks.proofs, s.observed.listed_at, s.status.pending
    return (
        s.observed.can_list
        and not s.observed.candidates
        and intent is not None
        and span.first is not None
        and span.last is not None
        and listed is not None
        and listed > intent.deadline
        and span.last - span.first >= s.timing.recovery_window
    )


def check_power(s: Situation, action: SetPower) -> None:
    assert s.capabilities.pauses
    last = s.status.last_power_action
    if action.power is Power.PAUSE:
        assert s.desired.paused
        assert s.state is not RunState.STOPPED
    else:
        assert s.desired.paused is False
        assert s.state is RunState.STOPPED
        was_paused = last is not None and last.action is Power.PAUSE
        assert was_paused or not s.desired.may_scale_down
    if action.is_correction:
        assert s.desired.corrects_drift
        assert last is None or not (last.correction and last.generation == s.desired.generation)


def check_updates(s: Situation, step: Decision) -> None:
    is_left = not s.wanted and s.mode is Mode.OBSERVE
    if s.may_have_made and not s.desired.orphans and not is_left:
        is_told = isinstance(step.change.pending, Pending) or isinstance(step.change.external_id, str)
        assert is_told, "whatever else is said, this comes first"
        return
    if s.desired.external_id is not None:
        assert step.change.recreated_generation is UNCHANGED
        assert not isinstance(step.change.pending, Pending)
    if s.observed.error is not None and s.observed.presence is Presence.UNKNOWN:
        assert step.change == NO_CHANGE
    if not s.wanted:
        assert not isinstance(step.change.pending, Pending)


def check_quiet(taken: Passes) -> None:
    """What is settled or waits for a person is said once and stands; what moves is said once, too."""
    for (_, step, status), (_, repeated, after) in pairwise(taken):
        if step.action is None and step.progress is not Progress.MOVING:
            assert after.conditions == status.conditions
            assert after.phase == status.phase
            assert repeated.action is None
    (_, first, _), (_, second, status), (_, third, after) = taken
    if first.change == second.change == NO_CHANGE and second.action is None:
        assert after == status
        assert third.action is None


def check_mode(s: Situation, step: Decision) -> None:
    """Nothing is done, and nothing begins; what an earlier create has left is written down all the same."""
    if s.mode is Mode.MANAGE:
        return
    assert step.action is None or isinstance(step.action, Release)
    assert step.change == NO_CHANGE or s.may_have_made
    assert s.may_have_made or step.look_again != timedelta()


def check(s: Situation, step: Decision, status: ModelDeploymentStatus) -> None:
    check_mode(s, step)
    check_action(s, step)
    check_updates(s, step)
    if isinstance(step.action, Release):
        return  # no status is written
    check_conditions(s, step, status)
    check_transitions(s, status)
    check_messages(status)


@pytest.mark.parametrize("space", SPACES)
def test_promises_hold_everywhere(space) -> None:
    for number, start in enumerate(space()):
        taken = passes(start)
        try:
            for s, step, status in taken:
                check(s, step, status)
            check_quiet(taken)
            if number % 17 == 0:  # all of them would only take longer
                assert ModelDeploymentStatus.parse(taken[0][2].dump()) == taken[0][2]
        except AssertionError as error:
            error.add_note("\n\n".join(f"{s}\n{step}\n{status}" for s, step, status in taken))
            raise
