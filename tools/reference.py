"""The parts of the documentation that are made from the kinds and the words of their statuses.

`generate.py` writes them: docs/api.md as a whole, and the table of reasons inside docs/troubleshooting.md.
"""

import ast
import inspect
import itertools
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from model_operator.conditions import CanaryPhase, ConditionType, Phase, Reason
from model_operator.domain import ACTION, CONFIRM_ABSENCE, FINALIZER, GROUP, VERSION
from model_operator.meanings import MEANINGS
from model_operator.models.crd import CATEGORY, KINDS, Kind, custom_resource_definition
from model_operator.models.rules import VALIDATIONS

Schema = Mapping[str, Any]

TROUBLESHOOTING: Final = "docs/troubleshooting.md"
MONITORING: Final = "docs/monitoring.md"
ALERTS: Final = "helm/model-operator/files/alerts.yaml"
_ALERTS: Final = re.compile(r"(?<=<!-- alerts -->\n).*(?=<!-- /alerts -->)", re.DOTALL)
_REASONS: Final = re.compile(r"(?<=<!-- reasons -->\n).*(?=<!-- /reasons -->)", re.DOTALL)


def api() -> str:
    """The reference of all kinds, as Markdown."""
    contents = "\n".join(f"- [{kind.kind}](#{kind.kind.lower()}): {kind.description}" for kind in KINDS)
    kinds = "\n".join(map(_kind, KINDS))
    return f"""<!-- Made from the code by `make generate`; do not edit. -->
# API reference

Group `{GROUP}`, version `{VERSION}`; all kinds are namespaced and in the category `{CATEGORY}`. This page is made
from the same models as the CustomResourceDefinitions; `kubectl explain modeldeployment.spec` prints the same texts.

{contents}

How to read the tables: `[]` after a name is an element of a list, `{{}}` a value of a map. *required* counts within
the object that the field is part of. *immutable*: can be neither changed nor, unless required, added or removed later.
*set once*: may be added later, and is immutable from then on. A spec has no defaults that the server writes into it;
the description of a field says what its absence means.

Annotations: `{CONFIRM_ABSENCE}` on a ModelProvider
([when](troubleshooting.md#accountmismatch)), `{ACTION}` on a CanaryEndpoint. The finalizer is
`{FINALIZER}`.

{kinds}
## Conditions

| type | True means |
|---|---|
{_words(ConditionType)}

Each reason with its meaning and remedy is in [troubleshooting](troubleshooting.md#every-reason).

## Phases

For people; no program should decide by them.

| ModelDeployment | |
|---|---|
{_words(Phase)}

| CanaryEndpoint | |
|---|---|
{_words(CanaryPhase)}
"""


def monitoring(root: Path) -> str:
    """The page in the checkout `root` with a fresh table of alerts; the rest of it is written by hand."""
    text = (root / MONITORING).read_text(encoding="utf-8")
    groups = yaml.safe_load((root / ALERTS).read_text(encoding="utf-8"))["groups"]
    rows = "\n".join(_alert(rule) for group in groups for rule in group["rules"])
    table = f"\n| alert | severity | for | when |\n|---|---|---|---|\n{rows}\n\n"
    return _ALERTS.sub(lambda _: table, text)


def _alert(rule: Mapping[str, Any]) -> str:
    name, anchor = rule["alert"], rule["annotations"]["runbook_url"].partition("#")[2]
    expression = _cell(" ".join(rule["expr"].replace('job="RELEASE_JOB"', "").split()))
    for before, after in (("{, ", "{"), (", }", "}"), ("{}", "")):
        expression = expression.replace(before, after)
    link = f"[`{name}`](troubleshooting.md#{anchor})"
    return f"| {link} | {rule['labels']['severity']} | {rule.get('for', 'at once')} | `{expression}` |"


def troubleshooting(root: Path) -> str:
    """The page in the checkout `root` with a fresh table of reasons; the rest of it is written by hand."""
    path = root / TROUBLESHOOTING
    text = path.read_text(encoding="utf-8") if path.exists() else "<!-- reasons -->\n<!-- /reasons -->\n"
    return _REASONS.sub(lambda _: _reasons(), text)


def _reasons() -> str:
    """In the order of the alphabet: people come with a word."""
    rows = "\n".join(
        f"| `{reason}` | {_cell(MEANINGS[reason].meaning)} | {_cell(MEANINGS[reason].remedy) or '–'} |"
        for reason in sorted(Reason)
    )
    return f"\n| reason | what it says | what to do |\n|---|---|---|\n{rows}\n\n"


def _kind(kind: Kind) -> str:
    definition = custom_resource_definition(kind)["spec"]["versions"][0]
    schema = definition["schema"]["openAPIV3Schema"]
    scale = " It has the scale subresource (`spec.replicas`)." if kind.has_scale else ""
    selectable = ", ".join(f"`{path.removeprefix('.')}`" for path in kind.selectable)
    fields = f" Field selectors: {selectable}." if selectable else ""
    columns = ", ".join(f"{column.name} (wide)" if column.wide else column.name for column in kind.columns)
    return f"""## {kind.kind}

{kind.description} Short name `{kind.short_name}`.{scale}{fields}

`kubectl get` shows: {columns}.

### {kind.kind} spec

{schema["properties"]["spec"]["description"]}

| field | type | | description |
|---|---|---|---|
{_fields(schema["properties"]["spec"])}

The server refuses a spec that breaks one of these rules, with these words:

{_rules(schema)}

### {kind.kind} status

{schema["properties"]["status"]["description"]}

| field | type | description |
|---|---|---|
{_status(schema["properties"]["status"])}
"""


def _fields(spec: Schema) -> str:
    kept = dict(_kept(spec))
    rows = []
    for path, field, parent in _walk(spec):
        is_required = path.rpartition(".")[2] in parent.get("required", ())
        marks = [*(["required"] if is_required else []), *([kept[path]] if path in kept else [])]
        rows.append(f"| `{path}` | {_type(field)} | {', '.join(marks)} | {_cell(field['description'])} |")
    return "\n".join(rows)


def _kept(spec: Schema) -> Iterator[tuple[str, str]]:
    """Paths of fields that the server does not let change, and how strictly."""
    for path, part in (("", spec), *((f"{path}.", field) for path, field, _ in _walk(spec))):
        for rule in part.get(VALIDATIONS, ()):
            name = rule.get("fieldPath", "").removeprefix(".")
            # The rule that only keeps a block from being swapped for another says nothing of its fields.
            if f"self.{name} == oldSelf.{name}" in rule["rule"]:
                yield f"{path}{name}", "set once" if rule["rule"].startswith("!has(oldSelf") else "immutable"


def _status(status: Schema) -> str:
    return "\n".join(
        f"| `{path}` | {_type(field)} | {_cell(field['description'])} |" for path, field, _ in _walk(status)
    )


def _walk(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema, Schema]]:
    """Path, schema and the object around it, of every named field at any depth."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}{name}", field, schema
        inner, suffix = field, ""
        while "items" in inner or isinstance(inner.get("additionalProperties"), dict):
            inner, suffix = (
                (inner["items"], f"{suffix}[]")
                if "items" in inner
                else (inner["additionalProperties"], f"{suffix}{{}}")
            )
        yield from _walk(inner, f"{path}{name}{suffix}.")


def _type(field: Schema) -> str:
    if "enum" in field:
        return " \\| ".join(f"`{word}`" for word in field["enum"])
    if "items" in field:
        return f"list of {_type(field['items'])}{_range(field, 'Items')}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"map of {_type(field['additionalProperties'])}{_range(field, 'Properties')}"
    if "type" not in field:
        return "any"
    if "pattern" in field and "(h|m|s|ms)" in field["pattern"]:
        return "duration"
    shown = f"{field['type']}{_range(field, 'Length')}{_range(field)}"
    return f"{shown}, `{_cell(field['pattern'])}`" if "pattern" in field else shown


def _range(field: Schema, what: str = "") -> str:
    """` 1–64 characters`, ` ≤ 32`; empty where there is no limit."""
    low, high = (
        field.get(f"min{what}" if what else "minimum"),
        field.get(f"max{what}" if what else "maximum"),
    )
    unit = " characters" if what == "Length" else ""
    match low, high:
        case None, None:
            return ""
        case None, _:
            return f", ≤ {high}{unit}"
        case _, None:
            return f", ≥ {low}{unit}"
        case _:
            return f", {low}–{high}{unit}"


def _rules(schema: Schema) -> str:
    """Messages of all rules of a kind, each once, with the field that the server names."""
    found: dict[str, None] = {}
    spec = schema["properties"]["spec"]
    parts = [("", schema), ("spec", spec), *((f"spec.{path}", field) for path, field, _ in _walk(spec))]
    for path, part in parts:
        for rule in part.get(VALIDATIONS, ()):
            at = f"{path}{rule.get('fieldPath', '')}".removeprefix(".")
            found[f"- `{at}`: {rule['message']}"] = None
    return "\n".join(found)


def _words(words: type[ConditionType] | type[Phase] | type[CanaryPhase]) -> str:
    docs = _docstrings(words)
    return "\n".join(f"| `{word.value}` | {docs[word.name]} |" for word in words)


def _docstrings(words: type) -> dict[str, str]:
    """The string below each member of an enum, which Python itself throws away."""
    source = inspect.getsource(words)
    (body,) = ast.parse(textwrap.dedent(source)).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101  what getsource of a class returns
    found = {}
    for member, doc in itertools.pairwise(body.body):
        match member, doc:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
