"""What a ModelDeployment asks for in case that nobody uses it, and what its status remembers of that."""

from typing import Self

from pydantic import Field, model_validator

from model_operator.durations import format_duration
from model_operator.idleness import LONGEST, SHORTEST, IdleAction
from model_operator.models.rules import rule, validations
from model_operator.models.wire import Duration, Model, Time

_BOUNDS = (
    f"after must be at least {format_duration(SHORTEST)}, since the provider's metrics come minutes late, and at most"
    f" {format_duration(LONGEST)}"
)


class Idle(Model):
    after: Duration = Field(
        description="How long without a request, for example 24h: at least 10m, at most 2160h. Counted from the last"
        " request that the metrics show, and not before the last edit of the spec, the moment from which it serves,"
        " and the beginning of a window of spec.schedule.",
        json_schema_extra=validations(
            rule(
                f"duration(self) >= duration('{format_duration(SHORTEST)}')"
                f" && duration(self) <= duration('{format_duration(LONGEST)}')",
                _BOUNDS,
            )
        ),
    )
    then: IdleAction = Field(
        description="MinReplicas: the deployment keeps autoscaling.minReplicas until the metrics show a request; requires"
        " autoscaling. Expire: as with expiresAt, it is deleted at the provider and the object stays with phase Expired;"
        " with deletionPolicy Orphan that is only reported."
    )

    @model_validator(mode="after")
    def _is_long_enough(self) -> Self:
        if not SHORTEST <= self.after <= LONGEST:
            raise ValueError(_BOUNDS)
        return self


class IdleRecord(Model):
    generation: int = Field(description="The metadata.generation that it is about.")
    counts_from: Time = Field(
        description="When the operator saw that generation first. Nothing before that counts."
    )
    expires_at: Time | None = Field(
        default=None,
        description="Soon after that it expires, if the metrics show no request until then. Absent until that is announced, and"
        " once it is idle.",
    )
    since: Time | None = Field(
        default=None, description="From then on the metrics show no request. Absent while it is not idle."
    )
    until: Time | None = Field(default=None, description="How far the metrics reached that show it.")
    found_at: Time | None = Field(default=None, description="When the operator found it idle.")
    deployment: str | None = Field(
        default=None, description="The provider's id of the deployment that was idle."
    )
