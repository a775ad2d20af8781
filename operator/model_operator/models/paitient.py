"""The block of a ModelDeployment that only PaiTIENT understands.

Its fields are the camelCase twins of the vendor's; fractions are decimal strings.
"""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from model_operator.domain import EPOCH_TAG, OWNER_TAG, UID_TAG
from model_operator.models.rules import (
    MOST_OF_AN_ID,
    REMOTE_ID,
    at_most,
    checked,
    immutable_if_set,
    rule,
    set_once,
    validations,
)
from model_operator.models.wire import DecimalText, Model

CloudId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
TagValue = Annotated[str, StringConstraints(max_length=256)]

_TAG_RULES: Final = validations(
    *(
        rule(f"!('{tag}' in self)", f"the tag {tag} is reserved for the operator; remove it from tags")
        for tag in (UID_TAG, OWNER_TAG, EPOCH_TAG)
    ),
    rule(
        "self.all(key, size(key) >= 1 && size(key) <= 128)", "each key of tags must have 1 to 128 characters"
    ),
)


class VpcConfig(Model):
    subnet_ids: tuple[CloudId, ...] | None = Field(
        default=None, max_length=16, description="Subnets of the deployment. Immutable."
    )
    security_group_ids: tuple[CloudId, ...] | None = Field(
        default=None, max_length=16, description="Security groups of the deployment. Immutable."
    )


class SecuritySettings(Model):
    network_isolation: bool | None = Field(
        default=None, description="Whether the deployment's network is isolated. Immutable."
    )
    private_endpoints: bool | None = Field(
        default=None, description="Whether the endpoints are reachable from private networks only. Immutable."
    )
    encryption_level: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="One of the provider's levels, for example maximum. Immutable.",
    )
    audit_logging: bool | None = Field(
        default=None, description="Whether the use of the model is recorded. Immutable."
    )
    compliance_mode: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="One of the provider's modes, for example hipaa. Immutable.",
    )


class ModelSettings(Model):
    max_output_tokens: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Maximum number of tokens in one answer."
    )
    default_temperature: DecimalText | None = Field(
        default=None,
        description='Default sampling temperature of requests, "0" to "2".',
        json_schema_extra=at_most("defaultTemperature", 2),
    )
    default_top_p: DecimalText | None = Field(
        default=None,
        description='Default nucleus sampling (top_p) of requests, "0" to "1".',
        json_schema_extra=at_most("defaultTopP", 1),
    )


class PaitientSpec(Model):
    model_config = checked(
        *map(
            immutable_if_set,
            ("computeType", "instanceType", "region", "vpcConfig", "securitySettings", "endpointName"),
        ),
        set_once("endpointID"),
        rule(
            "!has(self.endpointID) || has(self.endpointName)",
            "endpointID requires endpointName; set both, or remove endpointID",
            at=".endpointID",
        ),
    )

    compute_type: str | None = Field(
        default=None, min_length=1, max_length=64, description="Machine category, for example gpu. Immutable."
    )
    instance_type: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Machine type, for example g4dn.xlarge. Immutable.",
    )
    region: str | None = Field(
        default=None, min_length=1, max_length=64, description="Region, for example us-east-1. Immutable."
    )
    vpc_config: VpcConfig | None = Field(default=None, description="Network of the deployment. Immutable.")
    security_settings: SecuritySettings | None = Field(
        default=None, description="Security settings of the deployment. Immutable."
    )
    tags: dict[str, TagValue] | None = Field(
        default=None,
        max_length=50,
        description=f"Tags of the deployment at the provider. The keys {UID_TAG}, {OWNER_TAG} and {EPOCH_TAG} are"
        " reserved for the operator.",
        json_schema_extra=_TAG_RULES,
    )
    model_settings: ModelSettings | None = Field(
        default=None,
        alias="modelConfig",  # pydantic keeps the name model_config for itself
        description="Default parameters of the model. The context window is spec.contextLength.",
    )
    endpoint_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Name of a routing endpoint to create once the deployment is serving; see status.endpoint. The"
        " provider's API cannot delete the endpoint. Immutable.",
    )
    endpoint_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OF_AN_ID,
        pattern=REMOTE_ID,
        alias="endpointID",
        description="Id of the routing endpoint endpointName, if its create lost its reply, as shown in the"
        " provider's console. Can be set once.",
    )
    force_delete: bool | None = Field(
        default=None,
        description="Whether to delete the deployment without the provider's confirmation (force=true).",
    )
