"""The recorder of the demo: what a terminal wrote becomes a cast and a still picture."""

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
import record

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("a\r\nb", ["a", "b"], id="lines"),
        pytest.param("a\r\nb\r\x1b[2K\x1b[1A\x1b[2Kc\r\nd", ["c", "d"], id="redrawn"),
        pytest.param("\x1b[?25la\x1b[?25h", ["a"], id="cursor hidden"),
        pytest.param("\x1b[1mbold\x1b[0m", ["\x1b[1mbold\x1b[0m"], id="colours stay"),
    ],
)
def test_what_stays_on_the_terminal(text: str, lines: list[str]) -> None:
    assert record.scrollback(text) == lines


def test_a_command_is_played_on_a_terminal() -> None:
    script = "import sys; print(sys.stdout.isatty(), sys.stdin.isatty())"
    code, events = record.played([sys.executable, "-c", script])
    assert (code, "".join(text for _, text in events)) == (0, "True True\r\n")


def test_paths_of_a_machine_are_left_out() -> None:
    assert record.without_paths("log: /tmp/x/model-operator-demo-a1/operator.log") == "log: operator.log"


def test_a_cast_has_a_header_and_events() -> None:
    lines = record.cast([(0.12345, "é")], "t").splitlines()
    assert json.loads(lines[0])["version"] == 2
    assert json.loads(lines[1]) == [0.123, "o", "é"]


def test_a_still_is_an_svg_that_asks_no_other_host() -> None:
    svg = record.still(["\x1b[32mgreen\x1b[0m"], "t")
    ElementTree.fromstring(svg)
    assert "green" in svg
    assert "url(http" not in svg


def test_the_committed_recording_is_whole_and_small() -> None:
    cast = (PICTURES / "demo.cast").read_text(encoding="utf-8")
    written = "".join(json.loads(line)[2] for line in cast.splitlines()[1:])
    assert "0 duplicates" in written
    assert "takes over step by step" in written
    assert len(cast) < 300_000
    ElementTree.parse(PICTURES / "demo.svg")
