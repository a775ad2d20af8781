"""What the chart says to wrong values, what settings become, and that each value is described."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from support.chart_cases import CASES
from support.chart_made import container
from support.helm import CHART, Helm
from support.kube_api import Object

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param({"replicas": 1}, "additional properties 'replicas' not allowed", id="unknown key"),
        pytest.param(
            {"image": {"name": "a"}}, "at '/image': additional properties 'name'", id="unknown inner key"
        ),
        pytest.param(
            {"replicaCount": "one"}, "at '/replicaCount': got string, want integer", id="wrong type"
        ),
        pytest.param(
            {"replicaCount": 2, "leaderElection": {"enabled": False}},
            "two operators would work on the same objects. Enable it, or set replicaCount: 1",
            id="two operators",
        ),
        pytest.param(
            {"strategy": {"type": "RollingUpdate"}, "leaderElection": {"enabled": False}},
            "during an update. Enable it, or set strategy.type: Recreate",
            id="two operators for a while",
        ),
        pytest.param(
            {"shards": 3, "replicaCount": 2},
            "nobody would look after the namespaces of the others. Set replicaCount: 4, one more than shards",
            id="a shard without an operator",
        ),
        pytest.param(
            {"shards": 2, "leaderElection": {"enabled": False}},
            "each operator would work on all objects. Enable it, or set shards: 1",
            id="shards without Leases",
        ),
        pytest.param({"shards": 0}, "at '/shards': minimum: got 0, want 1", id="no shard at all"),
        pytest.param(
            {"log": {"level": "loud"}},
            "at '/log/level': value must be one of 'debug', 'info', 'warning', 'error'",
            id="not a level",
        ),
        pytest.param(
            {"image": {"digest": "a1b2"}},
            "at '/image/digest': 'a1b2' does not match pattern",
            id="short digest",
        ),
        pytest.param(
            {"image": {"repository": "model-operator:1.0"}},
            "at '/image/repository': 'model-operator:1.0' does not match pattern",
            id="tag in the repository",
        ),
        pytest.param(
            {"watchNamespaces": "team-a"}, "at '/watchNamespaces': got string, want array", id="not a list"
        ),
        pytest.param(
            {"watchNamespaces": ["Team A"]},
            "at '/watchNamespaces/0': 'Team A' does not match",
            id="not a name",
        ),
        pytest.param(
            {"allowedProviderHosts": ["https://a.example.com/v1"]},
            "at '/allowedProviderHosts/0': 'https://a.example.com/v1' does not match",
            id="host with a path",
        ),
        pytest.param(
            {"settings": {"worker": 5}},
            "at '/settings': additional properties 'worker'",
            id="unknown setting",
        ),
        pytest.param(
            {"settings": {"namespaces": "a"}},
            "at '/settings': additional properties 'namespaces'",
            id="setting with a value of its own",
        ),
        pytest.param(
            {"settings": {"request_timeout": 30}},
            "at '/settings/request_timeout': got number, want string",
            id="duration without unit",
        ),
        pytest.param(
            {"podDisruptionBudget": {"enabled": True}},
            "set either minAvailable or maxUnavailable",
            id="no budget",
        ),
        pytest.param(
            {"podDisruptionBudget": {"enabled": True, "minAvailable": 0, "maxUnavailable": 1}},
            "set either minAvailable or maxUnavailable",
            id="two budgets",
        ),
        pytest.param(
            {"serviceAccount": {"create": False}},
            "Name the one to use, or set rbac.create",
            id="nobody's roles",
        ),
        pytest.param(
            {"webhooks": {"ingress": {"enabled": True, "host": "a.example.com"}}},
            "nothing would be behind it. Enable webhooks, too",
            id="way to nothing",
        ),
        pytest.param(
            {"webhooks": {"enabled": True, "ingress": {"enabled": True}}},
            "name the host that the provider sends its events to",
            id="way from nowhere",
        ),
        pytest.param(
            {"webhooks": {"enabled": True, "httpRoute": {"enabled": True}}},
            "name the Gateway",
            id="route without a Gateway",
        ),
        pytest.param(
            {"webhooks": {"enabled": True, "port": 8080}},
            "webhooks.port is also the port of /healthz or /metrics",
            id="one port for two",
        ),
        pytest.param(
            {"webhooks": {"enabled": True, "ingress": {"host": "https://a.example.com"}}},
            "at '/webhooks/ingress/host': 'https://a.example.com' does not match pattern",
            id="URL for a host",
        ),
        pytest.param(
            {"settings": {"webhook_address": "0.0.0.0:80"}},
            "at '/settings': additional properties 'webhook_address'",
            id="address beside the chart's own port",
        ),
        pytest.param(
            {"metrics": {"secure": {"enabled": True}}},
            "name the Secret with the certificate",
            id="TLS without a certificate",
        ),
    ],
)
def test_wrong_values_are_refused_with_their_name(any_helm: Helm, values: Object, message: str) -> None:
    assert message in any_helm.refusal("template", CHART, values=values)


def test_an_old_kubernetes_is_refused(any_helm: Helm) -> None:
    said = any_helm.refusal("template", CHART, "--kube-version=1.30.4")
    assert "chart requires kubeVersion: >=1.31.0-0 which is incompatible with Kubernetes v1.30.4" in said
    any_helm("template", CHART, "--kube-version=1.31.0-gke.1")


@pytest.mark.parametrize(
    ("values", "environment"),
    [
        pytest.param(
            {},
            {
                "LOG_LEVEL": "info",
                "LOG_FORMAT": "json",
                "HEALTH_PORT": "8080",
                "METRICS_OBJECTS": "1000",
                "LEADER_ELECT": "true",
                "LEASE_NAME": "model-operator",
                "LEASE_NAMESPACE": "system",
            },
            id="default",
        ),
        pytest.param(
            {**CASES["settings"], "leaderElection": {"enabled": False}},
            {
                "LOG_LEVEL": "debug",
                "LOG_FORMAT": "text",
                "HEALTH_PORT": "9090",
                "METRICS_OBJECTS": "1000",
                "ALLOWED_PROVIDER_HOSTS": "https://gateway.example.com:8443,http://models.internal,[2001:db8::1]:9443,"
                "team-a=https://gateway.example.com:7443",
                "WORKERS": "100",
                "REQUEST_TIMEOUT": "1m30s",
                "UVLOOP": "false",
            },
            id="settings",
        ),
        pytest.param(
            {
                "watchNamespaces": ["a", "b"],
                "settings": {"workers": 1000000},
                "leaderElection": {"enabled": False},
            },
            {
                "LOG_LEVEL": "info",
                "LOG_FORMAT": "json",
                "HEALTH_PORT": "8080",
                "METRICS_OBJECTS": "1000",
                "NAMESPACES": "a,b",
                "WORKERS": "1000000",
            },
            id="namespaces, and a number that is not written as 1e+06",
        ),
    ],
)
def test_settings_become_the_operators_environment(
    helm: Helm, values: Object, environment: dict[str, str]
) -> None:
    found = {entry["name"]: entry.get("value") for entry in container(helm.template(values))["env"]}
    ours = {
        name.removeprefix("MODEL_OPERATOR_"): value
        for name, value in found.items()
        if name.startswith("MODEL_OPERATOR_")
    }
    assert ours == environment


def test_every_value_is_in_the_readme_with_a_word_on_it() -> None:
    readme = (CHART / "README.md").read_text()
    for path, value in leaves(VALUES, SCHEMA):
        known = f"| `{path}` |" in readme or any(
            f"| `{path.rsplit('.', depth)[0]}` |" in readme for depth in range(1, path.count(".") + 1)
        )
        assert known, f"{path} ({value!r}) has no `# --` comment in values.yaml"


def test_the_schema_is_closed_but_for_global() -> None:
    def check(schema: Object, path: str) -> None:
        if "properties" not in schema:
            return
        if path.endswith("extraEnv[]"):
            return  # an object of Kubernetes' API, of which only the name is our business
        assert schema["additionalProperties"] is False, path
        for name, inner in schema["properties"].items():
            check(inner, f"{path}.{name}")
            check(inner.get("items", {}), f"{path}.{name}[]")

    check(SCHEMA, "")
    assert "additionalProperties" not in SCHEMA["properties"]["global"]


def test_the_schema_and_the_values_have_the_same_keys() -> None:
    def compare(values: Object, schema: Object, path: str) -> None:
        if path in (
            ".settings",
            ".resources",
            ".strategy",
            ".startupProbe",
            ".livenessProbe",
            ".readinessProbe",
        ):
            assert set(values) <= set(schema["properties"]), path
            return
        assert set(values) == set(schema["properties"]), path
        for name, value in values.items():
            if "properties" in schema["properties"][name]:
                compare(value, schema["properties"][name], f"{path}.{name}")

    compare(VALUES, SCHEMA, "")


def leaves(values: Object, schema: Object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and default of each value that is not a group of others."""
    for name, value in values.items():
        inner = schema.get("properties", {}).get(name, {})
        if isinstance(value, dict) and "properties" in inner:
            yield from leaves(value, inner, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
