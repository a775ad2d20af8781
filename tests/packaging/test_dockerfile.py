"""The Dockerfile under hadolint, and what can be seen of it without building it. check_image.py looks at the image."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.helm import ROOT

HADOLINT = Path(sys.executable).parent / "hadolint"
TEXT = (ROOT / "Dockerfile").read_text()


def hadolint(text: str) -> str:
    """Its complaints."""
    done = subprocess.run(
        [str(HADOLINT), "--no-color", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    return done.stdout


def test_hadolint_has_no_complaint() -> None:
    assert hadolint(TEXT) == ""
    assert "hadolint ignore" not in TEXT


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        pytest.param(
            'ENTRYPOINT ["/usr/bin/python3", ', "ENTRYPOINT python3 #", "DL3025", id="a shell starts it"
        ),
        pytest.param("--no-cache-dir ", "", "DL3042", id="pip's cache stays"),
        pytest.param(" AS build", "", "DL3022", id="a stage that is not there"),
    ],
)
def test_it_would_complain(right: str, wrong: str, rule: str) -> None:
    assert right in TEXT
    assert rule in hadolint(TEXT.replace(right, wrong))


def test_every_base_is_an_argument_that_is_pinned_by_digest() -> None:
    defaults = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)$", TEXT, re.MULTILINE))
    assert re.findall(r"^FROM \$\{(\w+)\}", TEXT, re.MULTILINE) == list(defaults)
    assert TEXT.count("\nFROM ") == len(defaults) == 2
    for reference in defaults.values():
        assert re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", reference)


def test_what_only_the_demo_needs_is_not_in_the_image() -> None:
    locked = {
        line.partition("==")[0] for line in (ROOT / "requirements/runtime.txt").read_text().splitlines()
    }
    assert "kopf" in locked
    assert {"rich", "pygments", "markdown-it-py", "mdurl"} & locked == set()
