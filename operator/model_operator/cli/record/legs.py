"""The split over time, as far as a status tells: known between some moments, in between only by which steps it went.

A status keeps when the rollout began, when the provider confirmed the current split and when a rollback was decided,
but no times of the steps before. Those are laid into the gap in proportion to their holds, and marked as not known.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from model_operator.cli.record.model import Leg, Past, Split
from model_operator.cli.record.times import shifted
from model_operator.models.canary_status import CanaryEndpointStatus, RolloutStatus, Share
from model_operator.plan.canary.course import Course, Shares, blend
from model_operator.plan.canary.situation import State

Labels = Callable[[Share], str]
_LEAST: Final = timedelta(minutes=1)
_MARGIN: Final = 0.08
"""Of the whole length: what is shown before and after."""
_OVER: Final = frozenset({State.COMPLETED, State.ROLLED_BACK})


def split_of(shares: Sequence[Share], label: Labels) -> Split:
    return {label(share): share.percent for share in shares if share.percent > 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the legs are made of."""

    status: CanaryEndpointStatus
    rollout: RolloutStatus
    course: Course | None
    """None: the spec cannot be understood."""
    is_edited: bool
    """The spec is not the one any more that the rollout began with, so its steps may be others."""
    label: Labels
    past: tuple[Past, ...]

    @property
    def cut(self) -> Past | None:
        """The rollout that it cut short, and whose split was still in force when it began."""
        return next((p for p in self.past if p.result == "Superseded" and p.finished == self.begun), None)

    @property
    def before(self) -> Split:
        """What was in force when it began: the last good split, or how far the one had come that it cut short."""
        return self.cut.splits[1] if self.cut else self.origin

    @property
    def begun(self) -> datetime:
        return self.rollout.started_at

    @property
    def origin(self) -> Split:
        return split_of(self.rollout.origin, self.label)

    @property
    def present(self) -> Split:
        return split_of(self.status.traffic, self.label) or self.origin

    def at(self, percent: int) -> Split:
        return split_of(blend(self.rollout.origin, self.rollout.to, percent), self.label)


def legs(story: Story, now: datetime) -> tuple[Leg, ...]:
    """From shortly before the rollout began until now, or until shortly after its end."""
    rollout = story.rollout
    told = list(_told(story, now))
    begun, last = told[0].start, told[-1].start
    is_over = rollout.state in _OVER
    end = shifted(last, max(last - begun, _LEAST) * _MARGIN * 2) if is_over else max(now, last)
    end = max(end, shifted(begun, _LEAST))
    told[-1] = replace(told[-1], end=end)
    start = shifted(begun, -(end - begun) * _MARGIN)
    before = Leg(start=start, end=begun, split=story.before, is_known=story.cut is None)
    return tuple(leg for leg in (before, *told) if leg.split and leg.end > leg.start)


def _told(story: Story, now: datetime) -> Iterator[Leg]:
    """In order, without gaps. The end of the last one is the caller's."""
    match story.rollout.state:
        case State.ROLLED_BACK:
            yield from _taken_back(story)
        case State.ROLLING_BACK:
            decided = _decided(story)
            yield from _forward(story, decided, story.rollout.peak_percent)
            yield Leg(start=decided, end=decided, split=story.present, label="going back")
        case State.APPLYING:
            yield from _forward(story, now, story.rollout.peak_percent)
        case _:
            yield from _forward(story, now, story.rollout.step_percent)


def _decided(story: Story) -> datetime:
    failure = story.rollout.failure
    return max(story.begun, failure.at if failure else story.begun)


def _taken_back(story: Story) -> Iterator[Leg]:
    rollout, decided = story.rollout, _decided(story)
    back = max(decided, rollout.acked_at or story.status.traffic_acked_at or decided)
    yield from _climb(story, decided, rollout.peak_percent)
    yield Leg(start=decided, end=back, split=story.at(rollout.peak_percent), label="going back")
    yield Leg(start=back, end=back, split=story.present, label="back")


def _forward(story: Story, until: datetime, here: int) -> Iterator[Leg]:
    """Up to the split that is acknowledged, which is that of `here` percent if any was since the rollout began."""
    begun, since = story.begun, story.status.traffic_acked_at
    if since is None or since < begun:
        yield Leg(start=begun, end=max(until, begun), split=story.present)
        return
    yield from _climb(story, since, here - 1)
    is_step = here > 0 and story.status.step is not None and not story.rollout.is_direct
    label = f"step {story.status.step} · {here} %" if is_step else ""
    yield Leg(start=since, end=max(until, since), split=story.present, label=label)


def _climb(story: Story, end: datetime, most: int) -> Iterator[Leg]:
    """From the origin by each step that is not beyond `most` percent."""
    start, rollout, course = story.begun, story.rollout, story.course
    steps = [step for step in course.steps if step.percent <= most] if course else []
    if rollout.is_promoted and steps:
        yield Leg(start=start, end=end, split=story.before, until=story.at(most), is_known=False)
        return
    if not steps:
        is_known = course is not None and not story.is_edited and story.cut is None
        yield Leg(start=start, end=end, split=story.before, is_known=is_known)
        return
    holds = [max(step.hold.total_seconds(), 1.0) for step in steps]
    lead = min(holds) / 4
    part = (end - start) / (lead + sum(holds))
    at = shifted(start, part * lead)
    yield Leg(start=start, end=at, split=story.before, is_known=False)
    for step, hold in zip(steps, holds, strict=True):
        following = end if step is steps[-1] else shifted(at, part * hold)
        split = story.at(step.percent)
        yield Leg(start=at, end=following, split=split, is_known=False, label=f"{step.percent} %")
        at = following


def ends(before: str, to: str, result: str, peak: int) -> tuple[Split, Split, Split]:
    """Of a past rollout, whose splits are kept as `v1=90 v2=10`: before it, at its farthest, and when it ended."""
    origin, destination = _read(before), _read(to)
    first = split_of(origin, _name)
    highest = split_of(blend(origin, destination, peak), _name)
    match result:
        case "Completed":
            return first, split_of(destination, _name), split_of(destination, _name)
        case "Superseded":
            return first, highest, highest
        case _:
            return first, highest, first


def _read(split: str) -> Shares:
    """What cannot be read is left out."""
    pairs = [part.rpartition("=") for part in split.split()]
    return tuple(
        Share(name=name, deployment_ref=name, percent=int(percent))
        for name, _, percent in pairs
        if name and percent.isascii() and percent.isdecimal() and int(percent) <= 100
    )


def _name(share: Share) -> str:
    return share.name
