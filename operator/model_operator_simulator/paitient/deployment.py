"""One PaiTIENT deployment as the simulator keeps it, and how it behaves under traffic."""

import copy
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from model_operator_simulator.accounts import DEFAULT_ACCOUNT

from .logs import LogBook
from .steps import Steps

SERVING = frozenset({"running", "updating"})
ENDING = frozenset({"deleting", "deleted"})


class Behaviour(BaseModel):
    """How a deployment answers traffic; what is ``None`` is as the knobs of section ``metrics`` say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    direct_rps: float | None = Field(None, ge=0, le=1e6)
    latency_ms: float | None = Field(None, ge=0, le=1e7)
    p95_factor: float | None = Field(None, ge=1, le=1000)
    p99_factor: float | None = Field(None, ge=1, le=1000)
    error_percent: float | None = Field(None, ge=0, le=100)
    input_tokens: float | None = Field(None, ge=0, le=1e7)
    output_tokens: float | None = Field(None, ge=0, le=1e7)


@dataclass
class Minute:
    """What really was sent to ``/generate`` within one minute."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass
class Deployment:
    """A deployment's state. Times are clock seconds; ``fields`` holds what clients wrote, by the vendor's names."""

    id: str
    account: str
    fields: dict[str, Any]
    identity_tag: str
    created_at: float
    updated_at: float = 0.0
    status: str = "creating"
    message: str | None = None
    stuck: bool = False
    # It was deleted, or taken away: it counts for no quota any more.
    ended: bool = False
    fail_after_s: float | None = None
    fail_message: str = "Simulated failure"
    # Bumped at each change of status, so that what was planned before does not happen any more.
    epoch: int = 0
    written_at: float = 0.0
    before_write: "Deployment | None" = None
    logs: LogBook = field(default_factory=LogBook)
    serving: Steps[bool] = field(default_factory=lambda: Steps(False))
    behaviour: Steps[Behaviour] = field(default_factory=lambda: Steps(Behaviour()))
    minutes: dict[int, Minute] = field(default_factory=dict)
    # Name and tag it was created with, by which the counters know it for good.
    identity: tuple[str, str | None] = ("", None)

    def __post_init__(self) -> None:
        prefix = "" if self.account == DEFAULT_ACCOUNT else f"{self.account}/"
        tag = (self.fields.get("tags") or {}).get(self.identity_tag)
        self.identity = (prefix + self.name, None if tag is None else prefix + tag)

    @property
    def name(self) -> str:
        """Its ``deployment_name``."""
        return str(self.fields.get("deployment_name", ""))

    def remember(self, now: float) -> None:
        """Keep a picture of this state for stale reads; a write follows."""
        self.before_write = None
        picture = copy.copy(self)
        picture.fields = dict(self.fields)
        self.before_write = picture
        self.written_at = now
