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
        "steps must increase: each percent must be higher than the one before",
    ),
)


class Step(Model):
    percent: int = Field(
        ge=1,
        le=100,
        description="Progress from the last good split to the target split, in percent.",
    )
    hold: Duration | None = Field(
        default=None,
        description="Minimum hold time at this step, from the provider's confirmation. Default: rollout.hold.",
    )
    gate: Gate | None = Field(
        default=None,
        description="Manual: the rollout leaves this step only after approval by the annotation"
        " modeloperator.dev/action. Default: Auto.",
    )


class Rollout(Model):
    steps: tuple[Step, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=32,
        description="The steps of the rollout. The last must be 100. Default: 5, 25, 50, 100.",
        json_schema_extra={**_STEPS, "x-kubernetes-list-type": "atomic"},
    )
    hold: Duration | None = Field(
        default=None,
        description="Minimum hold time at each step, from the provider's confirmation. Default: 10m.",
    )
    limit: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="The rollout stops before the first step above this percentage. Increase it to continue."
        " Default: 100.",
    )
    paused: bool | None = Field(
        default=None,
        description="Whether the rollout is paused at its current split. Does not stop a rollback. Default: false.",
    )
    retry: str | None = Field(
        default=None,
        max_length=253,
        description="Any text. Changing it retries a target split that was rolled back.",
    )
    unready_timeout: Duration | None = Field(
        default=None,
        description="How long a canary may be not serving before it counts as failed. Default: 5m.",
        json_schema_extra=positive("unreadyTimeout"),
    )
    analysis: Analysis | None = Field(
        default=None, description="Judges each step by metrics. If absent, only time and readiness decide."
    )
