"""A body of the API server becomes a model whole, or says which fields are wrong."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from model_operator.models import (
    Autoscaling,
    ConnectionSpec,
    Credentials,
    DeletionPolicy,
    DriftPolicy,
    InvalidResource,
    Metadata,
    ModelDeployment,
    ModelDeploymentSpec,
    ModelDeploymentStatus,
    ModelProvider,
    ModelProviderSpec,
    ModelProviderStatus,
    ModelSettings,
    PaitientSpec,
    ParasailSpec,
    Probe,
    ProviderRef,
    ProviderType,
    ScaleDownPolicy,
    SecretRef,
    SecuritySettings,
    VpcConfig,
)
from model_operator.models.deployment_rules import ONE_OF_BLOCKS

METADATA = {"name": "a", "namespace": "team", "uid": "u-1", "generation": 3, "resourceVersion": "77"}
SPEC = {
    "providerRef": {"name": "p"},
    "model": "org/m",
    "replicas": 1,
    "parasail": {"serviceTierName": "low-cost"},
}

PARASAIL = {
    "providerRef": {"name": "p"},
    "model": "org/m",
    "deploymentName": "m-1",
    "replicas": 2,
    "contextLength": 4096,
    "paused": True,
    "externalID": "33665",
    "deletionPolicy": "Orphan",
    "driftPolicy": "Report",
    "progressDeadline": "1h",
    "probe": {"prompt": "hi", "timeout": "5s"},
    "connection": {"configMapName": "m"},
    "parasail": {
        "serviceTierName": "low-cost",
        "scaleDownPolicy": "TIMER",
        "scaleDownThreshold": "10m",
        "draftModelName": "org/d",
        "generative": True,
        "embedding": False,
    },
}
PARASAIL_SPEC = ModelDeploymentSpec(
    provider_ref=ProviderRef(name="p"),
    model="org/m",
    deployment_name="m-1",
    replicas=2,
    context_length=4096,
    paused=True,
    external_id="33665",
    deletion_policy=DeletionPolicy.ORPHAN,
    drift_policy=DriftPolicy.REPORT,
    progress_deadline=timedelta(hours=1),
    probe=Probe(prompt="hi", timeout=timedelta(seconds=5)),
    connection=ConnectionSpec(config_map_name="m"),
    parasail=ParasailSpec(
        service_tier_name="low-cost",
        scale_down_policy=ScaleDownPolicy.TIMER,
        scale_down_threshold=timedelta(minutes=10),
        draft_model_name="org/d",
        generative=True,
        embedding=False,
    ),
)

PAITIENT = {
    "providerRef": {"name": "p"},
    "model": "org/m",
    "autoscaling": {"minReplicas": 1, "maxReplicas": 3},
    "paitient": {
        "computeType": "gpu",
        "instanceType": "g4dn.xlarge",
        "region": "us-east-1",
        "vpcConfig": {"subnetIDs": ["subnet-1", "subnet-2"], "securityGroupIDs": ["sg-1"]},
        "securitySettings": {
            "networkIsolation": True,
            "privateEndpoints": True,
            "encryptionLevel": "maximum",
            "auditLogging": True,
            "complianceMode": "hipaa",
        },
        "tags": {"department": "research"},
        "modelConfig": {"maxOutputTokens": 1024, "defaultTemperature": "0.70", "defaultTopP": "0.95"},
        "endpointName": "production",
        "forceDelete": True,
    },
}
PAITIENT_SPEC = ModelDeploymentSpec(
    provider_ref=ProviderRef(name="p"),
    model="org/m",
    autoscaling=Autoscaling(min_replicas=1, max_replicas=3),
    paitient=PaitientSpec(
        compute_type="gpu",
        instance_type="g4dn.xlarge",
        region="us-east-1",
        vpc_config=VpcConfig(subnet_ids=("subnet-1", "subnet-2"), security_group_ids=("sg-1",)),
        security_settings=SecuritySettings(
            network_isolation=True,
            private_endpoints=True,
            encryption_level="maximum",
            audit_logging=True,
            compliance_mode="hipaa",
        ),
        tags={"department": "research"},
        model_settings=ModelSettings(
            max_output_tokens=1024, default_temperature=Decimal("0.70"), default_top_p=Decimal("0.95")
        ),
        endpoint_name="production",
        force_delete=True,
    ),
)


@pytest.mark.parametrize(
    ("yaml", "spec"),
    [
        pytest.param(PARASAIL, PARASAIL_SPEC, id="every field of Parasail"),
        pytest.param(PAITIENT, PAITIENT_SPEC, id="every field of PaiTIENT"),
    ],
)
def test_every_field_of_a_deployment_is_read_and_written(yaml, spec):
    body = {"metadata": METADATA, "spec": yaml, "status": {"externalID": "1"}}
    metadata = Metadata(name="a", namespace="team", uid="u-1", generation=3, resource_version="77")
    assert ModelDeployment.parse(body) == ModelDeployment(
        metadata=metadata, spec=spec, status=ModelDeploymentStatus(external_id="1")
    )
    assert spec.dump() == yaml


def test_every_field_of_a_provider_is_read_and_written():
    yaml = {
        "type": "parasail",
        "baseURL": "https://a.example/api",
        "chatBaseURL": "https://a.example/v1",
        "credentials": {"secretRef": {"name": "key"}},
        "requestsPerMinute": 60,
        "pollInterval": "1m",
    }
    status = {"observedGeneration": 3, "deployments": 2, "provenSecretVersion": "5", "conditions": []}
    provider = ModelProvider.parse({"metadata": METADATA, "spec": yaml, "status": status})
    assert provider.spec == ModelProviderSpec(
        type=ProviderType.PARASAIL,
        base_url="https://a.example/api",
        chat_base_url="https://a.example/v1",
        credentials=Credentials(secret_ref=SecretRef(name="key")),
        requests_per_minute=60,
        poll_interval=timedelta(minutes=1),
    )
    assert provider.status == ModelProviderStatus(
        observed_generation=3, deployments=2, proven_secret_version="5"
    )
    assert provider.spec.dump() == yaml
    assert provider.status.dump() == status


def test_metadata_of_a_terminating_object():
    metadata = Metadata.read(
        METADATA
        | {
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "deletionTimestamp": "2026-01-02T03:04:06Z",
            "finalizers": ["modeloperator.dev/finalizer"],
            "labels": {"a": "b"},
            "annotations": {"c": "d", "modeloperator.dev/action": "retry"},
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
        }
    )
    assert metadata == Metadata(
        name="a",
        namespace="team",
        uid="u-1",
        generation=3,
        resource_version="77",
        creation_timestamp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        deletion_timestamp=datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC),
        finalizers=("modeloperator.dev/finalizer",),
        labels={"a": "b"},
        annotations={"modeloperator.dev/action": "retry"},
        manager="kubectl",
    )
    assert metadata.is_terminating
    assert not Metadata(name="a").is_terminating


def test_an_object_without_status_has_an_empty_one():
    assert ModelDeployment.parse({"metadata": METADATA, "spec": SPEC}).status == ModelDeploymentStatus()


def test_fields_of_a_newer_crd_are_ignored():
    newer = SPEC | {"colour": "blue", "parasail": {"serviceTierName": "low-cost", "gpu": "H100"}}
    deployment = ModelDeployment.parse({"metadata": METADATA | {"generateName": "a-"}, "spec": newer})
    assert deployment.spec.dump() == SPEC


def test_names_of_python_mean_nothing_in_yaml():
    with pytest.raises(InvalidResource, match=r"spec\.providerRef: "):
        ModelDeployment.parse(
            {"metadata": METADATA, "spec": SPEC | {"providerRef": None, "provider_ref": {"name": "p"}}}
        )


REFUSED = [
    pytest.param({"model": None}, "spec.model: ", id="a required field is null"),
    pytest.param({"replicas": 0}, "spec.replicas: ", id="no replicas"),
    pytest.param({"deletionPolicy": "Archive"}, "spec.deletionPolicy: ", id="a word of a newer CRD"),
    pytest.param({"probe": {"timeout": "soon"}}, "spec.probe.timeout: ", id="a bad duration, deep inside"),
    pytest.param(
        {"replicas": None}, "spec: set exactly one of replicas and autoscaling", id="no replicas at all"
    ),
    pytest.param(
        {"autoscaling": {"minReplicas": 1, "maxReplicas": 2}},
        "spec: set exactly one of replicas and autoscaling",
        id="replicas twice",
    ),
    pytest.param({"parasail": None}, f"spec: {ONE_OF_BLOCKS}", id="no vendor's block"),
    pytest.param({"paitient": {}}, f"spec: {ONE_OF_BLOCKS}", id="two vendors' blocks"),
]


@pytest.mark.parametrize(("edit", "message"), REFUSED)
def test_a_spec_that_is_not_understood_names_the_field_and_no_value(edit, message):
    body = {"metadata": METADATA, "spec": SPEC | edit, "status": {"externalID": "7"}}
    with pytest.raises(InvalidResource) as caught:
        ModelDeployment.parse(body)
    assert str(caught.value).startswith(message)
    assert "Archive" not in str(caught.value)
    assert caught.value.metadata.uid == "u-1"
    assert caught.value.status == ModelDeploymentStatus(external_id="7")
    assert not caught.value.orphans


def test_all_wrong_fields_are_named_together():
    with pytest.raises(InvalidResource, match=r"spec\.model: .*; spec\.replicas: "):
        ModelDeployment.parse({"metadata": METADATA, "spec": SPEC | {"model": 1, "replicas": "two"}})


def test_a_spec_that_is_not_understood_still_says_that_it_may_be_left_behind():
    with pytest.raises(InvalidResource) as caught:
        ModelDeployment.parse({"metadata": METADATA, "spec": {"deletionPolicy": "Orphan"}})
    assert caught.value.orphans


def test_a_body_without_spec_is_refused():
    with pytest.raises(InvalidResource, match="spec"):
        ModelProvider.parse({"metadata": METADATA})
