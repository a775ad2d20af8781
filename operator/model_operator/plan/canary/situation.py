"""What a decision about one CanaryEndpoint is made from and what it looks like: `Situation` in, `Decision` out.

Nothing here does I/O; reconcile/canary fills a `Situation` and carries a `Decision` out.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from model_operator.conditions import CanaryPhase, Reason
from model_operator.domain import Split
from model_operator.errors import ProviderError
from model_operator.models.canary_status import CanaryEndpointStatus, RolloutStatus, Share
from model_operator.modes import Mode
from model_operator.plan.canary.course import (
    Course,
    Shares,
    baselines,
    blend,
    canaries,
    identity,
    without_zeros,
)
from model_operator.plan.canary.observed import Health, Observed, Target
from model_operator.plan.canary.remembered import Creation
from model_operator.plan.verdict import Progress, Verdict

AT_ONCE = timedelta()


class State(StrEnum):
    """`status.rollout.state`: what is durable of a rollout; everything else is found out anew each time."""

    APPLYING = "Applying"
    """The step's split is meant to be in force, and the provider has not acknowledged it."""
    HOLDING = "Holding"
    ROLLING_BACK = "RollingBack"
    """Decided, and not acknowledged yet."""
    ROLLED_BACK = "RolledBack"
    COMPLETED = "Completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the object asks for, with every default filled in."""

    endpoint_name: str
    generation: int
    destination: Shares
    course: Course
    external_id: str | None = None
    provider: str = ""
    command: str = ""
    """Value of the annotation by which people move a rollout."""
    path: str = ""
    """The course as a status remembers it."""


@dataclass(frozen=True, slots=True)
class Create:
    """POST; the intent is already in the status."""

    name: str
    split: Split


@dataclass(frozen=True, slots=True)
class Update:
    """PATCH of the whole list; may be repeated."""

    id: str
    split: Split


Action = Create | Update


@dataclass(frozen=True, slots=True)
class Failure:
    """The last call that did not work; the same one is not sent again before `until`."""

    action: Action
    error: ProviderError | None  # None: it was answered, with another split
    until: datetime
    echo: Split | None = None  # that split
    tries: int = 1
    """So many times in a row, with the same other split."""

    def after(self, before: "Failure | None") -> "Failure":
        """Counted on where the one before it was the same."""
        is_same = before is not None and (before.action, before.echo) == (self.action, self.echo)
        return replace(self, tries=before.tries + 1) if before is not None and is_same else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the conditions say after this pass, besides what status and targets show by themselves."""

    phase: CanaryPhase
    message: str
    complete: Verdict
    synced: Verdict | None = None
    """None: by what was acknowledged."""
    targets: Verdict | None = None
    accepted: Verdict | None = None
    progress: Progress = Progress.SETTLED


@dataclass(frozen=True, slots=True)
class Notice:
    """A Kubernetes Event."""

    reason: Reason
    message: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step: the status to write, at most one remote change (of what the status already says), when to look."""

    status: CanaryEndpointStatus
    outlook: Outlook
    action: Action | None = None
    notices: tuple[Notice, ...] = ()
    look_again: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that a decision about one CanaryEndpoint may look at."""

    desired: Desired
    status: CanaryEndpointStatus
    observed: Observed
    now: datetime
    creation: Creation = field(default_factory=Creation)
    failure: Failure | None = None
    synced_at: datetime | None = None
    """When this process last had the present split acknowledged."""
    clock_offset: timedelta = AT_ONCE
    """The provider's clock less ours."""
    is_clock_heard: bool = True
    """Whether this process has that from the provider; else it is what the status of another one says."""
    paused_until: datetime | None = None
    """The provider asked the account to wait until then (429)."""
    mode: Mode = Mode.MANAGE
    """Of the ModelProvider."""

    @property
    def intent_unsent(self) -> bool:
        """The pending create was written by this process, and its request has not been sent."""
        pending = self.status.pending
        return pending is not None and pending.started_at == self.creation.intent

    @property
    def course(self) -> Course:
        return self.desired.course

    @property
    def evaluation_due(self) -> datetime | None:
        """When the next verdict is due; at once if a clock was set back since that was written."""
        due, judgement = self.rollout.next_evaluation_at, self.course.judgement
        if due is None or judgement is None:
            return due
        return due if due - self.now <= max(judgement.first_verdict, judgement.interval) else self.now

    @property
    def provider_now(self) -> datetime:
        """The time by the provider's clock."""
        return self.now + self.clock_offset

    @property
    def rollout(self) -> RolloutStatus:
        """The present rollout; rules that come after its beginning may rely on it."""
        assert self.status.rollout is not None  # noqa: S101  follow_destination has made one
        return self.status.rollout

    @property
    def state(self) -> State:
        return State(self.rollout.state)

    @property
    def intended(self) -> Shares:
        """The split that the status wants in force."""
        return intended(self.rollout)

    @property
    def canaries(self) -> Shares:
        """Targets whose share rises in this rollout; they are judged."""
        rising = canaries(self.rollout.origin, self.rollout.to)
        return tuple(share for share in self.rollout.to if share.reference in rising)

    @property
    def baselines(self) -> Shares:
        """Targets whose share falls; canaries are compared with them, and a rollback goes back to them."""
        falling = baselines(self.rollout.origin, self.rollout.to)
        return tuple(share for share in self.rollout.origin if share.reference in falling)

    def target(self, share: Share) -> Target:
        """The share's deployment; by its last known id where nothing else is known."""
        found = self.observed.targets.get(share.reference)
        if found is None:
            return Target(share.deployment_id, Health.UNKNOWN)
        return found if found.id else replace(found, id=share.deployment_id)

    def ids(self, shares: Shares) -> dict[str, int] | None:
        """As it is sent. None while a target that shall get traffic has no id; without traffic it is left out."""
        split: dict[str, int] = {}
        for share in shares:
            id = self.target(share).id
            if id is None and share.percent:
                return None
            if id is not None:
                split[id] = split.get(id, 0) + share.percent
        return split

    @property
    def is_intended_refused(self) -> bool:
        """What cannot be acted on is the very split that would be sent, and not another wish."""
        is_back = self.state in {State.ROLLING_BACK, State.ROLLED_BACK}
        is_wished = identity(self.desired.destination) == identity(self.rollout.to)
        return self.observed.refusal is not None and is_wished and not is_back

    @property
    def update(self) -> Update | None:
        """The intended split as it is sent; None while a target has no id."""
        split = self.ids(self.intended)
        return None if split is None else Update(self.status.external_id or "", split)

    @property
    def acknowledged(self) -> dict[str, int]:
        """Ids that get traffic, as the provider last said."""
        return without_zeros({share.deployment_id or "": share.percent for share in self.status.traffic})

    def with_status(self, status: CanaryEndpointStatus) -> "Situation":
        return replace(self, status=status)

    def with_rollout(self, rollout: RolloutStatus) -> "Situation":
        return self.with_status(self.status.with_(rollout=rollout))


def may_be_in_force(rollout: RolloutStatus) -> Shares:
    """What a call of a rollout that has begun may have put in force whose answer nobody has seen."""
    is_going_back = rollout.state == State.ROLLING_BACK
    return (*intended(rollout), *(rollout.to if is_going_back else ()))


def intended(rollout: RolloutStatus) -> Shares:
    """The split that a rollout wants in force."""
    if rollout.state in {State.ROLLING_BACK, State.ROLLED_BACK}:
        return rollout.origin
    if rollout.state == State.COMPLETED:
        return rollout.to
    return blend(rollout.origin, rollout.to, rollout.step_percent)
