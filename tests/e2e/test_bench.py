"""`make bench` in small, all three operators: each row is measured, and ours keeps the promises."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from model_operator_demo.bench import figures
from model_operator_demo.bench.figures import UNITS
from model_operator_demo.controlplane_access import Access

BASELINE = Path(__file__).parents[1] / "baseline"
OTHERS = {"Go peer": BASELINE / "go_peer", "simple Kopf operator": BASELINE / "simple_kopf_operator.py"}
SCALE = {
    figures.TENTH_READY,
    figures.TENTH_TIMES,
    figures.SYNC_LISTS,
    figures.SYNC_EDIT_P50,
    figures.SYNC_EDIT_P99,
    figures.OUTAGE_TOLD,
    figures.OUTAGE_WRITES,
    figures.OUTAGE_EDIT_P99,
    figures.OUTAGE_OVER,
}
SHARDS = {
    figures.ALONE_CPU,
    figures.ALONE_MEMORY,
    figures.SHARD_CPU,
    figures.SHARD_MEMORY,
    figures.SHARDS_SERVER_CPU,
    figures.SHARD_NAMESPACES,
    figures.SPARE_CPU,
    figures.SHARD_EDIT,
    figures.SHARD_LOOKED,
}
SMALL = ("--count=20", "--edits=5", "--steady=3", "--storm=8", "--rounds=1")


def figures_of(tmp_path: Path, short_folder: Path, *options: str) -> dict[str, float]:
    """What a run of the benchmark has measured, by the name of the row."""
    written = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "model_operator_demo.bench", *options, f"--json={written}"],
        env={**os.environ, "TMPDIR": str(short_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return {row["name"]: row["value"] for row in json.loads(written.read_text())["rows"]}


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.slow(180)
@pytest.mark.timeout(900)
def test_a_small_run_measures_all_of_three_operators_and_ours_keeps_the_promises(
    tmp_path: Path, short_folder: Path, cluster: Access
) -> None:
    values = figures_of(tmp_path, short_folder, *SMALL, *(f"--against={path}" for path in OTHERS.values()))
    assert set(UNITS) - SCALE - SHARDS <= set(values)
    assert {name: values[name] for name in figures.PROMISES} == dict.fromkeys(figures.PROMISES, 0)
    assert values[figures.RESTART_LISTS] == 1
    assert 0 <= values[figures.EDIT_P50] <= values[figures.EDIT_P99]
    for other in OTHERS:
        timed = (figures.READY, figures.OPERATOR_CPU, figures.SERVER_CPU, figures.RESTART, figures.EDIT_P99)
        assert all(values[f"{other}: {name}"] > 0 for name in timed)
        assert all(values[f"{name}, ours / {other}"] > 0 for name in timed)
        assert values[f"{other}: {figures.RESTART_OTHERS}"] >= 20  # it reads them one by one
        assert f"{other}: {figures.STORM_DUPLICATES}" in values
    assert list(short_folder.iterdir()) == []


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.slow(140)
@pytest.mark.timeout(400)
def test_many_in_several_accounts_come_up_while_others_are_edited(
    tmp_path: Path, short_folder: Path, cluster: Access
) -> None:
    values = figures_of(tmp_path, short_folder, "--count=40", "--accounts=3")
    assert set(values) >= SCALE
    assert values[figures.NOT_READY] == values[figures.RESTART_WRITES] == 0
    assert values[figures.OUTAGE_WRITES] <= 3  # told once: its status and what follows from it
    assert values[figures.RESTART_LISTS] == 3


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.timeout(400)
def test_processes_that_share_namespaces_are_compared_with_one_and_one_is_killed(
    tmp_path: Path, short_folder: Path, cluster: Access
) -> None:
    values = figures_of(tmp_path, short_folder, "--count=60", "--shards=2")
    assert set(values) >= SHARDS
    assert 15 <= values[figures.SHARD_NAMESPACES] < 30
    assert values[figures.SHARD_EDIT] <= figures.SHARD_BOUNDS[figures.SHARD_EDIT]
