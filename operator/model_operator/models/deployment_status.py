"""The status of a ModelDeployment: what users read, and what the operator must not forget.

The intent in `pending` is what keeps a crash from making a second remote deployment.
"""

from dataclasses import dataclass, fields
from enum import Enum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from model_operator.conditions import ConditionType, Phase
from model_operator.domain import Power
from model_operator.models.cost import Cost
from model_operator.models.idle import IdleRecord
from model_operator.models.status import Status
from model_operator.models.wire import Model, Time

_MOST_REPLICAS: Final = 2**31 - 1


def _as_the_server_takes_it(count: int) -> int:
    # Because of the scale subresource it would refuse any other number, and the whole status with it.
    return max(0, min(count, _MOST_REPLICAS))


def _tuples(value: Any) -> Any:
    # Fields are compared with ==, and JSON knows no tuples.
    match value:
        case list() | tuple():
            return tuple(map(_tuples, value))
        case dict():
            return {name: _tuples(part) for name, part in value.items()}
        case _:
            return value


Applied = Annotated[dict[str, Any], AfterValidator(_tuples)]
"""Fields by their path in the spec, as `domain.Fields` has them."""


class RemoteEndpoint(Model):
    id: str = Field(description="The provider's id of the endpoint.")
    url: str | None = Field(
        default=None,
        description="URL of the endpoint, in the provider's own protocol. Absent if spec.paitient.endpointID is"
        " set.",
    )


class PendingEndpoint(Model):
    name: str = Field(description="Name of the endpoint being created.")
    started_at: Time = Field(description="When the intent was recorded, before the request was sent.")


class DriftRow(Model):
    field: str = Field(description="Path of the field in the spec.")
    desired: Any = Field(default=None, description="Value in the spec.")
    observed: Any = Field(default=None, description="Value at the provider.")


class Pending(Model):
    operation: str = Field(
        description="The operation in progress: Create, or Recreate for a deployment that is proven gone (externalID"
        " is its id until the new one is known)."
    )
    started_at: Time = Field(description="When the intent was recorded, before the request was sent.")
    deadline: Time = Field(description="After this time the request can no longer take effect.")
    absent_before: bool = Field(
        default=False, description="True if a complete list of the account showed no such deployment before."
    )
    sent: Applied | None = Field(
        default=None,
        description="The fields in the request, by their path in the spec, so that an edit made meanwhile does not"
        " count as applied. Absent if it is not known what was sent, or whether anything was sent.",
    )

    @property
    def announces(self) -> bool:
        """Written before a request of these fields; without any it says that there may have been one."""
        return self.sent is not None


class LastPowerAction(Model):
    action: Power = Field(description="Pause or Resume.")
    at: Time = Field(description="When the operator did it.")
    generation: int = Field(default=0, description="The metadata.generation for which the operator did it.")
    correction: bool = Field(
        default=False,
        description="True if it corrected an out-of-band change, which is done once per generation.",
    )
    stopped_at: Time | None = Field(
        default=None,
        description="Of a Pause for a ModelBudget: its time in that budget's status.stopped, so that a resume at the"
        " provider is respected until the budget stops the deployment again.",
    )


class Expired(Model):
    at: Time = Field(description="The time of expiry that has passed.")
    since: Time = Field(description="When the operator noticed it. The deployment is deleted a minute later.")
    is_final: bool = Field(
        default=False,
        description="Recorded before the deployment is deleted at the provider: from here on only another time of"
        " expiry brings one back, whatever the operator's clock says.",
    )


class ModelDeploymentStatus(Status):
    phase: str | None = Field(
        default=None,
        description=f"One word for people: {', '.join(Phase)}. Programs go by the conditions.",
    )
    external_id: str | None = Field(default=None, description="The provider's id of the deployment.")
    external_alias: str | None = Field(
        default=None, description="Parasail only: the model name to use in requests to endpointURL."
    )
    endpoint_url: str | None = Field(
        default=None,
        description="Where applications send requests: the base URL of an OpenAI-compatible API at Parasail,"
        " the provider's own /generate at PaiTIENT.",
    )
    endpoint: RemoteEndpoint | None = Field(
        default=None,
        description="PaiTIENT only: the routing endpoint of spec.paitient.endpointName.",
    )
    pending_endpoint: PendingEndpoint | None = Field(
        default=None,
        description="A create of the routing endpoint whose outcome is not known yet. Do not edit: this prevents a"
        " second endpoint, which could not be deleted.",
    )
    provider_state: str | None = Field(
        default=None, description="State of the deployment, as reported by the provider."
    )
    replicas: Annotated[int, AfterValidator(_as_the_server_takes_it)] | None = Field(
        default=None, description="Number of running replicas; 0 if stopped."
    )
    selector: str | None = Field(
        default=None,
        description="For the scale subresource. Matches no pods, because the model does not run in the cluster.",
    )
    drift: tuple[DriftRow, ...] = Field(
        default=(), description="Fields whose values at the provider differ from the spec."
    )
    last_applied: Applied | None = Field(
        default=None,
        description="Field values that the provider last accepted, by their path in the spec, so that removed"
        " fields are recognized. Contains no secrets. After an adoption with driftPolicy Report, also the fields"
        " whose values at the provider differ: they are drift, not edits to send.",
    )
    pending: Pending | None = Field(
        default=None,
        description="A request whose outcome is not known yet. Do not edit: this prevents duplicates.",
    )
    last_power_action: LastPowerAction | None = Field(
        default=None,
        description="The operator's last pause or resume, to distinguish it from out-of-band ones.",
    )
    next_edge: Time | None = Field(
        default=None,
        description="When spec.schedule starts or stops the deployment next. Absent where it has no further edge.",
    )
    active_until: Time | None = Field(
        default=None,
        description="The edge until which the annotation modeloperator.dev/action: active-until-next-edge lets it run;"
        " kept until that annotation is removed, so that it counts once.",
    )
    expires_at: Time | None = Field(
        default=None,
        description="When the deployment expires, by spec.expiresAfter or spec.expiresAt, or when it was found idle.",
    )
    expired: Expired | None = Field(
        default=None,
        description="The expiry that has passed. Do not edit: this keeps an expired deployment from being created"
        " again.",
    )
    idle: IdleRecord | None = Field(
        default=None, description="What is known of the time without requests, for spec.idle. Do not edit."
    )
    epoch: int | None = Field(
        default=None,
        description="When this object took the mark of its deployment over, in milliseconds since 1970: also in the tag"
        " model-operator-epoch. Whoever wrote the higher number manages the deployment. Do not edit.",
    )
    lost_to_epoch: int | None = Field(
        default=None,
        description="The epoch at which something else, perhaps in another cluster, took the deployment over. This"
        " object then changes nothing and creates nothing.",
    )
    recreated_generation: int | None = Field(
        default=None, description="The metadata.generation for which a missing deployment was created again."
    )

    cost: Cost | None = Field(
        default=None,
        description="What the deployment costs this month, as of a checkpoint. Readers continue it with perHour. Absent"
        " without a price; see spec.prices of the ModelProvider.",
    )

    @property
    def is_untold(self) -> bool:
        """No pass has reported on the object yet. Whoever reports while a create may be under way reports that, too."""
        return self.condition(ConditionType.SYNCED) is None


class Unchanged(Enum):
    """For a field of a `StatusChange`, since None is a value: it clears the field."""

    UNCHANGED = "Unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """What a step sets in the status, besides what every pass computes anew."""

    external_id: str | Unchanged | None = UNCHANGED
    external_alias: str | Unchanged | None = UNCHANGED
    endpoint_url: str | Unchanged | None = UNCHANGED
    endpoint: RemoteEndpoint | Unchanged | None = UNCHANGED
    pending_endpoint: PendingEndpoint | Unchanged | None = UNCHANGED
    provider_state: str | Unchanged | None = UNCHANGED
    replicas: int | Unchanged | None = UNCHANGED
    last_applied: dict[str, Any] | Unchanged | None = UNCHANGED
    pending: Pending | Unchanged | None = UNCHANGED
    last_power_action: LastPowerAction | Unchanged | None = UNCHANGED
    expired: Expired | Unchanged | None = UNCHANGED
    epoch: int | Unchanged | None = UNCHANGED
    lost_to_epoch: int | Unchanged | None = UNCHANGED
    recreated_generation: int | Unchanged | None = UNCHANGED

    def made_to(self, status: ModelDeploymentStatus) -> ModelDeploymentStatus:
        """That status with this change. Raises pydantic's `ValidationError` for a value of another type."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        changes = {name: value for name, value in named.items() if value is not UNCHANGED}
        return status.with_(**changes) if changes else status


NO_CHANGE: Final = StatusChange()
