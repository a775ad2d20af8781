"""ModelProvider: one account at one vendor, and where its credentials are.

A ModelDeployment names one in its own namespace; the engine makes one poller and one limiter per account.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import Field
from pydantic.config import JsonDict

from model_operator.models.metadata import Metadata
from model_operator.models.parse import parse_body
from model_operator.models.rules import checked, immutable, immutable_if_set, object_name, rule, validations
from model_operator.models.status import Status
from model_operator.models.wire import Duration, Model


class ProviderType(StrEnum):
    """The vendors whose API the operator speaks."""

    PARASAIL = "parasail"
    PAITIENT = "paitient"


def _web_address(name: str) -> JsonDict:
    # Neither user, query nor fragment: a key in a URL would end up in logs.
    return validations(
        rule(
            r"self.matches('^https?://[^/?#@\\s]+(/[^?#@\\s]*)?$')",
            f"{name} must be an http or https URL with a host, without user, query and fragment",
        )
    )


_AT_LEAST_5_SECONDS: Final = validations(
    rule("duration(self) >= duration('5s')", "pollInterval must be at least 5s")
)


class SecretRef(Model):
    name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of a Secret in the namespace of this ModelProvider.",
        json_schema_extra=object_name(),
    )


class Credentials(Model):
    secret_ref: SecretRef = Field(
        description="The Secret that holds the key apiKey (16 to 4,096 characters) and, for PaiTIENT, clientID."
        " The operator only ever reads it."
    )


class ModelProviderSpec(Model):
    model_config = checked(
        immutable("type"),
        immutable_if_set("baseURL"),
        immutable_if_set("chatBaseURL"),
        rule(
            "!has(self.chatBaseURL) || self.type == 'parasail'",
            "chatBaseURL is for type parasail only; remove it",
            at=".chatBaseURL",
        ),
    )

    type: ProviderType = Field(
        description="The vendor: parasail (dedicated deployments) or paitient (secure model service)."
        " Immutable."
    )
    base_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Base URL of the vendor's control API. Default: https://api.parasail.io/api/v1 or"
        " https://api.paitient.com. Any other scheme, host and port must be on the operator's allow-list."
        " Immutable.",
        json_schema_extra=_web_address("baseURL"),
    )
    chat_base_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Parasail only: base URL of the OpenAI-compatible API, published as status.endpointURL of"
        " deployments. Default: https://api.parasail.io/v1. The allow-list holds here too. Immutable.",
        json_schema_extra=_web_address("chatBaseURL"),
    )
    credentials: Credentials = Field(description="Where the credentials of the account are.")
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="How many requests per minute the operator may send to this account. Of"
        " several ModelProviders with the same key the most generous counts: without a limit on one there is none.",
    )
    poll_interval: Duration | None = Field(
        default=None,
        description="How often the account's deployments are listed while nothing moves. At least 5s."
        " Default: 30s.",
        json_schema_extra=_AT_LEAST_5_SECONDS,
    )


class Missing(Model):
    token: str = Field(
        description="The value of the annotation modeloperator.dev/confirm-absence that confirms these ids, once."
    )
    ids: tuple[str, ...] = Field(default=(), description="At most 50 of the missing deployments' ids.")
    count: int = Field(default=0, description="How many are missing.")


class ConfirmedAbsence(Model):
    token: str = Field(description="The token that was confirmed. It confirms nothing more.")
    ids: tuple[str, ...] = Field(
        default=(), description="Its ids that were still missing then, and have not been seen since."
    )


class ModelProviderStatus(Status):
    deployments: int | None = Field(
        default=None, description="How many ModelDeployments of the namespace use this ModelProvider."
    )
    proven_secret_version: str | None = Field(
        default=None,
        description="The resourceVersion of the Secret with which a known deployment was last seen. Under any"
        " other version of the Secret, a deployment that is missing at the vendor does not count as gone.",
    )
    list_worked: bool | None = Field(
        default=None,
        description="True once the vendor has listed the account's deployments. From then on, an API that says it has"
        " no list is not believed in anything.",
    )
    missing: Missing | None = Field(
        default=None,
        description="Deployments of this ModelProvider that are missing although nobody is known to have deleted them:"
        " frozen with the reason AccountMismatch, until they are seen again, confirmed, or more are missing.",
    )
    confirmed_absence: ConfirmedAbsence | None = Field(
        default=None, description="What a person confirmed last with modeloperator.dev/confirm-absence."
    )


class ModelProvider(Model):
    metadata: Metadata
    spec: ModelProviderSpec
    status: ModelProviderStatus

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Self:
        """A body of the API server. Raises `InvalidResource` that names the fields."""
        metadata, spec, status = parse_body(body, ModelProviderSpec, ModelProviderStatus)
        return cls(metadata=metadata, spec=spec, status=status)
