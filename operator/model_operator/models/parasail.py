"""The block of a ModelDeployment that only Parasail understands.

Its fields are the twins of the vendor's, under the same names; times are durations here, a factor a decimal string.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from model_operator.models.rules import checked, object_name, positive, rule, validations
from model_operator.models.wire import DecimalText, Duration, Model

Word = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class ScaleDownPolicy(StrEnum):
    """When Parasail stops a deployment by itself; the vendor's own words."""

    NONE = "NONE"
    TIMER = "TIMER"
    INACTIVE = "INACTIVE"


class Engine(StrEnum):
    """What serves the model; the vendor's own words."""

    VLLM = "VLLM"
    SGLANG = "SGLANG"


class EngineTask(StrEnum):
    """What the engine does with the model; the vendor's own words."""

    AUTO = "AUTO"
    GENERATE = "GENERATE"
    EMBED = "EMBED"
    SCORE = "SCORE"
    CLASSIFY = "CLASSIFY"
    REWARD = "REWARD"
    TRANSCRIPTION = "TRANSCRIPTION"
    SPEECH = "SPEECH"
    TEXT2IMAGE = "TEXT2IMAGE"
    IMAGE2IMAGE = "IMAGE2IMAGE"
    INPAINTING = "INPAINTING"


class Device(Model):
    device: str = Field(
        min_length=1,
        max_length=64,
        description="Device name, as in the provider's catalogue, for example L40S.",
    )
    count: int = Field(ge=1, le=64, description="Number of devices per replica.")


class AccessKeyRef(Model):
    name: str = Field(
        min_length=1,
        max_length=253,
        description="Name of a Secret in the same namespace with the key modelAccessKey.",
        json_schema_extra=object_name(),
    )


class SpeculativeConfig(Model):
    """Draft tokens that the model then checks; the vendor's own words, of which no document says more."""

    model_config = checked(
        rule(
            "!has(self.promptLookupMin) || !has(self.promptLookupMax) || self.promptLookupMin <= self.promptLookupMax",
            "promptLookupMin must not be more than promptLookupMax",
            at=".promptLookupMin",
        )
    )

    method: Word | None = Field(
        default=None,
        description="Method for draft tokens, for example ngram or eagle. Default: the provider's default.",
    )
    num_speculative_tokens: int | None = Field(
        default=None, ge=1, le=1000, description="Number of draft tokens per step."
    )
    max_model_len: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Maximum context of the draft model, in tokens."
    )
    disable_by_batch_size: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Number of concurrent requests from which no draft tokens are made.",
    )
    prompt_lookup_min: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Minimum number of tokens to look up in the prompt (ngram).",
    )
    prompt_lookup_max: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Maximum number of tokens to look up in the prompt (ngram).",
    )
    eagle_top_k: int | None = Field(
        default=None, ge=1, le=1000, description="Number of draft branches (eagle)."
    )
    num_steps: int | None = Field(default=None, ge=1, le=1000, description="Number of draft steps (eagle).")


class ParasailSpec(Model):
    model_config = checked(
        rule(
            "has(self.scaleDownThreshold) =="
            " (has(self.scaleDownPolicy) && self.scaleDownPolicy in ['TIMER', 'INACTIVE'])",
            "scaleDownThreshold is required with scaleDownPolicy TIMER or INACTIVE, else not allowed",
            at=".scaleDownThreshold",
        ),
        rule(
            "!has(self.serviceTierName) || !has(self.devices)",
            "serviceTierName and devices are mutually exclusive: set the one that the account uses",
            at=".devices",
        ),
        rule(
            "!has(self.targetConnectionsPerReplica) || !has(self.maxConnectionsPerReplica)"
            " || self.targetConnectionsPerReplica <= self.maxConnectionsPerReplica",
            "targetConnectionsPerReplica must not be more than maxConnectionsPerReplica, or no replica would ever"
            " be added",
            at=".targetConnectionsPerReplica",
        ),
    )

    service_tier_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="Service tier, for example low-cost, for accounts that choose machines by tier. Exactly one of"
        " serviceTierName and devices, unless externalID is set.",
    )
    devices: tuple[Device, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Machines that the model may run on, in order of preference, for accounts that choose machines"
        " by device. The first one that the provider offers for the model and has free is used. A deployment that"
        " runs on one of them stays there. Exactly one of serviceTierName and devices, unless externalID is set.",
        json_schema_extra=validations(
            rule(
                "self.all(one, self.exists_one(other, other.device == one.device && other.count == one.count))",
                "devices names one device and count twice",
            )
        ),
    )
    scale_down_policy: ScaleDownPolicy | None = Field(
        default=None,
        description="When the provider stops the deployment by itself. NONE: never. TIMER: scaleDownThreshold after"
        " its start. INACTIVE: scaleDownThreshold after the last request. The operator does not resume a deployment"
        " that its policy stopped.",
    )
    scale_down_threshold: Duration | None = Field(
        default=None,
        description="Time until scaleDownPolicy stops the deployment. Required with TIMER and INACTIVE, not allowed"
        " otherwise.",
        json_schema_extra=positive("scaleDownThreshold"),
    )
    engine: Engine | None = Field(
        default=None, description="Inference engine: VLLM or SGLANG. Default: the provider's default."
    )
    engine_task: EngineTask | None = Field(
        default=None,
        description="Task of the engine, for example GENERATE or EMBED; AUTO detects it. Replaces generative and"
        " embedding in accounts that choose machines by device. Default: the provider's default.",
    )
    model_access_key_secret_ref: AccessKeyRef | None = Field(
        default=None,
        description="Secret with the access key of a gated or private model, such as a Hugging Face token, under"
        " the key modelAccessKey. The operator sends it with the create and with every update, reads it again"
        " hourly, and stores it nowhere else. Removing this field leaves the access key at the provider.",
    )
    draft_model_access_key_secret_ref: AccessKeyRef | None = Field(
        default=None,
        description="Secret with the access key of the draft model, under the key modelAccessKey.",
    )
    draft_model_name: str | None = Field(
        default=None, min_length=1, max_length=512, description="Draft model for speculative decoding."
    )
    speculative_config: SpeculativeConfig | None = Field(
        default=None,
        description="Details of speculative decoding, with or without draftModelName. Fields that are not set keep"
        " the provider's values.",
    )
    chat_template_override: str | None = Field(
        default=None,
        min_length=1,
        max_length=32_768,
        description="Chat template (Jinja) that replaces the model's own. The status contains only its fingerprint.",
        json_schema_extra=validations(
            rule(
                r"self.matches('\\S')",
                "chatTemplateOverride must not be blank; remove it to use the model's own",
            )
        ),
    )
    generative: bool | None = Field(default=None, description="Whether the model generates text.")
    embedding: bool | None = Field(default=None, description="Whether the model produces embeddings.")
    target_connections_per_replica: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="With spec.autoscaling: number of concurrent requests per replica from which the provider adds"
        " a replica. At most maxConnectionsPerReplica. Default: the provider's default.",
    )
    autoscaling_factor: DecimalText | None = Field(
        default=None,
        description='With spec.autoscaling: smoothing factor of the provider\'s autoscaler, for example "0.5".'
        " Default: the provider's default.",
    )
    max_connections_per_replica: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Maximum number of concurrent requests per replica; further requests are answered 429. Default:"
        " the provider's default.",
    )
    max_completion_tokens: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Maximum number of tokens in one answer. Default: the provider's default.",
    )
    max_request_duration: Duration | None = Field(
        default=None,
        description="Maximum duration of one request. Default: the provider's default.",
        json_schema_extra=positive("maxRequestDuration"),
    )
    display_name: Word | None = Field(
        default=None,
        description="Display name of the deployment in the provider's console. Default: the provider's"
        " default.",
    )
    description: str | None = Field(
        default=None,
        min_length=1,
        max_length=512,
        description="One-line description of the deployment in the provider's console.",
    )
    tags: tuple[Word, ...] | None = Field(
        default=None,
        max_length=50,
        description="Tags of the deployment at the provider. The order does not matter.",
    )
    custom_aliases: tuple[Word, ...] | None = Field(
        default=None,
        max_length=16,
        description="Additional model names that requests may use, besides status.externalAlias. The order does not"
        " matter.",
    )
