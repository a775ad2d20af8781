"""What PaiTIENT's documents leave open, with a default for each: the API, the metrics and the webhooks."""

from typing import Annotated, Literal

from pydantic import Field

from model_operator_simulator.sections import Count, Probability, RetryAfterForm, Seconds, Section


class PaitientKnobs(Section):
    """PaiTIENT deployments, endpoints and canary endpoints. Times are clock seconds."""

    create_s: Seconds = Field(6, description="creating until running.")
    update_s: Seconds = Field(4, description="updating until running.")
    delete_s: Seconds = Field(3, description="deleting until deleted.")
    tombstone_s: Seconds = Field(
        60, description="GET and list show status deleted for this long, then 404; 0 is off."
    )
    clock_skew_s: Annotated[float, Field(ge=-1e8, le=1e8)] = Field(
        0, description="Added to created_at and updated_at: the provider's clock is wrong by this."
    )
    create_status: Literal[200, 201, 202] = Field(200, description="Status code of a create's reply.")
    delete_guard: Literal["off", "on"] = Field(
        "off", description="Whether a DELETE without force is refused while an endpoint sends traffic."
    )
    allow_zero: bool = Field(False, description="Whether min_replicas may be 0.")
    strict: bool = Field(False, description="Whether unknown body keys are refused (else ignored).")
    error_body: Literal["errors_page", "bare_code"] = Field(
        "errors_page", description="{error: {code, message, param, details, request_id}} or {code, message}."
    )
    vocabulary: Literal["documented", "errors_page"] = Field(
        "documented", description="Error codes of the deployments document, or of the provider's errors page."
    )
    validation_status: Literal[422, 400] = Field(422, description="Status code of validation_error.")
    quota_status: Literal[403, 429] = Field(403, description="Status code of quota_exceeded.")
    instance_status: Literal[422, 503] = Field(422, description="Status code of instance_type_unavailable.")
    deployment_error_status: Literal[500, 409] = Field(
        500, description="Status code of deployment_error; a conflict with the status is always 409."
    )
    refused_models: list[str] = Field(
        [], description="Patterns of models whose create is answered with deployment_error."
    )
    max_deployments: Count | None = Field(10, description="Deployments per account; null is unlimited.")
    duplicate_names: Literal["allow", "reject"] = Field("allow", description="A second live deployment_name.")
    name_min: Count = Field(3, description="Shortest deployment_name.")
    name_max: Count = Field(64, description="Longest deployment_name.")
    replicas_max: Annotated[int, Field(ge=1, le=100_000)] = Field(1000, description="Largest max_replicas.")
    required_fields: list[str] = Field(
        ["model_name", "deployment_name"], description="What a create must hold; the rest has defaults."
    )
    models: list[str] = Field(
        ["*/*"], description="Patterns of known model names; others are model_not_found."
    )
    failing_models: list[str] = Field([], description="Patterns of models that end in failed, not running.")
    instance_types: dict[str, list[str]] = Field(
        {
            "us-east-1": ["g4dn.xlarge", "g5.xlarge", "g5.2xlarge", "p4d.24xlarge"],
            "us-west-2": ["g4dn.xlarge", "g5.xlarge", "g5.2xlarge"],
            "eu-west-1": ["g4dn.xlarge", "g5.xlarge"],
        },
        description="Instance types per region; others are instance_type_unavailable.",
    )
    patch_fields: list[str] = Field(
        ["min_replicas", "max_replicas", "auto_scaling", "tags", "model_config"],
        description="What a PATCH changes; other known fields are ignored (strict: refused).",
    )
    patch_ignored_fields: list[str] = Field(
        [], description="Fields that a PATCH accepts and does not change."
    )
    patch_merge: Literal["merge", "replace"] = Field(
        "merge", description="How PATCH treats tags and model_config."
    )
    patch_null: Literal["reject", "remove"] = Field(
        "reject", description="A null inside tags or model_config is an error, or removes the key."
    )
    unset_fields: Literal["empty", "null", "absent"] = Field(
        "empty", description="How replies show tags, model_config and security_settings that nobody set."
    )
    id_form: Literal["plain", "path"] = Field(
        "plain", description="A deployment's id: `dep_…`, or `projects/7/dep_…`."
    )
    last_next_offset: Literal["null", "absent", "beyond"] = Field(
        "null", description="next_offset on the last page; beyond: of a page that is empty."
    )
    total: Literal["all", "page", "none"] = Field(
        "all", description="What a list's total counts: all there is, the page, or it is null."
    )
    list_tags: Literal["all", "partial"] = Field(
        "all", description="List items hold all tags, or only the first."
    )
    list_lag_s: Seconds = Field(0, description="The list learns of creates and deletes this much later.")
    stale_read_s: Seconds = Field(0, description="A GET shows the state before the last write for this long.")
    canary_membership: Literal["any", "fixed"] = Field(
        "any", description="Whether a canary's PATCH may change which deployments it holds."
    )
    canary_min_targets: Literal[1, 2] = Field(1, description="Fewest deployments of a canary endpoint.")
    billed_states: list[str] = Field(
        ["creating", "running", "updating", "deleting"], description="Statuses in which replicas are billed."
    )
    prices: dict[str, float] = Field(
        {"g4dn.xlarge": 0.53, "g5.xlarge": 1.01, "g5.2xlarge": 1.21, "p4d.24xlarge": 32.77},
        description="Price of one replica for an hour, by instance type.",
    )
    identity_tag: str = Field(
        "model-operator-uid", description="The tag by which /__sim/counters tells owners."
    )
    requests_per_minute: Count | None = Field(None, description="Limit per API key; null is unlimited.")
    retry_after: RetryAfterForm = Field("seconds", description="Form of Retry-After when that limit is hit.")


class MetricsKnobs(Section):
    """The invented traffic behind PaiTIENT's metrics. The first eight are what a deployment or endpoint has of its own.

    A change here counts for the whole past too; a change of one deployment or endpoint (``PATCH
    /__sim/deployments/paitient/ID``, ``PATCH /__sim/endpoints/ID``) counts from the moment it is made.
    """

    endpoint_rps: Annotated[float, Field(ge=0, le=1e6)] = Field(
        10.0,
        description="Requests per second offered to each endpoint and canary endpoint, split as it says.",
    )
    direct_rps: Annotated[float, Field(ge=0, le=1e6)] = Field(
        1.0, description="Requests per second to a serving deployment that no endpoint names."
    )
    latency_ms: Annotated[float, Field(ge=0, le=1e7)] = Field(120.0, description="Average latency.")
    p95_factor: Annotated[float, Field(ge=1, le=1000)] = Field(
        1.5, description="95th percentile over the average."
    )
    p99_factor: Annotated[float, Field(ge=1, le=1000)] = Field(
        1.83, description="99th percentile over the average."
    )
    error_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        0.2, description="True error rate, in percent."
    )
    input_tokens: Annotated[float, Field(ge=0, le=1e7)] = Field(
        120.0, description="Input tokens per request."
    )
    output_tokens: Annotated[float, Field(ge=0, le=1e7)] = Field(
        130.0, description="Output tokens per request."
    )
    noise: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.05, description="Relative seeded noise of each point."
    )
    diurnal: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="Amplitude of the daily traffic wave."
    )
    lag_s: Seconds = Field(0, description="Buckets appear this long after their end.")
    partial: bool = Field(False, description="Whether the bucket that is not over yet is shown.")
    gap_probability: Probability = Field(0, description="Chance of a bucket to be missing from all series.")
    nan_probability: Probability = Field(0, description="Chance of a value to be not a number.")
    nan_form: Literal["null", "nan"] = Field("null", description="How such a value is written.")
    unequal: bool = Field(False, description="Whether value series are one shorter than their timestamps.")
    empty: Literal["zero", "null", "omit"] = Field(
        "zero", description="Latency and errors of a bucket without traffic."
    )
    rps_decimals: Annotated[int, Field(ge=0, le=6)] = Field(2, description="Decimals of requests_per_second.")
    max_points: Annotated[int, Field(ge=1, le=10_000)] = Field(1000, description="Most points of a series.")


class WebhookKnobs(Section):
    """Outgoing events. The vendor names the events only; payload and signature are this project's invention."""

    url: str | None = Field(None, description="Where events are POSTed; null sends none.")
    secret: str = Field("sim-webhook-secret", description="Key of the HMAC-SHA256 in X-Sim-Signature.")
    delay_s: Seconds = Field(0, description="An event leaves this much later (real seconds).")
    drop_probability: Probability = Field(0, description="Chance of an event never to be sent.")
    duplicate_probability: Probability = Field(0, description="Chance of an event to be sent twice.")
    reorder_probability: Probability = Field(
        0, description="Chance of an event to leave after its successor."
    )
    bad_signature_probability: Probability = Field(0, description="Chance of a wrong signature.")
    burst: Annotated[int, Field(ge=1, le=1000)] = Field(1, description="Copies of each event (a burst).")
