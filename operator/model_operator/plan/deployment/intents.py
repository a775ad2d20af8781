"""What the status says of a create: before it is sent, while nobody knows what became of it, and by whichever clock."""

from typing import Final

from model_operator.models.deployment_status import Pending
from model_operator.plan.deployment.situation import Situation

CREATE: Final = "Create"
RECREATE: Final = "Recreate"


def intent(s: Situation) -> Pending:
    """What the status says of a create that is sent now, or once this is written."""
    return Pending(
        operation=CREATE if s.status.external_id is None else RECREATE,
        started_at=s.now,
        deadline=s.now + s.timing.request_deadline,
        absent_before=s.observed.can_list,
        sent=dict(s.desired.fields),
    )


def unknown_intent(s: Situation) -> Pending:
    """What it says of one that was sent, or may have been, without a word in it."""
    started_at, sent = s.creation.sent_at or s.now, s.creation.fields
    return Pending(
        operation=CREATE,
        started_at=started_at,
        # What another process may have sent ended with that; a request of its last moment has so long.
        deadline=started_at + s.timing.request_deadline,
        sent=None if sent is None else dict(sent),
    )


def is_from_the_future(s: Situation, pending: Pending) -> bool:
    """Dated by a clock that was far ahead: its request has been sent by now, and is over as soon as one that is sent now."""
    return pending.started_at > s.now + s.timing.request_deadline
