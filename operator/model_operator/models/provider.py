"""ModelProvider: one account at one vendor, and where its credentials are.

A ModelDeployment names one in its own namespace; the engine makes one poller and one limiter per account of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from model_operator.models.metadata import Condition, Metadata, condition_of
from model_operator.models.parse import parse_resource, parse_tolerantly
from model_operator.models.wire import Duration, Model


class ProviderType(StrEnum):
    """The vendors whose API the operator speaks."""

    PARASAIL = "parasail"
    PAITIENT = "paitient"


class SecretRef(Model):
    name: str = Field(
        min_length=1, max_length=253, description="Name of a Secret in the namespace of this ModelProvider."
    )


class Credentials(Model):
    secret_ref: SecretRef = Field(
        description="The Secret that holds the key apiKey and, for PaiTIENT, clientID."
        " The operator only ever reads it."
    )


class ModelProviderSpec(Model):
    type: ProviderType = Field(
        description="The vendor: parasail (dedicated deployments) or paitient (secure model service). Immutable."
    )
    base_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Base URL of the vendor's control API. Default: https://api.parasail.io/api/v1 or"
        " https://api.paitient.com. Any other scheme, host and port must be on the operator's allow-list. Immutable.",
    )
    chat_base_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Parasail only: base URL of the OpenAI-compatible API, published as status.endpointURL of"
        " deployments. Default: https://api.parasail.io/v1. The allow-list holds here too. Immutable.",
    )
    credentials: Credentials = Field(description="Where the credentials of the account are.")
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="How many requests per minute the operator may send to this account. ModelProviders of one"
        " account share the limit.",
    )
    poll_interval: Duration | None = Field(
        default=None,
        description="How often the account's deployments are listed while nothing moves. At least 5s. Default: 30s.",
    )


class ModelProviderStatus(Model):
    observed_generation: int | None = Field(
        default=None, description="The metadata.generation that this status was computed from."
    )
    deployments: int | None = Field(
        default=None, description="How many ModelDeployments of the namespace use this ModelProvider."
    )
    proven_secret_version: str | None = Field(
        default=None,
        description="The resourceVersion of the Secret with which a known deployment was last seen. Until it is that"
        " of the current Secret, a deployment that is missing at the vendor does not count as gone.",
    )
    conditions: tuple[Condition, ...] = Field(
        default=(), description="Ready (the credentials are accepted), Reconciling and Stalled."
    )

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self:
        """A status as somebody left it. Never raises: what cannot be understood is dropped."""
        return parse_tolerantly(cls, raw)

    def condition(self, type: str) -> Condition | None:
        return condition_of(self.conditions, type)


class ModelProvider(Model):
    metadata: Metadata
    spec: ModelProviderSpec
    status: ModelProviderStatus

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """A body of the API server. Raises `InvalidResource` that names the fields."""
        return parse_resource(cls, body, ModelProviderSpec, ModelProviderStatus)
