"""The tutorials work: one after the other, as three people would carry them out in one namespace, with real processes."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from model_operator_demo.processes import Process, Processes
from support.canary_world import QUICK
from support.debian import Program
from support.markdown import Block, blocks, is_shown
from support.namespace import Namespace
from support.operator_process import OperatorProcess
from support.simulator_process import SimulatorProcess
from support.tutorials import HURRIED, ML, ON_CALL, PLATFORM, put

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.simulator("--clock=scaled", "--time-scale=60"),
]


def here(simulator: SimulatorProcess, operator: OperatorProcess) -> Mapping[str, str]:
    """The simulator in place of the providers' own addresses, and free ports of this machine."""
    parasail = f"baseURL: {simulator.url}/parasail/api/v1\n  chatBaseURL: {simulator.url}/parasail/v1"
    with socket.create_server(("127.0.0.1", 0)) as free:
        prometheus = f"127.0.0.1:{free.getsockname()[1]}"
    return {
        "  type: parasail\n": f"  type: parasail\n  {parasail}\n",
        "  type: paitient\n": f"  type: paitient\n  baseURL: {simulator.url}/paitient\n",
        "$PARASAIL_API_KEY": "YOUR_PARASAIL_KEY",
        "localhost:8080": urlsplit(operator.health_url or "").netloc,
        "localhost:9090": prometheus,
        **HURRIED,
    }


@pytest.fixture
def in_background(processes: Processes, checkout: Path) -> Iterator[Callable[[Block], None]]:
    """Starts a block in a terminal of its own, which is closed at the end of the test."""
    started: list[Process] = []

    def start(block: Block) -> None:
        name = f"{block.page.stem}-{block.line}"
        command = f"cd {checkout}; exec {block.script.strip()}"
        log = checkout / f"{name}.log"
        started.append(processes.start(name, ["bash", "-c", command], log=log, env=os.environ))

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def installed(prometheus: Program, promtool: Program) -> Mapping[str, str]:
    """Programs that a reader has on the PATH, where they are here."""
    return {"promtool ": f"{promtool.path} ", "prometheus --": f"{prometheus.path} --"}


def test_the_three_tutorials_work_one_after_the_other(
    namespace: Namespace,
    simulator: SimulatorProcess,
    operator: Callable[..., OperatorProcess],
    installed: Mapping[str, str],
    in_background: Callable[[Block], None],
    run: Callable[[Block], str],
) -> None:
    simulator.put_token("parasail", "YOUR_PARASAIL_KEY")
    simulator.put_token("paitient", "YOUR_PAITIENT_KEY", client_id="YOUR_CLIENT_ID")
    simulator.knobs(metrics={"noise": 0, "endpoint_rps": 100})
    words = {**here(simulator, operator(**QUICK)), **installed}
    missing: list[tuple[str, str, str]] = []
    for page in (PLATFORM, ML, ON_CALL):
        for block in (put(block, words) for block in blocks(page) if block.is_test):
            if "background" in block.info:
                in_background(block)
                continue
            output = run(block)
            missing += [(str(block), line, output) for line in block.output if not is_shown(line, output)]
    assert missing == []
    for provider in ("parasail", "paitient"):
        assert simulator.counters(provider)["live"] == 0
        created = simulator.counters(provider)["creates_by_name"]
        assert set(created.values()) == {1}
    assert namespace.objects("ModelDeployment") == []
