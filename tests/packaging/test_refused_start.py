"""What the operator says when it cannot start: exit code 1, and one line that tells what is missing."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from model_operator_demo.controlplane import free_port
from model_operator_demo.controlplane_access import Access, write_kubeconfig
from model_operator_demo.processes import Processes
from model_operator_demo.programs import crds
from support.operator_process import OperatorProcess, Setting

Ending = Callable[..., str]


@pytest.fixture
def ending(processes: Processes, tmp_path: Path) -> Ending:
    """Runs the operator with a kubeconfig and settings until it ends: its one error."""

    def run(kubeconfig: Path, **given: Setting) -> str:
        settings = {"kubeconfig": str(kubeconfig), "log_format": "json", "log_level": "info", **given}
        operator = OperatorProcess(processes, tmp_path / "operator", settings)
        operator.start()
        assert operator.process.wait() == 1
        assert operator.complaints() == []
        lines = [json.loads(line) for line in operator.log.read_text().splitlines()]
        (error,) = [line["message"] for line in lines if line["level"] == "error"]
        return str(error)

    return run


def test_without_the_kinds_it_says_how_to_install_them(own_cluster: Access, ending: Ending) -> None:
    said = ending(own_cluster.kubeconfig)
    assert said == (
        "cannot start: the cluster does not know canaryendpoints and modelbudgets and modeldeployments and modelproviders of"
        " modeloperator.dev. Install the CRDs first: model-operator crds | kubectl apply --server-side -f -"
    )


def test_with_a_token_that_is_none_it_says_that_the_server_refused_it(
    cluster: Access, ending: Ending, tmp_path: Path
) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server=cluster.url, ca=cluster.ca, token="wrong")
    assert ending(kubeconfig) == "cannot start: the API server refused the first request: Unauthorized"


def test_a_health_port_that_is_taken_is_named(cluster: Access, ending: Ending) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = ending(cluster.kubeconfig, health_port=port)
    assert said.startswith(f"cannot start: the health endpoints cannot listen on 127.0.0.1:{port}: ")
    assert "address already in use" in said


@pytest.mark.long
def test_kinds_that_go_while_it_runs_are_its_last_words(
    own_cluster: Access, processes: Processes, tmp_path: Path
) -> None:
    own_cluster.kubectl("apply", "--server-side", "--filename=-", input=crds())
    own_cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    settings = {"kubeconfig": str(own_cluster.kubeconfig), "log_format": "json"}
    operator = OperatorProcess(processes, tmp_path / "operator", settings)
    operator.start()
    operator.wait_ready()
    own_cluster.kubectl("delete", "--filename=-", input=crds())
    assert operator.process.wait() == 1
    last = json.loads(operator.log.read_text().splitlines()[-1])
    assert last["message"].startswith("cannot start: the cluster does not know canaryendpoints and")


def test_where_no_server_listens_it_names_the_address(ending: Ending, tmp_path: Path) -> None:
    url = f"https://127.0.0.1:{free_port()}"
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server=url, ca=None, token="any")
    assert f"the API server {url} does not answer" in ending(kubeconfig)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "it is not a kubeconfig", id="empty"),
        pytest.param("just words", "it is not a kubeconfig", id="words"),
        pytest.param("a: [b", "expected ',' or ']'", id="broken YAML"),
        pytest.param(
            "{clusters: [], users: [], contexts: []}", "Expected key current-context", id="no context"
        ),
        pytest.param(
            "{clusters: [], users: [], contexts: [], current-context: a}",
            "Expected object with name a",
            id="a context that is not there",
        ),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_named(ending: Ending, tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    said = ending(path)
    assert said.startswith(f"cannot start: cannot reach a cluster: tried the kubeconfig {path}: ")
    assert why in said
