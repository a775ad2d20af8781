"""What the process remembers of one ModelDeployment between passes. All of it may be lost with the process.

Five parts, each a value of its own. Passes say what has happened, and only here is a part replaced.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from model_operator.domain import UID_TAG, Fields, Remote
from model_operator.errors import ProviderError
from model_operator.models.deployment_status import LastPowerAction, ModelDeploymentStatus, Pending
from model_operator.plan.deployment.remembered import Creation, Failure, ProbeResult, Sent, SentUpdate
from model_operator.plan.deployment.requests import Requests
from model_operator.plan.verdict import Verdict
from model_operator.reconcile.deployment.bill import Bill
from model_operator.reconcile.deployment.keys import NO_KEYS, AccessKeys
from model_operator.reconcile.deployment.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Failed changes in a row, for the back-off."""

    failure: Failure | None = None
    count: int = 0

    def repeats(self, error: ProviderError, generation: int) -> int:
        """How often it has failed so before; another error or another spec begins a back-off of its own."""
        last = self.failure
        is_same = last is not None and type(last.error) is type(error) and last.generation == generation
        return self.count if is_same else 0


@dataclass(slots=True)
class Memory:
    uid: str = ""
    """Of the object this is about; another object of the same name starts afresh."""
    creation: Creation = field(default_factory=Creation)
    view: View = field(default_factory=View)
    sent: Sent = field(default_factory=Sent)
    retry: Retry = field(default_factory=Retry)
    keys: AccessKeys = NO_KEYS
    bill: Bill = field(default_factory=Bill)
    requests: Requests = field(default_factory=Requests)
    connection: Verdict | None = None
    """Why the connection's ConfigMap is not as it should be."""
    has_told_what_stays: bool = False
    """The Events about what its deletion leaves behind are with the API server."""
    is_finished: bool = False
    """Its deletion is done; the coming DELETED event needs no look."""

    def complete(self, status: ModelDeploymentStatus) -> ModelDeploymentStatus:
        """The status with a power action that a failed write has kept from it."""
        last, power = status.last_power_action, self.sent.power
        if power is None or (last is not None and last.at >= power.at):
            return status
        return status.with_(last_power_action=power)

    def rebound(self) -> None:
        """Other credentials, perhaps of another account: what failed may work now, and what was seen proves nothing."""
        self.view, self.retry = self.view.anew(), Retry()
        self.creation, self.bill = self.creation.rebound(), self.bill.rebound()
        self.requests = Requests()

    def looked(self, before: View, creation: Creation, view: View, sent: Sent) -> None:
        """The provider was looked at; these are the parts with what that has shown.

        `before` is the view that the look began with: with other credentials meanwhile, what it saw is nobody's.
        """
        is_same = self.view is before
        self.creation, self.sent = creation if is_same else creation.rebound(), sent
        if is_same:
            self.view = view

    def marked(self) -> None:
        """This process has put the finalizer on, as the intent of a first create."""
        self.creation = self.creation.marked()

    def read_keys(self, keys: AccessKeys) -> None:
        """The Secrets that the spec names were read."""
        self.keys = keys

    def creating(self, fields: Fields, now: datetime) -> None:
        """The POST, which says these, is about to be sent."""
        self.creation = self.creation.sent(fields, now)
        self.bill = self.bill.creating(now)

    def never_sent(self, before: Creation) -> None:
        """The POST was given up before it left."""
        self.creation = self.creation.not_sent(before)
        self.bill = replace(self.bill, sent_at=before.sent_at)

    def made_nothing(self) -> None:
        """The POST was refused for certain, or has provably not left."""
        self.creation, self.bill = self.creation.ended(), replace(self.bill, sent_at=None)

    def created(self, remote: Remote, now: datetime) -> None:
        """The POST was answered."""
        self.creation = self.creation.answered(remote, now)
        self.view = replace(self.view.of(remote.id, now).seen(now), full=remote)

    def updated(self, update: SentUpdate, corrected: Collection[str]) -> None:
        """An update was accepted; these of its fields somebody else had changed."""
        changed = self.sent.changed(update.fields, corrected, update.at)
        self.sent = replace(changed, update=update)

    def switched(self, power: LastPowerAction) -> None:
        self.sent = replace(self.sent, power=power)

    def deleted(self, now: datetime, account: str) -> None:
        """The provider has accepted the DELETE, under the credentials of that account."""
        self.sent = replace(self.sent, delete_at=now, delete_under=account)
        self.view = self.view.seen(now)

    def delete_unanswered(self) -> None:
        """The DELETE may have been carried out."""
        self.sent = replace(self.sent, is_delete_unanswered=True)

    def tagged(self, now: datetime) -> None:
        """Our tag was sent; a GET shows whether it has taken."""
        self.sent = replace(self.sent.changed((UID_TAG,), (UID_TAG,), now), has_tagged=True)
        self.view = replace(self.view, read_again_at=now)

    def probed(self, result: ProbeResult) -> None:
        self.sent = replace(self.sent, probe=result)

    def creating_endpoint(self) -> None:
        """The POST of the routing endpoint is about to be sent."""
        self.sent = replace(self.sent, endpoint_intent=None)

    def published(self, what: tuple[str, ...]) -> None:
        """The connection's ConfigMap says that."""
        self.view, self.connection = replace(self.view, published=what), None

    def not_published(self, why: Verdict | None) -> None:
        """The connection's ConfigMap could not be written; None: there is none to write."""
        self.connection = why

    def billed(self, bill: Bill) -> None:
        """What was seen is added to the cost."""
        self.bill = bill

    def counted(self, requests: Requests) -> None:
        """Its metrics were read, or it is settled when they will be."""
        self.requests = requests

    def told_what_stays(self) -> None:
        self.has_told_what_stays = True

    def succeeded(self) -> None:
        """A change was carried out."""
        self.retry = Retry()

    def failed(self, error: ProviderError, until: datetime, generation: int) -> None:
        """A change was refused, and is not tried again before then."""
        count = self.retry.repeats(error, generation) + 1
        self.retry = Retry(failure=Failure(error.to_keep(), until, generation), count=count)

    def unanswered(self) -> None:
        """A create was sent and nothing is known of it: looking for what it made is no retry."""
        self.retry = Retry()

    def finish(self) -> None:
        self.is_finished, self.creation = True, self.creation.ended()

    def written(self, before: ModelDeploymentStatus, after: ModelDeploymentStatus, now: datetime) -> None:
        """The status is with the API server: what it says need not be remembered, what it announced is ours."""
        self._intent_written(before.pending, after.pending)
        if after.pending_endpoint is not None and after.pending_endpoint != before.pending_endpoint:
            self.sent = replace(self.sent, endpoint_intent=after.pending_endpoint.started_at)
        if before.expired is not None and before.expired.is_final and after.expired is None:
            self.sent = self.sent.kept()  # extended: what we deleted may have stayed
        if after.external_id == before.external_id:
            return
        self.retry = Retry()  # of what was there before
        if before.external_id is not None:
            self.sent, self.requests = self.sent.vanished(), Requests()
        if after.external_id is None:
            self.creation, self.view = Creation(), View()
        else:
            self.creation = self.creation.recorded(now, was_announced=before.pending is not None)

    def _intent_written(self, before: Pending | None, after: Pending | None) -> None:
        if after == before:
            return
        if after is None:
            self.creation = self.creation if self.creation.created is not None else self.creation.ended()
        elif self.creation.is_to_send(after):
            self.creation = self.creation.announced(after.started_at)
        else:
            self.creation = self.creation.told_of(after.started_at)
