"""A terminal obeys none of the words that a provider or a person has put into a status."""

import click
import pytest
from click.testing import CliRunner

from model_operator.cli.showing import say, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Ready \x1b]0;you are root\x07", r"Ready \x1b]0;you are root\x07", id="a title"),
        pytest.param("\x1b[2J\x1b[H", r"\x1b[2J\x1b[H", id="an empty screen"),
        pytest.param("no\rok", r"no\rok", id="back to the line's begin"),
        pytest.param("\x1b[8mhidden", r"\x1b[8mhidden", id="hidden"),
        pytest.param("abc\u202efed", r"abc\u202efed", id="written backwards"),
        pytest.param("é 模型 ✓\nnext", "é 模型 ✓\nnext", id="what people write"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(text)
    assert capsys.readouterr().out == f"{shown}\n"


def test_our_own_colours_reach_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    (line,) = table([["chat", click.style("Failed", fg="red")]])
    command = click.Command("status", callback=lambda: say(line))
    assert CliRunner().invoke(command, color=True).output == f"{line}\n"
