"""The knobs: everything about the two vendors that their documents leave open, with a default for each.

A running simulator holds one immutable :class:`Knobs`; ``PATCH /__sim/knobs`` replaces it, and whoever acts on a
knob reads it at that moment, so a change takes effect with the next request.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=1e8, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
RetryAfterForm = Literal["seconds", "date", "absent"]


class Section(BaseModel):
    """A group of knobs; unknown names are errors, so that a misspelt knob is not silently without effect."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class HttpKnobs(Section):
    """What both vendors' HTTP fronts share. Times here are real seconds: they are about sockets."""

    latency_s: Seconds = Field(
        0.0, description="Every vendor request is answered this much later (real seconds)."
    )
    latency_jitter_s: Seconds = Field(
        0.0, description="Plus a seeded, uniform part of up to this (real seconds)."
    )
    max_body_bytes: Count = Field(1_048_576, description="A larger request body is refused with 413.")
    journal_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        20_000, description="How many requests /__sim/requests remembers."
    )
    public_url: str | None = Field(
        None, description="Base of the URLs in replies; null takes the Host header of each request."
    )


class ParasailKnobs(Section):
    """Parasail dedicated deployments. Times are clock seconds."""

    start_s: Seconds = Field(8, description="STARTING until ONLINE.")
    stop_s: Seconds = Field(3, description="STOPPING until stopped.")
    delete_s: Seconds = Field(2, description="STOPPING until 404 after a DELETE (delete_mode async).")
    instance_s: Seconds = Field(
        4, description="Each additional instance of a scaled-up deployment takes this long."
    )
    power_lag_s: Seconds = Field(
        0, description="A pause or resume is answered at once and begins this much later."
    )
    alias_delay_s: Seconds = Field(0, description="externalAlias is null until this long after the create.")
    pause_end: Literal["OFFLINE", "PAUSED"] = Field(
        "OFFLINE", description="The status in which a pause ends."
    )
    power_conflict: Literal["noop", "409"] = Field(
        "noop", description="A pause or resume that does not fit the status: 200 without effect, or 409."
    )
    power_body: Literal["empty", "object"] = Field(
        "empty", description="Body of a pause's and a resume's reply."
    )
    put_transition: Literal["stay", "starting"] = Field(
        "stay", description="A PUT of an ONLINE deployment leaves it ONLINE, or sends it through STARTING."
    )
    put_absent: Literal["reset", "keep"] = Field(
        "reset", description="Keys that a PUT leaves out: optional ones are reset, or all keep their value."
    )
    put_ignored_fields: list[str] = Field(
        [], description="Fields that a PUT accepts and silently does not change."
    )
    delete_mode: Literal["async", "sync"] = Field(
        "async", description="After a DELETE: STOPPING for delete_s, or gone at once."
    )
    delete_status: Literal[200, 204] = Field(200, description="Status code of a DELETE's reply.")
    create_status: Literal[200, 201] = Field(200, description="Status code of a create's reply.")
    quota_mode: Literal["status", "http"] = Field(
        "status", description="Over quota: stays STARTING with `Insufficient quota`, or is refused with 403."
    )
    gpu_quota: Count | None = Field(4, description="GPUs per account; null is unlimited.")
    name_min: Count = Field(2, description="Shortest deploymentName.")
    name_max: Count = Field(32, description="Longest deploymentName.")
    duplicate_names: Literal["reject", "allow"] = Field("reject", description="A second live deploymentName.")
    duplicate_status: Literal[409, 400] = Field(409, description="Status code that rejects a duplicate name.")
    replicas_max: Annotated[int, Field(ge=1, le=1000)] = Field(
        100, description="Most replicas of a deployment."
    )
    profile: Literal["either", "documented", "extended"] = Field(
        "either",
        description="A create needs serviceTierName (documented), a selected deviceConfigs entry (extended), or either.",
    )
    reply_fields: Literal["observed", "documented"] = Field(
        "observed",
        description="Replies hold what clients of the live API saw, or only what the document names.",
    )
    unset_fields: Literal["null", "default", "absent"] = Field(
        "null",
        description="Documented optional fields that nobody set: null, a server-side default, or left out.",
    )
    unknown_keys: Literal["ignore", "reject"] = Field("ignore", description="Unknown keys in a request body.")
    listing: Literal["on", "404", "405"] = Field(
        "on", description="GET /dedicated/deployments works, or how it fails."
    )
    list_lag_s: Seconds = Field(0, description="The list learns of creates and deletes this much later.")
    stale_read_s: Seconds = Field(0, description="A GET shows the state before the last write for this long.")
    unauthorized: Literal["text", "problem"] = Field(
        "text", description="Body of a 401: plain text or RFC 7807."
    )
    chat_unready: Literal[503, 404] = Field(503, description="Chat with a deployment that is not ONLINE.")
    failing_models: list[str] = Field(
        [], description="modelName patterns (with *) that end in ERROR, not ONLINE."
    )
    requests_per_minute: Count | None = Field(None, description="Limit per API key; null is unlimited.")
    retry_after: RetryAfterForm = Field("seconds", description="Form of Retry-After when that limit is hit.")


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
        "documented", description="Error codes of the deployments document, or of the vendor's errors page."
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
    last_next_offset: Literal["null", "absent"] = Field("null", description="next_offset on the last page.")
    list_tags: Literal["all", "partial"] = Field(
        "all", description="List items hold all tags, or only the first."
    )
    list_lag_s: Seconds = Field(0, description="The list learns of creates and deletes this much later.")
    stale_read_s: Seconds = Field(0, description="A GET shows the state before the last write for this long.")
    canary_membership: Literal["any", "fixed"] = Field(
        "any", description="Whether a canary's PATCH may change which deployments it holds."
    )
    canary_min_targets: Literal[1, 2] = Field(1, description="Fewest deployments of a canary endpoint.")
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


class Knobs(Section):
    """All knobs, by section. A knob's full name is ``section.name``, e.g. ``parasail.pause_end``."""

    http: HttpKnobs = HttpKnobs()
    parasail: ParasailKnobs = ParasailKnobs()
    paitient: PaitientKnobs = PaitientKnobs()
    metrics: MetricsKnobs = MetricsKnobs()
    webhooks: WebhookKnobs = WebhookKnobs()

    def changed(self, patch: Mapping[str, Any]) -> "Knobs":
        """These knobs with some changed.

        Args:
            patch: ``{"parasail": {"start_s": 1}}`` or ``{"parasail.start_s": 1}``, also mixed.

        Raises:
            ValueError: with one line for each unknown name or unfit value (pydantic's ValidationError is one).
        """
        values = self.model_dump()
        for name, value in patch.items():
            section, dot, knob = name.partition(".")
            if not dot and not isinstance(value, Mapping):
                raise ValueError(f"{name}: a section takes an object of knobs, e.g. {{{name!r}: {{...}}}}")
            values.setdefault(section, {}).update({knob: value} if dot else value)
        return Knobs.model_validate(values)


def described(knobs: Knobs) -> list[dict[str, Any]]:
    """Every knob as ``{name, value, default, description}``, in the order of this file."""
    rows = []
    for section in Knobs.model_fields:
        values = getattr(knobs, section)
        for name, field in type(values).model_fields.items():
            row = {"name": f"{section}.{name}", "value": getattr(values, name), "default": field.default}
            rows.append({**row, "description": field.description})
    return rows
