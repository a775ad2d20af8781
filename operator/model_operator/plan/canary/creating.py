"""Whether there is an endpoint at all: created once and once only, adopted, or a question to a person.

The vendor can neither show nor list canary endpoints, so a create whose outcome is unknown is never repeated.
"""

from dataclasses import replace

from model_operator.conditions import CanaryPhase, ConditionType, Reason
from model_operator.models.canary_status import PendingCreate
from model_operator.plan.canary.course import describe
from model_operator.plan.canary.situation import AT_ONCE, Create, Decision, Outlook, Situation
from model_operator.plan.canary.transitions import answered
from model_operator.plan.canary.words import blocked, unready
from model_operator.plan.verdict import Progress, Verdict

_ASK = (
    "The provider's API can neither show nor list canary endpoints, so check the provider's console. If an endpoint"
    " of this name exists, set spec.externalID to its id. If not, delete this object and apply it again."
)


def record_created(s: Situation) -> Decision | None:
    """Our POST was answered, and its id did not reach the status. It does before anything may refuse."""
    created = s.creation.created
    if created is None or s.status.external_id is not None:
        return None
    outlook = Outlook(
        phase=CanaryPhase.APPLYING,
        message="Created.",
        complete=Verdict(False, Reason.PROGRESSING, "Created."),
    )
    if s.status.rollout is None:  # emptied meanwhile; what the endpoint's traffic is for begins anew
        status = s.status.with_(external_id=created.id, endpoint_url=created.url, pending=None)
        return Decision(status=status, outlook=outlook, look_again=AT_ONCE)
    action = Create(s.desired.endpoint_name, s.ids(s.intended) or {})
    return replace(
        answered(s, Decision(status=s.status, outlook=outlook), action, created), look_again=AT_ONCE
    )


def adopt(s: Situation) -> Decision | None:
    """spec.externalID answers every question about which endpoint it is. Its first PATCH proves it."""
    id = s.desired.external_id
    if s.status.external_id is not None or id is None or s.creation.created is not None:
        return None
    status = s.status.with_(external_id=id, pending=None)
    message = f"Adopting canary endpoint {id}."
    return Decision(status=status, outlook=_creating(message), look_again=AT_ONCE)


def stop_when_outcome_unknown(s: Situation) -> Decision | None:
    if s.status.external_id is not None or s.creation.created is not None:
        return None
    if s.status.pending is None and not _has_lost_its_id(s):
        return None
    if s.status.pending is not None and s.intent_unsent:
        return None
    lost = "Whether the endpoint was created is not known." if s.status.pending else "The status was lost."
    message = f"{lost} {_ASK}"
    unknown = Verdict(False, Reason.OUTCOME_UNKNOWN, message)
    return Decision(status=s.status, outlook=blocked(Reason.OUTCOME_UNKNOWN, message, synced=unknown))


def _has_lost_its_id(s: Situation) -> bool:
    """Somebody emptied the status, or a backup brought the object back without one. Once said, it stays so."""
    said = s.status.condition(ConditionType.TRAFFIC_SYNCED)
    was_said = said is not None and said.reason == Reason.OUTCOME_UNKNOWN
    is_lost = s.observed.is_status_lost or was_said
    return is_lost or bool(s.status.traffic) or s.status.last_good is not None


def create(s: Situation) -> Decision | None:
    """The intent, then the POST; both only while everything that is to get traffic serves."""
    if s.status.external_id is not None:
        return None
    waiting = unready(s, tuple(share for share in s.intended if share.percent))
    if waiting is not None:
        return Decision(
            status=s.status.with_(pending=None),
            outlook=Outlook(
                phase=CanaryPhase.PENDING,
                message=waiting.message,
                complete=Verdict(False, waiting.reason, waiting.message),
                synced=Verdict(
                    False, Reason.CREATING, "The endpoint is created once all targets are serving."
                ),
                targets=waiting,
                progress=Progress.MOVING,
            ),
        )
    message = f"Creating canary endpoint {s.desired.endpoint_name} with {describe(s.intended)}."
    split = s.ids(s.intended)
    if s.status.pending is None or split is None:
        intent = PendingCreate(operation="Create", started_at=s.now)
        status = s.status.with_(pending=intent)
        return Decision(status=status, outlook=_creating(message), look_again=AT_ONCE)
    action = Create(s.desired.endpoint_name, split)
    return Decision(status=s.status, outlook=_creating(message), action=action)


def _creating(message: str) -> Outlook:
    creating = Verdict(False, Reason.CREATING, message)
    return Outlook(
        phase=CanaryPhase.PENDING,
        message=message,
        complete=creating,
        synced=creating,
        progress=Progress.MOVING,
    )
