"""What rounds of a benchmark come to: medians, spreads, ratios, targets, and how a report tells them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from model_operator_demo.bench import figures
from model_operator_demo.bench.__main__ import main
from model_operator_demo.bench.contenders import title
from model_operator_demo.bench.figures import OURS, Row, Spread, percentile, rotated, rows_of
from model_operator_demo.bench.phases import all_seen_at, first_seen
from model_operator_demo.bench.rows import Report

PEER = "Go peer"
NAMES = [OURS, PEER]


def found(ours: float, peer: float, name: str = figures.READY) -> Mapping[str, Mapping[str, float]]:
    """One round with one figure of both."""
    return {OURS: {name: ours}, PEER: {name: peer}}


def test_three_rounds_come_to_medians_and_to_the_median_of_their_ratios() -> None:
    rounds = [found(21, 20), found(60, 50), found(22, 20)]  # the second met a busy machine
    assert rows_of(rounds, NAMES, 1000) == [
        Row("all Ready", "s", Spread(22, 21, 60)),
        Row("Go peer: all Ready", "s", Spread(20, 20, 50)),
        Row("all Ready, ours / Go peer", "", Spread(1.1, 1.05, 1.2), 1.05),
    ]


@pytest.mark.parametrize(
    ("name", "count", "target"),
    [
        pytest.param(figures.STORM_ORPHANS, 1000, 0, id="a promise"),
        pytest.param(figures.STORM_ORPHANS, 20, 0, id="a promise at any size"),
        pytest.param(figures.STEADY_LISTS, 1000, 20, id="a bound"),
        pytest.param(figures.STEADY_LISTS, 20, None, id="a bound is for a thousand"),
        pytest.param(figures.SYNC_EDIT_P99, 10_000, 250, id="ten thousand have bounds of their own"),
        pytest.param(figures.STEADY_LISTS, 10_000, None, id="a thousand's are not theirs"),
        pytest.param(figures.CREATED, 1000, None, id="no target"),
    ],
)
def test_targets_are_for_ours_alone(name: str, count: int, target: float | None) -> None:
    own, others, *_ = rows_of([found(1, 1, name)], NAMES, count)
    assert (own.at_most, others.at_most) == (target, None)


def test_a_ratio_has_its_target_with_a_thousand_and_against_the_first_of_the_others() -> None:
    rounds = [
        {
            OURS: {figures.SERVER_CPU: 20.0},
            PEER: {figures.SERVER_CPU: 25.0},
            "other": {figures.SERVER_CPU: 40.0},
        }
    ]
    ratios = {row.name: row for row in rows_of(rounds, [OURS, PEER, "other"], 1000) if " / " in row.name}
    name = f"{figures.SERVER_CPU}, ours / "
    assert ratios[name + PEER] == Row(name + PEER, "", Spread(0.8, 0.8, 0.8), 1.0)
    assert ratios[name + "other"] == Row(name + "other", "", Spread(0.5, 0.5, 0.5))
    assert rows_of(rounds, NAMES, 20)[-1].at_most is None


def test_what_an_operator_did_not_come_to_is_left_out() -> None:
    rounds = [{OURS: {figures.READY: 20.0}, PEER: {}}, found(22, 20), {OURS: {figures.READY: 24.0}}]
    assert rows_of(rounds, NAMES, 1000) == [
        Row("all Ready", "s", Spread(22, 20, 24)),
        Row("Go peer: all Ready", "s", Spread(20, 20, 20)),
        Row("all Ready, ours / Go peer", "", Spread(1.1, 1.1, 1.1), 1.05),
    ]


def test_nothing_is_divided_by_nothing() -> None:
    assert [row.name for row in rows_of([found(4, 0, figures.EDIT_P99)], NAMES, 1000)] == [
        "spec edit → provider, p99",
        "Go peer: spec edit → provider, p99",
    ]


@pytest.mark.parametrize(
    ("median", "at_most", "is_met"),
    [
        pytest.param(1.05, 1.05, True, id="just met"),
        pytest.param(1.051, 1.05, False, id="missed by a little"),
        pytest.param(7, None, None, id="no target"),
    ],
)
def test_a_target_is_an_upper_bound_of_the_median(
    median: float, at_most: float | None, is_met: bool | None
) -> None:
    assert Row("a", "", Spread(median, 0, 99), at_most).is_met is is_met


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param([5.0], 99, 5, id="one"),
        pytest.param(list(map(float, range(1, 101))), 99, 99, id="a hundred"),
        pytest.param([3.0, 1.0, 2.0, 4.0], 50, 2, id="in any order"),
    ],
)
def test_a_percentile_is_a_value_that_was_seen(values: list[float], percent: int, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_each_operator_is_the_first_once() -> None:
    assert [rotated(["a", "b", "c"], by) for by in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_a_restart_ends_when_the_last_deployment_is_read_for_the_first_time() -> None:
    reads = [("a", 1.0), ("b", 2.0), ("a", 3.0), ("c", 9.0)]
    entries = [{"path": f"/v1/deployments/{id_}", "at": at} for id_, at in reads]
    assert first_seen(entries) == {"a": 1.0, "b": 2.0, "c": 9.0}
    assert all_seen_at(entries, {"a", "b"}) == 2.0
    assert all_seen_at(entries, {"a", "d"}) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [("tests/baseline/go_peer", "Go peer"), ("x/simple_kopf_operator.py", "simple Kopf operator")],
)
def test_an_operator_is_named_after_its_file(path: str, expected: str) -> None:
    assert title(Path(path)) == expected


REPORT = Report(
    "1.0",
    1000,
    [OURS, PEER],
    [
        Row("all Ready", "s", Spread(22.04, 21, 60)),
        Row("storm: orphans", "", Spread(0, 0, 0), 0),
        Row("Go peer: all Ready", "s", Spread(20, 20, 50)),
        Row("Go peer: storm: orphans", "", Spread(7, 7, 7)),
        Row("all Ready, ours / Go peer", "", Spread(1.1, 1.05, 1.2), 1.05),
    ],
    [0.31, 4.2],
)


def test_a_report_is_a_table_with_a_column_for_each_operator_and_each_ratio() -> None:
    lines = REPORT.markdown().splitlines()
    assert lines[:4] == [
        "|  | ours | Go peer | target | ours / Go peer | target |",
        "|---|---|---|---|---|---|",
        "| all Ready | 22.0 s (21–60) | 20 s (20–50) |  | 1.10 (1.05–1.20) | ≤ 1.05 |",
        "| storm: orphans | 0 | 7 | ≤ 0 | – |  |",
    ]
    assert lines[5].startswith("model-operator 1.0, 1,000 deployments. ")
    assert lines[5].endswith("load average before each round 0.3, 4.2.")


def test_a_report_of_ours_alone_has_no_columns_for_others() -> None:
    alone = Report("1.0", 10_000, [OURS], [Row("all Ready", "s", Spread(220, 220, 220))])
    assert alone.markdown().splitlines()[:3] == [
        "|  | ours | target |",
        "|---|---|---|",
        "| all Ready | 220 s |  |",
    ]


def test_a_report_for_programs_has_a_row_for_each_figure(tmp_path: Path) -> None:
    REPORT.write_json(tmp_path / "figures.json")
    written = json.loads((tmp_path / "figures.json").read_text())
    assert (written["deployments"], written["loads"]) == (1000, [0.31, 4.2])
    assert written["rows"][-1] == {
        "name": "all Ready, ours / Go peer",
        "value": 1.1,
        "low": 1.05,
        "high": 1.2,
        "unit": "",
        "at_most": 1.05,
        "is_met": False,
    }


def test_a_report_replaces_what_stands_between_the_marks(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("# Title\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n")
    REPORT.write_into(document)
    text = document.read_text()
    assert text == (f"# Title\n<!-- figures: begin -->\n{REPORT.markdown()}<!-- figures: end -->\nafter\n")


def test_without_marks_a_document_is_refused_and_untouched(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("no marks")
    with pytest.raises(ValueError, match="figures: begin"):
        REPORT.write_into(document)
    assert document.read_text() == "no marks"


@pytest.mark.parametrize("arguments", [("--against=gone.py",), ("--rounds=0",), ("--update=gone.md",)])
def test_what_cannot_be_measured_is_refused_before_anything_is(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert arguments[0].partition("=")[0] in capsys.readouterr().err
