"""Completion: what each shell is given, and what it gets when a user presses Tab."""

import os
import shutil
import subprocess
import sys

import pytest
from click.testing import CliRunner

from model_operator.cli import main
from model_operator.cli.completion import words
from model_operator.cli.plugin import plugin

BASH = shutil.which("bash") or "/bin/bash"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_gets_a_script_that_asks_the_program(shell):
    result = CliRunner().invoke(main, ["completion", shell])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "model-operator" in result.stdout
    assert f"{shell}_complete" in result.stdout


def test_bash_understands_its_script():
    script = CliRunner().invoke(main, ["completion", "bash"]).stdout
    done = subprocess.run([BASH, "-n", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        pytest.param("model-operator sta", "sta", ["status"], id="a command"),
        pytest.param("model-operator canary a", "a", ["abort", "advance"], id="a command within a command"),
        pytest.param("model-operator status --wa", "--wa", ["--watch"], id="a flag"),
        pytest.param("model-operator status -o ", "", ["json", "name", "text", "yaml"], id="a choice"),
    ],
)
def test_powershell_gets_the_words_of_its_line(line, word, expected):
    asked = {"_MODEL_OPERATOR_COMPLETE": "powershell_complete", "COMP_WORDS": line, "COMP_CWORD": word}
    done = subprocess.run(
        [sys.executable, "-c", "from model_operator.cli import main; main(prog_name='model-operator')"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    told = [row.split("\t") for row in done.stdout.splitlines()]
    assert sorted(value for kind, value, _ in told) == expected
    assert {kind for kind, _, _ in told} == {"plain"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["stat"], ["status", ":4"], id="a command"),
        pytest.param(["canary", "pr"], ["promote", ":4"], id="a command within a command"),
        pytest.param(["status", "-o", "j"], ["json", ":4"], id="a choice"),
        pytest.param(["plan", "-f", ""], [":0"], id="files are the shell's own business"),
    ],
)
def test_kubectl_is_told_the_words_of_the_plugin(arguments, expected):
    assert [line.partition("\t")[0] for line in words(plugin(), arguments)] == expected
