"""A body that this operator does not understand although the server took it: said in the status, nothing else done.

It happens when the CRD in the cluster is newer or looser than the operator.
"""

from datetime import datetime

from model_operator.conditions import ConditionType, Reason
from model_operator.domain import FINALIZER, Key
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.models.parse import InvalidResource
from model_operator.plan.verdict import Verdict
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.store import Store
from model_operator.status.conditions import merge


async def report_invalid(kube: Store, cache: Cache, key: Key, error: InvalidResource, now: datetime) -> None:
    """Write what is wrong; let a terminating object go that has nothing at the provider, or may leave it there.

    May raise `KubeError`.
    """
    metadata, status = error.metadata, error.status
    holds = isinstance(status, ModelDeploymentStatus) and (status.external_id or status.pending)
    if metadata.is_terminating and FINALIZER in metadata.finalizers and (error.orphans or not holds):
        cache.renew(key, await kube.remove_finalizer(key, metadata.resource_version, metadata.finalizers))
        return
    message = f"This version of the operator does not understand the spec: {error}. Change it or upgrade the operator."
    refused = Verdict(False, Reason.UNSUPPORTED, message)
    verdicts = {
        ConditionType.READY: refused,
        ConditionType.ACCEPTED: refused,
        ConditionType.STALLED: Verdict(True, Reason.UNSUPPORTED, message),
    }
    conditions = merge(status.conditions, verdicts, metadata.generation, now)
    after = status.model_copy(update={"observed_generation": metadata.generation, "conditions": conditions})
    if after != status:
        cache.renew(key, await kube.replace_status(key, metadata.resource_version, after.dump()))
