"""What Kubernetes keeps about every object: its metadata, and the conditions in its status.

Both are read from bodies that the server made, so nothing here appears in a CRD except the conditions.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.json_schema import WithJsonSchema

from model_operator.models.wire import Model, Time


class Metadata(Model):
    """`metadata`, as far as the operator looks at it."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}

    @property
    def is_terminating(self) -> bool:
        return self.deletion_timestamp is not None


class Truth(StrEnum):
    """The `status` of a condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


def _whole_seconds(time: datetime) -> datetime:
    return time.replace(microsecond=0)


class Condition(Model):
    """One line of `status.conditions`, as `metav1.Condition` defines it."""

    type: str = Field(
        max_length=316,
        pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
        r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
        description="What the condition is about, for example Ready.",
    )
    status: Truth = Field(description="True, False or Unknown.")
    observed_generation: int | None = Field(
        default=None, ge=0, description="The metadata.generation that the condition was computed from."
    )
    last_transition_time: Annotated[
        Time, AfterValidator(_whole_seconds), WithJsonSchema({"type": "string", "format": "date-time"})
    ] = Field(description="When the status of the condition last flipped.")
    reason: str = Field(
        min_length=1,
        max_length=1024,
        pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
        description="One word for programs that says why.",
    )
    message: str = Field(
        max_length=32768, description="One sentence for people: what, for what, and what to do next."
    )


def condition_of(conditions: tuple[Condition, ...], type: str) -> Condition | None:
    """The condition of that type, or None before the first status write."""
    return next((condition for condition in conditions if condition.type == type), None)
