"""One rehearsal from its beginning to a plan: everything is wired here, played, and judged by what the objects say then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from model_operator.accounts.account import Clock
from model_operator.conditions import ConditionType, Reason
from model_operator.domain import PROVIDER, Key
from model_operator.engine.parts import Outside
from model_operator.models.budget import ModelBudget
from model_operator.models.canary import CanaryEndpoint
from model_operator.models.deployment import ModelDeployment
from model_operator.models.provider import ModelProvider
from model_operator.models.status import Status
from model_operator.observability.metrics import Metrics
from model_operator.plan.canary.course import course_of
from model_operator.plan.canary.preview import preview
from model_operator.providers.base import Transport, Vendor
from model_operator.reconcile.store import Body
from model_operator.redaction import Redactor
from model_operator.rehearsal.catching import CatchingTransport, Request, Trail
from model_operator.rehearsal.imagined import ImaginedVendor, World
from model_operator.rehearsal.overlay import Overlay, Reads
from model_operator.rehearsal.plan import Gathered, Item, ObjectPlan, Outcome, Plan
from model_operator.rehearsal.stage import Ahead, Stage
from model_operator.settings import Settings

Resource = ModelDeployment | CanaryEndpoint | ModelProvider | ModelBudget


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The ways to what is real."""

    reads: Reads
    transport: Transport
    vendors: Mapping[str, Vendor]
    settings: Settings
    wall: Clock = now


async def rehearse(gathered: Gathered, means: Means) -> Plan:
    """Plan what was gathered. Nothing is written anywhere, and nothing but reads is sent."""
    trail, clock = Trail(), Ahead(means.wall)
    world, overlay = World(trail), Overlay(means.reads, clock)
    outside = Outside(
        settings=means.settings,
        store=overlay,
        transport=CatchingTransport(means.transport, trail),
        vendors={name: ImaginedVendor(vendor, world) for name, vendor in means.vendors.items()},
        metrics=Metrics(),
        redactor=Redactor(),
        clock=clock,
    )
    stage = Stage(outside, clock, world)
    for key, body in gathered.there.items():
        stage.show(key, body)
    for key, body in gathered.added.items():
        stored = overlay.put(key, body)
        if key.kind == PROVIDER:
            stage.show(key, stored)
    for item in gathered.items:
        if item.body is not None:
            stage.show(item.key, overlay.put(item.key, item.body))
    accepted = [item.key for item in gathered.items if item.body is not None and not item.set_aside]
    needed = [_provider(stage, key) for key in accepted]
    await stage.play(dict.fromkeys((*(key for key in needed if key is not None), *accepted)))
    plans = [_plan(item, stage, world, overlay) for item in gathered.items]
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


def _plan(item: Item, stage: Stage, world: World, overlay: Overlay) -> ObjectPlan:
    key, entry = item.key, stage.cache.entry(item.key)
    requests = world.trail.of(key)
    resource = entry.resource if entry is not None and item.body is not None else None
    outcome, reason, message = _outcome(item, stage, resource, requests)
    forbidden = _unread(stage, key, overlay) if item.body is not None else None
    if forbidden is not None:
        outcome, reason, message = Outcome.UNKNOWN, "SecretForbidden", forbidden
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


def _unread(stage: Stage, key: Key, overlay: Overlay) -> str | None:
    """Why the provider could not be asked: a Secret that whoever plans may not read."""
    ref = _provider(stage, key)
    provider = stage.cache.provider(ref) if ref is not None else None
    if provider is None:
        return None
    secret = Key("Secret", key.namespace, provider.spec.credentials.secret_ref.name)
    error = overlay.refused.get(secret)
    return f"You may not read Secret {secret.name}, so the provider was not asked: {error}" if error else None


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
    if account is None or account.error is not None or (account.snapshot is None and account.can_list):
        return
    if account.snapshot is None:
        yield "The key is accepted; this API has no list of deployments."
    else:
        number = sum(not remote.is_gone for remote in account.snapshot.by_id.values())
        imagined = sum(remote.version.startswith("imagined") for remote in account.snapshot.by_id.values())
        count = number - imagined
        plural = "" if count == 1 else "s"
        yield f"The key is accepted, and the list answers: {count} deployment{plural} in the account."
