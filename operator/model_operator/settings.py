"""Every setting of the operator, parsed once at start-up from flag, environment and file, in this order.

The command line makes its flags from these fields, docs/settings.md is generated from them, and everything
else receives a finished `Settings`.
"""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from typing_extensions import override

from model_operator.domain import BUDGET, CANARY, DEPLOYMENT, PROVIDER
from model_operator.setting_values import (
    Address,
    Duration,
    Installation,
    Label,
    Level,
    Namespace,
    Rule,
    read_config,
    to_authorities,
    to_file,
    to_items,
    to_lower,
    to_readable,
)
from model_operator.sharding import MOST

ENV_PREFIX = "MODEL_OPERATOR_"


def _duration(seconds: float, description: str) -> Any:
    return Field(default=timedelta(seconds=seconds), description=description)


class Settings(BaseSettings):
    """Frozen; made by `load`. Durations are timedeltas, hosts are rules, nothing is left to be parsed."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
    )

    config: Annotated[Path, AfterValidator(to_readable)] | None = Field(
        default=None, description="YAML or TOML (.toml) file with any of these settings by key."
    )
    kubeconfig: Annotated[Path, AfterValidator(to_file)] | None = Field(
        default=None,
        description="Kubeconfig file. Default: the pod's ServiceAccount, $KUBECONFIG or ~/.kube/config.",
    )
    namespaces: Annotated[tuple[Namespace, ...], NoDecode, BeforeValidator(to_items)] = Field(
        default=(), description="Namespaces to watch. Default: all."
    )
    installation: Installation = Field(
        default="",
        description="Name of this cluster in the tag model-operator-owner, `<installation>/<namespace>/<name>`, of"
        " created deployments, at providers with tags: 1 to 63 letters, digits, -, _ and . Default: the UID of the"
        " namespace kube-system; if the operator may not read it, there is no such tag. A rebuilt or standby"
        " cluster should use the name of the cluster that it replaces.",
    )
    canary_endpoints: bool = Field(
        default=True,
        description="Whether to watch CanaryEndpoints. If false, the operator needs no permission for that kind;"
        " delete all CanaryEndpoints before, because their finalizers would not be removed.",
    )
    allowed_provider_hosts: Annotated[tuple[Rule, ...], NoDecode, BeforeValidator(to_items)] = Field(
        default=(),
        description="Hosts, besides the providers' own, that a ModelProvider may send its key to: scheme, host and"
        " port, for example https://gateway.example.com or http://127.0.0.1:8080. The default scheme is https. For"
        " one namespace only: team-a=https://gateway.example.com.",
    )
    provider_ca_file: Annotated[Path, AfterValidator(to_authorities)] | None = Field(
        default=None,
        description="PEM file with additional certificate authorities to trust for providers, for example of your"
        " own gateway.",
    )
    workers: int = Field(
        default=50, ge=1, le=1000, description="Maximum number of objects that are reconciled concurrently."
    )
    max_concurrent_requests: int = Field(
        default=20, ge=1, le=1000, description="Maximum number of concurrent requests per provider account."
    )
    request_timeout: Duration = _duration(30, "Timeout of a request to a provider.")
    connect_timeout: Duration = _duration(5, "Timeout for opening a connection to a provider.")
    recovery_window: Duration = _duration(
        60,
        "After a create with unknown outcome: how long to look for the deployment before creating it again. If"
        " shorter than the provider's slowest commit, a duplicate may be created.",
    )
    power_grace: Duration = _duration(
        60, "How long a provider may take to show a pause or resume before it counts as ignored."
    )
    accepted_grace: Duration = _duration(
        60, "How long a resource may wait for its provider or Secret before Stalled becomes True."
    )
    secret_refresh: Duration = _duration(60, "How often each ModelProvider's Secret is read again.")
    full_read_interval: Duration = _duration(
        3600, "How often a deployment is read in full, for fields that lists do not show."
    )
    create_retry: Duration = _duration(600, "How often a create that the provider refused is retried.")
    default_poll_interval: Duration = _duration(
        30, "Time between two lists of an account, if its ModelProvider sets no pollInterval."
    )
    transition_poll: Duration = _duration(
        1,
        "Time between two checks of a deployment that is changing. Four times as long as a list takes, 5s at most, if that"
        " is longer.",
    )
    shutdown_timeout: Duration = _duration(20, "How long running work may take to finish after SIGTERM.")
    leader_elect: bool = Field(
        default=False,
        description="Whether to act only while holding a Lease, so that further replicas can stand by. Requires"
        " get, create and update of Leases in the Lease's namespace.",
    )
    lease_name: str = Field(default="model-operator", min_length=1, description="Name of that Lease.")
    shards: int = Field(
        default=1,
        ge=1,
        le=MOST,
        description="Number of processes that share the namespaces, each with its own Lease (`<lease"
        " name>-1-of-3`). Requires --leader-elect, at least that many replicas (better one more), and the same"
        " permissions for each of these Leases.",
    )
    lease_namespace: str = Field(
        default="", description="Namespace of that Lease. Default: the operator's namespace."
    )
    health_host: str = Field(
        default="0.0.0.0",  # noqa: S104  kubelet and Prometheus come from outside the pod
        min_length=1,
        description="Address that /healthz, /readyz and /metrics listen on.",
    )
    health_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="Port of /healthz, /readyz and /metrics; 0 chooses a free port.",
    )
    metrics_objects: int = Field(
        default=1000,
        ge=0,
        description="Maximum number of objects whose conditions /metrics shows by name. If there are more, those"
        " that are not Ready come first, and model_operator_condition_objects_left_out counts the missing ones. 0"
        " shows none.",
    )
    cost_labels: Annotated[tuple[Label, ...], NoDecode, BeforeValidator(to_items)] = Field(
        default=(),
        max_length=5,
        description="Labels of ModelDeployments by which /metrics divides their costs, besides the namespace; at most 5,"
        " for example team. A namespace has no more than 200 series; what is beyond is summed up.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Separate port for /metrics, with TLS, for clients whose token the API server allows to GET"
        " that path. The health port then has no /metrics. Requires the next two settings, and create of"
        " tokenreviews and subjectaccessreviews.",
    )
    metrics_cert_file: Annotated[Path, AfterValidator(to_file)] | None = Field(
        default=None, description="Certificate of that port, PEM; read again when it changes."
    )
    metrics_key_file: Annotated[Path, AfterValidator(to_file)] | None = Field(
        default=None, description="Its private key, PEM."
    )
    webhook_address: Address | None = Field(
        default=None,
        description="Address, HOST:PORT, to receive provider events at, for example 0.0.0.0:8090. Default: no"
        " events are received. Plain HTTP, for an Ingress or Gateway with TLS in front; port 0 chooses a free port.",
    )
    ready_file: Path | None = Field(
        default=None,
        description='File to which {"health": "<url>"} is written once the port is open, with "metrics" and'
        ' "webhooks" if they are enabled.',
    )
    log_format: Annotated[Literal["text", "json"], BeforeValidator(to_lower)] = Field(
        default="text", description="Format of the log lines on stderr."
    )
    log_level: Annotated[Level, BeforeValidator(to_lower)] = Field(
        default="info", description="Minimum log level."
    )
    uvloop: bool = Field(default=True, description="Whether to run on uvloop, if installed.")

    @override
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """First found wins: flags (the arguments), environment, file."""
        return init_settings, _Environment(settings_cls), _ConfigFile(settings_cls)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are watched."""
        return (
            (PROVIDER, DEPLOYMENT, CANARY, BUDGET)
            if self.canary_endpoints
            else (PROVIDER, DEPLOYMENT, BUDGET)
        )

    @model_validator(mode="after")
    def _connects_within_the_request(self) -> "Settings":
        if self.connect_timeout > self.request_timeout:
            raise ValueError("--connect-timeout must not be longer than --request-timeout")
        return self

    @model_validator(mode="after")
    def _elects_for_shards(self) -> "Settings":
        if self.shards > 1 and not self.leader_elect:
            raise ValueError(
                "--shards requires --leader-elect; otherwise each process would handle all shards"
            )
        return self

    @model_validator(mode="after")
    def _guards_metrics_wholly(self) -> "Settings":
        given = (self.metrics_port, self.metrics_cert_file, self.metrics_key_file)
        if None in given and given != (None, None, None):
            raise ValueError("--metrics-port, --metrics-cert-file and --metrics-key-file go together")
        return self


class _Environment(EnvSettingsSource):
    @override
    def __call__(self) -> dict[str, Any]:
        # A Service model-operator-health makes kubelet set MODEL_OPERATOR_HEALTH_PORT=tcp://10.…: not ours.
        return {key: value for key, value in super().__call__().items() if not _is_service_link(value)}


def _is_service_link(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("tcp://", "udp://", "sctp://"))


class _ConfigFile(PydanticBaseSettingsSource):
    """The file that a flag or the environment named."""

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        path = self.current_state.get("config")
        try:
            return read_config(Path(path)) if path else {}
        except ValueError:
            return {}  # reported by the validator of `config`, together with every other problem
