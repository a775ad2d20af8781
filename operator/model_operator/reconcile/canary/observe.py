"""All reads of a pass over one CanaryEndpoint: the deployments that it names, and their figures if a verdict is due.

Targets are known by reference: those of a ModelDeployment by its conditions, others by a LIST or a GET.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from model_operator.accounts.account import Account, Clock
from model_operator.accounts.bindings import Bindings
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import DEPLOYMENT, Key, RunState
from model_operator.errors import NotFound, ProviderError
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus, Share
from model_operator.models.deployment import ModelDeployment
from model_operator.plan.canary.judging import question
from model_operator.plan.canary.observed import Health, Observed, Reading, Target
from model_operator.plan.canary.situation import Situation
from model_operator.plan.verdict import Verdict
from model_operator.providers.base import Provider
from model_operator.reconcile.cache import Cache, provider_key
from model_operator.reconcile.leading import may_be_of
from model_operator.reconcile.members import has_traffic, in_words, names
from model_operator.traffic import Figures

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
class Look:
    """What one pass looks with. `provider` is the account's, at this pass's priority."""

    key: Key
    resource: CanaryEndpoint
    cache: Cache
    bindings: Bindings
    account: Account
    provider: Provider


async def observe(look: Look) -> Observed:
    """Never raises a ProviderError: what cannot be asked is unknown."""
    targets = await _targets(look)
    return Observed(
        targets=targets,
        refusal=_refuse_targets(look, targets),
        shared=_sharers(look, targets),
    )


async def read(s: Situation, provider: Provider, clock: Clock) -> Reading | None:
    """Figures of canaries and baseline; None if no verdict is due. Never raises a ProviderError."""
    asked = question(s)
    if asked is None:
        return None
    figures: dict[str, Figures] = {}
    offset: timedelta | None = None
    try:
        for reference in asked.references:
            id = s.observed.targets[reference].id or ""
            found = await provider.figures(id, asked.start, asked.end, asked.interval)
            figures[reference] = found
            offset = found.at - clock() if found.at is not None else offset
    except ProviderError as error:
        return Reading(error=error, clock_offset=offset)
    return Reading(figures=figures, clock_offset=offset, until=asked.end)


async def _targets(look: Look) -> dict[str, Target]:
    status = look.resource.status
    good = status.last_good.traffic if status.last_good else ()
    with_traffic = frozenset(share.deployment_id for share in (*status.traffic, *good) if share.percent)
    shares = shares_of(look.resource).items()
    return {reference: await _target(look, share, with_traffic) for reference, share in shares}


async def _target(look: Look, share: Share, with_traffic: frozenset[str | None]) -> Target:
    """One that is being deleted, and is not kept by its traffic, may be gone any moment."""
    if share.deployment_ref is None:
        return await _by_id(look, share.deployment_id or "")
    ref = Key(DEPLOYMENT, look.key.namespace, share.deployment_ref)
    found = look.cache.deployment(ref)
    if found is not None:
        target = _of_deployment(found)
        if found.is_leaving and target.id not in with_traffic:
            what = "is being deleted" if found.metadata.is_terminating else "has expired"
            return Target(target.id, Health.UNREADY, f"ModelDeployment {share.deployment_ref} {what}")
        return target
    if share.deployment_id is not None:  # its ModelDeployment was deleted, the deployment left behind
        return await _by_id(look, share.deployment_id)
    if look.cache.entry(ref) is not None:
        words = f"the operator's version does not understand ModelDeployment {share.deployment_ref}"
        return Target(None, Health.UNREADY, words)
    words = (
        f"ModelDeployment {share.deployment_ref} does not exist in namespace {look.key.namespace}. Apply it, or"
        " correct spec.traffic"
    )
    return Target(None, Health.UNREADY, words, is_applied=False)


async def _by_id(look: Look, id: str) -> Target:
    snapshot = look.account.snapshot
    if look.account.lasting_error is not None:
        return Target(id, Health.UNKNOWN, str(look.account.lasting_error))
    remote = snapshot.by_id.get(id) if snapshot is not None else None
    try:
        remote = remote or await look.provider.get(id)
    except NotFound as error:
        return Target(id, Health.FAILED if look.account.is_proven else Health.UNKNOWN, str(error))
    except ProviderError as error:
        return Target(id, Health.UNKNOWN, str(error))
    said = f'the provider reports {id} as "{remote.word}"'
    return Target(id, _HEALTH[remote.state], said)


def _of_deployment(resource: ModelDeployment) -> Target:
    """By the condition that is there for this."""
    id, name = resource.status.external_id, resource.metadata.name
    serving = resource.status.condition(ConditionType.SERVING)
    if serving is None:
        return Target(id, Health.UNREADY, f"ModelDeployment {name} has not been processed yet")
    message = f"ModelDeployment {name} is {serving.reason}"
    ready = resource.status.condition(ConditionType.READY)
    if id is None and ready is not None:
        message = f"ModelDeployment {name} has no deployment at the provider yet ({ready.reason})"
    if serving.is_true:
        return Target(id, Health.SERVING, message)
    if serving.status == "Unknown":
        return Target(id, Health.UNKNOWN, message)
    return Target(id, Health.FAILED if serving.reason in _BEYOND_HOPE else Health.UNREADY, message)


def _refuse_targets(look: Look, targets: dict[str, Target]) -> Verdict | None:
    """A target of another account, or one deployment under two names."""
    namespace, provider = look.resource.metadata.namespace, look.resource.spec.provider_ref.name
    by_id: dict[str, str] = {}
    for share in look.resource.spec.destination:
        found = look.cache.deployment(Key(DEPLOYMENT, namespace, share.deployment_ref or ""))
        if found is not None and found.spec.provider_ref.name != provider:
            message = (
                f"Target {share.name}: ModelDeployment {share.deployment_ref} uses ModelProvider"
                f' "{found.spec.provider_ref.name}", but the endpoint uses "{provider}". Name a ModelDeployment'
                " of the same ModelProvider."
            )
            return Verdict(False, Reason.PROVIDER_MISMATCH, message)
        id = targets[share.reference].id if share.reference in targets else None
        if id is not None and by_id.setdefault(id, share.name) != share.name:
            message = (
                f"Targets {by_id[id]} and {share.name} are both deployment {id}. Name it only once in"
                " spec.traffic."
            )
            return Verdict(False, Reason.INVALID_REQUEST, message)
    return None


def _sharers(look: Look, targets: dict[str, Target]) -> dict[str, str]:
    """By reference: another CanaryEndpoint of the account that sends traffic to the same deployment, in words."""
    found, mine = {}, provider_key(look.resource)
    for reference, share in shares_of(look.resource).items():
        target = targets.get(reference)
        known = share.with_(deployment_id=target.id if target else share.deployment_id)
        members = frozenset(names(look.key.namespace, known))
        for other in sorted(look.cache.users(*members) - {look.key}):
            entry = look.cache.entry(other)
            if entry is None or not may_be_of(mine, entry, look.cache, look.bindings):
                continue
            said = entry.resource or entry.invalid
            status = said.status if said is not None else None
            if isinstance(status, CanaryEndpointStatus) and has_traffic(other.namespace, status, members):
                found[reference] = in_words(other, look.key.namespace)
    return found
