"""ModelDeployment: one model that a vendor runs for us, as a user wants it.

The spec belongs to the user and is never written; everything that the operator knows is in the status.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import Field, model_validator

from model_operator.models.deployment_status import (
    DriftRow,
    LastPowerAction,
    ModelDeploymentStatus,
    Pending,
    RemoteEndpoint,
)
from model_operator.models.metadata import Metadata
from model_operator.models.paitient import PaitientSpec
from model_operator.models.parasail import ParasailSpec
from model_operator.models.parse import parse_body
from model_operator.models.provider import ProviderType
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
)
from model_operator.models.wire import Duration, Model

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


*_OTHERS, _LAST = ProviderType
ONE_OF_BLOCKS: Final = f"set exactly one of {', '.join(_OTHERS)} and {_LAST}"

_SPEC_RULES: Final = (
    immutable("providerRef.name"),
    immutable("model"),
    immutable_if_set("deploymentName"),
    rule(
        "has(self.parasail) == has(oldSelf.parasail)",
        f"parasail and paitient are immutable: one cannot be swapped for the other; {REPLACE}",
        at=".parasail",
    ),
    rule(
        "!has(oldSelf.externalID) || (has(self.externalID) && self.externalID == oldSelf.externalID)",
        f"externalID is immutable once it is set; {REPLACE}",
        at=".externalID",
    ),
    rule(
        "!has(self.externalID) || has(self.deletionPolicy)",
        "deletionPolicy is required with externalID: set whether deleting this object deletes the adopted"
        " deployment (Delete) or leaves it (Orphan)",
        at=".deletionPolicy",
    ),
    rule(
        "!has(self.externalID) || !has(self.parasail) || self.externalID.matches('^[1-9][0-9]{0,17}$')",
        "externalID must be a number at Parasail, without leading zeros; it is in the URL of the deployment's page",
        at=".externalID",
    ),
    rule(
        "has(self.replicas) != has(self.autoscaling)",
        "set exactly one of replicas and autoscaling",
        at=".replicas",
    ),
    rule(
        "!has(self.replicas) || !has(self.parasail) || self.replicas > 0",
        "replicas cannot be 0: to stop the deployment and its costs, set paused to true",
        at=".replicas",
    ),
    rule(
        "!has(self.replicas) || !has(self.paitient) || self.replicas > 0",
        "replicas cannot be 0: PaiTIENT cannot pause, so delete this object to stop its costs",
        at=".replicas",
    ),
    rule(
        "has(self.parasail) != has(self.paitient)",
        f"{ONE_OF_BLOCKS}, matching the type of the ModelProvider",
        at=".parasail",
    ),
    rule(
        "!has(self.parasail) || has(self.autoscaling) || !(has(self.parasail.targetConnectionsPerReplica)"
        " || has(self.parasail.autoscalingFactor))",
        "parasail.targetConnectionsPerReplica and parasail.autoscalingFactor are for deployments with spec.autoscaling only",
        at=".parasail",
    ),
    rule(
        "!(has(self.paitient) && has(self.paused))",
        "paused is for parasail only, since PaiTIENT cannot pause; remove it, and delete this object to stop its costs"
        " (fewer replicas, or autoscaling, lower them)",
        at=".paused",
    ),
    rule(
        "!(has(self.paitient) && has(self.probe))",
        "probe is for parasail only; remove it",
        at=".probe",
    ),
    rule(
        "!has(self.parasail) || has(self.externalID) || has(self.parasail.serviceTierName)"
        " || has(self.parasail.devices)",
        "set serviceTierName or devices, whichever the account uses, unless externalID is set",
        at=".parasail.devices",
    ),
    rule(
        "!has(self.deploymentName) || !has(self.parasail)"
        " || (size(self.deploymentName) >= 2 && size(self.deploymentName) <= 32)",
        "deploymentName must have 2 to 32 characters at Parasail",
        at=".deploymentName",
    ),
    rule(
        "!has(self.deploymentName) || !has(self.paitient) || size(self.deploymentName) >= 3",
        "deploymentName must have 3 to 64 characters at PaiTIENT",
        at=".deploymentName",
    ),
)


class ModelDeploymentSpec(Model):
    model_config = checked(*_SPEC_RULES)

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
