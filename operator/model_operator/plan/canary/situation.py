"""What a decision about one CanaryEndpoint is made from and what it looks like: `Scene` in, `Decision` out.

Nothing here does I/O; reconcile/canary.py fills a `Scene` and carries a `Decision` out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from model_operator.conditions import CanaryPhase
from model_operator.domain import Canary, Figures, Split
from model_operator.errors import ProviderError
from model_operator.models.canary import CanaryEndpointSpec
from model_operator.models.canary_status import CanaryEndpointStatus, RolloutStatus, Share
from model_operator.plan.canary.path import Path, path_of
from model_operator.plan.canary.split import Shares, blend, donors, gainers, without_zeros
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


class Health(StrEnum):
    SERVING = "Serving"
    UNREADY = "Unready"
    """The provider says that it does not serve now."""
    FAILED = "Failed"
    """It failed or is gone; it will not serve by itself."""
    UNKNOWN = "Unknown"
    """The provider does not say, so nothing is concluded."""


@dataclass(frozen=True, slots=True)
class Target:
    """One reference as it is now."""

    id: str | None
    health: Health
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the object asks for."""

    name: str
    generation: int
    spec: CanaryEndpointSpec
    action: str = ""
    """Value of the action's annotation."""

    @property
    def endpoint_name(self) -> str:
        return self.spec.endpoint_name or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Figures by reference, read in this pass; or why there are none."""

    figures: Mapping[str, Figures] = field(default_factory=dict)
    error: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Which figures the next verdict needs. Times are by the provider's clock."""

    references: tuple[str, ...]
    start: datetime
    end: datetime
    interval: timedelta


@dataclass(frozen=True, slots=True)
class CreateCanary:
    """POST; the intent is already in the status."""

    name: str
    split: Split


@dataclass(frozen=True, slots=True)
class UpdateCanary:
    """PATCH of the whole list; may be repeated."""

    id: str
    split: Split


CanaryCall = CreateCanary | UpdateCanary


@dataclass(frozen=True, slots=True)
class CanaryFailure:
    """The last call that did not work; the same one is not sent again before `until`."""

    call: CanaryCall
    error: ProviderError | None
    """None: it was answered, with another split."""
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything around the object, as this pass found it."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    """By reference: those of the spec, of the rollout and of the last good split."""
    refusal: Verdict | None = None
    can_call: bool = True
    """There is an account to send requests to."""
    shared: Mapping[str, str] = field(default_factory=dict)
    """By reference: another CanaryEndpoint that sends traffic to the same deployment."""
    reading: Reading | None = None
    clock_offset: timedelta = AT_ONCE
    """The provider's clock less ours."""
    intent_unsent: bool = False
    """The pending create was written by this process, and its request has not been sent."""
    created: Canary | None = None
    """The answer to our POST, should its id not have reached the status yet."""
    synced_at: datetime | None = None
    """When this process last had the present split acknowledged."""
    failure: CanaryFailure | None = None
    status_lost: bool = False
    """Our finalizer is on an object whose status was never written."""
    rests_until: datetime | None = None
    """The provider asked the account to wait (429)."""


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

    reason: str
    message: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step: the status to write, at most one call (only of what the status already says), and when to look."""

    status: CanaryEndpointStatus
    outlook: Outlook
    call: CanaryCall | None = None
    notices: tuple[Notice, ...] = ()
    look_again: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that a decision about one CanaryEndpoint may look at."""

    wish: Wish
    status: CanaryEndpointStatus
    seen: Seen
    now: datetime

    @property
    def path(self) -> Path:
        return path_of(self.wish.spec)

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
    def gainers(self) -> tuple[Share, ...]:
        """Targets whose share rises in this rollout."""
        rising = gainers(self.rollout.origin, self.rollout.to)
        return tuple(share for share in self.rollout.to if share.reference in rising)

    @property
    def donors(self) -> tuple[Share, ...]:
        """Targets whose share falls, to which a rollback would go."""
        falling = donors(self.rollout.origin, self.rollout.to)
        return tuple(share for share in self.rollout.origin if share.reference in falling)

    def target(self, share: Share) -> Target:
        """The share's deployment; by its last known id where nothing else is known."""
        seen = self.seen.targets.get(share.reference)
        if seen is None:
            return Target(share.deployment_id, Health.UNKNOWN)
        return seen if seen.id else replace(seen, id=share.deployment_id)

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
    def acknowledged(self) -> dict[str, int]:
        """Ids that get traffic, as the provider last said."""
        return without_zeros({s.deployment_id or "": s.percent for s in self.status.traffic})

    def with_status(self, **changes: object) -> "Scene":
        return replace(self, status=self.status.model_copy(update=changes))

    def with_rollout(self, **changes: object) -> "Scene":
        return self.with_status(rollout=self.rollout.model_copy(update=changes))


def intended(rollout: RolloutStatus) -> Shares:
    """The split that a rollout wants in force."""
    if rollout.state in {State.ROLLING_BACK, State.ROLLED_BACK}:
        return rollout.origin
    if rollout.state == State.COMPLETED:
        return rollout.to
    return blend(rollout.origin, rollout.to, rollout.step_percent)
