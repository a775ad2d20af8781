"""What the process remembers of one ModelDeployment between passes. All of it may be lost with the process."""

from dataclasses import dataclass
from datetime import datetime

from model_operator.domain import Remote
from model_operator.models.deployment_status import LastPowerAction, ModelDeploymentStatus
from model_operator.plan.deployment.situation import Failure, ProbeResult, Recall, SentUpdate


@dataclass(slots=True)
class Memory:
    uid: str = ""
    """Of the object this is about; another object of the same name starts afresh."""
    intent: datetime | None = None
    """`pending.startedAt` of the intent that this process wrote and has not sent yet."""
    created: Remote | None = None
    """What our POST answered, until its id is in the status."""
    created_at: datetime | None = None
    known_since: datetime | None = None
    """When this process first looked for the deployment by its id."""
    absent_since: datetime | None = None
    adopted_at: datetime | None = None
    has_tagged: bool = False
    """Our tag was sent, and no GET has shown it yet."""
    sent_update: SentUpdate | None = None
    delete_sent_at: datetime | None = None
    probe: ProbeResult | None = None
    failure: Failure | None = None
    failures: int = 0
    """Failed changes in a row, for the back-off."""

    full: Remote | None = None
    """The last GET."""
    version: str | None = None
    """Of the list item when `full` was read, or of the first item seen."""
    read_again_at: datetime | None = None
    """When the next full read is due although nothing seems to have changed."""
    list_after: datetime | None = None
    """Only a LIST that began later counts (after a deployment proved to be gone)."""
    recheck_at: datetime | None = None
    """When to read once more after an update of ours has taken."""
    missed_at: datetime | None = None
    """First 404, where no LIST can confirm it."""
    power: LastPowerAction | None = None
    """Our last pause or resume, should it not have reached the status."""
    lost_endpoint: str | None = None
    """Name of an endpoint whose create may have been carried out although nobody answered."""
    is_finished: bool = False
    """Its deletion is done; the coming DELETED event needs no look."""
    published: tuple[str, ...] | None = None
    """What was last written to the connection's ConfigMap, or found there."""

    def complete(self, status: ModelDeploymentStatus) -> ModelDeploymentStatus:
        """The status with a power action that a failed write has kept from it."""
        last = status.last_power_action
        if self.power is None or (last is not None and last.at >= self.power.at):
            return status
        return status.with_(last_power_action=self.power)

    def recall(self, intent_started_at: datetime | None) -> Recall:
        return Recall(
            intent_unsent=self.intent is not None and self.intent == intent_started_at,
            created=self.created,
            absent_since=self.absent_since,
            adopted_at=self.adopted_at,
            has_tagged=self.has_tagged,
            sent_update=self.sent_update,
            delete_sent_at=self.delete_sent_at,
            probe=self.probe,
            failure=self.failure,
        )

    def note_written(
        self, before: ModelDeploymentStatus, after: ModelDeploymentStatus, now: datetime
    ) -> None:
        """The status is with the API server: what it says need not be remembered, what it announced is ours."""
        if after.pending is not None and after.pending != before.pending:
            self.intent, self.absent_since, self.created = after.pending.started_at, None, None
        if after.external_id == before.external_id:
            return
        self.failure, self.failures = None, 0  # of what was there before
        if after.external_id is None:
            self.list_after, self.full, self.version, self.read_again_at = now, None, None, None
            self.delete_sent_at = self.sent_update = self.recheck_at = self.probe = None
            self.missed_at = self.power = None
        elif self.created is None and before.pending is None:
            self.adopted_at = now
        self.created = self.absent_since = None
