"""What our own create made is recorded with its id, whoever told of it: the answer, or a LIST."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from model_operator.conditions import Phase, Reason
from model_operator.domain import Remote
from model_operator.models.deployment_status import StatusChange
from model_operator.plan.deployment import marks
from model_operator.plan.deployment.acceptance import is_ours
from model_operator.plan.deployment.situation import Decision, Situation
from model_operator.plan.deployment.words import HELD
from model_operator.plan.verdict import Progress, Verdict

_AT_ONCE = timedelta()


def made_by_us(s: Situation) -> Remote | None:
    """What our create made, as far as that is known, besides what is recorded."""
    answered = (s.creation.created,) if s.creation.created is not None else ()
    found = (*answered, *(c for c in s.observed.candidates if is_ours(s, c)))
    return next((remote for remote in found if remote.id != s.status.external_id), None)


def take(remote: Remote, s: Situation) -> Decision:
    """Record the id. What was sent with the create counts as applied, and nothing else does."""
    found = Verdict(False, Reason.STARTING, "Found the deployment at the provider.")
    is_seen = s.remote is not None and s.remote.id == remote.id
    change = replace(
        marks.found(s, remote),
        external_id=remote.id,
        pending=None,
        last_applied=_sent(remote, s),
        provider_state=remote.word,
    )
    return Decision(
        synced=HELD,
        progress=Progress.MOVING,
        phase=Phase.STARTING,
        serving=None if is_seen else found,
        change=change if s.status.external_id is None else _succeeded(s, change),
        look_again=_AT_ONCE,
    )


def _sent(remote: Remote, s: Situation) -> dict[str, Any]:
    """The owned fields of the create that made it, as far as that is known."""
    pending, creation = s.status.pending, s.creation
    if creation.created is not None and creation.created.id == remote.id and creation.fields is not None:
        return dict(creation.fields)
    return dict(pending.sent or {}) if pending is not None else {}


def _succeeded(s: Situation, change: StatusChange) -> StatusChange:
    """Nothing of the deployment that is gone holds for the one in its place."""
    return replace(
        change,
        external_alias=None,
        endpoint_url=None,
        endpoint=None,
        last_power_action=None,
        recreated_generation=s.desired.generation,
    )


def take_back_own(s: Situation) -> Decision | None:
    """The recorded id is another object's (a copied or exchanged status), and the last LIST shows our own deployment."""
    if s.rival is None or s.status.external_id is None or s.desired.external_id is not None:
        return None
    own = made_by_us(s)
    return take(own, s) if own is not None else None
