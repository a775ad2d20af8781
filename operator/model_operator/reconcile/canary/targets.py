"""What is known of the deployments that a CanaryEndpoint names: ids and health, by reference."""

from collections.abc import Iterable
from dataclasses import dataclass

from model_operator.accounts.account import Account
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import DEPLOYMENT, Key, RunState
from model_operator.errors import NotFound, ProviderError
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import Share
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.canary.situation import Health, Target
from model_operator.plan.verdict import Verdict
from model_operator.providers.base import Provider
from model_operator.reconcile.cache import Cache
from model_operator.reconcile.members import has_traffic, names

_HEALTH = {
    RunState.SERVING: Health.SERVING,
    RunState.UPDATING: Health.SERVING,
    RunState.STARTING: Health.UNREADY,
    RunState.STOPPING: Health.UNREADY,
    RunState.STOPPED: Health.UNREADY,
    RunState.FAILED: Health.FAILED,
    RunState.DELETING: Health.FAILED,
    RunState.GONE: Health.FAILED,
    RunState.UNKNOWN: Health.UNKNOWN,
}
_BEYOND_HOPE = frozenset({Reason.FAILED, Reason.MISSING})


def shares_of(resource: CanaryEndpoint) -> dict[str, Share]:
    """Everything that the object names, by reference."""
    status = resource.status
    groups: tuple[Iterable[Share], ...] = (
        resource.spec.destination,
        status.traffic,
        status.rollout.to if status.rollout else (),
        status.rollout.origin if status.rollout else (),
        status.last_good.traffic if status.last_good else (),
    )
    found: dict[str, Share] = {}
    for share in (share for group in groups for share in group):
        known = found.get(share.reference)
        if known is None or known.deployment_id is None:
            found[share.reference] = share
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What one pass looks targets up with; `provider` is the account's at this pass's priority."""

    key: Key
    cache: Cache
    account: Account
    provider: Provider

    async def targets(self, resource: CanaryEndpoint) -> dict[str, Target]:
        status = resource.status
        good = status.last_good.traffic if status.last_good else ()
        with_traffic = frozenset(s.deployment_id for s in (*status.traffic, *good) if s.percent)
        shares = shares_of(resource).items()
        return {reference: await self._target(share, with_traffic) for reference, share in shares}

    async def _target(self, share: Share, with_traffic: frozenset[str | None]) -> Target:
        """One that is being deleted, and is not kept by its traffic, may be gone any moment."""
        if share.deployment_ref is None:
            return await self._by_id(share.deployment_id or "")
        found = self.cache.deployment(Key(DEPLOYMENT, self.key.namespace, share.deployment_ref))
        if found is not None:
            target = _of_deployment(found)
            if found.metadata.is_terminating and target.id not in with_traffic:
                return Target(
                    target.id, Health.UNREADY, f"ModelDeployment {share.deployment_ref} is being deleted"
                )
            return target
        if share.deployment_id is not None:  # its ModelDeployment was deleted, the deployment left behind
            return await self._by_id(share.deployment_id)
        return Target(None, Health.UNREADY, f"there is no ModelDeployment {share.deployment_ref}")

    async def _by_id(self, id: str) -> Target:
        snapshot = self.account.snapshot
        if self.account.lasting_error is not None:
            return Target(id, Health.UNKNOWN, str(self.account.lasting_error))
        remote = snapshot.by_id.get(id) if snapshot is not None else None
        try:
            remote = remote or await self.provider.get(id)
        except NotFound as error:
            return Target(id, Health.FAILED if self.account.is_proven else Health.UNKNOWN, str(error))
        except ProviderError as error:
            return Target(id, Health.UNKNOWN, str(error))
        said = f'the provider says "{remote.word}" of {id}'
        return Target(id, _HEALTH[remote.state], said)


def _of_deployment(resource: ModelDeployment) -> Target:
    """By the condition that is there for this."""
    id, name = resource.status.external_id, resource.metadata.name
    serving = resource.status.condition(ConditionType.SERVING)
    if serving is None:
        return Target(id, Health.UNREADY, f"ModelDeployment {name} has not been looked at yet")
    message = f"ModelDeployment {name} is {serving.reason}"
    if serving.is_true:
        return Target(id, Health.SERVING, message)
    if serving.status == "Unknown":
        return Target(id, Health.UNKNOWN, message)
    return Target(id, Health.FAILED if serving.reason in _BEYOND_HOPE else Health.UNREADY, message)


def refuse_targets(resource: CanaryEndpoint, cache: Cache, targets: dict[str, Target]) -> Verdict | None:
    """A target of another account, or one deployment under two names."""
    namespace, provider = resource.metadata.namespace, resource.spec.provider_ref.name
    by_id: dict[str, str] = {}
    for share in resource.spec.destination:
        found = cache.deployment(Key(DEPLOYMENT, namespace, share.deployment_ref or ""))
        if found is not None and found.spec.provider_ref.name != provider:
            message = (
                f"Target {share.name}: ModelDeployment {share.deployment_ref} is of ModelProvider"
                f' "{found.spec.provider_ref.name}", and the endpoint of "{provider}". Name one of the same provider.'
            )
            return Verdict(False, Reason.PROVIDER_MISMATCH, message)
        id = targets[share.reference].id if share.reference in targets else None
        if id is not None and by_id.setdefault(id, share.name) != share.name:
            message = f"Targets {by_id[id]} and {share.name} are both deployment {id}. Name it once."
            return Verdict(False, Reason.INVALID_REQUEST, message)
    return None


def sharers(key: Key, resource: CanaryEndpoint, cache: Cache, targets: dict[str, Target]) -> dict[str, str]:
    """By reference: another CanaryEndpoint that sends traffic to the same deployment."""
    found = {}
    for reference, share in shares_of(resource).items():
        target = targets.get(reference)
        known = share.model_copy(update={"deployment_id": target.id if target else share.deployment_id})
        members = frozenset(names(key.namespace, known))
        for other in sorted(cache.users(*members) - {key}):
            canary = cache.canary(other)
            if canary is not None and has_traffic(other.namespace, canary.status, members):
                found[reference] = f"{other.namespace}/{other.name}"
    return found
