"""The explorer in a process of its own: sets of strings come in one order there."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def alone(module: str, *arguments: str, limit: float = 110) -> subprocess.CompletedProcess[str]:
    """`python -m <module>`, for at most so many seconds."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
    }
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=limit
    )
