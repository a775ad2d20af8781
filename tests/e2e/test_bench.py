"""`make bench` in small: every row is measured, the promises hold, and the figures land where they are asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_operator_demo.bench.__main__ import main
from model_operator_demo.bench.baseline import beside
from model_operator_demo.bench.phases import BroughtUp, Targets
from model_operator_demo.bench.rows import Report, Row
from model_operator_demo.controlplane_access import Access

ROWS = [
    "all created",
    "all Ready",
    "operator CPU per deployment",
    "API server CPU per deployment",
    "simulator CPU per deployment",
    "operator memory, none",
    "operator memory, all",
    "steady: LISTs per minute",
    "steady: other requests per minute",
    "steady: Kubernetes writes per minute",
    "steady: operator CPU per minute",
    "spec edit → provider, p50",
    "spec edit → provider, p99",
    "kill -9 → all reconciled",
    "kill -9: LISTs",
    "kill -9: other requests",
    "kill -9: Kubernetes writes",
    "storm: duplicates",
    "storm: orphans",
    "storm: left after deletion",
    "simple Kopf operator: all Ready",
    "simple Kopf operator: CPU per deployment",
    "simple Kopf operator: API server CPU",
    "simple Kopf operator: memory, all",
    "CPU, ours / simple Kopf",
    "memory, ours / simple Kopf",
]
BASELINE = Path(__file__).parents[1] / "baseline" / "simple_kopf_operator.py"
SMALL = ("--count=12", "--edits=4", "--steady=3", "--storm=8")
MARKED = "# Title\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n"


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_small_run_measures_everything_and_keeps_the_promises(
    tmp_path: Path, short_folder: Path, cluster: Access
) -> None:
    figures, document = tmp_path / "figures.json", tmp_path / "document.md"
    document.write_text(MARKED)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "model_operator_demo.bench",
            *SMALL,
            f"--baseline={BASELINE}",
            f"--json={figures}",
            f"--update={document}",
        ],
        env={**os.environ, "TMPDIR": str(short_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(figures.read_text())
    assert [row["name"] for row in found["rows"]] == ROWS
    values = {row["name"]: row["value"] for row in found["rows"]}
    assert {name: value for name, value in values.items() if name.startswith("storm")} == {
        "storm: duplicates": 0,
        "storm: orphans": 0,
        "storm: left after deletion": 0,
    }
    assert values["steady: Kubernetes writes per minute"] == 0
    assert values["steady: other requests per minute"] == 0
    assert values["kill -9: LISTs"] == 1
    assert values["API server CPU per deployment"] > 0
    assert values["kill -9: Kubernetes writes"] == 0
    assert 0 <= values["spec edit → provider, p50"] <= values["spec edit → provider, p99"]
    assert 5 < values["all Ready"] < 60
    assert 5 < values["simple Kopf operator: all Ready"] < 60
    for what, ours, theirs in (
        ("CPU", "operator CPU per deployment", "simple Kopf operator: CPU per deployment"),
        ("memory", "operator memory, all", "simple Kopf operator: memory, all"),
    ):
        assert values[f"{what}, ours / simple Kopf"] == pytest.approx(values[ours] / values[theirs])
    text = document.read_text()
    assert text.startswith("# Title\n<!-- figures: begin -->\n| | here | target |\n")
    assert text.endswith("<!-- figures: end -->\nafter\n")
    assert "old" not in text
    assert list(short_folder.iterdir()) == []


def test_without_marks_a_document_is_refused_and_untouched(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("no marks")
    with pytest.raises(ValueError, match="figures: begin"):
        Report("1", 1, [Row("a", 1, "s")]).write_into(document)
    assert document.read_text() == "no marks"


def test_a_baseline_that_does_not_exist_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([f"--baseline={tmp_path / 'gone.py'}"])
    assert "gone.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("ready", "first"),
    [
        pytest.param(1000, Row("simple Kopf operator: all Ready", 43.0, "s"), id="all"),
        pytest.param(501, Row("simple Kopf operator: Ready after 43 s", 501, ""), id="not all in time"),
    ],
)
def test_a_baseline_that_is_not_done_in_time_says_how_far_it_came(ready: int, first: Row) -> None:
    found = BroughtUp(
        ready=ready,
        created=9,
        seconds=43.0,
        operator=20,
        server=30,
        simulator=2,
        memory_before=90,
        memory=200,
    )
    ours = [Row("operator CPU per deployment", 5, "ms"), Row("operator memory, all", 100, "MB")]
    assert beside(found, 1000, ours, Targets(counts=True)) == [
        first,
        Row("simple Kopf operator: CPU per deployment", 20, "ms"),
        Row("simple Kopf operator: API server CPU", 30, "ms"),
        Row("simple Kopf operator: memory, all", 200, "MB"),
        Row("CPU, ours / simple Kopf", 0.25, "", 0.3),
        Row("memory, ours / simple Kopf", 0.5, ""),
    ]


@pytest.mark.parametrize(
    ("row", "cells", "is_met"),
    [
        pytest.param(Row("a", 11.94, "s", 12), ("a", "11.9 s", "≤ 12 s"), True, id="met"),
        pytest.param(Row("a", 12.04, "s", 12), ("a", "12.0 s", "≤ 12 s"), False, id="missed by a little"),
        pytest.param(Row("a", 0, "", 0), ("a", "0", "≤ 0"), True, id="none, as promised"),
        pytest.param(Row("a", 0.304, "", 0.3), ("a", "0.304", "≤ 0.3"), False, id="a ratio"),
        pytest.param(Row("a", 1234.5, "ms"), ("a", "1,234 ms", ""), None, id="without a target"),
    ],
)
def test_a_row_reads_as_a_person_would_write_it(
    row: Row, cells: tuple[str, ...], is_met: bool | None
) -> None:
    assert row.cells == cells
    assert row.is_met is is_met
