"""What is asked for of a deployment that nobody uses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

SHORTEST: Final = timedelta(minutes=10)
"""A start takes minutes, and metrics come minutes late."""
LONGEST: Final = timedelta(days=90)
"""How long a provider keeps its metrics is not documented."""


class IdleAction(StrEnum):
    """What is done with a deployment that has had no request for long enough."""

    MIN_REPLICAS = "MinReplicas"
    EXPIRE = "Expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleRule:
    """`then` is done after so long without a request."""

    after: timedelta
    then: IdleAction
    counts: bool = True
    """False: outside the hours of a schedule, where that it gets no requests says nothing."""
    not_before: datetime | None = None
    """The edge at which these hours began."""
