"""What a pass found around a CanaryEndpoint: its targets, their metrics, and why nothing can be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from model_operator.errors import ProviderError
from model_operator.plan.verdict import Verdict
from model_operator.traffic import Figures


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
    is_applied: bool = True  # the ModelDeployment that it refers to exists


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Figures by reference, read in this pass; or why there are none."""

    figures: Mapping[str, Figures] = field(default_factory=dict)
    error: ProviderError | None = None
    clock_offset: timedelta | None = None
    """The provider's clock less ours, if it was shown."""
    until: datetime | None = None
    """The end that was asked for, of all of them, by the provider's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything around the object, as this pass found it."""

    targets: Mapping[str, Target] = field(default_factory=dict)
    """By reference: those of the spec, of the rollout and of the last good split."""
    refusal: Verdict | None = None
    has_account: bool = True
    """There is an account to send requests to."""
    shared: Mapping[str, str] = field(default_factory=dict)
    """By reference: another CanaryEndpoint that sends traffic to the same deployment, in words."""
    reading: Reading | None = None
    is_status_lost: bool = False
    """Our finalizer is on an object whose status was never written."""
