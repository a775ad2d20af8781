"""The course of a CanaryEndpoint: by which steps the traffic goes from the last good split to the destination.

Absent, it goes there at once.
"""

from enum import StrEnum
from typing import Final

from pydantic import Field

from model_operator.models.canary_analysis import Analysis
from model_operator.models.rules import positive, rule, validations
from model_operator.models.wire import Duration, Model


class Gate(StrEnum):
    """What lets a rollout leave a step, besides time and verdicts."""

    AUTO = "Auto"
    MANUAL = "Manual"


_STEPS: Final = validations(
    rule("self[size(self) - 1].percent == 100", "steps must end with percent 100"),
    rule(
        "self.map(s, s.percent).isSorted() && self.all(s, self.exists_one(o, o.percent == s.percent))",
        "steps must rise: each percent higher than the one before",
    ),
)


class Step(Model):
    percent: int = Field(
        ge=1,
        le=100,
        description="How far on the way from the last good split to the destination, in percent.",
    )
    hold: Duration | None = Field(
        default=None,
        description="Shortest stay, counted from the provider's acknowledgement. Default: rollout.hold.",
    )
    gate: Gate | None = Field(
        default=None,
        description="Manual: a person lets it leave this step, by the annotation modeloperator.dev/action."
        " Default: Auto.",
    )


class Rollout(Model):
    steps: tuple[Step, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=32,
        description="The steps; the last is 100. Default: 5, 25, 50, 100.",
        json_schema_extra={**_STEPS, "x-kubernetes-list-type": "atomic"},
    )
    hold: Duration | None = Field(
        default=None,
        description="Shortest stay at each step, counted from the provider's acknowledgement. Default: 10m.",
    )
    limit: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="No step beyond this percent is taken; raise it to let the rollout go on. Default: 100.",
    )
    paused: bool | None = Field(
        default=None,
        description="Freezes the rollout where it is. It does not stop a rollback. Default: false.",
    )
    retry: str | None = Field(
        default=None,
        max_length=253,
        description="Any text; changing it lets a destination that was rolled back be tried again.",
    )
    unready_timeout: Duration | None = Field(
        default=None,
        description="How long a canary may not serve before it counts as failed. Default: 5m.",
        json_schema_extra=positive("unreadyTimeout"),
    )
    analysis: Analysis | None = Field(
        default=None, description="Judges each step by metrics. Absent: time and readiness alone decide."
    )
