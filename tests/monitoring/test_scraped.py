"""The real Prometheus scrapes a real operator while things go wrong and are mended: every alert fires and ends.

The rules are those of the chart, with seconds for minutes: test_rules.py has the true times.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from model_operator_demo.processes import Processes
from support import manifests
from support.alert_story import A_MINUTE, JOB, Story, quick
from support.apiproxy import ApiProxy
from support.canary_world import QUICK, CanaryWorld, canary, judged, path, traffic
from support.deadlines import eventually, throughout
from support.debian import Program
from support.helm import CHART, ROOT, Helm, of_kind
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.prometheus import Prometheus
from support.proxy_rules import status_error
from support.simulator_process import SimulatorProcess

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.simulator("--clock=scaled", "--time-scale=60"),
]

LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
RIGHTS = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}"


@pytest.fixture
def watching(helm: Helm, prometheus: Program, processes: Processes, tmp_path: Path) -> Iterator[Prometheus]:
    """With the chart's rules, and without anything to scrape yet."""
    (rule,) = of_kind(helm.template({"prometheusRule": {"enabled": True}}), "PrometheusRule")
    running = Prometheus(prometheus, processes, tmp_path / "prometheus", rules=quick(rule["spec"]), job=JOB)
    yield running
    running.stop()


@pytest.fixture
def story(
    namespace: Namespace,
    simulator: SimulatorProcess,
    operator: Callable[..., OperatorProcess],
    api_proxy: ApiProxy,
    watching: Prometheus,
) -> Story:
    """The operator stands by: somebody else holds the Lease."""
    allow_leases(namespace)
    hold_lease(namespace)
    world = CanaryWorld(namespace, simulator, operator)
    simulator.knobs(metrics={"noise": 0, "endpoint_rps": 100})
    world.operator = operator(
        api_proxy=api_proxy, **QUICK, leader_elect=True, cost_labels="team", installation="story"
    )
    made = Story(world, api_proxy, watching)
    made.scrape()
    return made


def allow_leases(namespace: Namespace) -> None:
    rights = RIGHTS.format(namespace.name)
    rule = {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": ["get", "create", "update"],
    }
    namespace.api.call("POST", f"{rights}/roles", {"metadata": {"name": "leases"}, "rules": [rule]})
    binding = {
        "metadata": {"name": "leases"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "leases"},
        "subjects": [{"kind": "ServiceAccount", "name": "model-operator", "namespace": namespace.name}],
    }
    namespace.api.call("POST", f"{rights}/rolebindings", binding)


def hold_lease(namespace: Namespace) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {
        "holderIdentity": "somebody",
        "leaseDurationSeconds": 600,
        "acquireTime": now,
        "renewTime": now,
    }
    body = {"metadata": {"name": "model-operator"}, "spec": spec}
    namespace.api.call("POST", LEASES.format(namespace.name), body)


def test_every_alert_fires_and_ends_and_every_panel_has_data(story: Story) -> None:
    nobody_leads(story)
    a_canary_serves(story)
    story.ends()
    much_goes_wrong(story)
    it_is_mended(story)
    money_is_spent(story)
    a_rollback_hangs(story)
    the_operator_fails(story)
    check_alerts(story)
    check_panels(story.prometheus)
    check_labels(story.prometheus)


def nobody_leads(story: Story) -> None:
    story.fires("ModelOperatorHasNoLeader")
    story.namespace.api.call("DELETE", LEASES.format(story.namespace.name) + "/model-operator")
    story.ends()


def a_canary_serves(story: Story) -> None:
    url = story.world.simulator.url
    story.namespace.apply(
        manifests.parasail_secret(),
        manifests.paitient_secret(),
        manifests.parasail_provider(url, pollInterval=None),
        manifests.paitient_provider(url, pollInterval=None),
        manifests.parasail_deployment("llama"),
        manifests.parasail_deployment("left", deletionPolicy="Orphan"),
        manifests.paitient_deployment("triage-v1"),
        manifests.paitient_deployment("triage-v2"),
        canary(traffic=traffic(v1=100)),
    )
    for name in ("llama", "left", "triage-v1", "triage-v2"):
        story.namespace.wait_for_condition("ModelDeployment", name, "Ready=True Available", within=A_MINUTE)
    story.world.until("RolloutComplete=True Completed")


def much_goes_wrong(story: Story) -> None:
    namespace, simulator = story.namespace, story.world.simulator
    namespace.apply(manifests.parasail_deployment("stuck", providerRef={"name": "nowhere"}))
    namespace.delete("ModelDeployment", "left")
    story.fires("ModelDeploymentStalled", saying="ProviderNotFound")
    story.fires("ModelDeploymentNotReady", "ModelDeploymentsOrphaned")
    story.proxy.rule("PATCH", "/modeldeployments/llama/status$", then=status_error(500, "InternalError"))
    namespace.edit("ModelDeployment", "llama", {"spec": {"replicas": 2}})
    story.fires("ModelOperatorPassesFail")
    story.proxy.clear()
    errors = simulator.fault("error", vendor="parasail", status=503)
    story.fires("ModelProviderErrors")
    errors.remove()
    simulator.fault("error", vendor="parasail", operation="list", status=429, retry_after=2)
    story.fires("ModelProviderThrottled")
    simulator.clear_faults()
    namespace.apply(manifests.parasail_secret(apiKey="a-key-that-nobody-has"))
    story.fires("ModelProviderNotReady", saying="CredentialsInvalid")


def it_is_mended(story: Story) -> None:
    story.namespace.delete("ModelDeployment", "stuck")
    story.namespace.apply(manifests.parasail_secret())
    story.ends()


def money_is_spent(story: Story) -> None:
    """A budget is spent, another one is in a currency that nothing costs, and a deployment is left without its object."""
    namespace = story.namespace
    prices = [{"match": "*", "perReplicaHour": "1000.00", "currency": "USD"}]
    namespace.edit("ModelProvider", "paitient", {"spec": {"prices": prices}})
    forgotten = manifests.paitient_deployment("forgotten", deletionPolicy="Orphan")
    namespace.apply(manifests.labelled(forgotten, team="red"))
    namespace.wait_for_condition("ModelDeployment", "forgotten", "Ready=True Available", within=A_MINUTE)
    namespace.apply(
        manifests.budget("dollars", "0.01"),
        manifests.budget("euros", "1.00", currency="EUR"),
    )
    story.fires("ModelBudgetExceeded")
    story.fires("ModelBudgetStalled")
    identifier = namespace.get("ModelDeployment", "forgotten")["status"]["externalID"]
    namespace.delete("ModelDeployment", "forgotten")
    story.fires("ModelProviderHasOrphans")
    story.world.simulator.remove_deployment("paitient", identifier)
    for name in ("dollars", "euros"):
        namespace.delete("ModelBudget", name)
    story.ends()


def a_rollback_hangs(story: Story) -> None:
    """v2 gets a quarter, turns bad, and the provider does not take the rollback."""
    world = story.world
    world.edit(traffic=traffic(v2=100), rollout=path(25, 100, hold="100h", analysis=judged()))
    eventually(lambda: world.split().get("v2") == 25, what="a quarter for v2")
    world.simulator.fault("error", vendor="paitient", operation="update_canary", status=503)
    world.behave("v2", error_percent=40)
    story.fires("CanaryRollbackPending")
    world.simulator.clear_faults()
    story.fires("CanaryEndpointStalled", saying="RolledBack")
    world.edit(traffic=traffic(v1=100))
    story.ends()


def the_operator_fails(story: Story) -> None:
    """It is killed, comes back with a bound that is too low, and stands still for a while."""
    story.operator.kill()
    story.fires("ModelOperatorDown")
    story.operator.settings |= {"metrics_objects": 1, "leader_elect": False}
    story.operator.restart()
    story.scrape()
    story.fires("ModelOperatorMetricsLeftOut")
    story.operator.pause()
    story.fires("ModelOperatorDown")
    throughout(
        story.prometheus.alerts,
        holds=lambda alerts: "ModelOperatorDown" in alerts,
        during=timedelta(seconds=6),
        what="the stand-still",
    )
    story.operator.resume()
    story.fires("ModelOperatorIsSlow")
    story.operator.settings |= {"metrics_objects": 1000}
    story.operator.restart()
    story.scrape()
    story.ends()


def check_alerts(story: Story) -> None:
    """All have fired, about the object that it was about, with annotations that a person can read."""
    groups = yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())["groups"]
    assert set(story.fired) == {rule["alert"] for group in groups for rule in group["rules"]}
    for alert in (alert for alerts in story.fired.values() for alert in alerts):
        text = json.dumps(alert["annotations"])
        assert "{{" not in text
        assert "<error" not in text
        assert "<no value>" not in text
        anchor = alert["labels"]["alertname"].lower()
        assert alert["annotations"]["runbook_url"] == f"docs/troubleshooting.md#{anchor}"
    team = story.namespace.name
    for name, what, summary in (
        (
            "ModelDeploymentStalled",
            "stuck",
            f"ModelDeployment {team}/stuck waits for a person: ProviderNotFound",
        ),
        (
            "ModelProviderNotReady",
            "parasail",
            f"ModelProvider {team}/parasail is not Ready: CredentialsInvalid",
        ),
        ("CanaryEndpointStalled", "triage", f"CanaryEndpoint {team}/triage waits for a person: RolledBack"),
    ):
        about = [alert for alert in story.fired[name] if alert["labels"].get("name") == what]
        assert {alert["labels"]["namespace"] for alert in about} == {team}
        assert summary in {alert["annotations"]["summary"] for alert in about}


def check_panels(prometheus: Prometheus) -> None:
    dashboard = json.loads((CHART / "files" / "dashboard.json").read_text())
    empty = [
        f"{panel['title']}: {target['expr']}"
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
        if not prometheus.ever(filled_in(target["expr"]))
    ]
    assert empty == []


def filled_in(expression: str) -> str:
    """As Grafana would, with all namespaces chosen."""
    return expression.replace("$job", JOB).replace("$namespace", ".*").replace("$__rate_interval", "4s")


def check_labels(prometheus: Prometheus) -> None:
    """docs/metrics.md has the labels that there are, and no label of an object was renamed."""
    page = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", page, re.MULTILINE)
    assert len(rows) > 20
    for name, kind, labels in rows:
        found = prometheus.series(f"{name}_bucket" if kind == "histogram" else name)
        seen = {label for series in found for label in series} - {"__name__", "instance", "job", "le"}
        assert not found or seen == set(re.findall(r"\w+", labels)), name
    assert not [series for series in prometheus.series(f'{{job="{JOB}"}}') if "exported_namespace" in series]
