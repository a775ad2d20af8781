"""What the tests of the commands share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from support.namespace import Namespace

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kubectl(namespace, tmp_path) -> Kubectl:
    """The real one, of a user whose current context names this test's namespace."""
    return _kubectl(namespace, tmp_path)


@pytest.fixture
def kubectl_of(namespace, tmp_path) -> Callable[[str], Kubectl]:
    """The same, of somebody who has one role in that namespace, such as `--clusterrole=NAME`, and nothing else."""

    def made(role: str) -> Kubectl:
        namespace.kubectl("create", "serviceaccount", "jane")
        namespace.kubectl("create", "rolebinding", "jane", role, f"--serviceaccount={namespace.name}:jane")
        return _kubectl(
            namespace, tmp_path, token=namespace.kubectl("create", "token", "jane").stdout.strip()
        )

    return made


def _kubectl(namespace: Namespace, folder: Path, *, token: str | None = None) -> Kubectl:
    document = yaml.safe_load(namespace.access.kubeconfig.read_text())
    document["contexts"][0]["context"]["namespace"] = namespace.name
    if token is not None:
        document["users"][0]["user"] = {"token": token}
    configuration = folder / f"kubeconfig-{'token' if token else 'admin'}"
    configuration.write_text(yaml.safe_dump(document))
    program = folder / "bin" / "kubectl-models"
    program.parent.mkdir(exist_ok=True)
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
