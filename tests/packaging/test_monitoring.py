"""What the chart gives to Prometheus and Grafana, without either: runbooks that exist, and metrics that there are."""

import json
import re
from typing import Any

import pytest
import yaml

from support.helm import CHART, ROOT, Helm, of_kind
from support.kube_api import Object
from support.markdown import anchors

RUNBOOKS = ROOT / "docs" / "troubleshooting.md"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((CHART / "files" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((CHART / "files" / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
DOCUMENTED = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "metrics.md").read_text(), re.MULTILINE))
ON = {"enabled": True}


def rules_of(helm: Helm, **values: Any) -> dict[str, Object]:
    (made,) = of_kind(helm.template({"prometheusRule": ON | values}), "PrometheusRule")
    return {rule["alert"]: rule for group in made["spec"]["groups"] for rule in group["rules"]}


def test_nothing_of_it_is_made_unasked(helm: Helm) -> None:
    made = helm.template()
    assert [obj["kind"] for obj in made if obj["kind"] in ("PodMonitor", "PrometheusRule", "ConfigMap")] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_each_alert_leads_to_its_place_in_troubleshooting(rule: Object) -> None:
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert (page, anchor) == ("RUNBOOKS", rule["alert"].lower())
    assert anchor in anchors(RUNBOOKS)
    assert {"summary", "description", "runbook_url"} == set(rule["annotations"])
    assert rule["labels"]["severity"] in ("info", "warning", "critical")


def test_the_schema_knows_every_alert() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    named = schema["properties"]["prometheusRule"]["properties"]["disabled"]["items"]["enum"]
    assert named == [rule["alert"] for rule in RULES]


def test_the_alerts_are_about_this_release(helm: Helm) -> None:
    (made,) = of_kind(
        helm.template({"prometheusRule": ON, "fullnameOverride": "models"}, namespace="team"),
        "PrometheusRule",
    )
    text = json.dumps(made["spec"])
    assert "RELEASE_JOB" not in text
    assert "RUNBOOKS" not in text
    assert 'job=\\"team/models\\"' in text
    down = rules_of(helm, job="scraped")["ModelOperatorDown"]
    assert down["expr"] == 'absent(model_operator_build_info{job="scraped"})'


def test_alerts_get_labels_and_runbooks_and_can_be_left_out(helm: Helm) -> None:
    made = rules_of(
        helm,
        alertLabels={"team": "platform", "severity": "page"},
        disabled=["ModelOperatorIsSlow"],
        runbooks="https://docs.example.com/troubleshooting.md",
    )
    assert "ModelOperatorIsSlow" not in made
    assert len(made) == len(RULES) - 1
    assert {json.dumps(rule["labels"], sort_keys=True) for rule in made.values()} == {
        '{"severity": "page", "team": "platform"}'
    }
    assert made["ModelOperatorDown"]["annotations"]["runbook_url"] == (
        "https://docs.example.com/troubleshooting.md#modeloperatordown"
    )


def test_an_alert_that_does_not_exist_cannot_be_left_out(helm: Helm) -> None:
    said = helm.refusal("template", CHART, values={"prometheusRule": {"disabled": ["ModelOperatorSlow"]}})
    assert "at '/prometheusRule/disabled/0': value must be one of" in said


@pytest.mark.parametrize("honors", [True, False])
def test_an_objects_namespace_stays_its_own(helm: Helm, honors: bool) -> None:
    made = helm.template({"podMonitor": {"enabled": True, "honorLabels": honors}})
    (monitor,) = of_kind(made, "PodMonitor")
    assert [endpoint["honorLabels"] for endpoint in monitor["spec"]["podMetricsEndpoints"]] == [honors]
    (by_default,) = of_kind(helm.template({"podMonitor": ON}), "PodMonitor")
    assert by_default["spec"]["podMetricsEndpoints"][0]["honorLabels"] is True


@pytest.mark.parametrize("objects", [0, 200, 2_000_000])
def test_the_bound_of_named_objects_reaches_the_operator(helm: Helm, objects: int) -> None:
    (deployment,) = of_kind(helm.template({"metrics": {"objects": objects}}), "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    env = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert env["MODEL_OPERATOR_METRICS_OBJECTS"] == str(objects)


def test_the_dashboard_arrives_as_it_is_where_the_sidecar_looks(helm: Helm) -> None:
    (made,) = of_kind(helm.template({"dashboard": ON}), "ConfigMap")
    assert made["metadata"]["namespace"] == "system"
    assert made["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {name: json.loads(text) for name, text in made["data"].items()} == {
        "model-operator.json": DASHBOARD
    }
    elsewhere = {"namespace": "grafana", "labels": {"grafana_dashboard": None, "folder": "x"}}
    (made,) = of_kind(helm.template({"dashboard": ON | elsewhere}), "ConfigMap")
    assert made["metadata"]["namespace"] == "grafana"
    assert made["metadata"]["labels"]["folder"] == "x"
    assert "grafana_dashboard" not in made["metadata"]["labels"]


def test_panels_have_names_places_and_explanations_of_their_own() -> None:
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert [panel["title"] for panel in PANELS if not panel["description"]] == []
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells), "no two overlap"
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize(
    "expression",
    [
        *(pytest.param(rule["expr"], id=rule["alert"]) for rule in RULES),
        *(
            pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
            for panel in PANELS
            for target in panel["targets"]
        ),
    ],
)
def test_only_metrics_that_there_are_are_asked_for(expression: str) -> None:
    prefix = r"(?:model_operator|controller_runtime|workqueue|leader_election)_\w+"
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(prefix, expression)}
    assert named <= DOCUMENTED
    assert named or "process_" in expression
    assert 'job="' in expression
