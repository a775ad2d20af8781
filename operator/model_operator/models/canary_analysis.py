"""How a rollout is judged: the part of a CanaryEndpoint's spec that names metrics, limits and patience.

Absent, a rollout goes by time and readiness alone.
"""

from enum import StrEnum
from typing import Final, Self

from pydantic import Field, model_validator

from model_operator.models.rules import at_most, checked, positive, rule
from model_operator.models.wire import DecimalText, Duration, Model


class MetricName(StrEnum):
    """What the provider's figures can be judged by. Latencies are in milliseconds, rates in percent."""

    ERROR_RATE = "ErrorRate"
    LATENCY_AVERAGE = "LatencyAverage"
    LATENCY_P50 = "LatencyP50"
    LATENCY_P95 = "LatencyP95"
    LATENCY_P99 = "LatencyP99"
    LATENCY_PER_OUTPUT_TOKEN = "LatencyPerOutputToken"  # noqa: S105  no password
    TOKENS_PER_REQUEST = "TokensPerRequest"


class MetricType(StrEnum):
    """Where a metric comes from."""

    PROVIDER = "Provider"


class OnFail(StrEnum):
    """What follows `failAfter` failed verdicts in a row."""

    ROLLBACK = "Rollback"
    PAUSE = "Pause"


class Mode(StrEnum):
    """Whether verdicts move traffic."""

    ENFORCE = "Enforce"
    OBSERVE = "Observe"


class MetricAction(StrEnum):
    """What a failed metric counts for."""

    ENFORCE = "Enforce"
    WARN = "Warn"


_LIMITS: Final = (
    "maxPercent",
    "maxIncreasePercentagePoints",
    "maxMilliseconds",
    "maxIncreasePercent",
    "maxTokens",
)

_METRIC_RULES: Final = (
    rule(
        " || ".join(f"has(self.{name})" for name in _LIMITS),
        "metric needs a limit: set at least one of maxPercent, maxIncreasePercentagePoints, maxMilliseconds,"
        " maxTokens and maxIncreasePercent",
        at=".metric",
    ),
    rule(
        "!has(self.maxPercent) || self.metric == 'ErrorRate'",
        "maxPercent is for metric ErrorRate only",
        at=".maxPercent",
    ),
    rule(
        "!has(self.maxIncreasePercentagePoints) || self.metric == 'ErrorRate'",
        "maxIncreasePercentagePoints is for metric ErrorRate only",
        at=".maxIncreasePercentagePoints",
    ),
    rule(
        "!has(self.maxMilliseconds) || self.metric.startsWith('Latency')",
        "maxMilliseconds is for latencies only",
        at=".maxMilliseconds",
    ),
    rule(
        "!has(self.maxTokens) || self.metric == 'TokensPerRequest'",
        "maxTokens is for metric TokensPerRequest only",
        at=".maxTokens",
    ),
    rule(
        "!has(self.maxIncreasePercent) || self.metric != 'ErrorRate'",
        "maxIncreasePercent is not for ErrorRate; set maxIncreasePercentagePoints",
        at=".maxIncreasePercent",
    ),
)


class ProviderMetric(Model):
    model_config = checked(*_METRIC_RULES)

    metric: MetricName = Field(description="The provider's metric to check.")
    max_percent: DecimalText | None = Field(
        default=None,
        description='ErrorRate: maximum percentage of failed requests, for example "2".',
        json_schema_extra=at_most("maxPercent", 100),
    )
    max_increase_percentage_points: DecimalText | None = Field(
        default=None,
        description="ErrorRate: maximum increase over the baseline, in percentage points.",
        json_schema_extra=at_most("maxIncreasePercentagePoints", 100),
    )
    max_milliseconds: DecimalText | None = Field(
        default=None, description="Latencies: maximum in milliseconds."
    )
    max_tokens: DecimalText | None = Field(
        default=None, description="TokensPerRequest: maximum number of input and output tokens per request."
    )
    max_increase_percent: DecimalText | None = Field(
        default=None,
        description="Latencies and TokensPerRequest: maximum increase over the baseline, in percent.",
    )


class MetricSpec(Model):
    model_config = checked(
        rule(
            "(self.type == 'Provider') == has(self.provider)",
            "provider is required with type Provider",
            at=".provider",
        )
    )

    name: str = Field(
        min_length=1,
        max_length=63,
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        description="Name of the check, shown in statuses and Events.",
    )
    type: MetricType = Field(description="Source of the metric. Provider: the provider's own metrics.")
    provider: ProviderMetric | None = Field(default=None, description="The metric and its limits.")
    action: MetricAction | None = Field(
        default=None,
        description="Enforce: the check decides about the rollout. Warn: the check is only reported. Default:"
        " Enforce.",
    )
    min_requests: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Minimum number of requests for a verdict of this check. Default: analysis.minRequests if set,"
        " otherwise 100, 300 for LatencyP95 and 1000 for LatencyP99.",
    )

    @model_validator(mode="after")
    def _has_its_member(self) -> Self:
        if self.provider is None:
            raise ValueError("provider is required with type Provider")
        return self


class Analysis(Model):
    interval: Duration | None = Field(
        default=None,
        description="Time between verdicts. The provider's metrics come in buckets of a minute or more, and there"
        " is no verdict without a new bucket. Default: 1m.",
        json_schema_extra=positive("interval"),
    )
    warmup: Duration | None = Field(
        default=None,
        description="Time after a change of the split whose metrics are ignored. Default: 2m.",
    )
    delay: Duration | None = Field(
        default=None,
        description="Delay before the provider's metrics are complete. More recent metrics are ignored. Default:"
        " 1m.",
    )
    min_requests: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Minimum number of requests to each canary since the last change of the split. With fewer, the"
        " verdict is Inconclusive. Default: 100, 300 for LatencyP95, 1000 for LatencyP99.",
    )
    fail_after: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Number of consecutive failed verdicts before failureAction is taken. Default: 2.",
    )
    inconclusive_timeout: Duration | None = Field(
        default=None,
        description="Time without a verdict after which the rollout waits for manual action. Default: 2h.",
        json_schema_extra=positive("inconclusiveTimeout"),
    )
    on_fail: OnFail | None = Field(
        default=None,
        description="What happens after failed verdicts. Rollback: return to the last good split. Pause: hold the"
        " current split. Default: Rollback.",
    )
    allow_shared_targets: bool | None = Field(
        default=None,
        description="Whether to judge deployments that also receive traffic from other CanaryEndpoints, although"
        " the provider's metrics mix both. Default: false.",
    )
    mode: Mode | None = Field(
        default=None, description="Enforce: act on verdicts. Observe: only report them. Default: Enforce."
    )
    metrics: tuple[MetricSpec, ...] = Field(
        min_length=1,
        max_length=16,
        description="The checks. Every check with mode Enforce must pass.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )
