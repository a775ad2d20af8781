"""Flags of `logs` and `metrics` that are refused before anything is asked."""

import pytest
from click.testing import CliRunner

from model_operator.cli import main

START = "2026-01-01T12:00:00Z"


@pytest.mark.parametrize("command", ["logs", "metrics"])
@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        pytest.param(["--since", "5"], "no duration such as", id="duration"),
        pytest.param(["--start-time", "yesterday"], "not a time such as", id="time"),
        pytest.param(["--since", "1h", "--start-time", START], "use one of them", id="two beginnings"),
        pytest.param(
            ["--start-time", START, "--end-time", START], "must be after the start time", id="no time at all"
        ),
        pytest.param(["--allowed-provider-host", "https://a/b"], "an allowed host is", id="host"),
        pytest.param(["--kubeconfig", "no/such/file"], "does not exist", id="kubeconfig"),
        pytest.param(["--provider-ca-file", "no/such/file"], "does not exist", id="authorities"),
        pytest.param(["--output", "xml"], "--output", id="output"),
    ],
)
def test_wrong_use_is_explained_with_exit_code_2(command, flags, problem):
    result = CliRunner().invoke(main, [command, "triage", *flags])
    assert result.exit_code == 2
    assert problem in result.stderr
