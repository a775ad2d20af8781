"""What the chart lets in and out: the network policy, metrics, and events of providers."""

from ipaddress import ip_address, ip_network

import pytest

from support.chart_cases import CASES
from support.chart_made import container
from support.helm import Helm, of_kind
from support.kube_api import Object


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
