"""`Model.with_`: a change of a model that names no field of it, or has another type, is refused."""

import ast
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import ValidationError

from model_operator.conditions import Phase
from model_operator.models.deployment_status import (
    DriftRow,
    ModelDeploymentStatus,
    Pending,
    StatusChange,
    Unchanged,
)

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
STATUS = ModelDeploymentStatus.parse({"externalID": "dep-1", "replicas": 2, "lastApplied": {"replicas": 2}})


def test_a_change_replaces_the_named_fields_and_keeps_the_others() -> None:
    changed = STATUS.with_(replicas=3, phase=Phase.READY, drift=(DriftRow(field="replicas"),))

    assert changed.dump() == {
        "externalID": "dep-1",
        "replicas": 3,
        "lastApplied": {"replicas": 2},
        "phase": "Ready",
        "drift": [{"field": "replicas"}],
        "conditions": [],
    }
    assert STATUS.replicas == 2


def test_no_change_is_the_same_value() -> None:
    assert STATUS.with_() == STATUS


@pytest.mark.parametrize(
    "change",
    [
        {"externl_id": "dep-2"},
        {"externalID": "dep-2"},  # the name in YAML is none here
        {"replicas": "many"},
        {"replicas": "3"},
        {"external_id": 3},
        {"pending": {"operation": "Create", "startedAt": NOW, "deadline": NOW}},
        {"drift": [DriftRow(field="replicas")]},
        {"last_applied": [("replicas", 2)]},
    ],
    ids=str,
)
def test_a_misspelt_name_or_a_wrong_type_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        STATUS.with_(**change)


def test_a_changed_field_is_held_to_its_own_rules() -> None:
    assert STATUS.with_(replicas=2**40).replicas == 2**31 - 1

    elsewhere = NOW.astimezone(timezone(timedelta(hours=2)))
    pending = Pending(operation="Create", started_at=NOW, deadline=NOW)
    assert pending.with_(deadline=elsewhere).dump()["deadline"] == "2026-05-04T12:00:00Z"


SNIPPET = """
from model_operator.models.deployment_status import ModelDeploymentStatus, StatusChange

def change(status: ModelDeploymentStatus) -> None:
    status.with_(external_id="dep-1", replicas=2, pending=None)
    status.with_(externl_id="dep-1")
    status.with_(replicas="many")
    StatusChange(external_id="dep-1", replicas=2, pending=None)
    StatusChange(externl_id="dep-1")
    StatusChange(replicas="many")
"""


@pytest.mark.long
def test_mypy_sees_a_misspelt_name_and_a_wrong_type(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), "--config-file", "pyproject.toml"]
    done = subprocess.run(
        [*command, "--hide-error-context", str(snippet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    wrong = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert [(line.split(":")[1], line.rpartition("[")[2]) for line in wrong] == [
        ("6", "call-arg]"),
        ("7", "arg-type]"),
        ("9", "call-arg]"),
        ("10", "arg-type]"),
    ], done.stdout + done.stderr


def test_a_change_of_a_decision_sets_what_it_names_and_nothing_else() -> None:
    assert StatusChange(replicas=None, endpoint_url="https://m").made_to(STATUS) == STATUS.with_(
        replicas=None, endpoint_url="https://m"
    )
    assert StatusChange().made_to(STATUS) == STATUS


def test_a_change_of_a_decision_has_the_types_of_the_status() -> None:
    of_status = get_type_hints(ModelDeploymentStatus)

    for name, type_ in get_type_hints(StatusChange).items():
        assert set(get_args(type_)) == {*get_args(of_status[name]), Unchanged}


def test_no_model_of_the_operator_is_changed_unchecked() -> None:
    """`model_copy(update=…)` writes any name and any value without a word."""
    unchecked = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "operator" / "model_operator").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"model_copy", "model_construct", "copy_and_set_values"}
    ]

    assert unchecked == []
