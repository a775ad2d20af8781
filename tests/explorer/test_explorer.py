"""Random histories, other ones each day, and those by name that once found something."""

import json
from functools import lru_cache
from subprocess import CompletedProcess

import pytest

from explorer.alone import alone
from explorer.drawing import THEMED, draw
from explorer.history import Named, Step, run
from explorer.moves import MOVES
from explorer.named import NAMED
from explorer.shortening import shorten


def explore(*arguments: str, limit: float = 110) -> CompletedProcess[str]:
    return alone("explorer", *arguments, limit=limit)


@lru_cache
def named_outcomes() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = json.loads(explore("--named").stdout)
    return found


@pytest.mark.parametrize("named", [pytest.param(named, id=named.name.replace(" ", "-")) for named in NAMED])
def test_a_history_that_once_failed_ends_well(named: Named) -> None:
    assert named_outcomes()[named.name] == []


@pytest.mark.slow
def test_random_histories_end_well() -> None:
    done = explore("--minutes", "0.5", "--mute", "--keep-going", "--brief")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.slow(600)
@pytest.mark.timeout(1200)
def test_ten_minutes_of_random_histories_end_well() -> None:
    done = explore("--minutes", "10", "--histories", "2500", "--mute", "--keep-going", "--brief", limit=1100)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_move_that_has_a_weight_is_drawn() -> None:
    assert {kind.name for kind in MOVES.values() if kind.weight} - THEMED == set()


def test_a_seed_repeats_its_history() -> None:
    first, second = (
        explore("--seed", "100", "--histories", "3", "--keep-going", "--brief") for _ in range(2)
    )
    assert _outcomes(first.stdout) == _outcomes(second.stdout)


def _outcomes(output: str) -> list[str]:
    return [line for line in output.splitlines() if "a minute" not in line]


def test_what_fails_is_shown_with_as_few_moves_as_it_takes() -> None:
    history = draw(3)
    wanted = history[-2:]
    short = shorten(
        history, lambda candidate: all(step.move in {s.move for s in candidate} for step in wanted)
    )
    assert {step.move for step in short} == {step.move for step in wanted}


def test_an_undisturbed_history_ends_well() -> None:
    steps = (
        Step("open_accounts", {"vendors": ["parasail", "paitient"]}),
        Step("apply", {"name": "pa", "spec": {"connection": {"configMapName": "model"}}}),
        Step("apply", {"name": "ta", "spec": {}}),
        Step("edit", {"name": "pa", "spec": {"replicas": 2}}, wait=30.0),
        Step("edit", {"name": "ta", "spec": {"contextLength": 4096}}),
        Step("kill", {"seconds": 1.0}, wait=30.0),
        Step("delete", {"name": "ta"}, wait=30.0),
    )
    outcome = run(steps)
    assert outcome.problems == ()
    assert [body["metadata"]["name"] for body in outcome.objects if body["kind"] == "ModelDeployment"] == [
        "pa"
    ]
