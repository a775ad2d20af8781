"""ModelDeployment: one model that a vendor runs for us, as a user wants it.

The spec belongs to the user and is never written; everything that the operator knows is in the status.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from model_operator.models.deployment_rules import ONE_EXPIRY, ONE_OF_BLOCKS, SPEC_RULES
from model_operator.models.deployment_status import (
    DriftRow,
    LastPowerAction,
    ModelDeploymentStatus,
    Pending,
    RemoteEndpoint,
)
from model_operator.models.idle import Idle
from model_operator.models.metadata import Metadata
from model_operator.models.paitient import PaitientSpec
from model_operator.models.parasail import ParasailSpec
from model_operator.models.parse import parse_body
from model_operator.models.provider import ProviderType
from model_operator.models.rules import (
    MOST_OF_AN_ID,
    REMOTE_ID,
    checked,
    object_name,
    one_segment,
    positive,
    rule,
)
from model_operator.models.schedule import Schedule
from model_operator.models.wire import Duration, Model, Time

__all__ = [
    "Autoscaling",
    "ConnectionSpec",
    "DeletionPolicy",
    "DriftPolicy",
    "DriftRow",
    "LastPowerAction",
    "ModelDeployment",
    "ModelDeploymentSpec",
    "ModelDeploymentStatus",
    "Pending",
    "Probe",
    "ProviderRef",
    "RemoteEndpoint",
]


class DeletionPolicy(StrEnum):
    """What becomes of the remote deployment when its ModelDeployment is deleted."""

    DELETE = "Delete"
    ORPHAN = "Orphan"


class DriftPolicy(StrEnum):
    """What happens when the vendor shows other values than the spec."""

    CORRECT = "Correct"
    REPORT = "Report"


class ProviderRef(Model):
    name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of a ModelProvider in the same namespace. Immutable.",
        json_schema_extra=object_name(),
    )


class Autoscaling(Model):
    model_config = checked(
        rule(
            "self.minReplicas <= self.maxReplicas",
            "minReplicas must not be more than maxReplicas",
            at=".minReplicas",
        )
    )

    min_replicas: int = Field(ge=1, le=10_000, description="Minimum number of replicas, at least 1.")
    max_replicas: int = Field(
        ge=1, le=10_000, description="Maximum number of replicas, at least minReplicas."
    )


class Probe(Model):
    prompt: str | None = Field(
        default=None, min_length=1, max_length=4096, description='Prompt of the probe. Default: "ping".'
    )
    timeout: Duration | None = Field(
        default=None,
        description="Time to wait for an answer before the probe fails. Default: 30s.",
        json_schema_extra=positive("timeout"),
    )


class ConnectionSpec(Model):
    config_map_name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of the ConfigMap with the keys baseURL and model. The ConfigMap is owned by this object."
        " An existing ConfigMap of another owner is never changed.",
        json_schema_extra=object_name(),
    )


class ModelDeploymentSpec(Model):
    model_config = checked(*SPEC_RULES)

    provider_ref: ProviderRef = Field(description="The provider account that runs the deployment. Immutable.")
    model: str = Field(
        min_length=1,
        max_length=512,
        description="The model, by its Hugging Face identifier, for example org/model-name. Immutable.",
    )
    deployment_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9-]+$",
        description="Name of the deployment at the provider: 2 to 32 characters at Parasail, 3 to 64 at PaiTIENT,"
        " of a-z, 0-9 and -. Default: derived from this object's name and a hash of its UID. Immutable.",
    )
    replicas: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Number of replicas. Exactly one of replicas and autoscaling; kubectl scale and a"
        " HorizontalPodAutoscaler need replicas. To run no replicas, set paused.",
    )
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="Range within which the provider adjusts the number of replicas to the load. Exactly one of"
        " replicas and autoscaling.",
    )
    context_length: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Context window in tokens. Default: the provider's default.",
    )
    paused: bool | None = Field(
        default=None,
        description="Parasail only: true stops the deployment and its costs, false resumes it. Edits made while"
        " paused are sent after the resume. If an object is created with paused true, no deployment is created"
        " until paused is removed or false. Default: false; with externalID, the current state of the deployment.",
    )
    schedule: Schedule | None = Field(
        default=None,
        description="The hours in which the deployment is meant to run. paused: true always wins. The annotation"
        " modeloperator.dev/action: active-until-next-edge lets it run until the next window or the end of this one.",
    )
    expires_after: Duration | None = Field(
        default=None,
        description="How long after its creation this object's deployment expires, for example 72h. At most one of"
        " expiresAfter and expiresAt. An expired deployment is deleted at the provider, the object stays with phase"
        " Expired, and a later time makes a new one. With deletionPolicy Orphan the expiry is only reported.",
        json_schema_extra=positive("expiresAfter"),
    )
    expires_at: Time | None = Field(
        default=None,
        description="When the deployment expires, for example 2026-12-24T18:00:00Z. At most one of expiresAfter and"
        " expiresAt.",
        json_schema_extra={"format": "date-time", "maxLength": 64},
    )
    idle: Idle | None = Field(
        default=None,
        description="PaiTIENT only: what happens when the provider's metrics show no request for some time. Any edit of"
        " the spec starts that time again, and brings back what has expired so. At Parasail, set"
        " parasail.scaleDownPolicy: INACTIVE.",
    )
    external_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OF_AN_ID,
        pattern=REMOTE_ID,
        description="The provider's id of an existing deployment to adopt instead of creating one. Requires an"
        " explicit deletionPolicy. May be added later; if a deployment already exists, only with the value of"
        " status.externalID. Immutable once set.",
        json_schema_extra=one_segment("externalID"),
    )
    deletion_policy: DeletionPolicy | None = Field(
        default=None,
        description="Delete: deleting this object also deletes the deployment at the provider. Orphan: the"
        " deployment keeps running there. May be changed while the object is being deleted. Default: Delete.",
    )
    drift_policy: DriftPolicy | None = Field(
        default=None,
        description="Correct: out-of-band changes at the provider are corrected. Report: they are only shown in"
        " status.drift. Default: Correct.",
    )
    progress_deadline: Duration | None = Field(
        default=None,
        description="How long a change may be in progress before Stalled becomes True. After that the operator"
        " keeps retrying at a lower rate. Default: 30m.",
        json_schema_extra=positive("progressDeadline"),
    )
    probe: Probe | None = Field(
        default=None,
        description="Parasail only: a chat completion after each start of the deployment, which must be answered"
        " before Serving becomes True.",
    )
    connection: ConnectionSpec | None = Field(
        default=None,
        description="Publishes how applications reach the model, without an API key: applications use their own.",
    )
    parasail: ParasailSpec | None = Field(
        default=None,
        description="Settings for Parasail. Exactly one of parasail and paitient, matching the type of the"
        " ModelProvider.",
    )
    paitient: PaitientSpec | None = Field(
        default=None,
        description="Settings for PaiTIENT. Exactly one of parasail and paitient, matching the type of the"
        " ModelProvider.",
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        # The CRD says so too; without it everything behind this door would have to think of both.
        if (self.replicas is None) == (self.autoscaling is None):
            raise ValueError("set exactly one of replicas and autoscaling")
        if len(self._blocks()) != 1:
            raise ValueError(ONE_OF_BLOCKS)
        if self.expires_after is not None and self.expires_at is not None:
            raise ValueError(ONE_EXPIRY)
        return self

    def _blocks(self) -> list[ProviderType]:
        return [vendor for vendor in ProviderType if getattr(self, vendor) is not None]

    @property
    def vendor(self) -> ProviderType:
        """Whose block the spec has."""
        return self._blocks()[0]


class ModelDeployment(Model):
    metadata: Metadata
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """A body of the API server. Raises `InvalidResource` that names the fields."""
        metadata, spec, status = parse_body(body, ModelDeploymentSpec, ModelDeploymentStatus)
        return cls(metadata=metadata, spec=spec, status=status)

    @property
    def is_leaving(self) -> bool:
        """Its deployment is being deleted at the provider, or was: with the object, or because it has expired."""
        expired = self.status.expired
        is_over = expired is not None and expired.is_final
        return self.metadata.is_terminating or (
            is_over and self.spec.deletion_policy is not DeletionPolicy.ORPHAN
        )
