"""What a provider can say of a deployment's traffic, in the operator's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Figure(StrEnum):
    """What a provider can say of a deployment's traffic. Latencies in milliseconds, errors in percent."""

    REQUESTS = "requests"
    ERRORS = "errors"
    LATENCY_AVERAGE = "latency_average"
    LATENCY_P50 = "latency_p50"
    LATENCY_P95 = "latency_p95"
    LATENCY_P99 = "latency_p99"
    TOKENS = "tokens"
    OUTPUT_TOKENS = "output_tokens"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One span of time; a figure that is missing is unknown. `start` is by the provider's clock."""

    start: datetime
    figures: Mapping[Figure, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A deployment's traffic, oldest first. Buckets without a number of requests are left out."""

    buckets: tuple[Bucket, ...]
    length: timedelta
    at: datetime | None = None
    """When the reply was made, by the provider's clock."""
