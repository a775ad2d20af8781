"""What several rules say alike: where a rollout is, what it waits for, and why an action does not work.

Sentences are stable: they change with steps and verdicts, never with the time of a look.
"""

from dataclasses import replace

from model_operator.conditions import CanaryPhase, Reason
from model_operator.errors import InvalidRequest, NotFound, ProviderError, Unavailable, retry_for
from model_operator.plan.canary.course import Shares, describe
from model_operator.plan.canary.situation import Action, Health, Notice, Outlook, Situation
from model_operator.plan.verdict import Progress, Verdict


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


def notice(reason: str, message: str, *, is_warning: bool = False) -> Notice:
    return Notice(reason, message[:1024], is_warning)


def unready(s: Situation, shares: Shares) -> Verdict | None:
    """Why traffic cannot be moved to these now; None: it can."""
    for share in shares:
        target = s.target(share)
        if target.id is None:
            return Verdict(False, Reason.TARGET_NOT_FOUND, f"{share.name}: {target.message or 'not found'}")
        if target.health is Health.FAILED:
            return Verdict(False, Reason.TARGET_FAILED, f"{share.name}: {target.message}")
        if target.health is not Health.SERVING:
            is_true = None if target.health is Health.UNKNOWN else False
            return Verdict(is_true, Reason.TARGET_NOT_READY, f"{share.name}: {target.message}")
    return None


def failing(s: Situation, outlook: Outlook, action: Action, error: ProviderError | None) -> Outlook:
    """What the conditions say while the action does not work."""
    if error is None:
        return mismatched(outlook)
    reason = _reason(s, action, error)
    if not retry_for(error).needs_person and not isinstance(error, NotFound):
        is_true = None if s.status.external_id and isinstance(error, Unavailable) else False
        synced = Verdict(is_true, reason, str(error))
        return replace(outlook, synced=synced, progress=Progress.MOVING)
    words = str(error)
    if reason is Reason.MEMBERSHIP_FIXED:
        words += (
            " The provider does not let an endpoint's members change, or have only one. Keep all of them in"
            " spec.traffic, with percent 0 where they shall get nothing."
        )
    synced = Verdict(False, reason, words)
    phase = CanaryPhase.BLOCKED if s.status.external_id else CanaryPhase.PENDING
    return replace(outlook, phase=phase, message=words, synced=synced, progress=Progress.STUCK)


def _reason(s: Situation, action: Action, error: ProviderError) -> Reason:
    """A refused list whose members differ from the acknowledged ones, or that has one: that is why, most likely."""
    if isinstance(error, InvalidRequest):
        acked = {share.deployment_id for share in s.status.traffic}
        if len(action.split) == 1 or (acked and acked != set(action.split)):
            return Reason.MEMBERSHIP_FIXED
    return error.reason


def mismatched(outlook: Outlook) -> Outlook:
    """The provider said yes and showed something else."""
    message = "The provider answered with another split than it was sent; it is sent again."
    return replace(outlook, synced=Verdict(False, Reason.SPLIT_MISMATCH, message), progress=Progress.MOVING)
