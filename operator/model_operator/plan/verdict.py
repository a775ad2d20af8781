"""What a decision says of an object, for every kind: one condition's words, how far the work is, what differs."""

from dataclasses import dataclass
from enum import StrEnum

from model_operator.conditions import Reason


class Progress(StrEnum):
    """Settled: nothing to do. Moving: Reconciling=True. Stuck: Stalled=True."""

    SETTLED = "Settled"
    MOVING = "Moving"
    STUCK = "Stuck"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition's status, reason and message. `is_true` None means Unknown."""

    is_true: bool | None
    reason: Reason | str
    """Text only where a newer version of the operator wrote it into the status."""
    message: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One owned field where spec and provider differ, or (`is_edit`) where the spec was edited since."""

    field: str
    desired: object
    observed: object
    is_edit: bool
