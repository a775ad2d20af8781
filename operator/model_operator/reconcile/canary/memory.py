"""What the process remembers of one CanaryEndpoint between passes. All of it may be lost with the process.

Passes say what has happened, and only here is a part replaced.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from model_operator.domain import Canary, Split
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.plan.canary.course import Course
from model_operator.plan.canary.remembered import Creation
from model_operator.plan.canary.situation import AT_ONCE, Desired, Failure

_NOISE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Failed changes in a row, for the back-off."""

    failure: Failure | None = None
    count: int = 0


@dataclass(slots=True)
class Memory:
    uid: str = ""
    """Of the object this is about; another object of the same name starts afresh."""
    creation: Creation = field(default_factory=Creation)
    retry: Retry = field(default_factory=Retry)
    synced_at: datetime | None = None
    """When the present split was last acknowledged."""
    clock_offset: timedelta | None = None
    """The provider's clock less ours, as last shown."""
    course: Course | None = None
    """Of the last spec that could be acted on."""
    is_finished: bool = False
    """What stays at the provider has been said."""

    def accepted(self, desired: Desired, remembered: Course | None, *, is_refused: bool) -> Desired:
        """With the course by which a rollout is judged: a refused spec changes nothing of it.

        `remembered` is the one that the status has.
        """
        self.course = (self.course or remembered) if is_refused else desired.course
        return desired if self.course is None else replace(desired, course=self.course)

    def offset(self, status: CanaryEndpointStatus) -> timedelta:
        """The provider's clock less ours, as last seen by this process or as the status remembers it."""
        rollout = status.rollout
        if self.clock_offset is not None:
            return self.clock_offset
        if rollout is None or rollout.acked_at is None or rollout.provider_acked_at is None:
            return AT_ONCE
        return rollout.provider_acked_at - rollout.acked_at

    @property
    def is_clock_heard(self) -> bool:
        """Whether this process knows how late it is at the provider, or that the provider does not say."""
        return self.clock_offset is not None or self.synced_at is not None

    def heard(self, clock_offset: timedelta | None) -> None:
        """An answer showed the provider's clock, or did not. It says whole seconds, and less is no news."""
        known = self.clock_offset
        if clock_offset is not None and (known is None or abs(clock_offset - known) > _NOISE):
            self.clock_offset = clock_offset

    def creating(self) -> None:
        """The POST is about to be sent."""
        self.creation = self.creation.sent()

    def never_sent(self, before: Creation) -> None:
        """The POST was given up before it left."""
        self.creation = before

    def created(self, reply: Canary, sent: Split) -> None:
        """The POST was answered."""
        self.creation = self.creation.answered(reply, sent)

    def answered(self, reply: Canary, now: datetime) -> None:
        """A change was answered, whatever split the answer shows."""
        if reply.at is not None:
            self.clock_offset = reply.at - now  # to the second the one by which the status is dated
        self.synced_at = now

    def succeeded(self) -> None:
        """A change was carried out."""
        self.retry = Retry()

    def failed(self, failure: Failure) -> Failure:
        """A change was refused, or answered with another split, and is not tried again for a while."""
        counted = failure.after(self.retry.failure)
        self.retry = Retry(failure=counted, count=self.retry.count + 1)
        return counted

    def wait_until(self, until: datetime) -> None:
        """What failed last is not tried again before."""
        if self.retry.failure is not None:
            self.retry = replace(self.retry, failure=replace(self.retry.failure, until=until))

    def announcing(self, before: CanaryEndpointStatus, after: CanaryEndpointStatus) -> None:
        """The status is about to be written: what it announces is ours, also where the reply to the write is lost."""
        if after.pending is not None and after.pending != before.pending:
            self.creation = self.creation.announced(after.pending.started_at)

    def written(self, after: CanaryEndpointStatus) -> None:
        """The status is with the API server: what it says need not be remembered."""
        self.creation = self.creation.recorded(after.external_id)

    def finish(self) -> None:
        self.is_finished = True
