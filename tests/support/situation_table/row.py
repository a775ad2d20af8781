"""What a row of the table of situations says, and what several have."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from model_operator.conditions import Phase, Reason
from model_operator.domain import Power
from model_operator.errors import NotAccepted
from model_operator.plan.deployment.situation import Situation
from support.situations import (
    FIELDS,
    NOW,
    created,
    look,
    pending,
    power,
    serving_since_long,
    situation,
    told,
    untouched,
)

MINUTE = timedelta(minutes=1)


RECONCILING, STALLED, NEITHER = "Reconciling", "Stalled", "–"
SERVES = "True Serving"
UNSEEN = "Unknown Unknown"
HELD = "True Synced"


@dataclass(frozen=True)
class Row:
    """What the table says. `action` is the type of the remote change, or None."""

    ready: str
    synced: str
    serving: str
    progress: str
    phase: Phase
    action: type | None = None
    accepted: str = "True Accepted"


def shown(s: Situation) -> Row:
    step, status = look(s)
    words = told(status)
    assert set(words) == {"Ready", "Accepted", "Synced", "Serving", "Reconciling", "Stalled"}
    progress = [name for name in (RECONCILING, STALLED) if words[name].startswith("True")]
    assert len(progress) <= 1
    return Row(
        words["Ready"],
        words["Synced"],
        words["Serving"],
        progress[0] if progress else NEITHER,
        Phase(status.phase or ""),
        type(step.action) if step.action else None,
        words["Accepted"],
    )


def row(id: str, s: Situation, expected: Row):
    return pytest.param(s, expected, id=id)


def refused(
    reason: Reason, progress: str, serving: str = "False Missing", phase: Phase = Phase.PENDING
) -> Row:
    said = f"False {reason}"
    return Row(said, said, serving, progress, phase, accepted=said)


NOTHING_YET = situation(None, status=untouched(), listed_at=NOW)
NOT_FOUND = NotAccepted(Reason.PROVIDER_NOT_FOUND, 'There is no ModelProvider "acme".')
SERVING = situation(status=serving_since_long())
LOST = untouched(pending=pending(started=NOW - MINUTE))
EDITED = {**FIELDS, "contextLength": 8192}
WAS_PAUSED = created(last_power_action=power(Power.PAUSE), phase=Phase.PAUSED)
