"""manifests/examples/simulator.yaml: what its pod runs, that it may, and that its accounts lead to it."""

import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from model_operator import __version__
from model_operator_demo.controlplane import free_port
from model_operator_demo.processes import Processes
from support.deadlines import eventually
from support.helm import ROOT
from support.namespace import Namespace

FILE = ROOT / "manifests" / "examples" / "simulator.yaml"
OBJECTS: list[Any] = list(yaml.safe_load_all(FILE.read_text()))
POD: Any = next(obj for obj in OBJECTS if obj["kind"] == "Deployment")["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]


def test_what_the_pod_runs_answers_its_probe(processes: Processes, tmp_path: Path) -> None:
    port = free_port()
    changed = [f"--port={port}" if arg.startswith("--port=") else arg for arg in CONTAINER["args"]]
    changed = ["--host=127.0.0.1" if arg.startswith("--host=") else arg for arg in changed]
    process = processes.start(
        "simulator", [sys.executable, "-m", "model_operator", *changed], log=tmp_path / "log"
    )
    for probe in ("readinessProbe", "livenessProbe"):
        url = f"http://127.0.0.1:{port}{CONTAINER[probe]['httpGet']['path']}"
        eventually(lambda url=url: answers(url), what=probe)
    assert process.terminate() == 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def test_its_accounts_lead_to_its_service() -> None:
    (service,) = [obj for obj in OBJECTS if obj["kind"] == "Service"]
    (port,) = service["spec"]["ports"]
    assert f"--port={port['port']}" in CONTAINER["args"]
    assert CONTAINER["ports"] == [{"name": port["targetPort"], "containerPort": port["port"]}]
    assert service["spec"]["selector"].items() <= POD["metadata"]["labels"].items()
    host = f"{service['metadata']['name']}.default.svc:{port['port']}"
    assert f"allowedProviderHosts={{http://{host}}}" in FILE.read_text()
    specs = [obj["spec"] for obj in OBJECTS if obj["kind"] == "ModelProvider"]
    urls = [spec[key] for spec in specs for key in ("baseURL", "chatBaseURL") if key in spec]
    assert len(urls) == 3
    assert {urlsplit(url).netloc for url in urls} == {host}


def test_its_accounts_and_keys_are_those_of_the_simulator_on_this_machine() -> None:
    def shorn(path: Path) -> list[Any]:
        found = [
            obj for obj in yaml.safe_load_all(path.read_text()) if obj["kind"] in ("Secret", "ModelProvider")
        ]
        for obj in found:
            for key in ("baseURL", "chatBaseURL"):
                if key in obj.get("spec", {}):
                    obj["spec"][key] = urlsplit(obj["spec"][key]).path
        return found

    assert shorn(FILE) == shorn(FILE.with_name("simulator-providers.yaml"))


def test_the_image_is_the_operators_and_the_page_replaces_it() -> None:
    assert CONTAINER["image"] == f"model-operator:{__version__}"
    assert f"image: {CONTAINER['image']}\n" in FILE.read_text()


@pytest.mark.parametrize("allowed", [True, False])
def test_its_pod_is_let_into_a_restricted_namespace(namespace: Namespace, allowed: bool) -> None:
    namespace.kubectl("label", "namespace", namespace.name, "pod-security.kubernetes.io/enforce=restricted")
    spec = POD["spec"] if allowed else {**POD["spec"], "securityContext": {}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "simulator"}, "spec": spec}
    done = namespace.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--filename=-",
        input=yaml.safe_dump(pod),
        check=False,
    )
    assert (done.returncode == 0) is allowed, done.stderr
