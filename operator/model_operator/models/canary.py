"""CanaryEndpoint: one address at the provider whose traffic is split between deployments.

`spec.traffic` is where the traffic shall go, `spec.rollout` by which steps; without it, at once.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import Field, model_validator

from model_operator.models.canary_rollout import Rollout
from model_operator.models.canary_status import CanaryEndpointStatus, Share
from model_operator.models.deployment import ProviderRef
from model_operator.models.metadata import Metadata
from model_operator.models.parse import parse_body
from model_operator.models.rules import (
    MOST_OF_AN_ID,
    REMOTE_ID,
    REPLACE,
    checked,
    immutable,
    immutable_if_set,
    object_name,
    one_segment,
    positive,
    rule,
    validations,
)
from model_operator.models.wire import Duration, Model


class OnTargetUnhealthy(StrEnum):
    """What follows when a target that gains traffic fails."""

    ROLLBACK = "Rollback"
    HOLD = "Hold"
    NONE = "None"


class DeploymentRef(Model):
    name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of a ModelDeployment in the same namespace.",
        json_schema_extra=object_name(),
    )


class Target(Model):
    model_config = checked(
        rule(
            "has(self.deploymentRef) != has(self.deploymentID)",
            "set exactly one of deploymentRef and deploymentID",
            at=".deploymentRef",
        )
    )

    name: str = Field(
        min_length=1,
        max_length=63,
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
        description="Name of the target in this list, for example v1.",
    )
    deployment_ref: DeploymentRef | None = Field(
        default=None,
        description="The ModelDeployment that receives the traffic. Exactly one of deploymentRef and"
        " deploymentID.",
    )
    deployment_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OF_AN_ID,
        pattern=REMOTE_ID,
        description="The provider's id of a deployment without a ModelDeployment. Exactly one of deploymentRef and"
        " deploymentID.",
        json_schema_extra=one_segment("deploymentID"),
    )
    percent: int = Field(ge=0, le=100, description="Percentage of the traffic in the target split.")

    def share(self) -> Share:
        """The same in the words of the status."""
        ref = self.deployment_ref.name if self.deployment_ref else None
        return Share(
            name=self.name, deployment_ref=ref, deployment_id=self.deployment_id, percent=self.percent
        )


_TRAFFIC: Final = validations(
    rule("self.map(t, t.percent).sum() == 100", "traffic must have percents that sum to 100"),
    rule(
        "self.all(t, !has(t.deploymentRef) || self.exists_one(o, has(o.deploymentRef)"
        " && o.deploymentRef.name == t.deploymentRef.name))",
        "traffic must not name a deploymentRef twice",
    ),
    rule(
        "self.all(t, !has(t.deploymentID) || self.exists_one(o, has(o.deploymentID)"
        " && o.deploymentID == t.deploymentID))",
        "traffic must not name a deploymentID twice",
    ),
)

_SPEC_RULES: Final = (
    immutable("providerRef.name"),
    immutable_if_set("endpointName"),
    rule(
        "!has(oldSelf.externalID) || (has(self.externalID) && self.externalID == oldSelf.externalID)",
        f"externalID is immutable once it is set; {REPLACE}",
        at=".externalID",
    ),
    rule(
        "!has(self.onTargetUnhealthy) || self.onTargetUnhealthy != 'Rollback' || has(self.rollout)",
        "onTargetUnhealthy Rollback requires rollout",
        at=".onTargetUnhealthy",
    ),
)


class CanaryEndpointSpec(Model):
    model_config = checked(*_SPEC_RULES)

    provider_ref: ProviderRef = Field(
        description="The provider account of the deployments and the endpoint. Immutable."
    )
    endpoint_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Name of the endpoint at the provider. Default: this object's name. Immutable.",
    )
    traffic: tuple[Target, ...] = Field(
        min_length=1,
        max_length=8,
        description="The target split: how much of the traffic each deployment receives. The percentages must sum"
        " to 100.",
        json_schema_extra={
            **_TRAFFIC,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    )
    rollout: Rollout | None = Field(
        default=None,
        description="How the traffic moves step by step from the last good split to the target split. If absent, it"
        " moves at once.",
    )
    on_target_unhealthy: OnTargetUnhealthy | None = Field(
        default=None,
        description="What happens when a canary target fails, or is not serving for longer than"
        " rollout.unreadyTimeout: Rollback returns to the last good split, Hold stops at the current step, None"
        " continues. Default: Rollback if rollout is set, otherwise None.",
    )
    resync: Duration | None = Field(
        default=None,
        description="How often the split is sent again. This corrects out-of-band changes, which the provider's API"
        " cannot show. Default: 10m.",
        json_schema_extra=positive("resync"),
    )
    external_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OF_AN_ID,
        pattern=REMOTE_ID,
        description="The provider's id of an existing canary endpoint to adopt instead of creating one. May be"
        " added later; if an endpoint already exists, only with the value of status.externalID. Immutable once set.",
        json_schema_extra=one_segment("externalID"),
    )

    @model_validator(mode="after")
    def _is_a_split(self) -> Self:
        # The CRD says so too; everything behind this door relies on it.
        if sum(target.percent for target in self.traffic) != 100:
            raise ValueError("traffic must have percents that sum to 100")
        return self

    @property
    def destination(self) -> tuple[Share, ...]:
        return tuple(target.share() for target in self.traffic)


class CanaryEndpoint(Model):
    metadata: Metadata
    spec: CanaryEndpointSpec
    status: CanaryEndpointStatus

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """A body of the API server. Raises `InvalidResource` that names the fields."""
        metadata, spec, status = parse_body(body, CanaryEndpointSpec, CanaryEndpointStatus)
        return cls(metadata=metadata, spec=spec, status=status)
