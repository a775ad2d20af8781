"""`model-operator simulator` as a process: it serves, it says where, and it ends when told to."""

import json
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from model_operator.cli import main
from model_operator_simulator.knobs import Knobs, described
from model_operator_simulator.registry import VENDORS

COMMAND = [sys.executable, "-m", "model_operator", "simulator"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_with_its_knobs_until_it_is_told_to_stop(tmp_path, number):
    ready_file = tmp_path / "ready.json"
    flags = ["--port=0", f"--ready-file={ready_file}", "--knob=parasail.start_s=2.5", "--clock=manual"]
    with subprocess.Popen([*COMMAND, *flags], stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert "control http://127.0.0.1:" in line
        url = urlsplit(line.rpartition(" ")[2].strip())
        connection = HTTPConnection(url.hostname, url.port, timeout=10)
        connection.request("GET", "/__sim/knobs")
        knobs = json.load(connection.getresponse())
        connection.close()
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
    assert "2.5" in json.dumps(knobs)
    assert json.loads(ready_file.read_text())["url"] == f"http://{url.netloc}"


def test_a_port_that_is_taken_is_one_line_and_exit_code_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [*COMMAND, f"--port={port}"], capture_output=True, text=True, timeout=60, check=False
        )
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"Error: cannot serve on 127.0.0.1 port {port}: ")


@pytest.mark.parametrize(
    ("flags", "problems"),
    [
        pytest.param(["--knob=parasail"], ["'parasail' is not SECTION.NAME=VALUE"], id="no value"),
        pytest.param(["--knob=start_s=2"], ["'start_s=2' is not SECTION.NAME=VALUE"], id="no section"),
        pytest.param(
            ["--knob=parasail.start_s=soon", "--knob=parasail.strat_s=1"],
            ["parasail.start_s: ", "there is no knob parasail.strat_s; did you mean parasail.start_s?"],
            id="unfit and unknown, together",
        ),
        pytest.param(["--time-scale=0"], ["--time-scale"], id="no time"),
        pytest.param(["--clock=fast"], ["--clock"], id="unknown clock"),
    ],
)
def test_wrong_use_is_explained_with_exit_code_2(flags, problems):
    result = CliRunner().invoke(main, ["simulator", *flags])
    assert result.exit_code == 2
    for problem in problems:
        assert problem in result.stderr
    assert "https://errors." not in result.stderr


def test_help_names_the_keys_that_it_accepts():
    text = CliRunner().invoke(main, ["simulator", "--help"]).stdout
    for key in (key for vendor in VENDORS for key in vendor.keys):
        assert key.key in text
        assert key.client_id is None or key.client_id in text


def test_the_knobs_are_listed_with_what_they_are_for():
    text = CliRunner().invoke(main, ["simulator", "--list-knobs", "--knob=parasail.start_s=2.5"]).stdout
    for row in described(Knobs()):
        assert f"{row['name']}=" in text
        assert f"    {row['description']}\n" in text
    assert "parasail.start_s=2.5\n" in text
