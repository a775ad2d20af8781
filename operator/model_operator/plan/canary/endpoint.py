"""Whether there is an endpoint at all: created once and once only, taken over, or a question to a person.

The vendor can neither show nor list canary endpoints, so a create whose outcome is unknown is never repeated.
"""

from model_operator.conditions import CanaryPhase, Reason
from model_operator.models.canary_status import PendingCreate, Share
from model_operator.plan.canary.situation import AT_ONCE, CreateCanary, Decision, Health, Outlook, Scene
from model_operator.plan.canary.split import describe
from model_operator.plan.canary.words import blocked, verdict
from model_operator.plan.verdict import Progress, Verdict

_ASK = (
    "The provider can neither show nor list canary endpoints. If it has one of this name, set spec.externalID to its"
    " id; if it has none, delete this object and apply it again."
)


def adopt(scene: Scene) -> Decision | None:
    """spec.externalID answers every question about which endpoint it is. Its first PATCH proves it."""
    id = scene.wish.spec.external_id
    if scene.status.external_id is not None or id is None or scene.seen.created is not None:
        return None
    after = scene.with_status(external_id=id, pending=None)
    message = f"Taking over canary endpoint {id}."
    return Decision(status=after.status, outlook=_creating(message), look_again=AT_ONCE)


def stop_when_outcome_unknown(scene: Scene) -> Decision | None:
    if scene.status.external_id is not None or scene.seen.created is not None:
        return None
    if scene.status.pending is None and not _has_lost_its_id(scene):
        return None
    if scene.status.pending is not None and scene.seen.intent_unsent:
        return None
    lost = (
        "Whether the endpoint was created is not known." if scene.status.pending else "The status was lost."
    )
    message = f"{lost} {_ASK}"
    unknown = verdict(Reason.OUTCOME_UNKNOWN, message)
    return Decision(status=scene.status, outlook=blocked(Reason.OUTCOME_UNKNOWN, message, synced=unknown))


def _has_lost_its_id(scene: Scene) -> bool:
    """Somebody emptied the status, or a backup brought the object back without one."""
    return scene.seen.status_lost or bool(scene.status.traffic) or scene.status.last_good is not None


def create(scene: Scene) -> Decision | None:
    """The intent, then the POST; both only while everything that is to get traffic serves."""
    if scene.status.external_id is not None:
        return None
    waiting = unready(scene, tuple(share for share in scene.intended if share.percent))
    if waiting is not None:
        return Decision(
            status=scene.with_status(pending=None).status,
            outlook=Outlook(
                phase=CanaryPhase.PENDING,
                message=waiting.message,
                complete=verdict(waiting.reason, waiting.message),
                synced=verdict(Reason.CREATING, "The endpoint is created once all targets serve."),
                targets=waiting,
                progress=Progress.MOVING,
            ),
        )
    message = f"Creating canary endpoint {scene.wish.endpoint_name} with {describe(scene.intended)}."
    split = scene.ids(scene.intended)
    if scene.status.pending is None or split is None:
        intent = PendingCreate(operation="Create", started_at=scene.now)
        status = scene.with_status(pending=intent).status
        return Decision(status=status, outlook=_creating(message), look_again=AT_ONCE)
    call = CreateCanary(scene.wish.endpoint_name, split)
    return Decision(status=scene.status, outlook=_creating(message), call=call)


def unready(scene: Scene, shares: tuple[Share, ...]) -> Verdict | None:
    """Why traffic cannot be moved to these now; None: it can."""
    for share in shares:
        target = scene.target(share)
        if target.id is None:
            return verdict(Reason.TARGET_NOT_FOUND, f"{share.name}: {target.message or 'not found'}")
        if target.health is Health.FAILED:
            return verdict(Reason.TARGET_FAILED, f"{share.name}: {target.message}")
        if target.health is not Health.SERVING:
            is_true = None if target.health is Health.UNKNOWN else False
            return verdict(Reason.TARGET_NOT_READY, f"{share.name}: {target.message}", is_true=is_true)
    return None


def _creating(message: str) -> Outlook:
    creating = verdict(Reason.CREATING, message)
    return Outlook(
        phase=CanaryPhase.PENDING,
        message=message,
        complete=creating,
        synced=creating,
        progress=Progress.MOVING,
    )
