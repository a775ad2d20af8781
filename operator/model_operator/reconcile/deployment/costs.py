"""The cost of a ModelDeployment in its status: where the pass and its bill meet."""

from model_operator.accounts.account import Account
from model_operator.domain import Key
from model_operator.models.deployment import ModelDeployment
from model_operator.models.deployment_status import ModelDeploymentStatus
from model_operator.plan.deployment.situation import Situation
from model_operator.reconcile.base import Surroundings
from model_operator.reconcile.budget.counting import counting
from model_operator.reconcile.cache import provider_key
from model_operator.reconcile.deployment.bill import Shown, Times, billed, with_cost
from model_operator.reconcile.deployment.memory import Memory


def begin_look(key: Key, account: Account, id_: str | None, memory: Memory) -> None:
    """Right before a pass looks: from then on the account counts as seen."""
    snapshot = account.snapshot if id_ is not None and account.is_shown(id_) else None
    listed_at = snapshot.begun if snapshot is not None else None
    changed_after = account.unchanged.pop(key, None)
    is_as_seen = id_ is not None and account.is_as_seen(key, id_)
    unchanged = listed_at if is_as_seen else changed_after
    memory.billed(memory.bill.looks(Times(listed_at, unchanged, has_changed=changed_after is not None)))


def report_cost(
    around: Surroundings,
    resource: ModelDeployment,
    s: Situation,
    status: ModelDeploymentStatus,
    memory: Memory,
) -> ModelDeploymentStatus:
    """The pass's report with the cost, which is another one only where there is news or the report is."""
    update = memory.sent.update
    shown = Shown(
        s=s,
        metadata=resource.metadata,
        provider=around.cache.provider(provider_key(resource)),
        view=memory.view,
        now=around.clock(),
        counting=counting(around.cache, resource, around.clock()),
        awaited=update.at if update is not None and not update.is_verified else None,
    )
    bill = billed(memory.bill, resource.status, status, shown)
    bill, status = with_cost(bill, resource.status, status, shown.counting)
    memory.billed(bill)
    return status
