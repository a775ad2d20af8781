"""What the tests of the commands share."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import yaml

Kubectl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def kubectl(namespace, tmp_path) -> Kubectl:
    """The real one, of a user whose current context names this test's namespace."""
    document = yaml.safe_load(namespace.access.kubeconfig.read_text())
    document["contexts"][0]["context"]["namespace"] = namespace.name
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(document))
    program = tmp_path / "bin" / "kubectl-models"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from model_operator.cli.plugin import main; main()" "$@"\n'
    )
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"KUBECONFIG": str(tmp_path / "kubeconfig"), "PATH": path}

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
