"""What the tests of the commands share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from model_operator.cli import main
from support.namespace import Namespace

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kubectl(namespace, tmp_path) -> Kubectl:
    """The real one, of a user whose current context names this test's namespace."""
    configuration = tmp_path / "kubeconfig"
    configuration.write_text(yaml.safe_dump(_kubeconfig(namespace)))
    program = tmp_path / "bin" / "kubectl-models"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from model_operator.cli.plugin import main; main()" "$@"\n'
    )
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"KUBECONFIG": str(configuration), "PATH": path}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [namespace.access.program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def run_as(namespace, tmp_path) -> Callable[..., Result]:
    """Runs a command as somebody who has one role in that namespace, such as `--clusterrole=NAME`, and nothing else."""

    def run(role: str, *arguments: str) -> Result:
        path = tmp_path / "kubeconfig-of-jane"
        if not path.exists():
            namespace.kubectl("create", "serviceaccount", "jane")
            namespace.kubectl(
                "create", "rolebinding", "jane", role, f"--serviceaccount={namespace.name}:jane"
            )
            token = namespace.kubectl("create", "token", "jane").stdout.strip()
            path.write_text(yaml.safe_dump(_kubeconfig(namespace, {"token": token})))
        return CliRunner().invoke(main, [*arguments, f"--kubeconfig={path}"])

    return run


def _kubeconfig(namespace: Namespace, user: dict[str, Any] | None = None) -> dict[str, Any]:
    """Its current context names the namespace."""
    document: dict[str, Any] = yaml.safe_load(namespace.access.kubeconfig.read_text())
    document["contexts"][0]["context"]["namespace"] = namespace.name
    if user is not None:
        document["users"][0]["user"] = user
    return document


@pytest.fixture
def kubeconfig(cluster, namespace, tmp_path) -> Path:
    """A user's: its current context names this test's namespace."""
    document = yaml.safe_load(cluster.kubeconfig.read_text())
    document["contexts"][0]["context"]["namespace"] = namespace.name
    path = tmp_path / "user-kubeconfig"
    path.write_text(yaml.safe_dump(document))
    return path
