"""ModelDeployment: one model that a vendor runs for us, as a user wants it and as it was last seen.

The spec belongs to the user and is never written; the status is the operator's memory as well as its report.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from model_operator.domain import Power
from model_operator.models.metadata import Condition, Metadata, condition_of
from model_operator.models.paitient import PaitientSpec
from model_operator.models.parasail import ParasailSpec
from model_operator.models.parse import parse_resource, parse_tolerantly
from model_operator.models.wire import Duration, Model, Time


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
        min_length=1, max_length=253, description="Name of a ModelProvider in the same namespace. Immutable."
    )


class Autoscaling(Model):
    min_replicas: int = Field(ge=1, le=10_000, description="Fewest replicas, at least 1.")
    max_replicas: int = Field(ge=1, le=10_000, description="Most replicas, at least minReplicas.")


class Probe(Model):
    prompt: str | None = Field(
        default=None, min_length=1, max_length=4096, description='What the model is asked. Default: "ping".'
    )
    timeout: Duration | None = Field(
        default=None,
        description="How long an answer may take before the probe counts as failed. Default: 30s.",
    )


class ConnectionSpec(Model):
    config_map_name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of the ConfigMap with the keys baseURL and model. It is owned by this object; one that"
        " exists already and is not ours is never touched.",
    )


class ModelDeploymentSpec(Model):
    provider_ref: ProviderRef = Field(description="The account that runs the deployment. Immutable.")
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
        description="Name of the deployment at the vendor: 2 to 32 characters at Parasail, 3 to 64 at PaiTIENT."
        " Default: made from this object's name and a hash of its UID. Immutable.",
    )
    replicas: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="How many replicas run. Exactly one of replicas and autoscaling; kubectl scale and a"
        " HorizontalPodAutoscaler need replicas. Zero is paused: true.",
    )
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="PaiTIENT only: the vendor moves the number of replicas within this range. Exactly one of"
        " replicas and autoscaling.",
    )
    context_length: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Context window in tokens. Default: the vendor's."
    )
    paused: bool | None = Field(
        default=None,
        description="Parasail only: true stops the deployment and its costs, false resumes it; edits made meanwhile"
        " are held until then. An object that is created paused creates nothing until it is unpaused. Default: false,"
        " or with externalID whatever the deployment is now.",
    )
    external_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Take over this existing deployment, by the vendor's id, instead of creating one. Needs an"
        " explicit deletionPolicy. May be added later, but only with the value of status.externalID; then immutable.",
    )
    deletion_policy: DeletionPolicy | None = Field(
        default=None,
        description="Delete removes the deployment at the vendor together with this object, Orphan leaves it running"
        " there. May be changed while the object is being deleted. Default: Delete.",
    )
    drift_policy: DriftPolicy | None = Field(
        default=None,
        description="Correct undoes changes that were made at the vendor, Report only shows them in status.drift."
        " Default: Correct.",
    )
    progress_deadline: Duration | None = Field(
        default=None,
        description="How long a change may be under way before Stalled becomes True. Work goes on after that, slowly."
        " Default: 30m.",
    )
    probe: Probe | None = Field(
        default=None,
        description="Parasail only: one chat completion each time the deployment comes up, which must be answered"
        " before Serving becomes True.",
    )
    connection: ConnectionSpec | None = Field(
        default=None,
        description="Publishes how applications reach the model, without any key: they use one of their own.",
    )
    parasail: ParasailSpec | None = Field(
        default=None,
        description="Settings of Parasail. Exactly one of parasail and paitient, as the provider's type.",
    )
    paitient: PaitientSpec | None = Field(
        default=None,
        description="Settings of PaiTIENT. Exactly one of parasail and paitient, as the provider's type.",
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        # The CRD says so too; without it everything behind this door would have to think of both.
        if (self.replicas is None) == (self.autoscaling is None):
            raise ValueError("set exactly one of replicas and autoscaling")
        if (self.parasail is None) == (self.paitient is None):
            raise ValueError("set exactly one of parasail and paitient")
        return self


class RemoteEndpoint(Model):
    id: str = Field(description="The vendor's id of the endpoint.")
    url: str = Field(description="URL of the endpoint, in the vendor's own protocol.")


class DriftRow(Model):
    field: str = Field(description="Path of the field in this object's spec.")
    desired: Any = Field(default=None, description="What the spec says.")
    observed: Any = Field(default=None, description="What the vendor says.")


class Pending(Model):
    operation: str = Field(description="What is being done, for example Create.")
    started_at: Time = Field(description="When the intent was written down, before the request was sent.")
    deadline: Time = Field(description="After this time the request can no longer be on its way.")
    absent_before: bool = Field(
        default=False, description="True if a complete list of the account showed no such deployment before."
    )


class LastPowerAction(Model):
    action: Power = Field(description="Pause or Resume.")
    at: Time = Field(description="When it was done.")
    generation: int = Field(default=0, description="The metadata.generation that it was done for.")
    correction: bool = Field(
        default=False,
        description="True if it undid a change that was made at the vendor; done once per generation.",
    )


class ModelDeploymentStatus(Model):
    observed_generation: int | None = Field(
        default=None, description="The metadata.generation that this status was computed from."
    )
    phase: str | None = Field(default=None, description="One word for people; programs go by the conditions.")
    external_id: str | None = Field(default=None, description="The vendor's id of the deployment.")
    external_alias: str | None = Field(
        default=None, description="Parasail only: the value of model= in requests to endpointURL."
    )
    endpoint_url: str | None = Field(
        default=None,
        description="Where applications send requests: the base URL of an OpenAI-compatible API at Parasail, the"
        " vendor's own /generate at PaiTIENT.",
    )
    endpoint: RemoteEndpoint | None = Field(
        default=None,
        description="PaiTIENT only: the routing endpoint that spec.paitient.endpointName asked for.",
    )
    provider_state: str | None = Field(default=None, description="The vendor's own word for the state.")
    replicas: int | None = Field(default=None, description="Replicas that run now; 0 when stopped.")
    selector: str | None = Field(
        default=None,
        description="For the scale subresource. Matches no pod, since no pods run in the cluster.",
    )
    drift: tuple[DriftRow, ...] = Field(default=(), description="Fields that differ at the vendor.")
    last_applied: dict[str, Any] | None = Field(
        default=None,
        description="The fields as the vendor last accepted them, by their path in the spec, so that a field that was"
        " removed is known. No secrets.",
    )
    pending: Pending | None = Field(
        default=None,
        description="A request whose outcome is not known yet. Do not edit: it prevents duplicates.",
    )
    last_power_action: LastPowerAction | None = Field(
        default=None, description="The last pause or resume, to tell our own from somebody else's."
    )
    recreated_generation: int | None = Field(
        default=None, description="The metadata.generation for which a vanished deployment was created again."
    )
    conditions: tuple[Condition, ...] = Field(
        default=(), description="Ready, Accepted, Synced, Serving, Reconciling and Stalled."
    )

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self:
        """A status as somebody left it. Never raises: what cannot be understood is dropped."""
        return parse_tolerantly(cls, raw)

    def condition(self, type: str) -> Condition | None:
        return condition_of(self.conditions, type)


class ModelDeployment(Model):
    metadata: Metadata
    spec: ModelDeploymentSpec
    status: ModelDeploymentStatus

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """A body of the API server. Raises `InvalidResource` that names the fields."""
        return parse_resource(cls, body, ModelDeploymentSpec, ModelDeploymentStatus)
