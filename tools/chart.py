"""What is made for and from the Helm chart: its CRDs, its tables, and the manifests for those who use no Helm.

`generate.py` writes them. The chart's other templates and its values are written by hand.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from model_operator.cli import crds
from model_operator.durations import DURATION_PATTERN
from model_operator.models.crd import KINDS
from model_operator.settings import Settings
from model_operator.settings_loading import default_of, is_switch
from model_operator_demo.go_tools import HELM_4

CHART: Final = "helm/model-operator"
NAME: Final = "model-operator"
NAMESPACE: Final = "model-operator-system"
# Settings that the chart has values of its own for, or that make no sense in a pod.
_NOT_SETTINGS: Final = frozenset(
    {
        "allowed_provider_hosts",
        "canary_endpoints",
        "config",
        "health_host",
        "health_port",
        "installation",
        "kubeconfig",
        "leader_elect",
        "lease_name",
        "lease_namespace",
        "log_format",
        "log_level",
        "metrics_cert_file",
        "metrics_key_file",
        "metrics_objects",
        "metrics_port",
        "namespaces",
        "ready_file",
        "shards",
        "webhook_address",
    }
)
_TABLE: Final = re.compile(r"(?<=<!-- values -->\n).*(?=<!-- /values -->)", re.DOTALL)
# True of Helm's objects only, or of no use to whoever applies them.
_HELMS_OWN: Final = re.compile(
    r"^( *helm\.sh/.*| *app\.kubernetes\.io/managed-by: Helm|# Source: .*)\n", re.MULTILINE
)
_HEADER: Final = "# Made from the Helm chart by `make generate`; do not edit.\n"
_NAMESPACE_MANIFEST: Final = f"""---
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels:
    app.kubernetes.io/name: {NAME}
    pod-security.kubernetes.io/enforce: restricted
"""


def chart_files(root: Path) -> dict[str, str]:
    """The generated files of the chart in the checkout `root`, by path."""
    folder = root / CHART
    readme = (folder / "README.md").read_text(encoding="utf-8")
    schema = json.loads((folder / "values.schema.json").read_text(encoding="utf-8"))
    schema["properties"]["settings"] = _settings_schema()
    values = (folder / "values.yaml").read_text(encoding="utf-8")
    return {
        **{f"{CHART}/templates/crds/{name}": _crd(text) for name, text in crds.files().items()},
        f"{CHART}/templates/_kinds.tpl": _kinds(),
        f"{CHART}/README.md": _TABLE.sub(lambda _: values_table(values), readme),
        f"{CHART}/values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
    }


def rendered(root: Path, files: Mapping[str, str]) -> dict[str, str]:
    """The manifests that the chart makes with its defaults, by path; `files` are what `chart_files` returned.

    Raises `NoTool`, or `subprocess.CalledProcessError` after Helm's own words.
    """
    roles = ("serviceaccount", "rbac", "user-roles")
    with tempfile.TemporaryDirectory(prefix="model-operator-chart-") as temporary:
        folder = Path(temporary) / NAME
        shutil.copytree(root / CHART, folder)
        for name, text in files.items():
            (folder / Path(name).relative_to(CHART)).write_text(text, encoding="utf-8")
        return {
            "manifests/install.yaml": _HEADER + _NAMESPACE_MANIFEST + _template(folder),
            "manifests/rbac.yaml": _HEADER
            + _NAMESPACE_MANIFEST
            + _template(folder, *(f"--show-only=templates/{role}.yaml" for role in roles)),
        }


def values_table(values: str) -> str:
    """The rows of the README's table from values.yaml: each key with `# --` above it."""
    comments = _comments(values.splitlines())
    rows = [
        f"| `{key}` | {f'`{default}`' if default else '–'} | {comments[line]} |\n"
        for key, default, line in _leaves(yaml.compose(values, yaml.SafeLoader), "")
        if line in comments
    ]
    return "".join(["| value | default | |\n|---|---|---|\n", *rows])


def _comments(lines: list[str]) -> dict[int, str]:
    """The text of each comment that begins with `# --`, by the number of the line below it, from 0."""
    found: dict[int, str] = {}
    words: list[str] = []
    for number, line in enumerate(lines):
        text = line.strip()
        if text.startswith("# -- "):
            words = [text.removeprefix("# -- ")]
        elif text.startswith("#") and words:
            words.append(text.removeprefix("#").strip())
        elif words:
            found[number] = " ".join(words).replace("|", "\\|")
            words = []
    return found


def _leaves(node: yaml.Node | None, path: str) -> Iterator[tuple[str, str, int]]:
    """Path, default as JSON, and line of every key, outer ones before inner ones."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{path}{key.value}"
        default = yaml.safe_load(yaml.serialize(value))
        yield name, "" if default in ("", None) else json.dumps(default), key.start_mark.line
        yield from _leaves(value, f"{name}.")


def _crd(text: str) -> str:
    """A CRD as a template: there if wanted, labelled, and kept if wanted."""
    own = '{{- include "model-operator.labels" . | nindent 4 }}'
    keep = "{{- if .Values.crds.keep }}\n    helm.sh/resource-policy: keep\n    {{- end }}"
    more = "{{- with .Values.crds.annotations }}\n    {{- toYaml . | nindent 4 }}\n    {{- end }}"
    plain = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("{{", '{{ "{{" }}')
    labelled = plain.replace(
        "  annotations:\n", f"  labels:\n    {own}\n  annotations:\n    {keep}\n    {more}\n", 1
    )
    return (
        "{{- /* Made from the models by `make generate`; do not edit. */}}\n"
        f"{{{{- if .Values.crds.install }}}}\n{labelled}{{{{- end }}}}\n"
    )


def _kinds() -> str:
    every = " ".join(sorted(kind.plural for kind in KINDS))
    scalable = " ".join(sorted(kind.plural for kind in KINDS if kind.has_scale))
    return (
        "{{/* Made from the models by `make generate`; do not edit. */}}\n"
        f'{{{{- define "model-operator.kinds" -}}}}{every}{{{{- end }}}}\n'
        f'{{{{- define "model-operator.scalableKinds" -}}}}{scalable}{{{{- end }}}}\n'
    )


def _settings_schema() -> dict[str, Any]:
    return {
        "description": "Other settings of `model-operator run` by their key; see docs/settings.md.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {"description": field.description, **_setting_type(name)}
            for name, field in Settings.model_fields.items()
            if name not in _NOT_SETTINGS
        },
    }


def _setting_type(name: str) -> dict[str, Any]:
    field = Settings.model_fields[name]
    if is_switch(name):
        return {"type": "boolean"}
    if isinstance(field.default, int):
        return {"type": "integer", "minimum": 0}
    if re.match(DURATION_PATTERN, default_of(name)):
        return {"type": "string", "pattern": DURATION_PATTERN}
    return {"type": "string"}


def _template(chart: Path, *arguments: str) -> str:
    helm = HELM_4.find(os.environ)
    done = subprocess.run(  # noqa: S603  Helm, on our own chart
        [str(helm), "template", NAME, str(chart), f"--namespace={NAMESPACE}", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    return re.sub(r"\n{2,}---", "\n---", _HELMS_OWN.sub("", done.stdout))
