"""The reference pages say what the code says: every field and every reason is there, and nothing that is no more."""

import re
from pathlib import Path

import pytest
import yaml

from model_operator.conditions import ConditionType, Phase, Reason
from model_operator.meanings import MEANINGS
from model_operator.settings import Settings
from model_operator.settings_loading import flag_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CRDS = sorted((ROOT / "crds").glob("*.yaml"))
HAND_WRITTEN = ("backup.md", "costs.md", "security.md", "troubleshooting.md")
FLAGS_OF_OTHERS = {"--status-include-resources"}  # Velero's
# Reasons of Kubernetes itself and of Events, and kinds; the hand-written pages name them beside ours.
OTHER_WORDS = {
    "BlockNew",
    "CanaryEndpoint",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "Correct",
    "CreateContainerConfigError",
    "Delete",
    "Expire",
    "ImagePullBackOff",
    "Manage",
    "MinReplicas",
    "ModelDeployment",
    "ModelProvider",
    "NoPause",
    "NoPrice",
    "Observe",
    "Orphan",
    "OtherCurrency",
    "Pause",
    "Report",
    "Resumed",
    "RoleBinding",
    "Secret",
    "Suspend",
    "Terminating",
    "TooMany",
    "True",
    "Unknown",
    "Warn",
}


def rows(text: str) -> list[list[str]]:
    """The cells of every table row whose first cell is one word in backticks."""
    lines = [line for line in text.splitlines() if re.match(r"\| `[^`]+` \|", line)]
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines
    ]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def paths(schema: dict[str, object], prefix: str = "") -> list[str]:
    """Every named field at any depth, as the reference writes it."""
    found: list[str] = []
    for name, field in schema.get("properties", {}).items():  # type: ignore[attr-defined]
        found.append(f"{prefix}{name}")
        suffix = ""
        while "items" in field or isinstance(field.get("additionalProperties"), dict):
            suffix += "[]" if "items" in field else "{}"
            field = field.get("items") or field["additionalProperties"]  # noqa: PLW2901  one level down
        found += paths(field, f"{prefix}{name}{suffix}.")
    return found


def section(text: str, heading: str) -> str:
    return re.split(r"^#{1,3} ", text.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("crd", CRDS, ids=lambda path: path.name.partition(".")[0])
@pytest.mark.parametrize("half", ["spec", "status"])
def test_the_api_reference_has_every_field_of_a_crd_and_no_other(crd: Path, half: str):
    definition = yaml.safe_load(crd.read_text(encoding="utf-8"))["spec"]
    schema = definition["versions"][0]["schema"]["openAPIV3Schema"]["properties"][half]
    shown = [
        row[0].strip("`") for row in rows(section(page("api.md"), f"{definition['names']['kind']} {half}"))
    ]
    assert shown == paths(schema)


MARKED = [
    pytest.param("ModelDeployment", "model", "required, immutable", id="required and immutable"),
    pytest.param("ModelDeployment", "providerRef.name", "required, immutable", id="one level down"),
    pytest.param("ModelDeployment", "deploymentName", "immutable", id="optional and immutable"),
    pytest.param("ModelDeployment", "externalID", "set once", id="set once"),
    pytest.param("ModelDeployment", "replicas", "", id="neither"),
    pytest.param("ModelDeployment", "parasail", "", id="a block that cannot be swapped, but edited"),
    pytest.param("ModelDeployment", "paitient.region", "immutable", id="in a block"),
    pytest.param("ModelProvider", "type", "required, immutable", id="of a ModelProvider"),
    pytest.param("CanaryEndpoint", "traffic[].percent", "required", id="in a list"),
]


@pytest.mark.parametrize(("kind", "field", "marks"), MARKED)
def test_the_api_reference_says_what_is_required_and_what_cannot_change(kind: str, field: str, marks: str):
    table = {row[0].strip("`"): row for row in rows(section(page("api.md"), f"{kind} spec"))}
    assert table[field][2] == marks


def test_every_reason_is_explained_and_none_is_stale():
    listed = rows(section(page("troubleshooting.md"), "Every reason"))
    expected = [
        [f"`{reason}`", MEANINGS[reason].meaning, MEANINGS[reason].remedy or "–"] for reason in sorted(Reason)
    ]
    assert listed == expected


@pytest.mark.parametrize("name", ["README.md", *(f"docs/{name}" for name in HAND_WRITTEN)])
def test_no_page_names_a_reason_that_does_not_exist(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    words = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z]+[a-z]*)*)`", text))
    assert words - {*Reason, *Phase, *ConditionType, *OTHER_WORDS} == set()


def test_the_log_lines_of_a_refused_start_are_those_of_the_code():
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "operator").rglob("*.py"))
    lines = [
        row[0].strip("`") for row in rows(section(page("troubleshooting.md"), "The operator does not start"))
    ]
    fragments = [part.strip() for line in lines for part in line.split("…") if part.strip()]
    assert len(fragments) >= len(lines) > 1
    assert [part for part in fragments if part not in source] == []


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_metrics_and_settings_that_a_page_names_exist(name: str):
    text = page(name)
    metrics = set(re.findall(r"`(model_operator_\w+)`", text))
    assert metrics <= {row[0].strip("`") for row in rows(page("metrics.md"))}
    flags = set(re.findall(r"`(--[a-z-]+)`", text)) - FLAGS_OF_OTHERS
    assert flags <= {flag_of(setting) for setting in Settings.model_fields}


def test_the_table_of_conditions_holds_reasons_only():
    table = section(page("troubleshooting.md"), "The conditions")
    words = {
        word
        for row in rows(table)
        if row[0].strip("`") in {"Accepted", "Synced", "Serving"}
        for word in row[2].split(", ")
    }
    assert words - set(Reason) == set()
    assert {"NameTaken", "OutcomeUnknown", "ProbeFailed"} <= words
