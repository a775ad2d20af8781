"""Who did what, and when: the moves of the present rollout that a status keeps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from model_operator.cli.record.legs import Story
from model_operator.cli.record.model import Move, Past, Who
from model_operator.models.canary_status import LastAction, RolloutFailure, RolloutStatus
from model_operator.plan.canary.course import describe
from model_operator.plan.canary.situation import State

_BY: Final = {"Aborted": Who.PERSON}
_SAME: Final = timedelta(seconds=2)
_ENDS: Final = {
    "Completed": "Completed",
    "RolledBack": "Rolled back",
    "Aborted": "Aborted and rolled back",
    "Superseded": "Superseded by another target split",
}


@dataclass(frozen=True, slots=True)
class Writers:
    """The programs that wrote the object last, as managedFields name them; empty where they do not."""

    spec: str = ""
    action: str = ""


def moves(story: Story, writers: Writers) -> tuple[Move, ...]:
    """In the order of time; of one moment, causes first."""
    rollout = story.rollout
    found = [_begun(story, writers.spec)]
    if story.status.last_action is not None:
        found.append(_action(story.status.last_action, writers.action))
    found += _clocks(story)
    if rollout.failure is not None:
        found.append(_failed(rollout.failure, rollout))
    found += _acknowledged(story)
    found += _ended(rollout, story.past)
    return tuple(sorted(found, key=lambda move: move.at))


def _begun(story: Story, manager: str) -> Move:
    rollout, action = story.rollout, story.status.last_action
    way = f"{describe(rollout.origin) or 'nothing'} → {describe(rollout.to)}"
    is_retry = (
        action is not None and action.token.startswith("retry:") and _near(action.at, rollout.started_at)
    )
    if is_retry:
        return Move(at=rollout.started_at, who=Who.PERSON, what=f"Rollout {rollout.id} began", detail=way)
    by = f", last written by {manager}" if manager and not story.is_edited else ""
    detail = f"{way} (generation {rollout.generation}{by})"
    return Move(at=rollout.started_at, who=Who.SPEC, what=f"Rollout {rollout.id} began", detail=detail)


def _near(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= _SAME


def _acknowledged(story: Story) -> Iterator[Move]:
    """The present split, and since when its step is held if that is another moment."""
    status, rollout = story.status, story.rollout
    since = status.traffic_acked_at
    if since is not None:
        what = f"Confirmed {describe(status.traffic)}"
        yield Move(at=since, who=Who.PROVIDER, what=what)
    if rollout.acked_at is not None and (since is None or not _near(rollout.acked_at, since)):
        what = (
            "Rolled back to the last good split"
            if rollout.state == State.ROLLED_BACK
            else "The hold of the step counts from here"
        )
        yield Move(at=rollout.acked_at, who=Who.PROVIDER, what=what)


def _failed(failure: RolloutFailure, rollout: RolloutStatus) -> Move:
    is_back = rollout.state in {State.ROLLING_BACK, State.ROLLED_BACK}
    return Move(
        at=failure.at,
        who=_BY.get(failure.reason, Who.OPERATOR),
        what=f"Decided to go back ({failure.reason})" if is_back else f"Paused ({failure.reason})",
        detail=failure.message,
        is_bad=True,
    )


def _action(action: LastAction, writer: str) -> Move:
    verb = action.token.partition(":")[0] or "nothing"
    is_accepted = action.result == "Accepted"
    by = f" (annotation written by {writer})" if writer else ""
    return Move(
        at=action.at,
        who=Who.PERSON,
        what=f"Asked for {verb}, {action.result.lower()}",
        detail=f"{action.token}{by}{f': {action.message}' if action.message else ''}",
        is_bad=not is_accepted,
    )


def _ended(rollout: RolloutStatus, past: tuple[Past, ...]) -> Iterator[Move]:
    for one in past:
        if one.id == rollout.id and one.started == rollout.started_at:
            what = _ENDS.get(one.result, one.result)
            yield Move(at=one.finished, who=Who.OPERATOR, what=what, is_bad=one.result == "RolledBack")


def _clocks(story: Story) -> Iterator[Move]:
    """What stands, or is not known, since when."""
    rollout, analysis = story.rollout, story.rollout.analysis
    if rollout.unready_since is not None:
        yield Move(at=rollout.unready_since, who=Who.PROVIDER, what="A canary is not serving", is_bad=True)
    if rollout.stopped_at is not None:
        yield Move(at=rollout.stopped_at, who=Who.OPERATOR, what="Stopped the step's time")
    if analysis is None:
        return
    if analysis.errors_since is not None:
        yield Move(
            at=analysis.errors_since, who=Who.PROVIDER, what="Metrics could no longer be read", is_bad=True
        )
    if analysis.inconclusive_since is not None:
        yield Move(at=analysis.inconclusive_since, who=Who.OPERATOR, what="No verdict since then")
    if analysis.judged_until is not None:
        what = f"Verdict {analysis.verdict or 'none'} by metrics up to then"
        in_a_row = f"{analysis.consecutive_fails} consecutive failures" if analysis.consecutive_fails else ""
        yield Move(
            at=analysis.judged_until,
            who=Who.OPERATOR,
            what=what,
            detail=in_a_row,
            is_bad=analysis.verdict == "Fail",
        )
