"""How tests start, watch, kill and judge an operator, shown on a stand-in that does what it is told."""

import json
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from model_operator_demo.processes import Processes
from support.deadlines import NotYet, eventually
from support.operator_process import OperatorProcess, Setting, environment

SHORT = timedelta(seconds=0.5)

# Opens the port, writes the ready file, answers ready from the second question on, ends with 7 at SIGTERM.
STAND_IN = """
import json, os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("namespaces", os.environ["MODEL_OPERATOR_NAMESPACES"], flush=True)

class Handler(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Handler.asked += 1
        metrics = self.path == "/metrics"
        self.send_response(200 if metrics or Handler.asked > 1 else 503)
        self.end_headers()
        self.wfile.write(METRICS if metrics else b"")

    def log_message(self, *args):
        pass

METRICS = b'''# TYPE writes_total counter
writes_total{verb="patch",kind="a"} 2.0
writes_total{verb="patch",kind="b"} 3.0
writes_total{verb="post",kind="a"} 5.0
up 1.0
'''
server = HTTPServer(("127.0.0.1", 0), Handler)
Path(os.environ["MODEL_OPERATOR_READY_FILE"]).write_text(json.dumps({"health": f"http://127.0.0.1:{server.server_port}"}))
server.serve_forever()
"""

Make = Callable[..., OperatorProcess]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with Processes() as processes:
        yield lambda script=STAND_IN, **settings: OperatorProcess(
            processes, tmp_path, {"namespaces": ["a", "b"], **settings}, command=("-c", script)
        )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param(7, "7", id="number"),
        pytest.param(False, "false", id="switch"),
        pytest.param(timedelta(seconds=1.5), "1500ms", id="duration"),
        pytest.param(["a", "b"], "a,b", id="list"),
    ],
)
def test_settings_become_variables(value: Setting, text: str) -> None:
    assert environment({"some_setting": value})["MODEL_OPERATOR_SOME_SETTING"] == text


def test_settings_and_clusters_of_whoever_runs_the_tests_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_OPERATOR_WORKERS", "1")
    monkeypatch.setenv("KUBECONFIG", "/home/me/production")
    monkeypatch.setenv("PATH", "/bin")
    passed_on = environment({})
    assert ("MODEL_OPERATOR_WORKERS" in passed_on, "KUBECONFIG" in passed_on) == (False, False)
    assert passed_on["PATH"] == "/bin"


def test_it_is_ready_when_readyz_says_so(make: Make) -> None:
    operator = make()
    operator.start()
    operator.wait_ready()
    assert operator.get("/readyz") == (200, "")
    assert operator.log.read_text() == "namespaces a,b\n"


def test_a_restart_is_another_process_with_the_same_log(make: Make) -> None:
    operator = make()
    operator.restart()
    first = operator.process
    operator.restart()
    assert (first.returncode, operator.process.is_running) == (7, True)
    assert operator.process.pid != first.pid
    operator.kill()
    assert operator.process.returncode == -signal.SIGKILL
    assert operator.get("/readyz") == (0, "")
    operator.restart()
    assert operator.log.read_text() == "namespaces a,b\n" * 3


def test_a_stopped_process_answers_again_after_it_was_resumed(make: Make) -> None:
    operator = make()
    operator.restart()
    operator.pause()
    operator.resume()
    eventually(lambda: operator.get("/readyz"), until=lambda reply: reply == (200, ""), what="an answer")


def test_an_operator_that_ends_at_once_shows_its_last_words(make: Make) -> None:
    operator = make("import sys; print('settings are wrong', flush=True); sys.exit(2)")
    operator.start()
    with pytest.raises(NotYet, match="ended with 2\nsettings are wrong"):
        operator.wait_ready()


def test_an_operator_that_never_gets_ready_shows_its_log(make: Make) -> None:
    operator = make("import time; print('thinking', flush=True); time.sleep(1000)")
    operator.start()
    with pytest.raises(
        NotYet, match=r"the operator to be ready: not within 0\.5 s; at last it was False\nthinking"
    ):
        operator.wait_ready(SHORT)


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        pytest.param("writes_total", {}, 10, id="all"),
        pytest.param("writes_total", {"verb": "patch"}, 5, id="one label"),
        pytest.param("writes_total", {"verb": "patch", "kind": "a"}, 2, id="two labels"),
        pytest.param("up", {}, 1, id="without labels"),
        pytest.param("writes", {}, 0, id="unknown"),
    ],
)
def test_metrics_are_summed_by_labels(make: Make, name: str, labels: dict[str, str], expected: float) -> None:
    operator = make()
    operator.restart()
    assert operator.metric(name, **labels) == expected


@pytest.mark.parametrize(
    ("line", "complains"),
    [
        pytest.param("all is well", False, id="nothing"),
        pytest.param("Traceback (most recent call last):", True, id="traceback"),
        pytest.param("Task exception was never retrieved", True, id="lost task"),
        pytest.param("RuntimeWarning: coroutine 'x' was never awaited", True, id="lost coroutine"),
        pytest.param("Authorization: Bearer sim-parasail-key", True, id="a Parasail key"),
        pytest.param("key=sim-paitient-key", True, id="a PaiTIENT key"),
    ],
)
def test_what_no_log_may_have(make: Make, line: str, complains: bool) -> None:
    operator = make(f"print({json.dumps(line)})")
    operator.start()
    operator.process.wait()
    assert operator.complaints() == ([line] if complains else [])
