"""`kubectl models` as a user has it: the real kubectl finds the program on the PATH, and the cluster is real."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from model_operator.cli.plugin import plugin
from support import manifests


def test_kubectl_finds_the_plugin_and_shows_what_there_is(namespace, kubectl):
    namespace.apply(
        manifests.provider("parasail", "http://127.0.0.1:9"), manifests.parasail_deployment("llama")
    )
    shown = kubectl("models", "status")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [line.split()[:-1] for line in shown.stdout.splitlines() if "/" in line] == [
        ["provider/parasail", "Unknown", "Pending"],
        ["└", "deployment/llama", "Pending", "Pending"],
    ]
    assert "\x1b" not in shown.stdout
    names = kubectl("models", "status", "llama", "-o", "name").stdout.split()
    assert names == ["modelprovider.modeloperator.dev/parasail", "modeldeployment.modeloperator.dev/llama"]
    document = json.loads(kubectl("models", "status", "-A", "-o", "json").stdout)
    assert ("ModelDeployment", namespace.name, "llama") in {
        (row["kind"], row["namespace"], row["name"]) for row in document
    }


def test_a_failure_says_which_context_and_namespace(namespace, kubectl):
    result = kubectl("models", "status", "nobody")
    context = yaml.safe_load(namespace.access.kubeconfig.read_text())["current-context"]
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"Error: no ModelProvider, ModelDeployment, CanaryEndpoint or ModelBudget is named 'nobody' (context {context}, namespace"
        f" {namespace.name})\n"
    )


def said(*arguments: str, kubeconfig: str) -> str:
    """What a refusal says, of a process of its own: the client looks at $KUBECONFIG once."""
    program = [sys.executable, "-m", "model_operator", *arguments]
    environment = os.environ | {"KUBECONFIG": kubeconfig}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_without_a_kubeconfig_it_says_how_to_name_one(tmp_path):
    assert said("status", kubeconfig=str(tmp_path / "none")) == (
        "Error: cannot reach a cluster: there is no kubeconfig: neither $KUBECONFIG nor ~/.kube/config names a file"
        " that exists; set $KUBECONFIG, or name one with --kubeconfig\n"
    )


def a_kubeconfig(path: Path) -> str:
    """With two contexts, for a server that is away."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}} for name in ("here", "there")],
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def test_a_wrong_context_is_told_with_those_that_exist(tmp_path):
    file = a_kubeconfig(tmp_path / "config")
    assert said("status", "--context", "other", kubeconfig=file) == (
        f"Error: cannot reach a cluster: the kubeconfig {file} has no context 'other'; it has here, there\n"
    )


@pytest.mark.parametrize("command", [("status",), ("logs", "x"), ("metrics", "x")], ids=" ".join)
def test_a_server_that_is_away_is_told_in_plain_words(tmp_path, command):
    file = a_kubeconfig(tmp_path / "config")
    assert said(*command, kubeconfig=file) == (
        "Error: the API server http://127.0.0.1:9 does not answer: the connection was refused (context here,"
        " namespace default). Check that the cluster is running and reachable from here\n"
    )


def test_help_of_the_plugin_speaks_of_kubectl_models():
    for name in plugin().commands:
        text = CliRunner().invoke(plugin(), [name, "--help"], prog_name="kubectl models").output
        assert text.startswith(f"Usage: kubectl models {name}")
        assert f"kubectl models {name}" in text.partition("Examples:")[2]
        assert "model-operator " not in text
    assert not {"run", "simulator", "demo"} & set(plugin().commands)
