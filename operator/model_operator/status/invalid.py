"""What the status says of a body that this operator does not understand although the server took it.

It happens when the CRD in the cluster is newer or looser than the operator.
"""

from datetime import datetime

from model_operator.conditions import ConditionType, Reason
from model_operator.models.parse import InvalidResource
from model_operator.models.status import Status
from model_operator.plan.verdict import Verdict
from model_operator.status.conditions import merge


def not_understood(error: InvalidResource, now: datetime) -> Status:
    """The object's status, kept as it is but for the conditions."""
    generation, status = error.metadata.generation, error.status
    message = (
        f"This version of the operator does not understand the spec: {error}. Change the spec, or upgrade the"
        " operator."
    )
    refused = Verdict(False, Reason.UNSUPPORTED, message)
    # That a pass has reported on it must stay known: until then its finalizer may be an intent.
    is_told = status.condition(ConditionType.SYNCED) is not None
    verdicts = {
        ConditionType.READY: refused,
        ConditionType.ACCEPTED: refused,
        **({ConditionType.SYNCED: refused} if is_told else {}),
        ConditionType.RECONCILING: refused,
        ConditionType.STALLED: Verdict(True, Reason.UNSUPPORTED, message),
    }
    conditions = merge(status.conditions, verdicts, generation, now)
    return status.with_(observed_generation=generation, conditions=conditions)
