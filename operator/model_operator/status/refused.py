"""What the status says while the API server refuses a write that the operator needs."""

from datetime import datetime
from typing import TypeVar

from model_operator.conditions import ConditionType, Reason
from model_operator.models.status import Status
from model_operator.plan.verdict import Verdict
from model_operator.status.conditions import merge

S = TypeVar("S", bound=Status)


def refused_write(status: S, message: str, generation: int, now: datetime, *, is_stalled: bool) -> S:
    """The status, kept as it is but for Ready, Reconciling and Stalled."""
    refused = Verdict(False, Reason.WRITE_REFUSED, message)
    said = {
        ConditionType.READY: refused,
        ConditionType.RECONCILING: Verdict(not is_stalled, Reason.WRITE_REFUSED, message),
        ConditionType.STALLED: Verdict(
            is_stalled,
            Reason.WRITE_REFUSED if is_stalled else Reason.NOT_STALLED,
            message if is_stalled else "The object is not stalled.",
        ),
    }
    merged = {one.type: one for one in merge(status.conditions, said, generation, now)}
    kept = tuple(merged.pop(one.type, one) for one in status.conditions)
    return status.with_(conditions=(*kept, *merged.values()))
