"""The block of a ModelDeployment that only Parasail understands.

Its fields are the twins of the vendor's, under the same names; only the threshold is a duration here.
"""

from enum import StrEnum

from pydantic import Field

from model_operator.models.rules import checked, positive, rule
from model_operator.models.wire import Duration, Model


class ScaleDownPolicy(StrEnum):
    """When Parasail stops a deployment by itself; the vendor's own words."""

    NONE = "NONE"
    TIMER = "TIMER"
    INACTIVE = "INACTIVE"


class ParasailSpec(Model):
    model_config = checked(
        rule(
            "has(self.scaleDownThreshold) =="
            " (has(self.scaleDownPolicy) && self.scaleDownPolicy in ['TIMER', 'INACTIVE'])",
            "scaleDownThreshold is required with scaleDownPolicy TIMER or INACTIVE, else not allowed",
            at=".scaleDownThreshold",
        )
    )

    service_tier_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="The vendor's service tier, for example low-cost. Required unless externalID is set.",
    )
    scale_down_policy: ScaleDownPolicy | None = Field(
        default=None,
        description="When the vendor stops the deployment by itself: NONE never, TIMER some time after it"
        " came up, INACTIVE some time after the last request. What its own policy stopped is not resumed.",
    )
    scale_down_threshold: Duration | None = Field(
        default=None,
        description="That time. Required with TIMER and INACTIVE, not allowed otherwise.",
        json_schema_extra=positive("scaleDownThreshold"),
    )
    draft_model_name: str | None = Field(
        default=None, min_length=1, max_length=512, description="Draft model for speculative decoding."
    )
    generative: bool | None = Field(default=None, description="Says that the model generates text.")
    embedding: bool | None = Field(default=None, description="Says that the model makes embeddings.")
