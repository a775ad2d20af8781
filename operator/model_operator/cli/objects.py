"""Our objects as the commands read them: whatever the API server holds, understood as far as it can be.

A person who asks what is wrong may have an object that this version does not fully know.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from model_operator.cli.spending import Budget, budget_in, cost_in
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, GROUP, PROVIDER, Key
from model_operator.models.budget import ModelBudgetStatus
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.cost import Cost
from model_operator.models.metadata import Metadata
from model_operator.models.provider import ModelProviderStatus
from model_operator.models.status import Condition, Status
from model_operator.modes import Mode

PLURAL_NAMES = {
    PROVIDER: "modelprovider",
    DEPLOYMENT: "modeldeployment",
    CANARY: "canaryendpoint",
    BUDGET: "modelbudget",
}
_STATUSES: Final[Mapping[str, type[Status]]] = {
    PROVIDER: ModelProviderStatus,
    DEPLOYMENT: Status,  # of which only the conditions are read
    CANARY: CanaryEndpointStatus,
    BUDGET: ModelBudgetStatus,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget."""

    key: Key
    created: datetime | None
    is_terminating: bool
    phase: str
    provider: str
    """Whom its spec names; of a ModelProvider, itself."""
    targets: frozenset[str]
    """Of a CanaryEndpoint: the ModelDeployments between which it splits."""
    conditions: Mapping[str, Condition]
    split: str = ""
    message: str = ""
    """Of a CanaryEndpoint: where its rollout is."""
    cost: Cost | None = None
    """Of a ModelDeployment, as of its last checkpoint."""
    mode: str = ""
    """Of a ModelProvider, if it is another one than Manage."""
    orphans: int = 0
    """Of a ModelProvider: deployments there that no object manages."""
    budget: Budget | None = None
    """Of a ModelBudget."""

    @property
    def full_name(self) -> str:
        """As `kubectl get -o name` writes it."""
        return f"{PLURAL_NAMES[self.key.kind]}.{GROUP}/{self.key.name}"


def seen(kind: str, body: Mapping[str, Any]) -> Seen:
    """What an object says of itself. Never raises on what somebody has put into spec or status."""
    metadata = Metadata.read(body["metadata"])
    spec = _mapping(body.get("spec"))
    written = _mapping(body.get("status"))
    status = _STATUSES[kind].parse(
        written if kind != DEPLOYMENT else {"conditions": written.get("conditions") or []}
    )
    named = str(_mapping(spec.get("providerRef")).get("name") or "")
    return Seen(
        key=Key(kind, metadata.namespace, metadata.name),
        created=metadata.creation_timestamp,
        is_terminating=metadata.is_terminating,
        phase=str(written.get("phase") or ""),
        provider=metadata.name if kind == PROVIDER else named,
        targets=_targets(spec, status),
        conditions={condition.type: condition for condition in status.conditions},
        split=str(written.get("split") or ""),
        message=str(written.get("message") or "") if kind == CANARY else "",
        cost=cost_in(written) if kind == DEPLOYMENT else None,
        mode=_mode(spec, written) if kind == PROVIDER else "",
        orphans=_orphans(status),
        budget=budget_in(spec, status) if isinstance(status, ModelBudgetStatus) else None,
    )


def _orphans(status: Status) -> int:
    found = status.orphans if isinstance(status, ModelProviderStatus) else None
    return max(found.count, 0) if found is not None else 0


def _mode(spec: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """In force, or asked for of an operator that has not said yet."""
    mode = str(status.get("mode") or spec.get("mode") or "")
    return "" if mode == Mode.MANAGE else mode


def _targets(spec: Mapping[str, Any], status: Status) -> frozenset[str]:
    listed = spec.get("traffic")
    wanted = listed if isinstance(listed, list) else []
    named = {str(_mapping(_mapping(one).get("deploymentRef")).get("name") or "") for one in wanted}
    if isinstance(status, CanaryEndpointStatus):
        named |= {share.deployment_ref or "" for share in status.traffic}
    return frozenset(named - {""})


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def telling(conditions: Mapping[str, Condition]) -> Condition | None:
    """The one condition that says most: what stops it, else why it is not ready, else what to know of it all the same."""
    stalled = conditions.get(ConditionType.STALLED)
    ready = conditions.get(ConditionType.READY)
    if stalled is not None and stalled.is_true:
        return stalled
    if ready is not None and ready.is_true:
        return _beside(conditions, ready) or ready
    return ready


def _beside(conditions: Mapping[str, Condition], ready: Condition) -> Condition | None:
    """Of an object that is Ready: a rollout, a spent budget, what is only observed, an end that is near, and that nobody uses it."""
    for type in (ConditionType.ROLLOUT_COMPLETE, ConditionType.WITHIN_LIMIT):
        if (found := conditions.get(type)) is not None and not found.is_true:
            return found
    synced = conditions.get(ConditionType.SYNCED)
    if synced is not None and not synced.is_true and synced.reason == Reason.OBSERVED:
        return synced
    if ready.reason == Reason.EXPIRED:
        return None
    ahead = (conditions.get(type) for type in (ConditionType.EXPIRING, ConditionType.IDLE))
    return next((found for found in ahead if found is not None and found.is_true), None)


def age(since: datetime | None, now: datetime) -> str:
    """As kubectl writes it: `45s`, `12m`, `5h`, `3d`."""
    if since is None:
        return ""
    passed = max(now - since, timedelta())
    for unit, size, most in (("s", 1, 120), ("m", 60, 180 * 60), ("h", 3600, 48 * 3600)):
        if passed.total_seconds() < most:
            return f"{int(passed.total_seconds() // size)}{unit}"
    return f"{passed.days}d"


def by_key(found: Iterable[Seen]) -> Mapping[Key, Seen]:
    """In the order of kind and name."""
    return {one.key: one for one in sorted(found, key=lambda one: one.key)}
