"""The Secrets, ModelProviders and ModelDeployments that tests apply: valid as they are, changed by keyword.

`parasail_deployment("a", replicas=2, paused=True)`: keywords are fields of spec, None leaves one out.
"""

import base64
from collections.abc import Mapping
from typing import Any

from support.kube_api import Object
from support.rows import ROWS

API_VERSION = "modeloperator.dev/v1alpha1"
PARASAIL_MODEL: str = ROWS["parasail"].manifest["model"]
PAITIENT_MODEL: str = ROWS["paitient"].manifest["model"]


def secret(name: str = "credentials", **keys: str) -> Object:
    """A Secret; without keys, the ones that the simulator accepts for both vendors' defaults."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in keys.items()},
    }


def _resource(kind: str, name: str, spec: dict[str, Any]) -> Object:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {key: value for key, value in spec.items() if value is not None},
    }


def secret_of(vendor: str, name: str | None = None, **keys: str) -> Object:
    """A Secret with the key that the simulator knows from its start, named after the vendor."""
    return secret(name or vendor, **{**ROWS[vendor].secret, "apiKey": ROWS[vendor].key, **keys})


def provider(
    vendor: str, simulator_url: str, name: str | None = None, secret: str | None = None, **spec: Any
) -> Object:
    """A ModelProvider for the simulator's vendor, named after it, as its Secret is."""
    row = ROWS[vendor]
    default = {
        "type": vendor,
        "baseURL": simulator_url + row.base_path,
        "chatBaseURL": None if row.chat_path is None else simulator_url + row.chat_path,
        "credentials": {"secretRef": {"name": secret or vendor}},
        "pollInterval": "5s",
    }
    return _resource("ModelProvider", name or vendor, {**default, **spec})


def deployment(vendor: str, name: str, *, block: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    """A ModelDeployment of one replica; `block` adds to the vendor's."""
    manifest = ROWS[vendor].manifest
    default = {
        "providerRef": {"name": vendor},
        "model": manifest["model"],
        "replicas": 1,
        vendor: {**manifest[vendor], **(block or {})},
    }
    return _resource("ModelDeployment", name, {**default, **spec})


def vendor_of(body: Object) -> str:
    """Whose block a ModelDeployment has."""
    return next(vendor for vendor in ROWS if vendor in body["spec"])


def parasail_secret(name: str = "parasail", **keys: str) -> Object:
    """`secret_of` Parasail."""
    return secret_of("parasail", name, **keys)


def paitient_secret(name: str = "paitient", **keys: str) -> Object:
    """`secret_of` PaiTIENT."""
    return secret_of("paitient", name, **keys)


def parasail_provider(simulator_url: str, *names: str, **spec: Any) -> Object:
    """`provider` for Parasail."""
    return provider("parasail", simulator_url, *names, **spec)


def paitient_provider(simulator_url: str, *names: str, **spec: Any) -> Object:
    """`provider` for PaiTIENT."""
    return provider("paitient", simulator_url, *names, **spec)


def parasail_deployment(name: str, *, parasail: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    """`deployment` of Parasail."""
    return deployment("parasail", name, block=parasail, **spec)


def paitient_deployment(name: str, *, paitient: Mapping[str, Any] | None = None, **spec: Any) -> Object:
    """`deployment` of PaiTIENT."""
    return deployment("paitient", name, block=paitient, **spec)


def budget(name: str, limit: str, **spec: Any) -> Object:
    """A ModelBudget for a month in dollars."""
    return _resource("ModelBudget", name, {"period": "Month", "currency": "USD", "limit": limit, **spec})


def labelled(body: Object, **labels: str) -> Object:
    return {**body, "metadata": {**body["metadata"], "labels": labels}}
