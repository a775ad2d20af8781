"""The chart's alerts as Prometheus' own tool sees them: well-formed, and firing after so many minutes and no sooner."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from support.debian import Program
from support.helm import CHART, Helm, of_kind

pytestmark = pytest.mark.long

RULES = CHART / "files" / "alerts.yaml"
JOB = 'job="RELEASE_JOB"'
HALF_AN_HOUR = "0x9 1x30 0x30"
"""A gauge that is 1 from minute 10 to 40."""


@dataclass(frozen=True)
class Row:
    """Series by the minute; `fires` is the first minute in which the alert fires, `ends` one in which it does no more."""

    alert: str
    severity: str
    series: dict[str, str]
    fires: int
    ends: int
    labels: dict[str, str] = field(default_factory=dict)


def condition(kind: str, type_: str, status: str) -> str:
    return (
        f'model_operator_condition{{{JOB}, kind="{kind}", namespace="team", name="a", condition="{type_}", '
        f'status="{status}", reason="Starting"}}'
    )


OBJECT = {"namespace": "team", "name": "a"}


def stalled(kind: str) -> Row:
    """All kinds have the same alert."""
    series = {condition(kind, "Stalled", "true"): HALF_AN_HOUR}
    return Row(f"{kind}Stalled", "warning", series, fires=15, ends=41, labels=OBJECT)


REQUESTS = f'model_operator_provider_requests_total{{{JOB}, provider="parasail", operation="list"'
ROWS = (
    Row(
        "ModelOperatorDown",
        "critical",
        {f"model_operator_build_info{{{JOB}}}": "1x9 stale _x20 1x20"},
        fires=15,
        ends=32,
        labels={"job": "RELEASE_JOB"},
    ),
    Row(
        "ModelOperatorHasNoLeader",
        "critical",
        {
            f'leader_election_master_status{{{JOB}, name="model-operator", pod="a"}}': "1x9 0x30 1x20",
            f'leader_election_master_status{{{JOB}, name="model-operator", pod="b"}}': "0x60",
        },
        fires=15,
        ends=41,
        labels={"name": "model-operator"},
    ),
    Row(
        "ModelOperatorPassesFail",
        "warning",
        {f'controller_runtime_reconcile_errors_total{{{JOB}, controller="c"}}': "0x9 1+1x30 31x30"},
        fires=25,
        ends=52,
        labels={"controller": "c"},
    ),
    Row(
        "ModelOperatorIsSlow",
        "warning",
        {f"model_operator_loop_lag_seconds_sum{{{JOB}}}": "0x9 0+60x30 1800x20"},
        fires=28,
        ends=46,
    ),
    Row(
        "ModelOperatorMetricsLeftOut",
        "warning",
        {f"model_operator_condition_objects_left_out{{{JOB}}}": HALF_AN_HOUR},
        fires=25,
        ends=41,
    ),
    Row(
        "ModelOperatorMetricsLeftOut",
        "warning",
        {f"model_operator_canary_endpoints_left_out{{{JOB}}}": HALF_AN_HOUR},
        fires=25,
        ends=41,
    ),
    Row(
        "ModelProviderNotReady",
        "critical",
        {condition("ModelProvider", "Ready", "unknown"): HALF_AN_HOUR},
        fires=20,
        ends=41,
        labels=OBJECT,
    ),
    Row(
        "ModelProviderErrors",
        "warning",
        {REQUESTS + ', code="200"}': "0+60x70", REQUESTS + ', code="error"}': "0x9 0+60x30 1800x30"},
        fires=22,
        ends=46,
        labels={"provider": "parasail"},
    ),
    Row(
        "ModelProviderThrottled",
        "warning",
        {f'model_operator_provider_throttled{{{JOB}, provider="parasail"}}': HALF_AN_HOUR},
        fires=25,
        ends=41,
        labels={"provider": "parasail"},
    ),
    stalled("ModelDeployment"),
    Row(
        "ModelDeploymentNotReady",
        "critical",
        {condition("ModelDeployment", "Ready", "false"): "0x9 1x40 0x30"},
        fires=40,
        ends=51,
        labels=OBJECT,
    ),
    Row(
        "ModelBudgetExceeded",
        "warning",
        {condition("ModelBudget", "WithinLimit", "false"): HALF_AN_HOUR},
        fires=11,
        ends=41,
        labels=OBJECT,
    ),
    stalled("ModelBudget"),
    stalled("CanaryEndpoint"),
    Row(
        "CanaryRollbackPending",
        "critical",
        {
            f'model_operator_canary_rollback_pending_seconds{{{JOB}, namespace="team", name="a"}}': "0x9 60+60x9 stale"
        },
        fires=13,
        ends=21,
        labels=OBJECT,
    ),
    Row(
        "ModelDeploymentsOrphaned",
        "info",
        {f"model_operator_orphaned_total{{{JOB}}}": "0x9 1x90"},
        fires=10,
        ends=72,
    ),
    Row(
        "ModelProviderHasOrphans",
        "warning",
        {f'model_operator_orphans{{{JOB}, namespace="team", name="a"}}': "stale _x9 2x30 stale"},
        fires=15,
        ends=42,
        labels=OBJECT,
    ),
)


RUNS = {f"model_operator_build_info{{{JOB}}}": "1x100"}


def unit_test(row: Row) -> dict[str, object]:
    labels = {"alertname": row.alert, "alertstate": "firing", "severity": row.severity, **row.labels}
    firing = f"ALERTS{{{', '.join(f'{key}={value!r}' for key, value in labels.items())}}}".replace("'", '"')
    return {
        "interval": "1m",
        "input_series": [
            {"series": series, "values": values} for series, values in (RUNS | row.series).items()
        ],
        "promql_expr_test": [
            {
                "expr": 'ALERTS{alertstate="firing"}',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": firing, "value": 1}] if is_firing else [],
            }
            for minute, is_firing in ((row.fires - 1, False), (row.fires, True), (row.ends, False))
        ],
    }


@pytest.mark.parametrize("row", [pytest.param(row, id=row.alert) for row in ROWS])
def test_it_fires_after_its_time_and_ends_with_its_cause(row: Row, promtool: Program, tmp_path: Path) -> None:
    file = tmp_path / "test.yaml"
    content = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [unit_test(row)]}
    file.write_text(yaml.safe_dump(content))
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_such_a_row() -> None:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    assert {row.alert for row in ROWS} == {rule["alert"] for group in groups for rule in group["rules"]}


def test_prometheus_takes_what_the_chart_makes(helm: Helm, promtool: Program, tmp_path: Path) -> None:
    (rule,) = of_kind(helm.template({"prometheusRule": {"enabled": True}}), "PrometheusRule")
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rule["spec"]))
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", file)
    assert done.returncode == 0, done.stdout + done.stderr
