"""What follows from a call's answer: an acknowledgement, another split than was sent, a refusal, or silence.

Only an answer that echoes what was sent counts; everything else leaves the intent standing.
"""

from dataclasses import replace
from datetime import timedelta

from model_operator.conditions import CanaryPhase, Reason
from model_operator.domain import Canary, Split
from model_operator.errors import InvalidRequest, NotFound, ProviderError, RateLimited, Unavailable, retry_for
from model_operator.models.canary_status import CanaryEndpointStatus, Share, TrafficShare
from model_operator.plan.canary import transitions
from model_operator.plan.canary.situation import (
    AT_ONCE,
    CanaryCall,
    CreateCanary,
    Decision,
    Notice,
    Outlook,
    Scene,
    State,
)
from model_operator.plan.canary.split import describe, percents, without_zeros
from model_operator.plan.canary.words import at, notice, verdict
from model_operator.plan.verdict import Progress

ROLLBACK_CAP = timedelta(seconds=30)
"""Longest wait between two tries of a rollback."""


def answered(scene: Scene, decision: Decision, call: CanaryCall, canary: Canary) -> Decision:
    """The call got a 2xx. `scene.now` is the time of the answer, `decision` the one that made the call."""
    echo = call.split if canary.split is None else canary.split
    before = scene.status
    scene = scene.with_status(
        external_id=canary.id if isinstance(call, CreateCanary) else before.external_id,
        endpoint_url=canary.url or before.endpoint_url,
        pending=None,
        traffic=_rows(scene, echo),
    )
    notices = [notice("Created", f"The provider's canary endpoint is {canary.id}.")] if before.pending else []
    if without_zeros(echo) != without_zeros(call.split):
        return Decision(
            status=scene.status, outlook=_mismatched(decision.outlook), notices=(*decision.notices, *notices)
        )
    if before.traffic_acked_at is None or scene.acknowledged != _acknowledged(before):
        scene = scene.with_status(traffic_acked_at=scene.now)
    after = transitions.acknowledged(scene, canary.at)
    notices.extend(_news(scene, after))
    has_moved = after.rollout.state != scene.rollout.state
    return Decision(
        status=after.status,
        outlook=replace(decision.outlook, progress=Progress.SETTLED) if has_moved else decision.outlook,
        notices=(*decision.notices, *notices),
        look_again=AT_ONCE if has_moved or before.pending else _until_resync(scene, decision),
    )


def _until_resync(scene: Scene, decision: Decision) -> timedelta:
    return min(scene.path.resync, decision.look_again or scene.path.resync)


def _acknowledged(status: CanaryEndpointStatus) -> dict[str, int]:
    return without_zeros({s.deployment_id or "": s.percent for s in status.traffic})


def _news(before: Scene, after: Scene) -> tuple[Notice, ...]:
    rollout = after.rollout
    if rollout.state == before.rollout.state:
        return ()
    if rollout.state == State.ROLLED_BACK:
        why = rollout.failure.message if rollout.failure else ""
        return (notice("RolledBack", f"Back at {describe(rollout.origin)}: {why}", is_warning=True),)
    return (notice("StepApplied", f"Rollout {rollout.id} is at {at(after)}."),)


def _mismatched(outlook: Outlook) -> Outlook:
    """The provider said yes and showed something else."""
    message = "The provider answered with another split than it was sent; it is sent again."
    return replace(outlook, synced=verdict(Reason.SPLIT_MISMATCH, message), progress=Progress.MOVING)


def _rows(scene: Scene, echo: Split) -> tuple[TrafficShare, ...]:
    """The echo in the words of the status. An id that nobody knows is shown as itself."""
    rollout = scene.rollout
    known: dict[str, Share] = {}
    for share in (*rollout.origin, *rollout.to, *scene.intended):
        id = scene.target(share).id
        if id is not None:
            known[id] = share
    desired = percents(rollout.to)
    rows = []
    for id, percent in echo.items():
        share = known.get(id, Share(name=id, deployment_id=id))
        rows.append(
            TrafficShare(
                name=share.name,
                deployment_ref=share.deployment_ref,
                deployment_id=id,
                percent=percent,
                desired_percent=desired.get(share.reference, 0),
            )
        )
    return tuple(rows)


def refused(scene: Scene, decision: Decision, call: CanaryCall, error: ProviderError) -> Decision:
    """The call failed. A create that may have landed keeps its intent, which then only a person can settle."""
    if isinstance(call, CreateCanary):
        is_lost = isinstance(error, Unavailable) and error.may_have_landed
        if is_lost:
            return replace(decision, call=None, look_again=AT_ONCE)
        status = scene.status.model_copy(update={"pending": None})
        return Decision(
            status=status, outlook=failing(scene, decision.outlook, call, error), notices=decision.notices
        )
    return Decision(
        status=scene.status,
        outlook=failing(scene, decision.outlook, call, error),
        notices=decision.notices,
    )


def failing(scene: Scene, outlook: Outlook, call: CanaryCall, error: ProviderError | None) -> Outlook:
    """What the conditions say while the call does not work."""
    if error is None:
        return _mismatched(outlook)
    reason = _reason(scene, call, error)
    if not retry_for(error).needs_person and not isinstance(error, NotFound):
        is_true = None if scene.status.external_id and isinstance(error, Unavailable) else False
        synced = verdict(reason, str(error), is_true=is_true)
        return replace(outlook, synced=synced, progress=Progress.MOVING)
    words = str(error)
    if reason is Reason.MEMBERSHIP_FIXED:
        words += (
            " The provider does not let an endpoint's members change, or have only one. Keep all of them in"
            " spec.traffic, with percent 0 where they shall get nothing."
        )
    synced = verdict(reason, words)
    phase = CanaryPhase.BLOCKED if scene.status.external_id else CanaryPhase.PENDING
    return replace(outlook, phase=phase, message=words, synced=synced, progress=Progress.STUCK)


def _reason(scene: Scene, call: CanaryCall, error: ProviderError) -> Reason:
    """A refused list whose members differ from the acknowledged ones, or that has one: that is why, most likely."""
    if isinstance(error, InvalidRequest):
        acked = {share.deployment_id for share in scene.status.traffic}
        if len(call.split) == 1 or (acked and acked != set(call.split)):
            return Reason.MEMBERSHIP_FIXED
    return error.reason


def delay(decision: Decision, error: ProviderError | None, failures: int) -> timedelta:
    """Until the same call is worth another try, after so many failures in a row before this one."""
    if error is None:
        error = Unavailable("")
    wait = retry_for(error).after(failures)
    is_rollback = decision.status.rollout is not None and decision.status.rollout.state == State.ROLLING_BACK
    if is_rollback and not isinstance(error, RateLimited):
        return min(wait, ROLLBACK_CAP)
    return wait
