"""The safety lines, each taken out in turn: some test notices. A part of them each day here, all of them in test-long."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 28
"""After so long no mutant is begun; the last one may take a little longer."""


def mutate(*arguments: str) -> None:
    """What it prints is shown where it fails: the seed, each mutant that survived, and how to repeat it."""
    done = subprocess.run(
        [sys.executable, "tools/mutate.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "operator")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_row_applies_to_the_code_as_it_is():
    mutate("--list")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_part_of_the_mutants_is_noticed():
    """That their tests are green without a mutant, `make test` shows as well."""
    mutate("--trust", "--seed", "0", "--seconds", str(SECONDS))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_every_mutant_is_noticed():
    mutate("--trust", "--jobs", "2")
