"""What several rules say alike: where a rollout is, what it waits for, and why an action does not work.

Sentences are stable: they change with steps and verdicts, never with the time of a look.
"""

from dataclasses import replace
from typing import Final

from model_operator.advice import advised
from model_operator.conditions import CanaryPhase, Reason
from model_operator.errors import InvalidRequest, NotFound, ProviderError, Unavailable, retry_for
from model_operator.models.canary_status import Share
from model_operator.plan.canary.course import Shares, describe, without_zeros
from model_operator.plan.canary.observed import Health
from model_operator.plan.canary.situation import Action, Failure, Notice, Outlook, Situation
from model_operator.plan.verdict import Progress, Verdict

ENOUGH_TRIES: Final = 3
"""So often is a split sent that the provider answers with another one, before a person is asked."""

REPAIR: Final = "Repair the deployments of status.lastGood. The rollout then continues by itself."

_ROUNDING: Final = 5
"""Percentage points by which a provider that rounds may be off."""


def at(s: Situation) -> str:
    """`v1=75 v2=25 (step 2/4)`."""
    return f"{describe(s.intended)} (step {step_of(s)})"


def step_of(s: Situation) -> str:
    """`2/4`, by the course as it is now."""
    return f"{s.course.index(s.rollout.step_percent) + 1}/{len(s.course.steps)}"


def under_way(phase: CanaryPhase, reason: Reason | str, message: str) -> Outlook:
    """A rollout that is fine and not at its end."""
    return Outlook(phase=phase, message=message, complete=Verdict(False, reason, message))


def blocked(reason: Reason, message: str, **more: Verdict) -> Outlook:
    """Only a person can help."""
    return Outlook(
        phase=CanaryPhase.BLOCKED,
        message=message,
        complete=Verdict(False, reason, message),
        progress=Progress.STUCK,
        **more,
    )


def notice(reason: Reason, message: str, *, is_warning: bool = False) -> Notice:
    return Notice(reason, message[:1024], is_warning)


def unready(s: Situation, shares: Shares) -> Verdict | None:
    """Why traffic cannot be moved to these now; None: it can."""
    return next((short for share in shares if (short := shortfall(s, share)) is not None), None)


def shortfall(s: Situation, share: Share) -> Verdict | None:
    """What a target lacks to take traffic; None: nothing."""
    target = s.target(share)
    message = f"{share.name}: {target.message or 'its state is not known'}"
    if not target.is_applied:
        return Verdict(False, Reason.TARGET_NOT_FOUND, message)
    if target.id is None:
        return Verdict(False, Reason.TARGET_NOT_READY, message)
    match target.health:
        case Health.SERVING:
            return None
        case Health.FAILED:
            return Verdict(False, Reason.TARGET_FAILED, message)
        case Health.UNREADY:
            return Verdict(False, Reason.TARGET_NOT_READY, message)
        case Health.UNKNOWN:
            return Verdict(None, Reason.TARGET_NOT_READY, message)


def why_not(s: Situation, outlook: Outlook, failure: Failure) -> Outlook:
    """What the conditions say until the action is tried again."""
    if failure.error is None:
        return mismatched(s, outlook, failure.tries)
    return failing(s, outlook, failure.action, failure.error)


def failing(s: Situation, outlook: Outlook, action: Action, error: ProviderError) -> Outlook:
    """What the conditions say while the action does not work."""
    reason = _reason(s, action, error)
    if not retry_for(error).needs_person and not isinstance(error, NotFound):
        is_true = None if s.status.external_id and isinstance(error, Unavailable) else False
        synced = Verdict(is_true, reason, advised(reason, str(error), _secret(s)))
        return replace(outlook, synced=synced, progress=Progress.MOVING)
    words = advised(reason, str(error), _secret(s)).rstrip(".") + "."
    if reason is Reason.MEMBERSHIP_FIXED:
        words += (
            " The provider refuses to change the deployments of an endpoint, or refuses an endpoint with a single"
            " one. Keep all deployments in spec.traffic, with percent 0 for those that should receive no traffic."
        )
    if isinstance(error, NotFound):
        words += " Check the provider. If the endpoint is gone, delete this object and apply it again to create another."
    if reason is Reason.NAME_TAKEN:
        words += (
            " Set spec.externalID to the id of that endpoint to adopt it, or delete this object and apply it with"
            " another spec.endpointName."
        )
    synced = Verdict(False, reason, words)
    phase = CanaryPhase.BLOCKED if s.status.external_id else CanaryPhase.PENDING
    return replace(outlook, phase=phase, message=words, synced=synced, progress=Progress.STUCK)


def _secret(s: Situation) -> str:
    return f'the Secret of ModelProvider "{s.desired.provider}"'


def _reason(s: Situation, action: Action, error: ProviderError) -> Reason:
    """A refused list whose members differ from the acknowledged ones, or that has one: that is why, most likely."""
    if isinstance(error, InvalidRequest):
        acked = {share.deployment_id for share in s.status.traffic}
        if len(action.split) == 1 or (acked and acked != set(action.split)):
            return Reason.MEMBERSHIP_FIXED
    return error.reason


def mismatched(s: Situation, outlook: Outlook, tries: int) -> Outlook:
    """The provider said yes and showed something else, so many times in a row."""
    sent, kept = describe(s.intended), describe(s.status.traffic)
    if tries < ENOUGH_TRIES:
        words = f"The operator sent {sent}, but the provider confirmed {kept}. The operator sends it again."
        return replace(outlook, synced=Verdict(False, Reason.SPLIT_MISMATCH, words), progress=Progress.MOVING)
    if _is_rounded(s):
        advice = (
            "The provider seems to round: abort the rollout if there is one, and use percentages that the"
            " provider keeps."
        )
    else:
        advice = "Check the endpoint in the provider's console, or abort the rollout if there is one."
    words = f"The provider keeps {kept}, although the operator sent {sent} repeatedly. {advice}"
    phase = outlook.phase if outlook.phase is CanaryPhase.ROLLING_BACK else CanaryPhase.BLOCKED
    synced = Verdict(False, Reason.SPLIT_MISMATCH, words)
    return replace(outlook, phase=phase, message=words, synced=synced, progress=Progress.STUCK)


def _is_rounded(s: Situation) -> bool:
    """The same members with nearly the same shares: nobody's doing but the provider's own."""
    sent, kept = without_zeros(s.ids(s.intended) or {}), s.acknowledged
    return sent.keys() == kept.keys() and all(abs(sent[id] - kept[id]) <= _ROUNDING for id in sent)
