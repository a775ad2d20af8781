"""What the process remembers of one CanaryEndpoint between passes. All of it may be lost with the process.

Passes say what has happened, and only here is a part replaced.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from model_operator.domain import Canary
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.plan.canary.situation import AT_ONCE, Creation, Failure


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
    is_finished: bool = False
    """What stays at the provider has been said."""

    def offset(self, status: CanaryEndpointStatus) -> timedelta:
        """The provider's clock less ours, as last seen by this process or as the status remembers it."""
        rollout = status.rollout
        if self.clock_offset is not None:
            return self.clock_offset
        if rollout is None or rollout.acked_at is None or rollout.provider_acked_at is None:
            return AT_ONCE
        return rollout.provider_acked_at - rollout.acked_at

    def heard(self, clock_offset: timedelta | None) -> None:
        """An answer showed the provider's clock, or did not."""
        if clock_offset is not None:
            self.clock_offset = clock_offset

    def creating(self) -> None:
        """The POST is about to be sent."""
        self.creation = self.creation.sent()

    def never_sent(self, before: Creation) -> None:
        """The POST was given up before it left."""
        self.creation = before

    def created(self, reply: Canary) -> None:
        """The POST was answered."""
        self.creation = self.creation.answered(reply)

    def answered(self, reply: Canary, now: datetime) -> None:
        """A change was answered, whatever split the answer shows."""
        self.heard(reply.at - now if reply.at is not None else None)
        self.synced_at = now

    def succeeded(self) -> None:
        """A change was carried out."""
        self.retry = Retry()

    def failed(self, failure: Failure) -> None:
        """A change was refused, or answered with another split, and is not tried again for a while."""
        self.retry = Retry(failure=failure, count=self.retry.count + 1)

    def written(self, before: CanaryEndpointStatus, after: CanaryEndpointStatus) -> None:
        """The status is with the API server: what it says need not be remembered, what it announced is ours."""
        if after.pending is not None and after.pending != before.pending:
            self.creation = self.creation.announced(after.pending.started_at)
        self.creation = self.creation.recorded()

    def finish(self) -> None:
        self.is_finished = True
