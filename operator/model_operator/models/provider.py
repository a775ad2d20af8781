"""ModelProvider: one account at one vendor, and where its credentials are.

A ModelDeployment names one in its own namespace; the engine makes one poller and one limiter per account.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

from pydantic import Field
from pydantic.config import JsonDict

from model_operator.models.metadata import Metadata
from model_operator.models.orphans import Orphans
from model_operator.models.parse import parse_body
from model_operator.models.prices import LABEL_RULES, PRICE_RULES, PriceRow, TagName
from model_operator.models.rules import (
    checked,
    immutable,
    immutable_if_set,
    object_name,
    rule,
    validations,
)
from model_operator.models.status import Status
from model_operator.models.wire import Duration, Model
from model_operator.modes import Mode


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


class SignatureScheme(StrEnum):
    """How a sender signs an event."""

    TIMESTAMPED = "Timestamped"
    """`t=SECONDS,v1=SIGNATURE` in one header, of `SECONDS.BODY`."""
    STANDARD_WEBHOOKS = "StandardWebhooks"
    """standardwebhooks.com: headers webhook-id, webhook-timestamp and webhook-signature."""
    BODY = "Body"
    """`SIGNATURE` or `sha256=SIGNATURE` in one header, of the body alone."""
    TOKEN = "Token"  # noqa: S105  a word
    """The secret itself in one header."""


class SignatureAlgorithm(StrEnum):
    """The hash of the HMAC."""

    SHA256 = "SHA256"
    SHA512 = "SHA512"


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
        description="The Secret with the keys apiKey (16 to 4,096 characters) and, for PaiTIENT, clientID. The"
        " operator only reads it."
    )


class Webhook(Model):
    model_config = checked(
        rule(
            "has(self.header) != (has(self.scheme) && self.scheme == 'StandardWebhooks')",
            "webhook requires header, except with scheme StandardWebhooks, which defines its own",
        ),
        rule(
            "!has(self.algorithm) || !has(self.scheme) || self.scheme in ['Timestamped', 'Body']",
            "algorithm is for the schemes Timestamped and Body; remove it",
            at=".algorithm",
        ),
    )

    header: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Name of the header with the signature, in any case. Required, except with scheme"
        " StandardWebhooks.",
        json_schema_extra={"pattern": r"^[A-Za-z0-9-]+$"},
    )
    scheme: SignatureScheme | None = Field(
        default=None,
        description="How the provider signs events. Timestamped: t=SECONDS,v1=SIGNATURE in the header, for"
        " SECONDS.BODY. StandardWebhooks: as specified by standardwebhooks.com. Body: SIGNATURE or"
        " sha256=SIGNATURE, for the body alone. Token: the secret itself. Signatures are HMACs in hex or base64."
        " Default: Timestamped.",
    )
    algorithm: SignatureAlgorithm | None = Field(
        default=None,
        description="Hash function of the HMAC, for the schemes Timestamped and Body. Default: SHA256.",
    )
    secret_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="Key in the Secret of spec.credentials with the shared secret (16 to 4,096 characters)."
        " Default: webhookSecret.",
        json_schema_extra={"pattern": r"^[-._a-zA-Z0-9]+$"},
    )
    tolerance: Duration | None = Field(
        default=None,
        description="Maximum age of a signature, and how far it may be ahead of the operator's clock, for the"
        " schemes that sign a time. Events are remembered that long, so that copies are ignored. At most 1h."
        " Default: 5m.",
        json_schema_extra=validations(
            rule(
                "duration(self) > duration('0s') && duration(self) <= duration('1h')",
                "tolerance must be longer than 0s and at most 1h",
            )
        ),
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
        rule(
            "!has(self.labelsToTags) || self.type == 'paitient'",
            "labelsToTags is for type paitient only, because other providers have no tags with values; remove it",
            at=".labelsToTags",
        ),
        rule(
            "!has(self.webhook) || self.type == 'paitient'",
            "webhook is for type paitient only, because other providers send no events; remove it",
            at=".webhook",
        ),
    )

    type: ProviderType = Field(
        description="The provider: parasail (dedicated deployments) or paitient (secure model service)."
        " Immutable."
    )
    base_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Base URL of the provider's control API. Default: https://api.parasail.io/api/v1 or"
        " https://api.paitient.com. Any other scheme, host and port must be on the operator's list of allowed hosts"
        " (--allowed-provider-host). Immutable.",
        json_schema_extra=_web_address("baseURL"),
    )
    chat_base_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=2048,
        description="Parasail only: base URL of the OpenAI-compatible API, published as status.endpointURL of"
        " deployments. Default: https://api.parasail.io/v1. The list of allowed hosts applies here, too. Immutable.",
        json_schema_extra=_web_address("chatBaseURL"),
    )
    credentials: Credentials = Field(description="The credentials of the account.")
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Maximum number of requests per minute to this account. If several ModelProviders use the same"
        " key, the highest limit applies; if one has no limit, there is none.",
    )
    poll_interval: Duration | None = Field(
        default=None,
        description="How often the account's deployments are listed while no change is in progress. At least 5s."
        " Default: 30s.",
        json_schema_extra=_AT_LEAST_5_SECONDS,
    )
    mode: Mode | None = Field(
        default=None,
        description="Manage: the operator creates, changes and deletes deployments. Observe: it only reads, sends"
        " nothing that changes or costs anything, and reports what it would do; an object that is deleted leaves its"
        " deployment at the provider. Suspend: it sends no request at all, and objects that are deleted wait."
        " Default: Manage.",
    )
    webhook: Webhook | None = Field(
        default=None,
        description="PaiTIENT only: receive the provider's events at /webhooks/NAMESPACE/NAME of the operator, if"
        " it runs with --webhook-address. An event is only a hint: the operator lists the account's deployments at"
        " once. The provider documents neither payload nor signature of its events, so the operator never reads the"
        " body, and the signature scheme is set here.",
    )
    prices: tuple[PriceRow, ...] | None = Field(
        default=None,
        max_length=100,
        description="Prices of deployments for which the provider reports none. What they cost is in status.cost of each"
        " ModelDeployment.",
        json_schema_extra=PRICE_RULES,
    )
    labels_to_tags: dict[str, TagName] | None = Field(
        default=None,
        max_length=20,
        description="PaiTIENT only: labels of ModelDeployments that are carried to tags of their deployments, by the name of the"
        " label; the value is the key of the tag. spec.paitient.tags takes precedence. A label that is removed leaves"
        " its tag with an empty value.",
        json_schema_extra=LABEL_RULES,
    )


class Missing(Model):
    token: str = Field(
        description="Value of the annotation modeloperator.dev/confirm-absence that confirms these ids, once."
    )
    ids: tuple[str, ...] = Field(default=(), description="Ids of the missing deployments, at most 50.")
    count: int = Field(default=0, description="Number of missing deployments.")


class ConfirmedAbsence(Model):
    token: str = Field(description="The token that was confirmed. It cannot be used again.")
    ids: tuple[str, ...] = Field(
        default=(),
        description="Ids of deployments that were missing at that time, and have not been seen since.",
    )


class ModelProviderStatus(Status):
    mode: str | None = Field(
        default=None,
        description="The spec.mode in force: once it says Observe or Suspend, no request of an earlier mode is in"
        " progress.",
    )
    deployments: int | None = Field(
        default=None, description="Number of ModelDeployments that use this ModelProvider."
    )
    proven_secret_version: str | None = Field(
        default=None,
        description="The resourceVersion of the Secret with which a known deployment was last seen. With any other"
        " version of the Secret, a deployment that is missing at the provider does not count as gone.",
    )
    list_worked: bool | None = Field(
        default=None,
        description="True once the provider has listed the account's deployments. From then on, replies that the"
        " API has no list are not trusted.",
    )
    missing: Missing | None = Field(
        default=None,
        description="Deployments of this ModelProvider that are missing without a known deletion. They are frozen"
        " with the reason AccountMismatch until they reappear, are confirmed, or more are missing.",
    )
    confirmed_absence: ConfirmedAbsence | None = Field(
        default=None, description="The last confirmation with modeloperator.dev/confirm-absence."
    )
    orphans: Orphans | None = Field(
        default=None,
        description="Deployments that this cluster created, by their owner mark, and that no object manages. They cost"
        " money until somebody adopts or deletes them; the operator does neither by itself.",
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
