"""Carries out what the pages tell their readers to type."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from model_operator_demo.controlplane_access import write_private
from support.markdown import ROOT, Block
from support.namespace import Namespace
from support.tutorials import PLUGIN

LONGEST = 90  # seconds; one block of a page


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that looks like one."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for entry in ("crds", "docs", "helm", "manifests", "tools"):
        shutil.copytree(ROOT / entry, folder / entry, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def run(namespace: Namespace, checkout: Path, tmp_path: Path) -> Callable[[Block], str]:
    """Carries out a block in a checkout, as a user of this test's namespace."""
    programs = tmp_path / "bin"
    programs.mkdir()
    access = namespace.access
    # A context and no flag: with --namespace kubectl refuses objects of any other.
    config = yaml.safe_load(access.kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = namespace.name
    kubeconfig = write_private(tmp_path / "kubeconfig", yaml.safe_dump(config))
    for program, command in {
        "kubectl": f'KUBECACHEDIR="{access.cache}" exec "{access.program}" "$@"',
        "model-operator": f'exec "{sys.executable}" -m model_operator "$@"',
        "kubectl-models": f'exec "{sys.executable}" -c "{PLUGIN}" "$@"',
    }.items():
        (programs / program).write_text(f"#!/bin/sh\n{command}\n")
        (programs / program).chmod(0o755)
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("MODEL_OPERATOR_")},
        "PATH": f"{programs}:{os.environ['PATH']}",
        "KUBECONFIG": str(kubeconfig),
    }

    def carry_out(block: Block) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.script],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"
        return done.stdout

    return carry_out
