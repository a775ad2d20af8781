"""Which deployments a CanaryEndpoint may send traffic to, under names that the cache can look up. Pure.

A ModelDeployment is `deployment/<namespace>/<name>`, and a remote deployment `id/<the vendor's id>`.
"""

from collections.abc import Iterable

from model_operator.domain import CANARY, DEPLOYMENT, Key
from model_operator.models.budget import ModelBudget
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.canary_status import CanaryEndpointStatus, Share
from model_operator.models.deployment import ModelDeployment
from model_operator.models.parse import InvalidResource
from model_operator.models.provider import ModelProvider
from model_operator.plan.canary.situation import may_be_in_force


def members_of(
    key: Key, found: CanaryEndpoint | ModelDeployment | ModelProvider | ModelBudget | InvalidResource | None
) -> frozenset[str]:
    """Everything that the spec, the present rollout or a way back may name."""
    if key.kind != CANARY or found is None:
        return frozenset()
    shares = list(found.spec.destination) if isinstance(found, CanaryEndpoint) else []
    if isinstance(found.status, CanaryEndpointStatus):
        shares += _shares(found.status)
    return frozenset(name for share in shares for name in names(key.namespace, share))


def _shares(status: CanaryEndpointStatus) -> Iterable[Share]:
    yield from status.traffic
    yield from status.unacknowledged
    if status.rollout is not None:
        yield from status.rollout.origin
        yield from status.rollout.to
    if status.last_good is not None:
        yield from status.last_good.traffic


def names(namespace: str, share: Share) -> Iterable[str]:
    if share.deployment_ref is not None:
        yield f"deployment/{namespace}/{share.deployment_ref}"
    if share.deployment_id is not None:
        yield f"id/{share.deployment_id}"


def member_names(key: Key, resource: ModelDeployment | None) -> tuple[str, ...]:
    """Under which names a ModelDeployment can be a member."""
    named = f"deployment/{key.namespace}/{key.name.partition('@')[0]}"
    id = resource.status.external_id if resource is not None else None
    return (named, f"id/{id}") if id else (named,)


def in_words(key: Key, namespace: str) -> str:
    """A CanaryEndpoint as a status of that namespace may say it: names of others are nobody's business."""
    return (
        f"CanaryEndpoint {key.name}"
        if key.namespace == namespace
        else "a CanaryEndpoint of another namespace"
    )


def deployments_of(members: Iterable[str]) -> Iterable[Key]:
    """The ModelDeployments among these names."""
    for member in members:
        kind, _, rest = member.partition("/")
        if kind == "deployment":
            yield Key(DEPLOYMENT, *rest.split("/", 1))


def _perhaps(status: CanaryEndpointStatus) -> Iterable[Share]:
    """What a call of the present rollout may have put in force; nothing while none can have been sent."""
    rollout, is_creating = status.rollout, status.pending is not None
    if rollout is None or not (is_creating or (status.external_id and rollout.is_begun)):
        return ()
    return may_be_in_force(rollout)


def has_traffic(namespace: str, status: CanaryEndpointStatus, members: frozenset[str]) -> bool:
    """Whether any of these gets traffic, may get it by a call that was sent, or would get it back."""
    shares: list[Share] = [*status.traffic, *status.unacknowledged, *_perhaps(status)]
    shares += list(status.last_good.traffic) if status.last_good is not None else []
    return any(share.percent > 0 and not members.isdisjoint(names(namespace, share)) for share in shares)
