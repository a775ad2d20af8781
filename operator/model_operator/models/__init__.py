"""The custom resources as frozen pydantic models: the source of `crds/*.yaml`."""

from model_operator.durations import format_duration, parse_duration
from model_operator.models.budget import ModelBudget, ModelBudgetSpec, ModelBudgetStatus
from model_operator.models.canary import CanaryEndpoint, CanaryEndpointSpec
from model_operator.models.canary_status import CanaryEndpointStatus
from model_operator.models.deployment import (
    Autoscaling,
    ConnectionSpec,
    DeletionPolicy,
    DriftPolicy,
    ModelDeployment,
    ModelDeploymentSpec,
    Probe,
    ProviderRef,
)
from model_operator.models.deployment_status import (
    DriftRow,
    LastPowerAction,
    ModelDeploymentStatus,
    Pending,
    RemoteEndpoint,
)
from model_operator.models.metadata import Metadata
from model_operator.models.paitient import ModelSettings, PaitientSpec, SecuritySettings, VpcConfig
from model_operator.models.parasail import ParasailSpec, ScaleDownPolicy
from model_operator.models.parse import InvalidResource
from model_operator.models.provider import (
    Credentials,
    ModelProvider,
    ModelProviderSpec,
    ModelProviderStatus,
    ProviderType,
    SecretRef,
)
from model_operator.models.status import Condition, Status, Truth
from model_operator.models.wire import Duration, Model, Time, format_time

__all__ = [
    "Autoscaling",
    "CanaryEndpoint",
    "CanaryEndpointSpec",
    "CanaryEndpointStatus",
    "Condition",
    "ConnectionSpec",
    "Credentials",
    "DeletionPolicy",
    "DriftPolicy",
    "DriftRow",
    "Duration",
    "InvalidResource",
    "LastPowerAction",
    "Metadata",
    "Model",
    "ModelBudget",
    "ModelBudgetSpec",
    "ModelBudgetStatus",
    "ModelDeployment",
    "ModelDeploymentSpec",
    "ModelDeploymentStatus",
    "ModelProvider",
    "ModelProviderSpec",
    "ModelProviderStatus",
    "ModelSettings",
    "PaitientSpec",
    "ParasailSpec",
    "Pending",
    "Probe",
    "ProviderRef",
    "ProviderType",
    "RemoteEndpoint",
    "ScaleDownPolicy",
    "SecretRef",
    "SecuritySettings",
    "Status",
    "Time",
    "Truth",
    "VpcConfig",
    "format_duration",
    "format_time",
    "parse_duration",
]
