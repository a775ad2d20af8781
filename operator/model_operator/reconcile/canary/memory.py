"""What the process remembers of one CanaryEndpoint between passes. All of it may be lost with the process.

Passes tell it what happened; what rules may know of it is its `recall`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from model_operator.domain import Canary
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.plan.canary.situation import AT_ONCE, Action, Create, Failure, Recall


@dataclass(slots=True)
class Memory:
    uid: str = ""
    """Of the object this is about; another object of the same name starts afresh."""
    intent: datetime | None = None
    """`pending.startedAt` of the intent that this process wrote and has not sent yet."""
    created: Canary | None = None
    """What our POST answered, until its id is in the status."""
    synced_at: datetime | None = None
    clock_offset: timedelta | None = None
    """The provider's clock less ours, when it was last shown."""
    failure: Failure | None = None
    failures: int = 0
    """Failed actions in a row, for the back-off."""
    is_finished: bool = False
    """What stays at the provider has been said."""

    def recall(self, status: CanaryEndpointStatus) -> Recall:
        return Recall(
            intent_unsent=status.pending is not None and self.intent == status.pending.started_at,
            created=self.created,
            synced_at=self.synced_at,
            failure=self.failure,
            clock_offset=_offset_in(status) if self.clock_offset is None else self.clock_offset,
        )

    def heard(self, clock_offset: timedelta | None) -> None:
        """The provider showed its clock, or did not."""
        if clock_offset is not None:
            self.clock_offset = clock_offset

    def sending(self, action: Action) -> None:
        if isinstance(action, Create):
            self.intent = None  # from here on its outcome may be unknown

    def answered(self, action: Action, reply: Canary, now: datetime) -> None:
        """With a 2xx, whatever split it echoes."""
        self.heard(reply.at - now if reply.at is not None else None)
        self.synced_at = now
        if isinstance(action, Create):
            self.created = reply

    def worked(self) -> None:
        self.failure, self.failures = None, 0

    def failed(self, failure: Failure) -> None:
        self.failure, self.failures = failure, self.failures + 1

    def reported(self, before: CanaryEndpointStatus, after: CanaryEndpointStatus) -> None:
        """The status is with the API server: what it says need not be remembered, an intent in it is ours."""
        if after.pending is not None and after.pending != before.pending:
            self.intent = after.pending.started_at
        self.created = None

    def finished(self) -> None:
        self.is_finished = True


def _offset_in(status: CanaryEndpointStatus) -> timedelta:
    """As the status remembers it from the last acknowledgement."""
    rollout = status.rollout
    if rollout is None or rollout.acked_at is None or rollout.provider_acked_at is None:
        return AT_ONCE
    return rollout.provider_acked_at - rollout.acked_at
