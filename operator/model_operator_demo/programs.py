"""The simulator and the operator as the demo and the benchmark start them: by their commands, as processes.

Each says in its ready file where it listens; whoever ends before that is reported with the end of its log.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from model_operator_demo.controlplane_access import Cluster, write_kubeconfig
from model_operator_demo.processes import Process, Processes, end_of
from model_operator_demo.provider_http import get

COMMAND = (sys.executable, "-m", "model_operator")
SYSTEM_NAMESPACE = "model-operator-system"  # of manifests/rbac.yaml
_KINDS = ("modelproviders", "modeldeployments", "canaryendpoints", "modelbudgets")
_WITHIN = timedelta(seconds=60)


class NotUp(Exception):
    """A part did not come up, or took too long; the text has the end of its log."""


@dataclass(frozen=True)
class Part:
    """One running command. `url` is where it listens: the simulator's base, the operator's health endpoints."""

    process: Process
    url: str


def start_simulator(processes: Processes, folder: Path, *flags: str) -> Part:
    """`model-operator simulator` with these flags, ready for requests. Raises `NotUp`."""
    ready_file = folder / "simulator.json"
    process = _start(processes, folder, "simulator", [*flags, f"--ready-file={ready_file}"])
    return Part(process, _announced(process, ready_file, "url"))


def start_operator(processes: Processes, folder: Path, kubeconfig: Path, *flags: str) -> Part:
    """`model-operator run` with these flags; returns as soon as it says where its health endpoints are."""
    ready_file = folder / "operator.json"
    ready_file.unlink(missing_ok=True)
    own = [f"--kubeconfig={kubeconfig}", "--health-host=127.0.0.1", "--health-port=0"]
    process = _start(processes, folder, "run", [*own, *flags, f"--ready-file={ready_file}"])
    return Part(process, _announced(process, ready_file, "health"))


def start_other(processes: Processes, folder: Path, argv: Sequence[str], **variables: str) -> Process:
    """Another program with these variables; returns when it has made the file that READY_FILE names."""
    name = Path(argv[-1]).stem
    ready_file = folder / f"{name}.json"
    ready_file.unlink(missing_ok=True)
    env = {**_environment(folder), **variables, "READY_FILE": str(ready_file)}
    process = processes.start(name, argv, log=folder / f"{name}.log", env=env)
    _await(process, ready_file.is_file)
    return process


def wait_ready(operator: Part) -> None:
    """Until /readyz says yes. Raises `NotUp`."""
    _await(operator.process, lambda: get(f"{operator.url}/readyz")[0] == 200)


def crds() -> str:
    """The CustomResourceDefinitions as YAML: what `model-operator crds` prints."""
    return subprocess.run([*COMMAND, "crds"], capture_output=True, text=True, check=True).stdout  # noqa: S603


def install(cluster: Cluster, rbac: Path) -> str:
    """CRDs, ServiceAccount and roles as shipped; what kubectl said. Returns when the server serves the kinds."""
    definitions = crds()
    said = cluster.kubectl("apply", "--server-side", "--filename=-", input=definitions).stdout
    said += cluster.kubectl("apply", "--server-side", f"--filename={rbac}").stdout
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=60s", "--filename=-", input=definitions)
    return said


def operator_kubeconfig(cluster: Cluster, path: Path) -> Path:
    """A kubeconfig for the shipped ServiceAccount, which has no other rights than the shipped roles."""
    create = ("create", "token", "model-operator", f"--namespace={SYSTEM_NAMESPACE}", "--duration=24h")
    token = cluster.kubectl(*create).stdout.strip()
    return write_kubeconfig(path, server=cluster.url, ca=cluster.ca, token=token)


def _start(processes: Processes, folder: Path, command: str, flags: list[str]) -> Process:
    name = {"run": "operator"}.get(command, command)
    log = folder / f"{name}.log"
    return processes.start(name, [*COMMAND, command, *flags], log=log, env=_environment(folder))


def _environment(folder: Path) -> Mapping[str, str]:
    """Ours without settings of an operator: they would be the user's, meant for another cluster.

    Temporary files go to the folder, which goes in the end: one that is killed cannot remove its own.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODEL_OPERATOR_")}
    kept.pop("KUBECONFIG", None)
    return {**kept, "TMPDIR": str(folder)}


def _announced(process: Process, ready_file: Path, key: str) -> str:
    _await(process, ready_file.is_file)
    return str(json.loads(ready_file.read_text(encoding="utf-8"))[key])


def _await(process: Process, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WITHIN.total_seconds()
    while not condition():
        if not process.is_running:
            raise NotUp(f"the {process.name} ended with {process.returncode}:\n{end_of(process.log)}")
        if time.monotonic() > deadline:
            raise NotUp(
                f"the {process.name} is not ready after {_WITHIN.total_seconds():g} s:\n{end_of(process.log)}"
            )
        time.sleep(0.03)
