"""What Parasail's document leaves open, with a default for each."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from model_operator_simulator.sections import Count, RetryAfterForm, Seconds, Section


class Device(BaseModel):
    """One row of the catalogue: so many of a device for each replica."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: Annotated[str, Field(min_length=1, max_length=100)]
    count: Annotated[int, Field(ge=1, le=64)] = 1
    cost: float | None = None
    available: bool | None = True


DEVICES: list[dict[str, Any]] = [
    {"device": "RTX4090", "count": 1, "cost": 0.65, "available": True},
    {"device": "L40S", "count": 1, "cost": 1.1, "available": True},
    {"device": "A100_80GB", "count": 1, "cost": 1.9, "available": True},
    {"device": "H100SXM", "count": 1, "cost": 2.9, "available": True},
    {"device": "H100SXM", "count": 2, "cost": 5.8, "available": True},
]


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
    put_write_only: Literal["keep", "clear"] = Field(
        "keep",
        description="Access keys that a PUT leaves out: no reply shows them, so they keep their value or go.",
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
    service_tiers: list[str] = Field(
        ["*"], description="Patterns of serviceTierName that there are; any other is refused with 400."
    )
    devices: tuple[Device, ...] = Field(
        DEVICES,
        validate_default=True,
        description="What /dedicated/devices offers; a create that selects anything else is refused with 400.",
    )
    device_query: Literal["either", "engine", "engineName"] = Field(
        "either",
        description="The parameter without which /dedicated/devices answers 400: none, or one of the two in use.",
    )
    catalogue: Literal["on", "404"] = Field(
        "on", description="/dedicated/support and /dedicated/devices are there, or are not."
    )
    capacity_mode: Literal["status", "http"] = Field(
        "status",
        description="No selected device available: stays STARTING and says so, or is refused with 400.",
    )
    unsupported_models: list[str] = Field([], description="Patterns of models that no engine runs.")
    gated_models: list[str] = Field(
        [], description="Patterns of models that end in ERROR without a modelAccessKey, as gated ones do."
    )
    autoscale_s: Seconds = Field(
        60,
        description="With autoscaling, one replica more or less each so many seconds, within the bounds; 0: never.",
    )
    autoscale_shows: Literal["replicas", "instances"] = Field(
        "replicas", description="What moves then in replies: replicas too, or the instances alone."
    )
    context_field: Literal["contextLength", "contextLengthOverride"] = Field(
        "contextLength",
        description="Which one sets the context; with the latter contextLength is the model's own, 131072.",
    )
    max_connections: Count | None = Field(
        None,
        description="Chat requests at once per replica where maxConnectionsPerReplica is unset; null: any number.",
    )
    hidden_fields: list[str] = Field([], description="Fields that no reply shows, set or not.")
    device_choices: Count = Field(
        0,
        description="Least entries of deviceConfigs in replies, the selected ones included, as live accounts have.",
    )
    chat_template_bytes: Count = Field(
        0, description="Length of each of two chat_templates in modelProperties of every reply; 0: none."
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
    billed_states: list[str] = Field(
        ["STARTING", "ONLINE", "STOPPING"], description="Statuses in which replicas are billed."
    )
    prices: dict[str, float] = Field(
        {"low-cost": 1.2, "H100": 3.2},
        description="Price of one replica for an hour, by service tier, or by number and device as in `2 H100SXM`, "
        "which is else the `cost` in `devices`.",
    )
    requests_per_minute: Count | None = Field(None, description="Limit per API key; null is unlimited.")
    retry_after: RetryAfterForm = Field("seconds", description="Form of Retry-After when that limit is hit.")
