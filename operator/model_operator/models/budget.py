"""ModelBudget: what the ModelDeployments of a namespace may cost in a month, a week or a day."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from model_operator.active_hours import zone_of
from model_operator.models.cost import Amount
from model_operator.models.metadata import Metadata
from model_operator.models.parse import parse_body
from model_operator.models.rules import checked, immutable, immutable_if_set, rule, validations
from model_operator.models.status import Status
from model_operator.models.wire import DecimalText, Model, Time

UTC: Final = "UTC"


class Period(StrEnum):
    """For how long a budget is."""

    MONTH = "Month"
    WEEK = "Week"
    DAY = "Day"


class OnExceeded(StrEnum):
    """What follows once the limit is spent."""

    WARN = "Warn"
    BLOCK_NEW = "BlockNew"
    PAUSE = "Pause"


class StopMeans(StrEnum):
    """How a budget stops a deployment."""

    PAUSE = "Pause"
    MIN_REPLICAS = "MinReplicas"


class BudgetSelector(Model):
    match_labels: dict[str, Annotated[str, Field(max_length=63)]] = Field(
        min_length=1,
        max_length=20,
        description="Labels that a ModelDeployment must have to count in the budget, all of them.",
    )


_ABOVE_ZERO: Final = validations(rule("double(self) > 0.0", "limit must be more than 0"))


class ModelBudgetSpec(Model):
    model_config = checked(immutable("period"), immutable_if_set("timeZone"), immutable("currency"))

    period: Period = Field(
        description="What the limit is for: a calendar Month, a Week from Monday, or a Day. Immutable."
    )
    time_zone: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$",
        description="Time zone from the IANA database in which periods begin at midnight. Default: UTC. Immutable.",
    )
    limit: DecimalText = Field(
        description='What may be spent in a period, as a decimal string such as "1500.00".',
        json_schema_extra=_ABOVE_ZERO,
    )
    currency: str = Field(
        min_length=3,
        max_length=3,
        description="Currency of the limit by its ISO 4217 code. Deployments whose costs are in another currency are not"
        " counted, and the budget says so. Immutable.",
        json_schema_extra={"pattern": "^[A-Z]{3}$"},
    )
    selector: BudgetSelector | None = Field(
        default=None,
        description="Which ModelDeployments of this namespace count in the budget. Default: all of them.",
    )
    on_exceeded: OnExceeded | None = Field(
        default=None,
        description="What happens once the limit is reached. Warn: Events and a condition. BlockNew: also, new"
        " deployments, resumes, scale-ups and dearer machines are held; whatever runs keeps running. Pause: also, whatever"
        " runs is stopped, the youngest first: paused where the provider can do that, else taken to"
        " autoscaling.minReplicas. A new period or a raised limit resumes what the budget has stopped. Default: Warn.",
    )

    @model_validator(mode="after")
    def _has_a_zone(self) -> Self:
        zone_of(self.time_zone or UTC)
        return self

    @property
    def zone(self) -> str:
        return self.time_zone or UTC

    @property
    def blocks(self) -> bool:
        """Whether what would cost more is held once the limit is reached."""
        return self.on_exceeded in (OnExceeded.BLOCK_NEW, OnExceeded.PAUSE)

    @property
    def stops(self) -> bool:
        """Whether what runs is stopped once the limit is reached."""
        return self.on_exceeded is OnExceeded.PAUSE


class Settled(Model):
    uid: str = Field(description="UID of the ModelDeployment.")
    accrued: Amount = Field(description="What it cost in this period.")
    uncertain: Amount = Field(description="By how much that may be off either way.")


class Total(Model):
    accrued: Amount = Field(description="What they cost in this period.")
    uncertain: Amount = Field(description="By how much that may be off either way.")


class Stopped(Model):
    name: str = Field(description="Name of the ModelDeployment.")
    uid: str = Field(description="UID of the ModelDeployment.")
    how: StopMeans = Field(description="Pause, or MinReplicas where the provider has no pause.")
    at: Time = Field(description="When that was recorded, before anything was sent.")


class Running(Model):
    name: str = Field(description="Name of the ModelDeployment.")
    reason: str = Field(
        description="Why it costs money beyond the limit. NoPause: it cannot be paused, and has no fewer replicas."
        " MinReplicas: it cannot be paused, and runs with its fewest. InUse: a CanaryEndpoint sends traffic to it, or would"
        " on a rollback. Observed, Suspended: its ModelProvider is in that mode. Resumed: somebody resumed it at the"
        " provider. NoPrice: no price of it is known. OtherCurrency: it costs another currency than the budget's. TooMany: the"
        " budget has stopped 400 already.",
    )


class ModelBudgetStatus(Status):
    period_start: Time | None = Field(default=None, description="When the present period began.")
    period_end: Time | None = Field(default=None, description="When the next period begins.")
    spent: Amount | None = Field(
        default=None, description="What has been spent in this period, as of the time in at."
    )
    uncertain: Amount | None = Field(
        default=None,
        description="By how much spent may be off either way, because nobody saw when something changed.",
    )
    per_hour: Amount | None = Field(
        default=None, description="What the deployments cost in an hour, as of the time in at."
    )
    forecast: Amount | None = Field(
        default=None, description="What will have been spent at the end of the period, if nothing changes."
    )
    exhausts_at: Time | None = Field(
        default=None,
        description="When the limit will be reached, if nothing changes. Absent if not in this period, or if it is"
        " reached already.",
    )
    at: Time | None = Field(
        default=None,
        description="Time of these figures. They are written when a threshold is reached or a period begins, else once an"
        " hour at most; the metrics are always current.",
    )
    deployments: int | None = Field(
        default=None, description="Number of ModelDeployments that count in the budget."
    )
    unpriced: int | None = Field(
        default=None,
        description="How many of them have a deployment at a provider of which no price is known. They count with nothing;"
        " see spec.prices of the ModelProvider.",
    )
    thresholds: tuple[int, ...] = Field(
        default=(),
        description="Percentages of the limit that were reached in this period: 50, 80 and 100.",
    )
    settled: tuple[Settled, ...] = Field(
        default=(),
        description="Final costs in this period of ModelDeployments that are being removed.",
    )
    removed: Total | None = Field(
        default=None, description="Final costs in this period of ModelDeployments that are gone."
    )
    stopped: tuple[Stopped, ...] = Field(
        default=(),
        description="ModelDeployments that the budget has stopped, or is about to. Do not edit: these, and no others, are"
        " resumed by a new period or a raised limit.",
    )
    running: tuple[Running, ...] = Field(
        default=(),
        description="With onExceeded Pause and a limit that is spent: what keeps costing money, the first 20 by name.",
    )


class ModelBudget(Model):
    metadata: Metadata
    spec: ModelBudgetSpec
    status: ModelBudgetStatus

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """A body of the API server. Raises `InvalidResource` that names the fields."""
        metadata, spec, status = parse_body(body, ModelBudgetSpec, ModelBudgetStatus)
        return cls(metadata=metadata, spec=spec, status=status)
