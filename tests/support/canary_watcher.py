"""Books kept beside the decisions about one CanaryEndpoint: only of what is sent, written, and how much time passes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from typing_extensions import override

from model_operator.plan.canary.course import canaries, course_of
from model_operator.plan.canary.situation import State
from support.canary_driver import Driver
from support.canary_paper import MINUTE

HOLD = 5 * MINUTE
"""Of every step that is watched here."""


@dataclass
class Watched(Driver):
    """Refuses what must never be sent."""

    acked: datetime | None = None
    """When the provider last acknowledged a step that was written down."""
    requests_since: float = 0.0
    """Of the canaries since then, as far as a bucket could show them."""
    is_approved: bool = False
    watched: str = ""
    """The rollout that these books are about."""
    went_back: str = ""
    """The rollout that was decided to go back."""

    @override
    def check_move(self, split: dict[str, int], *, is_create: bool) -> None:
        rollout = self.status.rollout
        assert rollout is not None
        if is_create or rollout.is_direct or not self.gains(split):
            return
        assert rollout.id != self.went_back or rollout.state == State.ROLLING_BACK or not self.risen(split)
        limit = course_of(self.resource.spec).limit
        if rollout.state in (State.ROLLING_BACK, State.ROLLED_BACK):
            return
        assert rollout.step_percent <= max(limit, rollout.peak_percent), "above the limit"
        if rollout.peak_percent == 0 or rollout.step_percent <= rollout.peak_percent or rollout.is_promoted:
            return  # the first step, or the same one again
        if self.is_approved:
            return
        assert self.acked is not None, "a step without the acknowledgement of the one before"
        assert self.now - self.acked >= HOLD, "a step before its time"
        assert self.requests_since >= 100, "a step without evidence"

    def gains(self, split: dict[str, int]) -> bool:
        return any(percent > self.split.get(id, 0) for id, percent in split.items())

    def risen(self, split: dict[str, int]) -> bool:
        """Whether a canary of the present rollout gets more than it has."""
        return any(split.get(id, 0) > self.split.get(id, 0) for id in self.canaries)

    @property
    def canaries(self) -> set[str]:
        """Ids of those whose share rises in the present rollout."""
        rollout = self.status.rollout
        if rollout is None:
            return set()
        rising = canaries(rollout.origin, rollout.to)
        return {self.id(share.name) for share in rollout.to if share.reference in rising}

    def pass_time(self, span: timedelta) -> None:
        if self.acked is not None:
            share = sum(self.split.get(id, 0) for id in self.canaries)
            self.requests_since += self.rps * span.total_seconds() * share / 100
        self.now += span

    def observe(self) -> None:
        """After a pass: the books."""
        rollout = self.status.rollout
        if rollout is None:
            return
        if rollout.id != self.watched:
            self.watched, self.acked, self.is_approved = rollout.id, None, False
        if rollout.acked_at is not None and rollout.acked_at != self.acked:
            self.acked, self.requests_since, self.is_approved = rollout.acked_at, 0.0, False
        if rollout.state in (State.ROLLING_BACK, State.ROLLED_BACK):
            self.went_back = rollout.id
