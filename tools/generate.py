"""Writes every file that is made from the code; `--check` writes nothing and fails if one differs.

A generated file is one line in `generated()`: its path from the repository's root, and its content.
"""

import argparse
import difflib
import sys
from datetime import timedelta
from pathlib import Path
from typing import Literal, get_args, get_origin

from prometheus_client.core import Metric

import argocd
import chart
import reference
from model_operator.cli import crds
from model_operator.observability.budgets import Budgets, BudgetView
from model_operator.observability.canaries import CanaryView
from model_operator.observability.costs import CostView
from model_operator.observability.metrics import Metrics
from model_operator.observability.objects import ObjectView, Said
from model_operator.observability.orphans import UnheldView
from model_operator.setting_values import Address
from model_operator.settings import Settings
from model_operator.settings_loading import default_of, env_of, flag_of, is_many, is_switch
from model_operator_demo.go_tools import NoTool

ROOT = Path(__file__).parents[1]


def generated() -> dict[str, str]:
    """Content by path."""
    files = chart.chart_files(ROOT)
    return {
        **{f"crds/{name}": text for name, text in crds.files().items()},
        **files,
        **chart.rendered(ROOT, files),
        **argocd.argocd_files(ROOT),
        "docs/api.md": reference.api(),
        "docs/metrics.md": metrics(),
        "docs/settings.md": settings(),
        reference.MONITORING: reference.monitoring(ROOT),
        reference.TROUBLESHOOTING: reference.troubleshooting(ROOT),
    }


def settings() -> str:
    """The reference of all settings, as Markdown."""
    rows = "\n".join(
        f"| `{flag_of(name)}`<br>`{env_of(name)}`<br>`{name}` | {_type(name)} | {_default(name)} "
        f"| {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    )
    return f"""<!-- Made from the code by `make generate`; do not edit. -->
# Settings of `model-operator run`

Each setting is a flag, an environment variable and a key of the file that `--config` names (YAML, or TOML if
it ends in `.toml`). The first of these that names it wins; an empty variable counts as none. They are read once,
at start-up; all problems are reported together, with exit code 2.

Durations are written `500ms`, `60s`, `10m` or `1h30m`. A list is a repeated flag, a comma-separated variable, or
a list in the file.

| flag, variable, key | type | default | |
|---|---|---|---|
{rows}
"""


def metrics() -> str:
    """The reference of all metrics, as Markdown."""
    shown = Metrics()
    # A family shows its labels only once it has a sample.
    shown.controller("ModelDeployment").ended("success")
    shown.provider_request("parasail", "list", 200, 0.02)
    shown.provider_throttled("parasail", "account", 1)
    shown.count_resources(lambda: {("ModelDeployment", "Ready"): 1})
    shown.count_namespaces(lambda: 1)
    shown.rollout_ended("Completed")
    shown.webhook_event("paitient", "accepted")
    shown.leads("model-operator", lambda: True)
    said = {"Ready": Said("true", "Available")}
    shown.show_objects(
        lambda: [ObjectView(kind="ModelProvider", namespace="a", name="b", conditions=said, mode="Manage")], 1
    )
    shown.show_unheld(lambda: [UnheldView(namespace="a", name="b", orphans=1, unknown=1)])
    shown.show_canaries(
        lambda: [
            CanaryView(
                namespace="a",
                name="b",
                traffic={"v1": 100},
                figures={("errors", "canary"): 1},
                limits={"errors": 2},
                rollback_seconds=0,
            )
        ]
    )
    shown.show_costs(
        lambda: [CostView(namespace="a", currency="USD", labels=("b",), per_hour=1, total=1)], ("team",)
    )
    shown.registry.register(
        Budgets(lambda: [BudgetView(namespace="a", name="b", currency="USD", spent=1, limit=2, forecast=3)])
    )
    # The process's own are the client library's, and there are none where there is no /proc.
    own = (family for family in shown.registry.collect() if not family.name.startswith("process_"))
    rows = "\n".join(sorted(map(_metric, own)))
    return f"""<!-- Made from the code by `make generate`; do not edit. -->
# Metrics

`/metrics` speaks Prometheus' text format and OpenMetrics. Names that begin with `controller_runtime_` and
`workqueue_` mean what they mean in operators made with controller-runtime, so its dashboards and alerts work.
On Linux the usual `process_*` are there, too.

Most labels have few values, however many objects there are. Costs (`model_operator_cost_*`) have `namespace`, `currency`, and for
each label that `--cost-labels` names one as in kube-state-metrics: `team` is `label_team`. A namespace has no more than 200
series of them; what is beyond is summed up with the value `(other)`. Three groups have the labels `namespace` and `name` of an object:

- `model_operator_condition`: one series for each condition of each object, as in
  `model_operator_condition{{kind="ModelDeployment",namespace="team",name="llama",condition="Ready",status="false",reason="QuotaExceeded"}} 1`,
  where `status` is `true`, `false` or `unknown`. No more than `--metrics-objects` (1000; chart: `metrics.objects`) objects
  have it; of more, those that are not Ready come first and each namespace in its turn,
  `model_operator_condition_objects_left_out` counts the others, and a warning in the log says so.
- `model_operator_orphans` and `model_operator_unknown_deployments`: of ModelProviders in whose account something runs that
  no object manages.
- `model_operator_canary_*`: the split and the verdicts of CanaryEndpoints, of one namespace no more than 1,000 series.

These labels are the object's, not the operator's pod's: scrape with `honorLabels: true` (`honor_labels` in Prometheus' own
configuration), as the chart's PodMonitor does. Otherwise Prometheus calls the object's namespace `exported_namespace`.

The chart brings [alerts and a dashboard](monitoring.md) for these metrics.

| metric | type | labels | |
|---|---|---|---|
{rows}
"""


def _metric(family: Metric) -> str:
    labels = dict.fromkeys(label for sample in family.samples for label in sample.labels if label != "le")
    name = f"{family.name}_total" if family.type == "counter" else family.name
    return f"| `{name}` | {family.type} | {', '.join(f'`{label}`' for label in labels)} | {family.documentation} |"


def _type(name: str) -> str:
    kind = Settings.model_fields[name].annotation
    if get_origin(kind) is Literal:
        return _cell(" | ".join(f"`{word}`" for word in get_args(kind)))
    if is_many(name):
        return "list"
    if is_switch(name):
        return "`true` or `false`"
    if name.startswith("lease_"):
        return "name"
    words: dict[object, str] = {
        int: "number",
        int | None: "number",
        timedelta: "duration",
        str: "address",
        Address | None: "address",
    }
    return words.get(kind, "file")


def _default(name: str) -> str:
    default = default_of(name)
    return f"`{default}`" if default else "–"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """0 if all is well, 1 if a file differs in `--check`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file differs")
    is_check = parser.parse_args().check
    status = 0
    try:
        files = generated()
    except NoTool as error:
        sys.stderr.write(f"the plain manifests are made with Helm: {error}\n")
        return 1
    for name, text in files.items():
        path = ROOT / name
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == text:
            continue
        if is_check:
            diff = difflib.unified_diff(found.splitlines(True), text.splitlines(True), name, "generated")
            sys.stderr.writelines(diff)
            sys.stderr.write(f"{name} is not what the code makes of it: run `make generate`\n")
            status = 1
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
