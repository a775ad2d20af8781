"""The Secrets, ModelProviders and ModelDeployments that tests apply: valid as they are, changed by keyword.

`parasail_deployment("a", replicas=2, paused=True)`: keywords are fields of spec, None leaves one out.
"""

import base64
from typing import Any

from support.kube_api import Object

API_VERSION = "modeloperator.dev/v1alpha1"
PARASAIL_MODEL = "meta-llama/Llama-3.1-8B-Instruct"
PAITIENT_MODEL = "NCIT/DeepSeek-R1-8B"


def secret(name: str = "credentials", **keys: str) -> Object:
    """A Secret; without keys, the ones that the simulator accepts for both vendors' defaults."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in keys.items()},
    }


def parasail_secret(name: str = "parasail", **keys: str) -> Object:
    """With the key that the simulator knows from its start."""
    return secret(name, **{"apiKey": "sim-parasail-key", **keys})


def paitient_secret(name: str = "paitient", **keys: str) -> Object:
    """With the key and client id that the simulator knows from its start."""
    return secret(name, **{"apiKey": "sim-paitient-key", "clientID": "sim-client", **keys})


def _resource(kind: str, name: str, spec: dict[str, Any]) -> Object:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {key: value for key, value in spec.items() if value is not None},
    }


def parasail_provider(
    simulator_url: str, name: str = "parasail", secret: str = "parasail", **spec: Any
) -> Object:
    """A ModelProvider for the simulator's Parasail."""
    default = {
        "type": "parasail",
        "baseURL": f"{simulator_url}/parasail/api/v1",
        "chatBaseURL": f"{simulator_url}/parasail/v1",
        "credentials": {"secretRef": {"name": secret}},
        "pollInterval": "5s",
    }
    return _resource("ModelProvider", name, {**default, **spec})


def paitient_provider(
    simulator_url: str, name: str = "paitient", secret: str = "paitient", **spec: Any
) -> Object:
    """A ModelProvider for the simulator's PaiTIENT."""
    default = {
        "type": "paitient",
        "baseURL": f"{simulator_url}/paitient",
        "credentials": {"secretRef": {"name": secret}},
        "pollInterval": "5s",
    }
    return _resource("ModelProvider", name, {**default, **spec})


def parasail_deployment(name: str, *, parasail: dict[str, Any] | None = None, **spec: Any) -> Object:
    """A ModelDeployment of one replica; `parasail` adds to its block."""
    default = {
        "providerRef": {"name": "parasail"},
        "model": PARASAIL_MODEL,
        "replicas": 1,
        "parasail": {"serviceTierName": "H100", **(parasail or {})},
    }
    return _resource("ModelDeployment", name, {**default, **spec})


def paitient_deployment(name: str, *, paitient: dict[str, Any] | None = None, **spec: Any) -> Object:
    """A ModelDeployment of one replica; `paitient` adds to its block."""
    default = {
        "providerRef": {"name": "paitient"},
        "model": PAITIENT_MODEL,
        "replicas": 1,
        "paitient": {
            "computeType": "gpu",
            "instanceType": "g5.2xlarge",
            "region": "us-west-2",
            **(paitient or {}),
        },
    }
    return _resource("ModelDeployment", name, {**default, **spec})
