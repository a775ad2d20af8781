"""The custom resources as frozen pydantic models: the source of `crds/*.yaml`."""

from model_operator.models.deployment import (
    Autoscaling,
    ConnectionSpec,
    DeletionPolicy,
    DriftPolicy,
    DriftRow,
    LastPowerAction,
    ModelDeployment,
    ModelDeploymentSpec,
    ModelDeploymentStatus,
    Pending,
    Probe,
    ProviderRef,
    RemoteEndpoint,
)
from model_operator.models.metadata import Condition, Metadata, Truth
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
from model_operator.models.wire import Duration, Model, Time, format_duration, format_time, parse_duration

__all__ = [
    "Autoscaling",
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
    "Time",
    "Truth",
    "VpcConfig",
    "format_duration",
    "format_time",
    "parse_duration",
]
