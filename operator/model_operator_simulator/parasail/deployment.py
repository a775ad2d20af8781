"""One Parasail deployment as the simulator keeps it, and its instances."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from model_operator_simulator.accounts import DEFAULT_ACCOUNT

from .fields import gpus_per_replica as _gpus_per_replica

STOPPED = frozenset({"OFFLINE", "PAUSED"})
NO_QUOTA = "Insufficient quota"


@dataclass(frozen=True)
class Instance:
    """One replica's process. ``at`` is the clock time of its last change of status."""

    id: int
    status: str
    at: float
    message: str | None = None


@dataclass
class Deployment:
    """A deployment's state. Times are clock seconds; ``fields`` holds what clients wrote, by the vendor's names."""

    id: int
    account: str
    fields: dict[str, Any]
    created_at: float
    status: str = "STARTING"
    message: str | None = None
    status_at: float = 0.0
    started_at: float | None = None
    online_at: float | None = None
    modified_at: float = 0.0
    last_request_at: float | None = None
    instances: list[Instance] = field(default_factory=list)
    granted_gpus: int = 0
    # By the vendor's own autoscaler; None without one.
    scaled: int | None = None
    # Chat requests that others have under way.
    connections: int = 0
    # Whose turn it is to move `scaled` on.
    scaler: int = 0
    stop_end: str = "OFFLINE"
    deleting: bool = False
    stuck: bool = False
    fail_after_s: float | None = None
    fail_message: str = "Simulated failure"
    # Bumped at each change of status, so that what was planned before does not happen any more.
    epoch: int = 0
    written_at: float = 0.0
    before_write: "Deployment | None" = None
    # The name it was created with, by which the counters know it for good.
    identity: str = ""
    wire_cache: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    # Told of each change that a reply or a bill shows.
    changed: Callable[["Deployment"], None] | None = None

    def __post_init__(self) -> None:
        name = str(self.fields["deploymentName"])
        self.identity = name if self.account == DEFAULT_ACCOUNT else f"{self.account}/{name}"

    @property
    def name(self) -> str:
        """Its ``deploymentName``."""
        return str(self.fields["deploymentName"])

    @property
    def alias(self) -> str:
        """Its ``externalAlias``: the ``model=`` of a chat request."""
        return f"{self.account}-{self.name}"

    @property
    def aliases(self) -> list[str]:
        """All names by which chat requests reach it."""
        return [self.alias, *self.fields.get("customAliases", ())]

    @property
    def replicas(self) -> int:
        """Replicas wanted, by clients or by the autoscaler."""
        return int(self.fields["replicas"]) if self.scaled is None else self.scaled

    @property
    def gpus(self) -> int:
        """GPUs that it needs with all replicas."""
        return self.replicas * self.gpus_per_replica

    @property
    def gpus_per_replica(self) -> int:
        """GPUs of one replica."""
        return _gpus_per_replica(self.fields)

    def touch(self) -> None:
        """Something that a reply shows has changed."""
        self.wire_cache.clear()
        if self.changed is not None:
            self.changed(self)

    def remember(self, now: float) -> None:
        """Keep a picture of this state for stale reads; a write follows."""
        self.before_write = None
        picture = copy.copy(self)
        picture.fields = dict(self.fields)
        picture.instances = list(self.instances)
        picture.wire_cache = {}
        picture.changed = None
        self.before_write = picture
        self.written_at = now
