"""When a ModelDeployment is meant to run, and what it does at other times."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from model_operator.active_hours import WINDOW_LENGTH, WINDOW_PATTERN, ActiveHours
from model_operator.models.wire import Duration, Model

ACTIVE_UNTIL_NEXT_EDGE: Final = "active-until-next-edge"
"""The value of the annotation `modeloperator.dev/action` that lets a deployment run outside its hours, once."""


class OutsideHours(StrEnum):
    """What is done outside the active hours."""

    PAUSE = "Pause"
    MIN_REPLICAS = "MinReplicas"


class Schedule(Model):
    time_zone: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$",
        description="Time zone from the IANA database, for example Europe/Berlin.",
    )
    active: tuple[Annotated[str, Field(max_length=WINDOW_LENGTH, pattern=WINDOW_PATTERN)], ...] = Field(
        min_length=1,
        max_length=20,
        description="When the deployment should run, in local time of the time zone: days and hours, for example"
        ' "Mon-Fri 08:00-20:00". Windows may overlap, and one that ends earlier than it begins ends on the next'
        " day.",
    )
    outside: OutsideHours = Field(
        description="What happens at other times. Pause: the deployment and its costs are stopped (Parasail only)."
        " MinReplicas: autoscaling.minReplicas keep running."
    )
    lead_time: Duration | None = Field(
        default=None,
        description="How long before a window the deployment is started. Default: 0s.",
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        _ = self.hours  # a zone that there is not, or a window that ends when it begins
        return self

    @property
    def hours(self) -> ActiveHours:
        """Raises `ValueError`."""
        lead = {} if self.lead_time is None else {"lead": self.lead_time}
        return ActiveHours.parse(self.time_zone, self.active, **lead)
