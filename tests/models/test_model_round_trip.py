"""Whatever a model holds, YAML and back makes the same model."""

from datetime import UTC, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_operator.domain import Power
from model_operator.models import (
    Autoscaling,
    Condition,
    ConnectionSpec,
    Credentials,
    DeletionPolicy,
    DriftPolicy,
    DriftRow,
    LastPowerAction,
    ModelDeploymentSpec,
    ModelDeploymentStatus,
    ModelProviderSpec,
    ModelProviderStatus,
    ModelSettings,
    PaitientSpec,
    ParasailSpec,
    Pending,
    Probe,
    ProviderRef,
    ProviderType,
    RemoteEndpoint,
    ScaleDownPolicy,
    SecretRef,
    SecuritySettings,
    Truth,
    VpcConfig,
)


def maybe(values):
    return st.none() | values


def made(kind, /, **fields):
    return st.fixed_dictionaries(fields).map(lambda values: kind(**values))


TEXT = st.text(min_size=1, max_size=20)
COUNT = st.integers(1, 10_000)
FLAG = maybe(st.booleans())
NAME = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=3, max_size=32)
SPAN = st.integers(0, 99_999 * 3_600_000).map(lambda milliseconds: timedelta(milliseconds=milliseconds))
FRACTION = st.decimals(0, 999_999_999, places=9, allow_nan=False).map(Decimal)
TIME = st.datetimes(timezones=st.just(UTC))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)

PARASAIL = made(
    ParasailSpec,
    service_tier_name=maybe(TEXT),
    scale_down_policy=maybe(st.sampled_from(ScaleDownPolicy)),
    scale_down_threshold=maybe(SPAN),
    draft_model_name=maybe(TEXT),
    generative=FLAG,
    embedding=FLAG,
)
IDS = maybe(st.lists(TEXT, max_size=3).map(tuple))
PAITIENT = made(
    PaitientSpec,
    compute_type=maybe(TEXT),
    instance_type=maybe(TEXT),
    region=maybe(TEXT),
    vpc_config=maybe(made(VpcConfig, subnet_ids=IDS, security_group_ids=IDS)),
    security_settings=maybe(
        made(
            SecuritySettings,
            network_isolation=FLAG,
            private_endpoints=FLAG,
            encryption_level=maybe(TEXT),
            audit_logging=FLAG,
            compliance_mode=maybe(TEXT),
        )
    ),
    tags=maybe(st.dictionaries(TEXT, st.text(max_size=20), max_size=3)),
    model_settings=maybe(
        made(
            ModelSettings,
            max_output_tokens=maybe(COUNT),
            default_temperature=maybe(FRACTION),
            default_top_p=maybe(FRACTION),
        )
    ),
    endpoint_name=maybe(TEXT),
    force_delete=FLAG,
)
SHARED = {
    "provider_ref": made(ProviderRef, name=TEXT),
    "model": TEXT,
    "deployment_name": maybe(NAME),
    "context_length": maybe(COUNT),
    "paused": FLAG,
    "external_id": maybe(st.integers(1, 10**9).map(str)),
    "deletion_policy": maybe(st.sampled_from(DeletionPolicy)),
    "drift_policy": maybe(st.sampled_from(DriftPolicy)),
    "progress_deadline": maybe(SPAN),
    "probe": maybe(made(Probe, prompt=maybe(TEXT), timeout=maybe(SPAN))),
    "connection": maybe(made(ConnectionSpec, config_map_name=TEXT)),
}
DEPLOYMENT = made(ModelDeploymentSpec, replicas=COUNT, parasail=PARASAIL, **SHARED) | made(
    ModelDeploymentSpec,
    autoscaling=made(Autoscaling, min_replicas=COUNT, max_replicas=COUNT),
    paitient=PAITIENT,
    **SHARED,
)
CONDITIONS = st.lists(
    made(
        Condition,
        type=st.sampled_from(["Ready", "example.com/Synced"]),
        status=st.sampled_from(Truth),
        observed_generation=maybe(st.integers(0, 10**12)),
        last_transition_time=TIME,
        reason=st.sampled_from(["Available", "InUse"]),
        message=st.text(),
    ),
    max_size=3,
).map(tuple)
STATUS = made(
    ModelDeploymentStatus,
    observed_generation=maybe(st.integers()),
    conditions=CONDITIONS,
    phase=maybe(st.text()),
    external_id=maybe(st.text()),
    external_alias=maybe(st.text()),
    endpoint_url=maybe(st.text()),
    endpoint=maybe(made(RemoteEndpoint, id=st.text(), url=st.text())),
    provider_state=maybe(st.text()),
    replicas=maybe(st.integers(0, 2**31 - 1)),
    selector=maybe(st.text()),
    drift=st.lists(made(DriftRow, field=st.text(), desired=JSON, observed=JSON), max_size=2).map(tuple),
    last_applied=maybe(st.dictionaries(st.text(), JSON, max_size=3)),
    pending=maybe(
        made(Pending, operation=st.text(), started_at=TIME, deadline=TIME, absent_before=st.booleans())
    ),
    last_power_action=maybe(
        made(
            LastPowerAction,
            action=st.sampled_from(Power),
            at=TIME,
            generation=st.integers(),
            correction=st.booleans(),
        )
    ),
    recreated_generation=maybe(st.integers()),
)
PROVIDER = made(
    ModelProviderSpec,
    type=st.sampled_from(ProviderType),
    base_url=maybe(TEXT),
    chat_base_url=maybe(TEXT),
    credentials=made(Credentials, secret_ref=made(SecretRef, name=TEXT)),
    requests_per_minute=maybe(COUNT),
    poll_interval=maybe(SPAN),
)
PROVIDER_STATUS = made(
    ModelProviderStatus,
    observed_generation=maybe(st.integers()),
    conditions=CONDITIONS,
    deployments=maybe(st.integers()),
    proven_secret_version=maybe(st.text()),
)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(DEPLOYMENT | PROVIDER)
def test_specs(spec):
    assert type(spec).read(spec.dump()) == spec


@unhurried
@given(STATUS | PROVIDER_STATUS)
def test_statuses(status):
    assert type(status).parse(status.dump()) == status


KEYS = st.sampled_from(
    [field.alias or name for name, field in ModelDeploymentStatus.model_fields.items()] + ["external_id"]
)


@unhurried
@given(st.dictionaries(KEYS, JSON | st.lists(st.fixed_dictionaries({"type": JSON, "field": JSON}))))
def test_no_status_is_too_broken_to_be_read(raw):
    read = ModelDeploymentStatus.parse(raw)
    assert ModelDeploymentStatus.parse(read.dump()) == read
