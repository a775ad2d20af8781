"""What an adopted deployment shows is published before anything of it is changed."""

from datetime import timedelta

import pytest

from model_operator.domain import RunState
from model_operator.plan.deployment.situation import SetPower, Update
from support.situation_table.row import EDITED
from support.situations import NOW, changed, created, desired, look, situation, status_of, untouched


def test_an_adopted_deployment_is_published_before_it_is_corrected() -> None:
    asked = desired(external_id="33665", fields=EDITED, paused=True)
    first = situation(status=untouched(), desired=asked)
    _, status = look(first)
    assert status.external_id == "33665"
    assert {row.field for row in status.drift} == {"contextLength", "paused"}
    within_the_sweep = changed(first, status=status, adopted_at=NOW, now=NOW + timedelta(seconds=29))
    step, status = look(within_the_sweep)
    assert step.action is None
    assert {row.field for row in status.drift} == {"contextLength", "paused"}
    after_it = changed(within_the_sweep, now=NOW + timedelta(seconds=30))
    assert isinstance(look(after_it)[0].action, SetPower)


def test_what_an_adoption_under_report_shows_is_drift_and_what_nobody_shows_is_sent() -> None:
    """What it shows otherwise counts as compared; its own edit of it is sent all the same."""
    hidden = {**EDITED, "paitient.tags.team": "x"}
    asked = desired(external_id="33665", fields=hidden, corrects_drift=False)
    first = situation(status=untouched(), desired=asked)
    status = status_of(first)
    assert status.last_applied == EDITED
    later = changed(first, status=status, adopted_at=NOW, now=NOW + timedelta(seconds=30))
    step, status = look(later)
    assert isinstance(step.action, Update)
    assert step.action.changes == {"paitient.tags.team": "x"}
    edited = changed(later, status=status, fields={**EDITED, "contextLength": 1024})
    assert isinstance((step := look(edited)[0]).action, Update)
    assert step.action.changes == {"contextLength": 1024}


@pytest.mark.parametrize("state", [RunState.SERVING, RunState.STOPPED])
def test_an_adopted_deployment_keeps_what_the_spec_omits(state: RunState) -> None:
    asked = desired(external_id="33665", fields={}, paused=None)
    s = situation(state, status=created(last_applied={}), desired=asked)
    step, status = look(s)
    assert step.action is None
    ready = status.condition("Ready")
    assert ready is not None
    assert ready.status == "True"
