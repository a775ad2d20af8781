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

    metric: MetricName = Field(description="Which of the provider's figures.")
    max_percent: DecimalText | None = Field(
        default=None,
        description='ErrorRate: most errors, in percent of the requests, for example "2".',
        json_schema_extra=at_most("maxPercent", 100),
    )
    max_increase_percentage_points: DecimalText | None = Field(
        default=None,
        description="ErrorRate: by how many percentage points canaries may be above the baseline.",
        json_schema_extra=at_most("maxIncreasePercentagePoints", 100),
    )
    max_milliseconds: DecimalText | None = Field(
        default=None, description="Latencies: the most, in milliseconds."
    )
    max_tokens: DecimalText | None = Field(
        default=None, description="TokensPerRequest: the most tokens, in and out, that a request may take."
    )
    max_increase_percent: DecimalText | None = Field(
        default=None,
        description="Latencies and TokensPerRequest: by how many percent canaries may be above the baseline.",
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
        description="Name of the check, in statuses and events.",
    )
    type: MetricType = Field(
        description="Where the metric comes from; Provider is the provider's own figures."
    )
    provider: ProviderMetric | None = Field(default=None, description="Which figure, and its limits.")
    action: MetricAction | None = Field(
        default=None,
        description="Enforce lets the check decide, Warn only reports it. Default: Enforce.",
    )
    min_requests: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Requests needed for a verdict of this check. Default: analysis.minRequests, else 100, 300"
        " for LatencyP95 and 1000 for LatencyP99.",
    )

    @model_validator(mode="after")
    def _has_its_member(self) -> Self:
        if self.provider is None:
            raise ValueError("provider is required with type Provider")
        return self


class Analysis(Model):
    interval: Duration | None = Field(
        default=None,
        description="How often verdicts are formed. The provider's figures come in buckets of a minute or"
        " more, and a look without a new bucket counts for nothing. Default: 1m.",
        json_schema_extra=positive("interval"),
    )
    warmup: Duration | None = Field(
        default=None,
        description="Figures of so long after a change of the split are left out. Default: 2m.",
    )
    delay: Duration | None = Field(
        default=None,
        description="How late the provider's figures are complete; younger ones are left out. Default: 1m.",
    )
    min_requests: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Requests that each canary must have had since the last change of the split for a verdict;"
        " with fewer it is Inconclusive. Default: 100, 300 for LatencyP95, 1000 for LatencyP99.",
    )
    fail_after: int | None = Field(
        default=None, ge=1, le=100, description="So many failed verdicts in a row count. Default: 2."
    )
    inconclusive_timeout: Duration | None = Field(
        default=None,
        description="After so long without a verdict the rollout waits for a person. Default: 2h.",
        json_schema_extra=positive("inconclusiveTimeout"),
    )
    on_fail: OnFail | None = Field(
        default=None,
        description="Rollback goes back to the last good split, Pause holds the present one. Default: Rollback.",
    )
    allow_shared_targets: bool | None = Field(
        default=None,
        description="Judge deployments that other CanaryEndpoints send traffic to as well, although the"
        " provider's figures mix both. Default: false.",
    )
    mode: Mode | None = Field(
        default=None, description="Observe forms verdicts and does not act on them. Default: Enforce."
    )
    metrics: tuple[MetricSpec, ...] = Field(
        min_length=1,
        max_length=16,
        description="The checks. All that enforce must pass.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )
