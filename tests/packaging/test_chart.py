"""What the chart makes of its values, and what it says to wrong ones. Without a cluster."""

import json
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
import yaml

from model_operator import __version__
from model_operator.models.crd import KINDS
from model_operator.shard_lease import lease_name
from support.chart_cases import CASES, DIGEST
from support.helm import CHART, ROOT, Helm, of_kind
from support.kube_api import Object

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
ABOUT: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())

each_case = pytest.mark.parametrize(
    "values", [pytest.param(values, id=name) for name, values in CASES.items()]
)


@each_case
def test_the_chart_is_clean_under_lint(helm: Helm, values: Object) -> None:
    said = helm("lint", "--strict", CHART, values=values)
    assert "0 chart(s) failed" in said
    assert "WARNING" not in said


@each_case
def test_helm_4_and_helm_3_make_the_same_of_it(helm: Helm, helm_3: Helm, values: Object) -> None:
    made = helm.template(values)
    assert made == helm_3.template(values)
    assert of_kind(made, "Deployment")


@each_case
def test_there_is_nothing_in_it_that_runs_by_itself_or_costs_money(helm: Helm, values: Object) -> None:
    for obj in helm.template(values):
        assert not obj["apiVersion"].startswith("modeloperator.dev/")
        assert "helm.sh/hook" not in obj["metadata"].get("annotations", {})
        assert "simulator" not in json.dumps(obj) or obj["kind"] == "CustomResourceDefinition"


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
    ("image", "reference"),
    [
        pytest.param({}, f"model-operator:{__version__}", id="default"),
        pytest.param(
            {"registry": "r.example.com:5000", "repository": "a/b", "tag": "1"},
            "r.example.com:5000/a/b:1",
            id="all",
        ),
        pytest.param({"digest": DIGEST}, f"model-operator:{__version__}@{DIGEST}", id="digest"),
    ],
)
def test_the_image(helm: Helm, image: Object, reference: str) -> None:
    assert container(helm.template({"image": image}))["image"] == reference


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


@pytest.mark.parametrize(
    ("release", "values", "name"),
    [
        pytest.param("model-operator", {}, "model-operator", id="after the chart"),
        pytest.param("prod", {}, "prod-model-operator", id="otherwise"),
        pytest.param("my-model-operator", {}, "my-model-operator", id="with the chart in it"),
        pytest.param("r" * 53, {}, f"{'r' * 53}-model-ope", id="too long"),
        pytest.param("prod", {"fullnameOverride": "x" * 62 + "-y"}, "x" * 62, id="cut at a dash"),
        pytest.param("prod", {"nameOverride": "models"}, "prod-models", id="another name"),
    ],
)
def test_names(helm: Helm, release: str, values: Object, name: str) -> None:
    said = helm("template", release, CHART, "--show-only=templates/deployment.yaml", values=values)
    made = yaml.safe_load(said)
    assert made["metadata"]["name"] == name
    assert made["spec"]["template"]["spec"]["serviceAccountName"] == name


@pytest.mark.parametrize(
    ("hosts", "ports"),
    [
        pytest.param([], [443], id="only the vendors"),
        pytest.param(
            [
                "a.example.com",
                "https://b.example.com:8443/",
                "http://c",
                "HTTP://d:8080",
                "[::1]:9000",
                "[::1]",
                "team-a=http://e:8081",
                "team-b=f:7443",
                "team-c=http://g",
            ],
            [443, 8443, 80, 8080, 9000, 8081, 7443],
            id="all ways to write a port",
        ),
    ],
)
def test_the_network_policy_opens_the_ports_of_the_allowed_hosts(
    helm: Helm, hosts: list[str], ports: list[int]
) -> None:
    made = helm.template({"networkPolicy": {"enabled": True}, "allowedProviderHosts": hosts})
    (policy,) = of_kind(made, "NetworkPolicy")
    providers = policy["spec"]["egress"][2]
    assert [entry["port"] for entry in providers["ports"]] == ports
    assert providers["to"][0]["ipBlock"]["cidr"] == "0.0.0.0/0"


METADATA = [
    "169.254.169.254",  # AWS, Azure, GCP, OpenStack and most others
    "169.254.170.2",  # AWS, credentials of a task
    "100.100.100.200",  # Alibaba
    "168.63.129.16",  # Azure, the platform's own
    "192.0.0.192",  # Oracle
    "fd00:ec2::254",  # AWS
    "fd20:ce::254",  # GCP
    "fe80::a9fe:a9fe",
]


@pytest.mark.parametrize("address", METADATA)
def test_no_rule_of_the_network_policy_leads_to_a_metadata_service(helm: Helm, address: str) -> None:
    values = {"networkPolicy": {"enabled": True}, "allowedProviderHosts": ["http://a.example.com"]}
    (policy,) = of_kind(helm.template(values), "NetworkPolicy")
    for rule in policy["spec"]["egress"]:
        if [entry["port"] for entry in rule["ports"]] == [53, 53]:
            continue  # DNS is on the node, for some
        assert rule["to"]
        for peer in rule["to"]:
            assert not _is_in(address, peer["ipBlock"])


def _is_in(address: str, block: Object) -> bool:
    def covers(cidr: str) -> bool:
        network, found = ip_network(cidr), ip_address(address)
        return network.version == found.version and found in network

    return covers(block["cidr"]) and not any(map(covers, block.get("except", ())))


def rules_of(role: Object, resource: str) -> list[Object]:
    return [rule for rule in role["rules"] if resource in rule["resources"]]


@pytest.mark.parametrize(
    ("values", "where"),
    [
        pytest.param({}, [], id="nobody asked"),
        pytest.param({"rbac": {"connections": ["a", "b"]}}, ["a", "b"], id="some namespaces"),
        pytest.param({"rbac": {"connections": ["*"]}}, [None], id="all"),
        pytest.param(
            {"rbac": {"connections": ["*"]}, "watchNamespaces": ["a", "b"]}, ["a", "b"], id="all watched"
        ),
        pytest.param(
            {"rbac": {"connections": ["a"]}, "watchNamespaces": ["a", "b"]}, ["a"], id="one of the watched"
        ),
    ],
)
def test_config_maps_are_written_only_where_the_chart_is_told(
    helm: Helm, values: Object, where: list[str | None]
) -> None:
    made = helm.template(values)
    roles = [*of_kind(made, "Role"), *of_kind(made, "ClusterRole")]
    found = [role for role in roles if rules_of(role, "configmaps")]
    assert sorted(str(role["metadata"].get("namespace")) for role in found) == sorted(map(str, where))
    bound = {
        (binding["roleRef"]["name"], binding["metadata"].get("namespace"))
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for binding in of_kind(made, kind)
    }
    assert {(role["metadata"]["name"], role["metadata"].get("namespace")) for role in found} <= bound


def test_guarded_metrics_have_a_port_a_certificate_and_somebody_to_ask(helm: Helm) -> None:
    made = helm.template(
        {
            "metrics": {"secure": {"enabled": True, "secretName": "metrics-tls", "port": 9443}},
            "podMonitor": {"enabled": True, "endpoint": {"tlsConfig": {"serverName": "models"}}},
            "networkPolicy": {"enabled": True},
        },
    )
    operator = container(made)
    env = {entry["name"]: entry.get("value") for entry in operator["env"]}
    (mount,) = operator["volumeMounts"]
    assert env["MODEL_OPERATOR_METRICS_PORT"] == "9443"
    assert env["MODEL_OPERATOR_METRICS_CERT_FILE"] == f"{mount['mountPath']}/tls.crt"
    assert {port["name"]: port["containerPort"] for port in operator["ports"]} == {
        "health": 8080,
        "metrics": 9443,
    }
    (monitor,) = of_kind(made, "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["scheme"], endpoint["tlsConfig"]) == (
        "metrics",
        "https",
        {"serverName": "models"},
    )
    (policy,) = of_kind(made, "NetworkPolicy")
    assert [port["port"] for port in policy["spec"]["ingress"][0]["ports"]] == ["health", "metrics"]
    (auth,) = of_kind(made, "ClusterRole", "model-operator-metrics-auth")
    assert [(rule["resources"], rule["verbs"]) for rule in auth["rules"]] == [
        (["tokenreviews"], ["create"]),
        (["subjectaccessreviews"], ["create"]),
    ]


def test_events_come_in_by_service_and_ingress_and_are_handed_to_the_leader(helm: Helm) -> None:
    made = helm.template(CASES["webhooks"])
    operator = container(made)
    env = {entry["name"]: entry.get("value") for entry in operator["env"]}
    assert env["MODEL_OPERATOR_WEBHOOK_ADDRESS"] == "0.0.0.0:8090"
    assert {"name": "webhooks", "containerPort": 8090} in operator["ports"]
    (service,) = of_kind(made, "Service")
    (deployment,) = of_kind(made, "Deployment")
    name = service["metadata"]["name"]
    assert name == "model-operator-webhooks"
    assert service["spec"] == {
        "type": "ClusterIP",
        "selector": deployment["spec"]["selector"]["matchLabels"],
        "ports": [{"name": "webhooks", "port": 80, "targetPort": "webhooks", "protocol": "TCP"}],
    }
    (ingress,) = of_kind(made, "Ingress")
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"]) == ("hooks.example.com", "/webhooks/")
    assert path["backend"]["service"] == {"name": name, "port": {"name": "webhooks"}}
    assert ingress["spec"]["tls"] == [{"hosts": ["hooks.example.com"], "secretName": "hooks-tls"}]
    (policy,) = of_kind(made, "NetworkPolicy")
    ours = {"podSelector": deployment["spec"]["selector"]}
    incoming, outgoing = policy["spec"]["ingress"][1], policy["spec"]["egress"][3]
    assert [port["port"] for port in incoming["ports"]] == ["webhooks"]
    assert incoming["from"] == [{"namespaceSelector": {"matchLabels": {"team": "ingress"}}}, ours]
    assert (outgoing["ports"], outgoing["to"]) == ([{"port": 8090, "protocol": "TCP"}], [ours])


def test_events_come_in_by_a_gateway(helm: Helm) -> None:
    made = helm.template(CASES["webhooks by a Gateway"])
    (service,) = of_kind(made, "Service")
    (route,) = of_kind(made, "HTTPRoute")
    name = service["metadata"]["name"]
    assert len(name) <= 63
    assert service["spec"]["ports"][0]["port"] == 8080
    assert route["spec"]["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert route["spec"]["rules"][0]["backendRefs"] == [{"name": name, "port": 8080}]


def test_nothing_listens_for_events_unasked(helm: Helm) -> None:
    made = helm.template({"networkPolicy": {"enabled": True}})
    names = {entry["name"] for entry in container(made)["env"]}
    assert "MODEL_OPERATOR_WEBHOOK_ADDRESS" not in names
    assert [port["name"] for port in container(made)["ports"]] == ["health"]
    assert {obj["kind"] for obj in made}.isdisjoint({"Service", "Ingress", "HTTPRoute"})
    (policy,) = of_kind(made, "NetworkPolicy")
    assert (len(policy["spec"]["ingress"]), len(policy["spec"]["egress"])) == (1, 3)


def test_without_canaries_nobody_has_a_right_to_them(helm: Helm) -> None:
    made = helm.template({"canaryEndpoints": {"enabled": False}})
    roles = [*of_kind(made, "Role"), *of_kind(made, "ClusterRole")]
    named = {
        resource.partition("/")[0]
        for role in roles
        for rule in role["rules"]
        for resource in rule["resources"]
    }
    assert "canaryendpoints" not in named
    assert {"modelproviders", "modeldeployments"} <= named
    env = {entry["name"]: entry.get("value") for entry in container(made)["env"]}
    assert env["MODEL_OPERATOR_CANARY_ENDPOINTS"] == "false"


def test_watched_namespaces_get_the_same_rules_as_a_role_each(helm: Helm) -> None:
    values = {"leaderElection": {"enabled": False}}
    everywhere = helm.template({**values, "installation": "berlin-1"})
    some = helm.template({**values, "watchNamespaces": ["a", "b"]})
    (cluster_role,) = of_kind(everywhere, "ClusterRole", "model-operator")
    assert not of_kind(everywhere, "Role")
    assert not of_kind(some, "ClusterRole", "model-operator")
    assert not of_kind(some, "ClusterRoleBinding")
    assert {role["metadata"]["namespace"]: role["rules"] for role in of_kind(some, "Role")} == dict.fromkeys(
        "ab", cluster_role["rules"]
    )
    assert all(
        binding["subjects"] == [{"kind": "ServiceAccount", "name": "model-operator", "namespace": "system"}]
        for binding in of_kind(some, "RoleBinding")
    )


@pytest.mark.parametrize(
    ("values", "may_ask"),
    [
        pytest.param({}, True, id="nobody has named it"),
        pytest.param({"installation": "berlin-1"}, False, id="named"),
        pytest.param({"watchNamespaces": ["a"]}, False, id="a Role gives no right outside"),
    ],
)
def test_the_uid_of_one_namespace_may_be_read_for_a_name(helm: Helm, values: Object, may_ask: bool) -> None:
    objects = helm.template(values)
    roles = of_kind(objects, "Role") + of_kind(objects, "ClusterRole")
    asking = [rule for role in roles for rule in rules_of(role, "namespaces")]
    usual = {
        "apiGroups": [""],
        "resources": ["namespaces"],
        "resourceNames": ["kube-system"],
        "verbs": ["get"],
    }
    assert asking == ([usual] if may_ask else [])
    env = {entry["name"]: entry.get("value") for entry in container(objects)["env"]}
    assert env.get("MODEL_OPERATOR_INSTALLATION") == values.get("installation")


def test_the_lease_is_in_the_releases_namespace_and_the_only_one(helm: Helm) -> None:
    (role,) = of_kind(helm.template(), "Role")
    assert role["metadata"]["namespace"] == "system"
    assert [rule["resources"] for rule in role["rules"]] == [["leases"], ["leases"]]
    assert [rule.get("resourceNames") for rule in role["rules"]] == [["model-operator"], None]


def test_each_shard_has_a_lease_and_a_right_to_it_and_the_operators_are_told_how_many(helm: Helm) -> None:
    objects = helm.template(CASES["shards"])
    (role,) = of_kind(objects, "Role")
    leases = ["model-operator", *[lease_name("model-operator", shard, 3) for shard in range(3)]]
    assert [rule.get("resourceNames") for rule in role["rules"]] == [leases, None]
    (deployment,) = of_kind(objects, "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    told = {one["name"]: one.get("value") for one in container["env"]}
    assert (told["MODEL_OPERATOR_SHARDS"], told["MODEL_OPERATOR_LEASE_NAME"]) == ("3", "model-operator")
    assert deployment["spec"]["replicas"] == 4


@pytest.mark.parametrize(
    ("values", "strategy"),
    [
        pytest.param({}, {"type": "RollingUpdate"}, id="with a Lease, two may overlap"),
        pytest.param({"leaderElection": {"enabled": False}}, {"type": "Recreate"}, id="without, never two"),
        pytest.param({"strategy": {"type": "Recreate"}}, {"type": "Recreate"}, id="as it is said"),
    ],
)
def test_how_the_old_pod_makes_room(helm: Helm, values: Object, strategy: Object) -> None:
    (deployment,) = of_kind(helm.template(values), "Deployment")
    assert deployment["spec"]["strategy"] == strategy


def test_no_rule_has_a_wildcard(helm: Helm) -> None:
    roles = [obj for obj in helm.template() if obj["kind"] in ("Role", "ClusterRole")]
    assert roles
    for role in roles:
        for rule in role["rules"]:
            assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}


@pytest.mark.parametrize(
    ("values", "aggregated"),
    [
        pytest.param({}, {"view", "admin"}, id="default: whoever may edit may not spend"),
        pytest.param({"rbac": {"aggregateToEdit": True}}, {"view", "edit", "admin"}, id="all"),
        pytest.param({"rbac": {"aggregateToView": False, "aggregateToAdmin": False}}, set(), id="none"),
    ],
)
def test_roles_for_people_are_aggregated(helm: Helm, values: Object, aggregated: set[str]) -> None:
    prefix = "rbac.authorization.k8s.io/aggregate-to-"
    found = {
        (role["metadata"]["name"].removeprefix("model-operator-"), label.removeprefix(prefix))
        for role in of_kind(helm.template(values), "ClusterRole")
        for label in role["metadata"]["labels"]
        if label.startswith(prefix)
    }
    assert found == {(name, name) for name in aggregated}


@each_case
def test_it_is_what_linters_of_manifests_ask_for(helm: Helm, values: Object) -> None:
    made = helm.template(values)
    (deployment,) = of_kind(made, "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    operator = container(made)
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert operator["securityContext"]["readOnlyRootFilesystem"] is True
    assert operator["securityContext"]["allowPrivilegeEscalation"] is False
    assert operator["image"].rpartition("/")[2].partition(":")[2] not in ("", "latest")
    assert {"cpu"} <= set(operator["resources"]["requests"])
    assert {"memory"} <= set(operator["resources"]["limits"])
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert operator[probe]["httpGet"]["port"] == "health"
    assert set(deployment["spec"]["selector"]["matchLabels"].items()) <= set(
        deployment["spec"]["template"]["metadata"]["labels"].items()
    )
    names = [entry["name"] for entry in operator["env"]]
    assert len(names) == len(set(names))
    identities = [(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"]) for obj in made]
    assert len(identities) == len(set(identities))


def test_the_crds_are_those_of_the_repository(helm: Helm) -> None:
    shipped = {path.stem: yaml.safe_load(path.read_text()) for path in (ROOT / "crds").glob("*.yaml")}
    rendered = {crd["metadata"]["name"]: crd for crd in of_kind(helm.template(), "CustomResourceDefinition")}
    assert {kind.crd_name for kind in KINDS} == set(shipped)
    assert {name: crd["spec"] for name, crd in rendered.items()} == {
        name: crd["spec"] for name, crd in shipped.items()
    }
    for name, crd in rendered.items():
        assert crd["metadata"]["annotations"] == {
            **shipped[name]["metadata"]["annotations"],
            "helm.sh/resource-policy": "keep",
        }


@pytest.mark.parametrize(
    ("crds", "annotations"),
    [
        pytest.param({"install": False}, None, id="not installed"),
        pytest.param({"keep": False}, {}, id="not kept"),
        pytest.param(
            {"annotations": {"a": "b"}},
            {"a": "b", "helm.sh/resource-policy": "keep"},
            id="annotated and kept",
        ),
    ],
)
def test_what_becomes_of_the_crds(helm: Helm, crds: Object, annotations: dict[str, str] | None) -> None:
    made = of_kind(helm.template({"crds": crds}), "CustomResourceDefinition")
    assert len(made) == (0 if annotations is None else len(KINDS))
    for crd in made:
        substitute = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
        assert crd["metadata"]["annotations"] == {**substitute, **(annotations or {})}


def test_the_versions_and_kinds_that_the_chart_names_are_the_codes() -> None:
    assert ABOUT["appVersion"] == __version__
    assert ABOUT["version"] == __version__
    named = yaml.safe_load(ABOUT["annotations"]["artifacthub.io/crds"])
    assert {(crd["kind"], crd["name"]) for crd in named} == {(kind.kind, kind.crd_name) for kind in KINDS}


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


def container(made: list[Object]) -> Object:
    """The operator's."""
    (deployment,) = of_kind(made, "Deployment")
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found
