"""What the demo draws: text in, text out."""

import shlex

import pytest

from model_operator.conditions import CanaryPhase, Phase
from model_operator.plan.canary.checks import Said
from model_operator_demo.controlplane_build import build_line
from model_operator_demo.drawing import bar, folded_command, folded_text, split_bar
from model_operator_demo.proof import tally_of
from model_operator_demo.screen import COLOURS

LONG = "curl http://127.0.0.1:8700/x -H 'Authorization: Bearer key' --json '{\"a\": \"b c\"}'"


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        pytest.param(200, [LONG], id="room enough"),
        pytest.param(
            50,
            [
                "curl http://127.0.0.1:8700/x \\",
                "    -H 'Authorization: Bearer key' \\",
                '    --json \'{"a": "b c"}\'',
            ],
            id="broken between words, hanging",
        ),
    ],
)
def test_a_long_command_is_folded(width: int, lines: list[str]) -> None:
    assert folded_command(LONG, width) == lines


@pytest.mark.parametrize("width", [10, 40, 60, 200])
def test_a_folded_command_is_the_same_to_a_shell(width: int) -> None:
    assert shlex.split("\n".join(folded_command(LONG, width)).replace("\\\n", " ")) == shlex.split(LONG)


def test_a_long_line_hangs() -> None:
    assert folded_text("  one two three four", 12) == ["  one two", "    three", "    four"]
    assert folded_text("  one two", 12) == ["  one two"]


@pytest.mark.parametrize(
    ("split", "drawn"),
    [
        ("v1=75 v2=25", "v1 ███████████████░░░░░ v2  25 %"),
        ("v1=95 v2=5", "v1 ███████████████████░ v2   5 %"),
        ("v2=100", "v2 ████████████████████    100 %"),
        ("a=1 b=2 c=97", "a=1 b=2 c=97"),
        ("", ""),
    ],
)
def test_a_split_is_a_bar(split: str, drawn: str) -> None:
    assert split_bar(split) == drawn


@pytest.mark.parametrize(("done", "drawn"), [(0, "░░░░░░░░░░"), (4, "██░░░░░░░░"), (30, "██████████")])
def test_a_bar(done: int, drawn: str) -> None:
    assert bar(done, 20) == drawn


@pytest.mark.parametrize(
    ("packages", "total", "line"),
    [
        (900, 2250, "████░░░░░░ 40 %, 900 of 2250 packages, 70 s"),
        (2400, 2250, "██████████ 100 %, 2250 of 2250 packages, 70 s"),
        (900, 0, "900 packages, 70 s"),
    ],
)
def test_a_build_has_a_bar_where_its_total_is_known(packages: int, total: int, line: str) -> None:
    assert build_line(packages, total, 70.4) == line


def test_every_state_has_a_colour() -> None:
    words = {*Phase, *CanaryPhase, *Said, "True", "False", "Unknown"}
    assert words - set(COLOURS) == set()


def test_the_summary_counts_duplicates_by_name() -> None:
    count = {"creates": {"deployment": 3}, "creates_by_name": {"a": 2, "b": 1}, "deletes": 1, "live": 2}
    assert tally_of(count) == "3 created, 1 deleted, 2 left, 1 duplicates"
