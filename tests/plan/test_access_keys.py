"""What a request says of an access key waits for its Secret, and nothing else does."""

from dataclasses import replace

import pytest

from model_operator.conditions import Phase
from model_operator.domain import RunState
from model_operator.models.deployment_status import UNCHANGED
from model_operator.plan.deployment.situation import Delete, SetPower, Situation
from support.situation_table.row import EDITED, SERVES, WAS_PAUSED
from support.situations import NOW, created, look, situation, untouched

NO_KEY = 'spec.parasail.modelAccessKeySecretRef: Secret "hugging-face" does not exist in namespace team.'


@pytest.mark.parametrize(
    ("s", "serving", "phase"),
    [
        pytest.param(
            situation(None, status=untouched(), listed_at=NOW), "False Missing", Phase.PENDING, id="create"
        ),
        pytest.param(
            situation(fields=EDITED, status=created().with_(phase=Phase.READY)),
            SERVES,
            Phase.READY,
            id="update",
        ),
    ],
)
def test_what_says_an_access_key_waits_for_it(s: Situation, serving: str, phase: Phase) -> None:
    step, status = look(replace(s, missing_key=NO_KEY))
    assert step.action is None
    assert step.change.pending is UNCHANGED
    told_now = {c.type: f"{c.status} {c.reason}" for c in status.conditions}
    assert {told_now[name] for name in ("Accepted", "Ready", "Synced")} == {"False CredentialsMissing"}
    assert (told_now["Serving"], status.phase) == (serving, phase)


@pytest.mark.parametrize(
    ("s", "action"),
    [
        pytest.param(situation(paused=True), SetPower, id="pause"),
        pytest.param(situation(RunState.STOPPED, status=WAS_PAUSED), SetPower, id="resume"),
        pytest.param(situation(wanted=False), Delete, id="delete"),
    ],
)
def test_what_says_no_access_key_does_not_wait_for_one(s: Situation, action: type[object]) -> None:
    assert isinstance(look(replace(s, missing_key=NO_KEY))[0].action, action)
