"""The block of a ModelDeployment that only PaiTIENT understands.

Its fields are the camelCase twins of the vendor's; fractions are decimal strings.
"""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from model_operator.domain import OWNER_TAG, UID_TAG
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
        rule(f"!('{tag}' in self)", f"the tag {tag} is the operator's own; remove it from tags")
        for tag in (UID_TAG, OWNER_TAG)
    ),
    rule(
        "self.all(key, size(key) >= 1 && size(key) <= 128)", "each key of tags must have 1 to 128 characters"
    ),
)


class VpcConfig(Model):
    subnet_ids: tuple[CloudId, ...] | None = Field(
        default=None, max_length=16, description="Subnets that the deployment runs in. Immutable."
    )
    security_group_ids: tuple[CloudId, ...] | None = Field(
        default=None, max_length=16, description="Security groups of the deployment. Immutable."
    )


class SecuritySettings(Model):
    network_isolation: bool | None = Field(
        default=None, description="Isolates the deployment's network. Immutable."
    )
    private_endpoints: bool | None = Field(
        default=None, description="Makes the endpoints reachable from private networks only. Immutable."
    )
    encryption_level: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="The provider's word, for example maximum. Immutable.",
    )
    audit_logging: bool | None = Field(default=None, description="Records who used the model. Immutable.")
    compliance_mode: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="The provider's word, for example hipaa. Immutable.",
    )


class ModelSettings(Model):
    max_output_tokens: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Most tokens that one answer may have."
    )
    default_temperature: DecimalText | None = Field(
        default=None,
        description='Sampling temperature of requests that name none, "0" to "2".',
        json_schema_extra=at_most("defaultTemperature", 2),
    )
    default_top_p: DecimalText | None = Field(
        default=None,
        description='Nucleus sampling of requests that name none, "0" to "1".',
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
            "endpointID names the endpoint of endpointName; set both or neither",
            at=".endpointID",
        ),
    )

    compute_type: str | None = Field(
        default=None, min_length=1, max_length=64, description="Kind of machine, for example gpu. Immutable."
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
    vpc_config: VpcConfig | None = Field(
        default=None, description="Network that the deployment runs in. Immutable."
    )
    security_settings: SecuritySettings | None = Field(
        default=None, description="Security of the deployment. Immutable."
    )
    tags: dict[str, TagValue] | None = Field(
        default=None,
        max_length=50,
        description=f"Tags of the deployment at the provider. The keys {UID_TAG} and {OWNER_TAG} are the"
        " operator's own.",
        json_schema_extra=_TAG_RULES,
    )
    model_settings: ModelSettings | None = Field(
        default=None,
        alias="modelConfig",  # pydantic keeps the name model_config for itself
        description="Defaults of the model. The context window is spec.contextLength.",
    )
    endpoint_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Also creates a routing endpoint of this name once the deployment serves; see"
        " status.endpoint. The provider's API cannot delete it again. Immutable.",
    )
    endpoint_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_OF_AN_ID,
        pattern=REMOTE_ID,
        alias="endpointID",
        description="Id of the routing endpoint that a create of endpointName made whose answer was lost, as the"
        " provider's console shows it. Set once.",
    )
    force_delete: bool | None = Field(
        default=None, description="Deletes the deployment without the provider's confirmation (force=true)."
    )
