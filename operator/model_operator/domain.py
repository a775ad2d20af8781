"""The words that every layer shares: what a remote deployment is and what a user wants of it.

Adapters turn vendor JSON into `Remote` and a spec into `Desired`; plan and status read nothing else.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from typing_extensions import override

from model_operator.active_hours import OffHours
from model_operator.conditions import Reason
from model_operator.idleness import IdleRule

Value: TypeAlias = "str | int | float | bool | Mapping[str, Value] | tuple[Value, ...] | None"
"""A JSON value in canonical form (numbers as numbers, lists as tuples), comparable with `==`."""

Fields: TypeAlias = Mapping[str, Value]
"""Owned fields by their path in the custom resource's spec, e.g. `{"replicas": 2, "parasail.generative": True}`."""

_FLOAT32: Final = 1e-6
"""A number that went through one is off by less, relative to its size; no two settings of a person are as near."""
_EXACT: Final = 1 << 24
"""Whole numbers up to here pass a float32 unharmed."""


def is_same(one: Any, other: Any) -> bool:
    """Whether two values of a field mean the same: a provider may keep its numbers in 32 bits."""
    if not isinstance(one, int | float) or not isinstance(other, int | float) or one == other:
        return bool(one == other)
    is_inexact = isinstance(one, float) or isinstance(other, float) or min(abs(one), abs(other)) > _EXACT
    return is_inexact and math.isclose(one, other, rel_tol=_FLOAT32)


UID_TAG: Final = "model-operator-uid"
"""The tag that carries a CR's UID at providers with tags; reserved by a rule of the CRD."""
OWNER_TAG: Final = "model-operator-owner"
"""The tag with the owner mark: which cluster and object that is. Reserved likewise."""
EPOCH_TAG: Final = "model-operator-epoch"
"""The tag that says which of several takings-over of a mark was the last. Reserved likewise."""

GROUP: Final = "modeloperator.dev"
VERSION: Final = "v1alpha1"
PROVIDER: Final = "ModelProvider"
DEPLOYMENT: Final = "ModelDeployment"
CANARY: Final = "CanaryEndpoint"
BUDGET: Final = "ModelBudget"
FINALIZER: Final = f"{GROUP}/finalizer"
ACTION: Final = f"{GROUP}/action"
"""Annotation by which people move a CanaryEndpoint's rollout."""
CONFIRM_ABSENCE: Final = f"{GROUP}/confirm-absence"


class Key(NamedTuple):
    """What the queue holds: one object of one kind."""

    kind: str
    namespace: str
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


class Priority(IntEnum):
    """Who goes first when a provider's limit is short; lower is sooner."""

    DELETE = 0
    EDIT = 1
    TRANSITION = 2
    SWEEP = 3


class RunState(StrEnum):
    """What a vendor's status word means, by the table in docs/providers.md."""

    STARTING = "Starting"
    SERVING = "Serving"
    UPDATING = "Updating"
    """The old version still serves while the new one is on its way."""
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    FAILED = "Failed"
    DELETING = "Deleting"
    GONE = "Gone"
    """A documented tombstone; as good as a 404."""
    UNKNOWN = "Unknown"
    """A word that no document names: reported as it is, polled, and never acted upon."""


class Power(StrEnum):
    PAUSE = "Pause"
    RESUME = "Resume"


_UNKNOWN: Final = object()


def _is_choice(seen: object, wanted: object) -> bool:
    match wanted, seen:
        case tuple(), tuple():
            return bool(seen) and all(one in wanted for one in seen)
        case {"minReplicas": int(low), "maxReplicas": int(high)}, int():
            return low <= seen <= high
        case _:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """One deployment as a provider last showed it."""

    id: str
    name: str
    model: str | None = None
    state: RunState
    word: str
    """The vendor's own status word, verbatim."""
    message: str = ""
    """The vendor's explanation, already cleaned for people (<= 256 characters, redacted)."""
    replicas: int | None = None
    """Replicas running now; None where the reply does not say."""
    alias: str | None = None
    url: str | None = None
    owner_uid: str | None = None
    """The CR UID in our tag; None where the vendor has no tags or the reply left them out."""
    owner: str | None = None
    """The owner mark (`owner_marks`), likewise."""
    epoch: int | None = None
    """Of the mark, in our tag; None where nobody has taken it over yet."""
    created: datetime | None = field(default=None, compare=False)
    """By the provider's clock, where it says so."""
    fields: Fields = field(default_factory=dict)
    """Owned fields that this reply showed. A field that is missing here is unknown, unless it is in a whole map."""
    whole: tuple[str, ...] = ()
    """Beginnings of paths: of these the reply showed all that there is, so that a missing field is not set."""
    choices: frozenset[str] = frozenset()
    """Fields for which a spec names what will do, and the provider shows what it chose: one or more of a list, or a
    number within bounds."""
    shortage: Reason | None = None
    """It waits, and says for what: a quota, or a free machine."""
    version: str = ""
    """Changes whenever the vendor's object does: an `updated_at`, or a hash of the list item."""
    is_full: bool = False
    """From a GET, so that `fields` is all the vendor will ever show."""
    machine: str | None = field(default=None, compare=False)
    """What a price is for: the instance type, the service tier, or as in `2x H100SXM` the devices of a replica."""
    price: Decimal | None = field(default=None, compare=False)
    """Of one replica for an hour, by the vendor's own word."""
    offers: Mapping[str, Decimal] = field(default_factory=dict, compare=False)
    """Likewise of other machines that it might run on, as prices name them."""
    changed_at: datetime | None = field(default=None, compare=False)
    """When the vendor says that it last changed, by its own clock."""

    def value(self, name: str, unknown: Any) -> Any:
        """The field as shown, None where it is shown not to be set, `unknown` where nothing is shown of it."""
        return self.fields.get(name, None if name.startswith(self.whole) else unknown)

    def holds(self, name: str, wanted: object, *, unknown: bool) -> bool:
        """Whether the field is shown as wanted; `unknown` where nothing is shown of it."""
        seen = self.value(name, _UNKNOWN)
        if seen is _UNKNOWN:
            return unknown
        return is_same(seen, wanted) or (name in self.choices and _is_choice(seen, wanted))

    @property
    def is_gone(self) -> bool:
        """A tombstone: as good as not shown, and as a 404."""
        return self.state is RunState.GONE


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A routing endpoint at the provider that points at one deployment."""

    id: str
    url: str


Split: TypeAlias = Mapping[str, int]
"""Percent of the traffic by deployment id, in the order in which it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A canary endpoint as a create or update answered it; nothing else ever shows one."""

    id: str
    url: str | None = None
    split: Split | None = None
    """What the reply echoes; None where it does not say."""
    at: datetime | None = None
    """When that was, by the provider's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    prompt: str
    timeout: timedelta


@dataclass(frozen=True, slots=True)
class BudgetStop:
    """A ModelBudget whose limit is spent has stopped it, as its status has recorded."""

    budget: str
    since: datetime
    pauses: bool
    """False: it is left with its fewest replicas."""
    ends_at: datetime | None = None
    """The budget's period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one ModelDeployment asks for, in the operator's own words.

    `fields` are owned and may change; `fixed` are sent with the create only.
    """

    uid: str
    namespace: str
    name: str
    generation: int
    deployment_name: str
    model: str
    fields: Fields
    fixed: Fields = field(default_factory=dict)
    provider: str = ""
    """Name of its ModelProvider."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Access keys by the path of their reference, which is among the fields with the Secret's name and resourceVersion."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Long values by their path, of which `fields` has a fingerprint."""
    external_id: str | None = None
    paused: bool | None = False
    """None: the power state is not ours (an adopted deployment whose spec omits `paused`)."""
    off_hours: OffHours | None = None
    """Not None: outside of the schedule's hours, and `paused` or the replicas in `fields` are for that reason what they are."""
    stop: BudgetStop | None = None
    """Not None: likewise, because of a ModelBudget."""
    next_edge: datetime | None = None
    """Of the schedule."""
    active_until: datetime | None = None
    """The edge until which a person lets it run outside its hours, or has let it."""
    expires_at: datetime | None = None
    """From then on it is not to exist at the provider."""
    idle: IdleRule | None = None
    """What becomes of it if nobody uses it."""
    may_scale_down: bool = False
    """A scale-down policy other than NONE: stopping by itself is then intended."""
    corrects_drift: bool = True
    orphans: bool = False
    """deletionPolicy Orphan: leave the remote deployment alone when the CR goes."""
    forces_delete: bool = False
    progress_deadline: timedelta = timedelta(minutes=30)
    probe: Probe | None = None
    endpoint_name: str | None = None
    endpoint_id: str | None = None
    """Of a routing endpoint that exists: none is created."""
    owner: str | None = None
    """`<installation>/<namespace>/<name>`, for providers with tags."""
