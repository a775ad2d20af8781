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
        min_length=1, max_length=64, description="The provider's name of the device, for example L40S."
    )
    count: int = Field(ge=1, le=64, description="How many of them one replica has.")


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
        description="How draft tokens are made, for example ngram or eagle. Default: the provider's.",
    )
    num_speculative_tokens: int | None = Field(
        default=None, ge=1, le=1000, description="How many draft tokens are made at a time."
    )
    max_model_len: int | None = Field(
        default=None, ge=1, le=100_000_000, description="Longest context of the draft model, in tokens."
    )
    disable_by_batch_size: int | None = Field(
        default=None, ge=1, le=1_000_000, description="Requests at once from which on no drafts are made."
    )
    prompt_lookup_min: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Shortest run of tokens that is looked up in the prompt (ngram).",
    )
    prompt_lookup_max: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Longest run of tokens that is looked up in the prompt (ngram).",
    )
    eagle_top_k: int | None = Field(default=None, ge=1, le=1000, description="Branches of the draft (eagle).")
    num_steps: int | None = Field(default=None, ge=1, le=1000, description="Steps of the draft (eagle).")


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
            "serviceTierName and devices exclude each other: set the one that the account takes",
            at=".devices",
        ),
        rule(
            "!has(self.targetConnectionsPerReplica) || !has(self.maxConnectionsPerReplica)"
            " || self.targetConnectionsPerReplica <= self.maxConnectionsPerReplica",
            "targetConnectionsPerReplica must not be more than maxConnectionsPerReplica: no replica would ever be added",
            at=".targetConnectionsPerReplica",
        ),
    )

    service_tier_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        description="The provider's service tier, for example low-cost, where the account chooses machines by tier."
        " Exactly one of serviceTierName and devices, unless externalID is set.",
    )
    devices: tuple[Device, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Machines that the model may run on, the preferred one first, where the account chooses machines by"
        " device. The first that the provider offers for the model and has free is taken; a deployment that runs on any of"
        " them stays there. Exactly one of serviceTierName and devices, unless externalID is set.",
        json_schema_extra=validations(
            rule(
                "self.all(one, self.exists_one(other, other.device == one.device && other.count == one.count))",
                "devices names one device and count twice",
            )
        ),
    )
    scale_down_policy: ScaleDownPolicy | None = Field(
        default=None,
        description="When the provider stops the deployment by itself: NONE never, TIMER some time after it"
        " came up, INACTIVE some time after the last request. What its own policy stopped is not resumed.",
    )
    scale_down_threshold: Duration | None = Field(
        default=None,
        description="That time. Required with TIMER and INACTIVE, not allowed otherwise.",
        json_schema_extra=positive("scaleDownThreshold"),
    )
    engine: Engine | None = Field(
        default=None, description="What serves the model: VLLM or SGLANG. Default: the provider's."
    )
    engine_task: EngineTask | None = Field(
        default=None,
        description="What the engine does with the model, for example GENERATE or EMBED; AUTO finds out. It takes the"
        " place of generative and embedding in accounts that choose machines by device. Default: the provider's.",
    )
    model_access_key_secret_ref: AccessKeyRef | None = Field(
        default=None,
        description="Secret with the access key of a gated or private model, such as a Hugging Face token, under"
        " modelAccessKey. It is sent with the create and with every update, read again hourly, and kept nowhere else."
        " Without this field a key that the provider has stays.",
    )
    draft_model_access_key_secret_ref: AccessKeyRef | None = Field(
        default=None,
        description="The same for the draft model: a Secret with its access key under modelAccessKey.",
    )
    draft_model_name: str | None = Field(
        default=None, min_length=1, max_length=512, description="Draft model for speculative decoding."
    )
    speculative_config: SpeculativeConfig | None = Field(
        default=None,
        description="Speculative decoding in detail, beside draftModelName or without one. What is not set here stays as"
        " the provider has it.",
    )
    chat_template_override: str | None = Field(
        default=None,
        min_length=1,
        max_length=32_768,
        description="A chat template, in Jinja, in the place of the model's own. The status holds its fingerprint only.",
        json_schema_extra=validations(
            rule(
                r"self.matches('\\S')",
                "chatTemplateOverride must not be blank; leave it out for the model's own",
            )
        ),
    )
    generative: bool | None = Field(default=None, description="Says that the model generates text.")
    embedding: bool | None = Field(default=None, description="Says that the model makes embeddings.")
    target_connections_per_replica: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="With spec.autoscaling: requests at once per replica from which on the provider adds a replica. At most"
        " maxConnectionsPerReplica. Default: the provider's.",
    )
    autoscaling_factor: DecimalText | None = Field(
        default=None,
        description="With spec.autoscaling: how quickly the provider follows the load, as its smoothing factor, for"
        ' example "0.5". Default: the provider\'s.',
    )
    max_connections_per_replica: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="Most requests at once per replica; what comes beyond is answered 429. Default: the provider's.",
    )
    max_completion_tokens: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Most tokens that one answer may have. Default: the provider's.",
    )
    max_request_duration: Duration | None = Field(
        default=None,
        description="How long one request may take. Default: the provider's.",
        json_schema_extra=positive("maxRequestDuration"),
    )
    display_name: Word | None = Field(
        default=None, description="Name of the deployment in the provider's console. Default: the provider's."
    )
    description: str | None = Field(
        default=None, min_length=1, max_length=512, description="One line about it in the provider's console."
    )
    tags: tuple[Word, ...] | None = Field(
        default=None,
        max_length=50,
        description="Tags of the deployment at the provider. Their order does not matter.",
    )
    custom_aliases: tuple[Word, ...] | None = Field(
        default=None,
        max_length=16,
        description="Further names by which requests may address the model, besides status.externalAlias. Their order"
        " does not matter.",
    )
