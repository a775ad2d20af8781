"""What a decision is made from and what it looks like: `Situation` in, `Decision` out.

Nothing here does I/O; the reconcile package fills a `Situation` and carries a `Decision` out.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from model_operator.billing.purse import Purse
from model_operator.conditions import Phase
from model_operator.domain import Desired, Fields, Power, Probe, Remote, RunState
from model_operator.errors import ProviderError
from model_operator.models.deployment_status import NO_CHANGE, ModelDeploymentStatus, StatusChange
from model_operator.modes import Mode
from model_operator.plan.deployment.remembered import Creation, Failure, Sent, Underway
from model_operator.plan.deployment.requests import Requests
from model_operator.plan.verdict import Difference, Progress, Verdict
from model_operator.providers.base import Capabilities

_LONGEST_QUEUE = timedelta(minutes=10)
"""For so long an intent may wait: as long as it lasts, a lost answer cannot be told from one to come."""


class Presence(StrEnum):
    """Whether the deployment under the recorded id exists. Only proof makes it `ABSENT`."""

    UNKNOWN = "Unknown"
    PRESENT = "Present"
    ABSENT = "Absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the provider showed. With an id, `presence` and `remote` speak; without one, `candidates`."""

    presence: Presence = Presence.UNKNOWN
    remote: Remote | None = None
    error: ProviderError | None = None
    """Why nothing is known; the caller has already waited out short hiccups."""
    failures: int = 0
    """Looks in a row, this one included, that ended in an error."""
    candidates: tuple[Remote, ...] = ()
    """Live deployments that carry our tag or our name, oldest first."""
    former: tuple[Remote, ...] = ()
    """Live deployments whose owner mark names this object and that nobody holds: of a former life of it."""
    namesakes: tuple[Remote, ...] = ()
    """Those without an owner mark that nobody holds, of the same model and the same name but for the UID's hash."""
    listed_at: datetime | None = None
    """When the complete LIST behind `candidates` began; None: there was none yet that is recent enough."""
    can_list: bool = True
    next_look: timedelta | None = None
    """It was not shown, and that is no proof yet: until a look can prove it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The durations that decisions depend on (settings; the poll interval is the ModelProvider's)."""

    recovery_window: timedelta = timedelta(seconds=60)
    power_grace: timedelta = timedelta(seconds=60)
    accepted_grace: timedelta = timedelta(seconds=60)
    request_deadline: timedelta = timedelta(seconds=60)
    """From the recorded intent until its request is certainly over."""
    queueing: timedelta = timedelta()
    """How long a request will about wait for its turn under the account's limits; the deadline leaves room for it."""
    poll_interval: timedelta = timedelta(seconds=30)
    transition_poll: timedelta = timedelta(seconds=1)
    create_retry: timedelta = timedelta(minutes=10)

    def at(self, poll_interval: timedelta, queueing: timedelta) -> "Timing":
        """Those of an account."""
        wait = min(queueing, _LONGEST_QUEUE)
        deadline = self.request_deadline + wait
        return replace(self, poll_interval=poll_interval, queueing=wait, request_deadline=deadline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that a decision about one ModelDeployment may look at."""

    desired: Desired
    wanted: bool
    """False: the CR is being deleted, or has expired."""
    status: ModelDeploymentStatus
    observed: Observed
    capabilities: Capabilities
    timing: Timing
    now: datetime
    creation: Creation = field(default_factory=Creation)
    sent: Sent = field(default_factory=Sent)
    failure: Failure | None = None
    paused_until: datetime | None = None
    """The provider asked the account to wait until then (429)."""
    has_default_name: bool = True
    """The remote name holds the CR's UID, so whatever carries it is ours."""
    has_finalizer: bool = False
    """Ours is on the object."""
    guard: str | None = None
    """Not None: that one sends traffic to the deployment, or would go back to it; in words."""
    missing_key: str | None = None
    """Not None: an access key that a create or an update would have to say cannot be read, and why."""
    purse: Purse | None = None
    """What budgets leave; None: nothing that they hold was asked for."""
    stays: bool = False
    """Not wanted, and the object stays: it has expired."""
    rival: str | None = None
    """Another ModelDeployment (`namespace/name`) with the elder claim to the name or id."""
    mode: Mode = Mode.MANAGE
    """Of the ModelProvider."""
    requests: Requests = field(default_factory=Requests)
    """What was read of the requests that it gets."""

    @property
    def remote(self) -> Remote | None:
        return self.observed.remote

    @property
    def holds_nothing(self) -> bool:
        """No id is recorded, or the deployment that is recorded is proven gone."""
        return self.status.external_id is None or self.observed.presence is Presence.ABSENT

    @property
    def intent_unsent(self) -> bool:
        """The pending create was written by this process, and its request has not been sent."""
        pending = self.status.pending
        return pending is not None and pending.started_at == self.creation.intent

    @property
    def may_have_made(self) -> bool:
        """A create may have been sent of which the status says nothing.

        Its own process knows of it; any other sees the finalizer on an object that nothing was ever said of
        (docs/decisions: the finalizer is the intent).
        """
        if self.status.external_id is not None or self.status.pending is not None:
            return False
        if self.creation.underway is not Underway.UNTOLD:
            return self.creation.underway is Underway.MAYBE
        only_adopts = self.desired.external_id is not None and self.desired.generation == 1
        return self.has_finalizer and self.has_default_name and self.status.is_untold and not only_adopts

    @property
    def is_paused_by_us(self) -> bool:
        """Our last word was Pause."""
        last = self.status.last_power_action
        return last is not None and last.action is Power.PAUSE

    def is_recent(self, at: datetime) -> bool:
        """What was sent then may not show yet."""
        return self.now - at < self.timing.power_grace

    def grace_left(self, at: datetime) -> timedelta:
        """Until that is over."""
        return max(at + self.timing.power_grace - self.now, self.timing.transition_poll)

    @property
    def state(self) -> RunState | None:
        return self.observed.remote.state if self.observed.remote else None


@dataclass(frozen=True, slots=True)
class Create:
    """POST the deployment. Without `pending` in the status, the finalizer is its intent and comes first."""


@dataclass(frozen=True, slots=True)
class Update:
    id: str
    changes: Fields
    removed: frozenset[str]


@dataclass(frozen=True, slots=True)
class SetPower:
    id: str
    power: Power
    is_correction: bool
    """Undoes an out-of-band change, which is done once per generation."""


@dataclass(frozen=True, slots=True)
class Delete:
    id: str
    force: bool


@dataclass(frozen=True, slots=True)
class Retag:
    id: str
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class CreateEndpoint:
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class RunProbe:
    remote: Remote
    probe: Probe


@dataclass(frozen=True, slots=True)
class Release:
    """Drop the finalizer; `orphaned` is the id (or what else is known) of what stays at the provider on purpose."""

    orphaned: str | None = None
    is_going: bool = False
    """A DELETE of it was sent before it was to stay, and may have been carried out."""
    why: str = "deletionPolicy Orphan"


Action = Create | Update | SetPower | Delete | Retag | CreateEndpoint | RunProbe | Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step: what the status says meanwhile, and at most one remote change."""

    synced: Verdict
    progress: Progress
    phase: Phase | None
    """None: leave the displayed phase as it is."""
    action: Action | None = None
    serving: Verdict | None = None
    """Overrides what the vendor's state alone would say."""
    drift: tuple[Difference, ...] = ()
    change: StatusChange = NO_CHANGE
    """What it sets in the status."""
    look_again: timedelta | None = None
    """None: the next event or poll is soon enough."""
    needs_list: bool = False
    """A complete LIST that begins from now on is wanted."""
    accepted: Verdict | None = None
    """Not None: the spec cannot be acted on, and this says why."""
    keeps_status: bool = False
    """Nothing has been seen yet, so what the status says stands."""
