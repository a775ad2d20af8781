"""What came of a rehearsal, for each object: what would be sent, what refuses it, what it waits for.

Values are as they would be sent, secrets and made-up ids included: `shown.py` makes them fit to be seen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from model_operator.conditions import ConditionType, Reason
from model_operator.domain import PROVIDER, Key
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.deployment import ModelDeployment
from model_operator.models.provider import ModelProvider
from model_operator.models.status import Status
from model_operator.plan.canary.course import course_of
from model_operator.plan.canary.preview import preview
from model_operator.reconcile.store import Body
from model_operator.rehearsal.catching import Request
from model_operator.rehearsal.imagined import World
from model_operator.rehearsal.overlay import Overlay
from model_operator.rehearsal.stage import Stage

Resource = ModelDeployment | CanaryEndpoint | ModelProvider


class Outcome(StrEnum):
    CHANGES = "Changes"
    """Requests would be sent that change something."""
    NOTHING = "Nothing"
    """Everything is as the object says."""
    WAITS = "Waits"
    """Nothing would be sent now, and something is under way or missing."""
    REFUSED = "Refused"
    """By the API server, the provider or the operator; a person has to do something."""
    UNKNOWN = "Unknown"
    """It could not be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object of the user's files, as the API server would store it."""

    key: Key
    body: Body | None
    """None: the API server refuses it."""
    is_new: bool
    is_edited: bool = False
    """It is there, and its spec would be another one."""
    refusal: str = ""
    set_aside: str = ""
    """Why it is not rehearsed."""
    immutable: tuple[str, ...] = ()
    """Fields that it sets and that cannot be changed later."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectPlan:
    key: Key
    provider: Key | None
    uid: str
    is_new: bool
    is_edited: bool
    outcome: Outcome
    reason: str = ""
    message: str = ""
    requests: tuple[Request, ...] = ()
    steps: tuple[str, ...] = ()
    """Of a CanaryEndpoint: the way to its destination, in words."""
    immutable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    objects: tuple[ObjectPlan, ...]
    world: World
    """What its made-up ids stand for."""
    secrets: tuple[Body, ...]

    @property
    def has_changes(self) -> bool:
        """Something would be sent, or stored by the API server."""
        return any(o.outcome is Outcome.CHANGES or o.is_new or o.is_edited for o in self.objects)

    @property
    def is_refused(self) -> bool:
        return any(o.outcome in {Outcome.REFUSED, Outcome.UNKNOWN} for o in self.objects)


async def rehearse(
    items: Iterable[Item], there: Mapping[Key, Body], stage: Stage, overlay: Overlay, world: World
) -> Plan:
    """Plan `items` beside all that the API server has already (`there`)."""
    items = tuple(items)
    for key, body in there.items():
        stage.show(key, body)
    for item in items:
        if item.body is not None:
            stage.show(item.key, overlay.put(item.key, item.body))
    accepted = [item.key for item in items if item.body is not None and not item.set_aside]
    needed = [_provider(stage, key) for key in accepted]
    await stage.play(dict.fromkeys((*(key for key in needed if key is not None), *accepted)))
    plans = [_plan(item, stage, world) for item in items]
    return Plan(tuple(plans), world, tuple(overlay.secrets))


def _provider(stage: Stage, key: Key) -> Key | None:
    if key.kind == PROVIDER:
        return key
    entry = stage.cache.entry(key)
    found = entry.resource if entry is not None else None
    if not isinstance(found, ModelDeployment | CanaryEndpoint):
        return None
    provider = Key(PROVIDER, key.namespace, found.spec.provider_ref.name)
    return provider if stage.cache.entry(provider) is not None else None


def _plan(item: Item, stage: Stage, world: World) -> ObjectPlan:
    key, entry = item.key, stage.cache.entry(item.key)
    requests = world.trail.of(key)
    resource = entry.resource if entry is not None and item.body is not None else None
    outcome, reason, message = _outcome(item, stage, resource, requests)
    steps: tuple[str, ...] = ()
    notes = item.notes
    if isinstance(resource, CanaryEndpoint) and outcome is not Outcome.REFUSED:
        steps = _steps(resource, item.body or {})
    if isinstance(resource, ModelProvider):
        notes = (*notes, *_of_account(stage, key))
    return ObjectPlan(
        key=key,
        provider=_provider(stage, key),
        uid=entry.uid if entry is not None else "",
        is_new=item.is_new and item.body is not None,
        is_edited=item.is_edited,
        outcome=outcome,
        reason=reason,
        message=message,
        requests=requests,
        steps=steps,
        immutable=item.immutable,
        notes=notes,
    )


def _outcome(
    item: Item, stage: Stage, resource: Resource | None, requests: tuple[Request, ...]
) -> tuple[Outcome, str, str]:
    """With the reason and the message of what decides."""
    entry = stage.cache.entry(item.key)
    if item.body is None:
        return Outcome.REFUSED, "Invalid", item.refusal
    if item.set_aside:
        return Outcome.WAITS, "", item.set_aside
    if resource is None:
        return Outcome.REFUSED, "Invalid", str(entry.invalid) if entry is not None else "it is gone"
    if (error := stage.error(item.key)) is not None:
        return Outcome.UNKNOWN, "KubernetesRefused", str(error)
    ready = resource.status.condition(ConditionType.READY)
    reason, message = (ready.reason, ready.message) if ready is not None else ("", "")
    if isinstance(resource, CanaryEndpoint) and ready is not None:
        message = resource.status.message or message
    if _is_refused(resource.status) and not requests:
        return Outcome.REFUSED, reason, message
    account = stage.account(item.key)
    if account is not None and account.error is not None:
        return Outcome.UNKNOWN, account.error.reason, str(account.error)
    if any(request.changes_something for request in requests):
        return Outcome.CHANGES, "", ""
    reconciling = resource.status.condition(ConditionType.RECONCILING)
    if reconciling is not None and reconciling.is_true:
        return Outcome.WAITS, reason, message
    return Outcome.NOTHING, reason, message


def _is_refused(status: Status) -> bool:
    """The spec cannot be acted on, or only a person can help."""
    accepted, stalled = status.condition(ConditionType.ACCEPTED), status.condition(ConditionType.STALLED)
    ready = status.condition(ConditionType.READY)
    is_stuck = stalled is not None and stalled.is_true
    is_late = is_stuck and stalled is not None and stalled.reason == Reason.PROGRESS_DEADLINE_EXCEEDED
    is_no_provider = accepted is None and ready is not None and ready.status == "False"
    return (accepted is not None and not accepted.is_true) or (is_stuck and not is_late) or is_no_provider


def _steps(resource: CanaryEndpoint, body: Body) -> tuple[str, ...]:
    """From where the traffic is before this plan."""
    before = CanaryEndpoint.parse(body).status
    origin = before.last_good.traffic if before.last_good is not None else ()
    return tuple(preview(course_of(resource.spec), origin, resource.spec.destination, None))


def _of_account(stage: Stage, key: Key) -> Iterable[str]:
    account = stage.account(key)
    if account is None or account.error is not None:
        return
    if account.snapshot is None:
        yield "The key is accepted; this API has no list of deployments."
    else:
        number = sum(not remote.is_gone for remote in account.snapshot.by_id.values())
        imagined = sum(remote.version.startswith("imagined") for remote in account.snapshot.by_id.values())
        yield f"The key is accepted, and the list answers: {number - imagined} deployments in the account."
