"""The moves of a rollout as changes of the status: begin, next step, acknowledged, back, at the end; or stay, and how long.

A move is written down before anything is sent because of it, so that a restart goes on from there. Only an answer that
echoes what was sent acknowledges it; everything else leaves the intent standing.
"""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from model_operator.conditions import Reason
from model_operator.domain import Canary, Split
from model_operator.models.canary import OnTargetUnhealthy
from model_operator.models.canary_status import (
    CanaryEndpointStatus,
    LastGood,
    PastRollout,
    RolloutFailure,
    RolloutStatus,
    Share,
    TrafficShare,
)
from model_operator.plan.canary.course import Shares, describe, identity, percents, without_zeros
from model_operator.plan.canary.situation import (
    AT_ONCE,
    Action,
    Create,
    Decision,
    Notice,
    Outlook,
    Situation,
    State,
    may_be_in_force,
)
from model_operator.plan.canary.words import at, mismatched, notice
from model_operator.plan.verdict import Progress

_REMEMBERED = 10

_WHOLE_SECOND = timedelta(seconds=1)
"""What the provider's clock shows no part of."""


def begin(s: Situation, to: Shares, origin: Shares, *, is_direct: bool) -> Situation:
    """A new rollout at its first step; the one before it, if unfinished, is superseded."""
    course = s.course
    first = None if is_direct else course.after(0, origin, to)
    percent = 100 if first is None else first.percent
    if first is not None and (course.is_paused or first.percent > course.limit):
        percent = 0  # nothing moves yet; only what an unfinished rollout had moved goes back
    rollout = RolloutStatus(
        id=_new_id(s, to, origin),
        generation=s.desired.generation,
        started_at=s.now,
        origin=_identified(s, origin),
        to=_identified(s, to),
        state=State.APPLYING,
        is_direct=is_direct,
        step_index=course.index(percent),
        step_percent=percent,
        retry=course.retry,
    )
    after = s.status.with_(rollout=rollout, failed_destination=None, history=_superseded(s.status, s.now))
    return s.with_status(after.with_(unacknowledged=_unacknowledged(s.status)))


def _unacknowledged(status: CanaryEndpointStatus) -> tuple[Share, ...]:
    """What is in no answer, and would be in no rollout any more."""
    rollout, before = status.rollout, status.unacknowledged
    if rollout is None or not rollout.is_begun or rollout.state not in {State.APPLYING, State.ROLLING_BACK}:
        return before
    shares = (*before, *may_be_in_force(rollout))
    return tuple({share.reference: share for share in shares if share.percent}.values())


def _new_id(s: Situation, to: Shares, origin: Shares) -> str:
    before = s.status.rollout.id if s.status.rollout else ""
    material = f"{before}|{identity(origin)}|{identity(to)}|{s.desired.generation}|{s.now.isoformat()}"
    return hashlib.sha256(material.encode()).hexdigest()[:6]


def _identified(s: Situation, shares: Shares) -> Shares:
    """With the ids of now, for the day when nothing else knows them any more."""
    return tuple(share.with_(deployment_id=s.target(share).id) for share in shares)


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


def go_to(s: Situation, percent: int) -> Situation:
    """The split of another step is meant to be in force from now on."""
    index = s.course.index(percent)
    rollout = _with_clock_at_zero(s.rollout).with_(analysis=None, step_percent=percent, step_index=index)
    return s.with_rollout(rollout.with_(state=State.APPLYING))


def _with_clock_at_zero(rollout: RolloutStatus) -> RolloutStatus:
    return rollout.with_(
        acked_at=None,
        provider_acked_at=None,
        next_evaluation_at=None,
        stopped_at=None,
        paused_seconds=0.0,
        unready_since=None,
        approved_percent=None,
    )


def apply_again(s: Situation) -> Situation:
    """The same step under other ids: its clock and its verdicts begin anew."""
    return go_to(s, s.rollout.step_percent)


def roll_back(s: Situation, failure: RolloutFailure) -> Situation:
    """Decided: nothing but a person or another destination lets it rise again."""
    rollout = _with_clock_at_zero(s.rollout).with_(state=State.ROLLING_BACK, failure=failure)
    return s.with_status(s.status.with_(rollout=rollout, failed_destination=identity(s.rollout.to)))


def acknowledged(s: Situation, provider_time: datetime | None) -> Situation:
    """The provider has the intended split: a step's clock starts, a rollback is at its end."""
    rollout, now = s.rollout, s.now
    if rollout.state == State.APPLYING:
        judgement = s.course.judgement
        first = now + judgement.first_verdict if judgement else None
        return s.with_rollout(
            rollout.with_(
                state=State.HOLDING,
                acked_at=now,
                provider_acked_at=provider_time,
                next_evaluation_at=first,
                peak_percent=max(rollout.peak_percent, rollout.step_percent),
            )
        )
    if rollout.state == State.ROLLING_BACK:
        result = "Aborted" if rollout.failure and rollout.failure.reason == "Aborted" else "RolledBack"
        back = rollout.with_(state=State.ROLLED_BACK, acked_at=now, provider_acked_at=provider_time)
        return s.with_status(s.status.with_(rollout=back, history=_remember(s.status, rollout, result, now)))
    return s


def complete(s: Situation) -> Situation:
    """At the destination: this is what later rollbacks go back to."""
    rollout = s.rollout
    return s.with_status(
        s.status.with_(
            rollout=rollout.with_(state=State.COMPLETED, stopped_at=None, unready_since=None),
            last_good=LastGood(traffic=_identified(s, rollout.to), since=s.now),
            history=_remember(s.status, rollout, "Completed", s.now),
        )
    )


def elapsed(s: Situation) -> timedelta:
    """How long the step has been held, without the time for which its clock stood; never negative."""
    rollout, began = s.rollout, _began(s)
    if began is None:
        return timedelta()
    until = rollout.stopped_at or s.provider_now
    return max(timedelta(), until - began - timedelta(seconds=rollout.paused_seconds))


def _began(s: Situation) -> datetime | None:
    """When the step was acknowledged, by the provider's clock, which no step of ours touches."""
    rollout = s.rollout
    if rollout.acked_at is None:
        return None
    return rollout.provider_acked_at or rollout.acked_at + s.clock_offset


def keep_time(s: Situation, *, is_stopped: bool) -> Situation:
    """Let the step's clock stand or go on; one that was set back at the provider begins anew."""
    rollout, now, began = s.rollout, s.provider_now, _began(s)
    if began is not None and began > now + _WHOLE_SECOND:
        rollout = rollout.with_(acked_at=s.now, provider_acked_at=now, paused_seconds=0.0, stopped_at=None)
    if is_stopped and rollout.stopped_at is None:
        return s.with_rollout(rollout.with_(stopped_at=now))
    if not is_stopped and rollout.stopped_at is not None:
        stood = max(0.0, (now - rollout.stopped_at).total_seconds())
        rollout = rollout.with_(stopped_at=None, paused_seconds=rollout.paused_seconds + stood)
    return s.with_rollout(rollout)


def answered(s: Situation, decision: Decision, action: Action, reply: Canary) -> Decision:
    """The action got a 2xx. `s.now` is the time of the answer, `decision` the one that made the action."""
    echo = action.split if reply.split is None else reply.split
    before, s = s, s.with_status(_with_reply(s, action, reply, echo))
    created = f"The provider's canary endpoint is {reply.id}."
    notices = decision.notices + ((notice(Reason.CREATED, created),) if before.status.pending else ())
    if without_zeros(echo) != without_zeros(action.split):
        return Decision(status=s.status, outlook=mismatched(s, decision.outlook, 1), notices=notices)
    if s.status.traffic_acked_at is None or s.acknowledged != before.acknowledged:
        s = s.with_status(s.status.with_(traffic_acked_at=s.now))
    after = acknowledged(s, reply.at)
    has_moved = after.rollout.state != s.rollout.state
    soonest = min(s.course.resync, decision.look_again or s.course.resync)
    return Decision(
        status=after.status,
        outlook=replace(decision.outlook, progress=Progress.SETTLED) if has_moved else decision.outlook,
        notices=notices + _news(s, after),
        look_again=AT_ONCE if has_moved or before.status.pending else soonest,
    )


def _with_reply(s: Situation, action: Action, reply: Canary, echo: Split) -> CanaryEndpointStatus:
    return s.status.with_(
        external_id=reply.id if isinstance(action, Create) else s.status.external_id,
        endpoint_url=reply.url or s.status.endpoint_url,
        pending=None,
        traffic=_rows(s, echo),
        unacknowledged=(),
    )


def _news(before: Situation, after: Situation) -> tuple[Notice, ...]:
    rollout = after.rollout
    if rollout.state == before.rollout.state:
        return ()
    if rollout.state == State.ROLLED_BACK:
        why = rollout.failure.message if rollout.failure else ""
        said = f"Rolled back to {describe(rollout.origin)}: {why}"
        return (notice(Reason.ROLLED_BACK, said, is_warning=True),)
    return (notice(Reason.STEP_APPLIED, f"Rollout {rollout.id} is at {at(after)}."),)


def _rows(s: Situation, echo: Split) -> tuple[TrafficShare, ...]:
    """The echo in the words of the status. An id that nobody knows is shown as itself."""
    rollout = s.rollout
    known: dict[str, Share] = {}
    for share in (*rollout.origin, *rollout.to, *s.intended):
        id = s.target(share).id
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


def stay(s: Situation, outlook: Outlook, wait: timedelta | None = None) -> Decision:
    """Hold, and look again when a verdict is due at the latest."""
    return Decision(status=s.status, outlook=outlook, look_again=_sooner(s, wait))


def _sooner(s: Situation, wait: timedelta | None) -> timedelta | None:
    rollout, judgement = s.rollout, s.course.judgement
    waits = [] if wait is None else [wait]
    late = left_until_late(s)
    if late is not None:
        waits.append(late)
    if judgement is not None and rollout.state == State.HOLDING and rollout.next_evaluation_at is not None:
        due = (s.evaluation_due or s.now) - s.now
        waits.append(due if due > AT_ONCE else judgement.interval)  # it was due, and could not be done
        if rollout.analysis is not None and rollout.analysis.inconclusive_since is not None:
            patience = rollout.analysis.inconclusive_since + judgement.inconclusive_timeout - s.provider_now
            waits.extend([patience] if patience > AT_ONCE else [])
    return min(waits, default=None)


def left_until_late(s: Situation) -> timedelta | None:
    if s.rollout.unready_since is None or s.course.on_unhealthy is OnTargetUnhealthy.NONE:
        return None
    left = s.course.unready_timeout - unready_for(s)
    return left if left > AT_ONCE else None


def unready_for(s: Situation) -> timedelta:
    since = s.rollout.unready_since
    return timedelta() if since is None else s.provider_now - since
