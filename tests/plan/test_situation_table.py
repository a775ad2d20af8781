"""The table of situations, row by row: what happens to a deployment and what its status says to users."""

import re
from dataclasses import replace

import pytest

from model_operator.conditions import Phase, Reason
from model_operator.domain import Power, RunState
from model_operator.errors import NotAccepted
from model_operator.models.deployment import Pending
from model_operator.models.deployment_status import UNCHANGED
from model_operator.plan.deployment.decide import decide
from model_operator.plan.deployment.situation import Observed, Presence, SetPower, Situation, Update
from model_operator.plan.verdict import Progress
from support.situation_table.creating import ACCEPTANCE, CREATES
from support.situation_table.deleting import DELETIONS
from support.situation_table.power import PAUSES, STOPS
from support.situation_table.row import (
    EDITED,
    HELD,
    LOST,
    NEITHER,
    SERVES,
    SERVING,
    STALLED,
    WAS_PAUSED,
    Row,
    shown,
)
from support.situation_table.serving import ABSENCES, HEALTH
from support.situation_table.updating import EDITS, STUCK_EDITS
from support.situations import (
    FIELDS,
    NOW,
    PARASAIL,
    changed,
    created,
    look,
    pending,
    remote,
    situation,
    status_of,
    untouched,
)

TABLE = [
    *ACCEPTANCE,
    *CREATES,
    *EDITS,
    *STUCK_EDITS,
    *PAUSES,
    *STOPS,
    *ABSENCES,
    *HEALTH,
    *DELETIONS,
]


@pytest.mark.parametrize(("s", "expected"), TABLE)
def test_a_situation_looks_as_the_table_says(s: Situation, expected: Row) -> None:
    assert shown(s) == expected


ASKED = re.compile(
    r"\b(delete|edit|set|change|raise|wait|mend|put|take|pause|resume|free|try|look|check|fix|store|increase)\b",
    re.IGNORECASE,
)
"""A verb that asks a person to do something."""


@pytest.mark.parametrize(("s", "expected"), TABLE)
def test_no_sentence_shows_how_it_is_made(s: Situation, expected: Row) -> None:
    assert [
        one.message for one in look(s)[1].conditions if "{_" in one.message or "None" in one.message
    ] == []


@pytest.mark.parametrize(("s", "expected"), TABLE)
def test_whoever_waits_for_a_person_says_what_to_do(s: Situation, expected: Row) -> None:
    if isinstance(s.observed.error, NotAccepted) or expected.progress != STALLED:
        return  # what leads to no account is worded where that is found out
    stalled = look(s)[1].condition("Stalled")
    assert stalled is not None
    assert ASKED.search(stalled.message), stalled.message


def test_a_policy_other_than_none_makes_fewer_replicas_no_drift() -> None:
    fewer = changed(SERVING, may_scale_down=True, remote=remote(fields={**FIELDS, "replicas": 1}, replicas=1))
    assert shown(fewer) == Row("True Available", HELD, SERVES, NEITHER, Phase.READY)
    edited = changed(fewer, fields={**FIELDS, "replicas": 4})
    assert shown(edited).action is Update


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.STOPPING])
def test_a_pause_is_recorded_even_if_it_was_stopped_already(state: RunState) -> None:
    status = status_of(situation(state, paused=True))
    assert status.last_power_action is not None
    assert status.last_power_action.action is Power.PAUSE
    assert look(situation(RunState.STOPPED, status=status))[0].action == SetPower(
        "33665", Power.RESUME, is_correction=False
    )


def test_what_is_held_while_paused_is_listed() -> None:
    status = status_of(situation(RunState.STOPPED, paused=True, fields=EDITED, status=WAS_PAUSED))
    ready = status.condition("Ready")
    assert ready is not None
    assert "contextLength 4096 → 8192" in ready.message
    assert [row.field for row in status.drift] == ["contextLength"]


def test_an_intent_that_says_something_else_by_now_is_announced_anew() -> None:
    edited = {**FIELDS, "replicas": 7}
    step = decide(
        situation(None, status=untouched(pending=pending()), intent=NOW, listed_at=NOW, fields=edited)
    )
    assert step.action is None
    assert isinstance(step.change.pending, Pending)
    assert step.change.pending.sent == edited


@pytest.mark.parametrize("wanted", [True, False])
def test_a_stranger_under_the_recorded_id_is_neither_changed_nor_deleted(wanted: bool) -> None:
    stranger = remote(name="theirs", model="org/other", owner_uid=None, fields={"replicas": 9})
    seen = Observed(presence=Presence.PRESENT, remote=stranger)
    step = decide(situation(observed=seen, wanted=wanted))
    assert step.action is None
    assert (step.accepted or step.synced).reason == Reason.MODEL_MISMATCH


def test_where_neither_a_list_nor_a_name_can_tell_a_lost_create_is_not_sent_again() -> None:
    capabilities = replace(PARASAIL, names_are_unique=False)
    step = decide(situation(None, status=LOST, can_list=False, capabilities=capabilities))
    assert (step.action, step.change.pending, step.progress) == (None, UNCHANGED, Progress.STUCK)


def test_one_of_the_choices_will_do_and_nothing_else() -> None:
    choices = ({"device": "H100SXM", "count": 2}, {"device": "L40S", "count": 1})
    fields = {**FIELDS, "parasail.devices": choices}

    def running_on(*chosen: object) -> Situation:
        shown_now = remote(
            fields={**FIELDS, "parasail.devices": chosen}, choices=frozenset({"parasail.devices"})
        )
        return situation(remote=shown_now, fields=fields, status=created(last_applied=fields))

    assert look(running_on(choices[1]))[0].action is None
    assert look(running_on(*choices))[0].action is None
    assert isinstance(look(running_on({"device": "RTX4090", "count": 1}))[0].action, Update)
    assert isinstance(look(running_on())[0].action, Update)
