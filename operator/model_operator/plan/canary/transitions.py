"""The moves of a rollout as changes of the status: begin, next step, acknowledged, back, at the end.

A move is written down before anything is sent because of it, so that a restart goes on from there.
"""

import hashlib
from datetime import datetime, timedelta

from model_operator.models.canary_status import (
    CanaryEndpointStatus,
    Failure,
    LastGood,
    PastRollout,
    RolloutStatus,
)
from model_operator.plan.canary.situation import Scene, State
from model_operator.plan.canary.split import Shares, describe, identity

_REMEMBERED = 10
_CLOCK_AT_ZERO = {
    "acked_at": None,
    "provider_acked_at": None,
    "next_evaluation_at": None,
    "stopped_at": None,
    "paused_seconds": 0.0,
    "unready_since": None,
    "approved_percent": None,
    "analysis": None,
}


def begin(scene: Scene, to: Shares, origin: Shares, *, is_direct: bool) -> Scene:
    """A new rollout at its first step; the one before it, if unfinished, is superseded."""
    path = scene.path
    first = None if is_direct else path.after(0, origin, to)
    percent = 100 if first is None else first.percent
    if first is not None and (path.is_paused or first.percent > path.limit):
        percent = 0  # nothing moves yet; only what an unfinished rollout had moved goes back
    rollout = RolloutStatus(
        id=_new_id(scene, to, origin),
        generation=scene.wish.generation,
        started_at=scene.now,
        origin=_identified(scene, origin),
        to=_identified(scene, to),
        state=State.APPLYING,
        is_direct=is_direct,
        step_index=path.index(percent),
        step_percent=percent,
        retry=path.retry,
    )
    return scene.with_status(
        rollout=rollout, failed_destination=None, history=_superseded(scene.status, scene.now)
    )


def _new_id(scene: Scene, to: Shares, origin: Shares) -> str:
    before = scene.status.rollout.id if scene.status.rollout else ""
    material = f"{before}|{identity(origin)}|{identity(to)}|{scene.wish.generation}|{scene.now.isoformat()}"
    return hashlib.sha256(material.encode()).hexdigest()[:6]


def _identified(scene: Scene, shares: Shares) -> Shares:
    """With the ids of now, for the day when nothing else knows them any more."""
    return tuple(share.model_copy(update={"deployment_id": scene.target(share).id}) for share in shares)


def _superseded(status: CanaryEndpointStatus, now: datetime) -> tuple[PastRollout, ...]:
    rollout = status.rollout
    if rollout is None or rollout.state in {State.COMPLETED, State.ROLLED_BACK}:
        return status.history
    result = "RolledBack" if rollout.state == State.ROLLING_BACK else "Superseded"
    return _remember(status, rollout, result, now)


def _remember(
    status: CanaryEndpointStatus, rollout: RolloutStatus, result: str, now: datetime
) -> tuple[PastRollout, ...]:
    past = PastRollout(
        id=rollout.id,
        origin=describe(rollout.origin),
        to=describe(rollout.to),
        result=result,
        reason=rollout.failure.reason if rollout.failure else "",
        peak_percent=rollout.peak_percent,
        started_at=rollout.started_at,
        finished_at=now,
    )
    return (past, *status.history)[:_REMEMBERED]


def go_to(scene: Scene, percent: int) -> Scene:
    """The split of another step is meant to be in force from now on."""
    return scene.with_rollout(
        **_CLOCK_AT_ZERO,
        state=State.APPLYING,
        step_percent=percent,
        step_index=scene.path.index(percent),
    )


def apply_again(scene: Scene) -> Scene:
    """The same step under other ids: its clock and its verdicts begin anew."""
    return go_to(scene, scene.rollout.step_percent)


def roll_back(scene: Scene, failure: Failure) -> Scene:
    """Decided: nothing but a person or another destination lets it rise again."""
    return scene.with_rollout(
        **(_CLOCK_AT_ZERO | {"analysis": scene.rollout.analysis}),
        state=State.ROLLING_BACK,
        failure=failure,
    ).with_status(failed_destination=identity(scene.rollout.to))


def acknowledged(scene: Scene, provider_time: datetime | None) -> Scene:
    """The provider has the intended split: a step's clock starts, a rollback is at its end."""
    rollout, now = scene.rollout, scene.now
    if rollout.state == State.APPLYING:
        judgement = scene.path.judgement
        first = now + judgement.warmup + judgement.delay + judgement.interval if judgement else None
        return scene.with_rollout(
            state=State.HOLDING,
            acked_at=now,
            provider_acked_at=provider_time,
            next_evaluation_at=first,
            peak_percent=max(rollout.peak_percent, rollout.step_percent),
        )
    if rollout.state == State.ROLLING_BACK:
        result = "Aborted" if rollout.failure and rollout.failure.reason == "Aborted" else "RolledBack"
        return scene.with_rollout(
            state=State.ROLLED_BACK, acked_at=now, provider_acked_at=provider_time
        ).with_status(history=_remember(scene.status, rollout, result, now))
    return scene


def complete(scene: Scene) -> Scene:
    """At the destination: this is what later rollbacks go back to."""
    rollout = scene.rollout
    return scene.with_rollout(state=State.COMPLETED, stopped_at=None, unready_since=None).with_status(
        last_good=LastGood(traffic=_identified(scene, rollout.to), since=scene.now),
        history=_remember(scene.status, rollout, "Completed", scene.now),
    )


def elapsed(scene: Scene) -> timedelta:
    """How long the step has been held, without the time for which its clock stood; never negative."""
    rollout = scene.rollout
    if rollout.acked_at is None:
        return timedelta()
    until = rollout.stopped_at or scene.now
    return max(timedelta(), until - rollout.acked_at - timedelta(seconds=rollout.paused_seconds))


def keep_time(scene: Scene, *, is_stopped: bool) -> Scene:
    """Let the step's clock stand or go on; a clock of ours that was set back begins anew."""
    rollout, now = scene.rollout, scene.now
    if rollout.acked_at is not None and rollout.acked_at > now:
        scene = scene.with_rollout(acked_at=now, paused_seconds=0.0, stopped_at=None, next_evaluation_at=now)
        rollout = scene.rollout
    if is_stopped and rollout.stopped_at is None:
        return scene.with_rollout(stopped_at=now)
    if not is_stopped and rollout.stopped_at is not None:
        stood = max(0.0, (now - rollout.stopped_at).total_seconds())
        return scene.with_rollout(stopped_at=None, paused_seconds=rollout.paused_seconds + stood)
    return scene
