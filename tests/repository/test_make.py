"""The Makefile and .ci: what is missing is said, and what fails, fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = [
    "help",
    "init",
    "demo",
    "recording",
    "picture",
    "docs",
    "test",
    "test-long",
    "test-core",
    "test-oldest",
    "explore",
    "year",
    "mutate",
    "check",
    "fmt",
    "generate",
    "bench",
    "clean",
]


def run(*command: str | Path, cwd: Path = ROOT, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    environment |= {"PATH": str(path)} if path else {}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def bin_folder(tmp_path):
    """A PATH of its own; `program(name, text)` puts a shell script there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("dirname", "mkdir"):
        (folder / tool).symlink_to(shutil.which(tool))
    return folder


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


@pytest.fixture(scope="module")
def make():
    return shutil.which("make")


@pytest.mark.parametrize("arguments", [[], ["help"]], ids=["make", "make help"])
def test_make_alone_explains_every_target(make, arguments):
    result = run(make, *arguments)
    assert result.returncode == 0
    listed = [line.split()[1] for line in result.stdout.splitlines()]
    assert set(TARGETS) <= set(listed)


@pytest.mark.parametrize(
    ("interpreters", "missing"),
    [
        pytest.param({}, "needs Python 3.11 or newer", id="no python at all"),
        pytest.param({"python3": "exit 1"}, "needs Python 3.11 or newer", id="too old"),
        pytest.param(
            {"python3.13": "exit 127"}, "needs Python 3.11 or newer", id="a shim without its python"
        ),
        pytest.param(
            {"python3": 'case "$2" in *venv*) exit 1;; esac'}, "python3 has no venv module", id="no venv"
        ),
    ],
)
def test_init_says_what_is_missing(make, bin_folder, tmp_path, interpreters, missing):
    for name, text in interpreters.items():
        program(bin_folder, name, text)
    result = run(make, "init", f"VENV={tmp_path}/venv", path=bin_folder)
    assert result.returncode != 0
    assert missing in result.stderr
    assert "apt install" in result.stderr
    assert not (tmp_path / "venv").exists()


def test_init_takes_the_newest_python_that_runs(make, bin_folder, tmp_path):
    program(bin_folder, "python3.13", "exit 127")
    program(bin_folder, "python3.12", f'[ "$1" = -m ] && exit 9; exec {sys.executable} "$@"')
    program(bin_folder, "python3", "exit 0")
    result = run(make, "init", f"VENV={tmp_path}/venv", path=bin_folder)
    assert f"Making {tmp_path}/venv with Python 3" in result.stdout
    assert "Error 9" in result.stderr


@pytest.mark.parametrize(
    ("fails", "closing"),
    [
        pytest.param("", "ci: passed: check test test-long", id="all pass"),
        pytest.param("check", "ci: FAILED: check", id="check fails"),
        pytest.param("test", "ci: FAILED: test", id="test fails"),
        pytest.param("test-long", "ci: FAILED: test-long", id="test-long fails"),
        pytest.param("check|test", "ci: FAILED: check test", id="two fail"),
    ],
)
def test_ci_runs_all_and_closes_with_what_failed(bin_folder, fails, closing):
    program(bin_folder, "make", f'echo "made $2"; case "$2" in {fails or "nothing"}) exit 2;; esac')
    result = run(ROOT / ".ci" / "run", path=bin_folder)
    assert result.returncode == (1 if fails else 0)
    assert "made check" in result.stdout
    assert "made test" in result.stdout
    assert "made test-long" in result.stdout
    assert (result.stderr or result.stdout).splitlines()[-1] == closing


def test_ci_says_that_make_is_missing(bin_folder):
    result = run(ROOT / ".ci" / "run", path=bin_folder)
    assert result.returncode == 1
    assert "make is missing" in result.stderr


@pytest.fixture
def checkout(tmp_path):
    """A repository that has the hygiene script and nothing wrong."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "hygiene", tmp_path / ".ci")
    (tmp_path / "operator" / "model_operator").mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_a_clean_repository_passes(checkout):
    (checkout / "README.md").write_text("Runs at /healthz; see example.org/root/ and framework/.\n")
    result = run(checkout / ".ci" / "hygiene", cwd=checkout)
    assert (result.returncode, result.stderr) == (0, "")


# In pieces, since the check reads this file, too.
PY, GO, SLASH = "pypi", "golang", "/"


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        pytest.param(
            "operator/__init__.py", "", "operator/__init__.py: operator/ holds", id="shadowing package"
        ),
        pytest.param("operator/tool.py", "", "operator/tool.py: operator/ holds", id="stray module"),
        pytest.param("a.txt", f"index = https://{PY}.org/simple", "a registry", id="registry"),
        pytest.param("a.txt", f"GOPROXY=https://proxy.{GO}.org", "a registry", id="Go proxy"),
        pytest.param("a.txt", f"cd {SLASH}root/project", "somebody's machine", id="root's home"),
        pytest.param("a.txt", f"see {Path.home()}/notes", "somebody's machine", id="a home"),
    ],
)
def test_what_would_break_elsewhere_is_refused(checkout, path, text, complaint):
    (checkout / path).write_text(text)
    result = run(checkout / ".ci" / "hygiene", cwd=checkout)
    assert result.returncode == 1
    assert complaint in result.stderr


@pytest.mark.long
def test_generated_files_are_what_the_code_makes_and_a_difference_is_found(helm, tmp_path):
    for folder in ("docs", "tools", "crds", "helm", "manifests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("settings.md"))
    script = tmp_path / "tools" / "generate.py"
    assert run(sys.executable, ROOT / "tools" / "generate.py", "--check").returncode == 0
    assert run(sys.executable, script, "--check").returncode == 1
    assert not (tmp_path / "docs" / "settings.md").exists()
    assert run(sys.executable, script).returncode == 0
    assert run(sys.executable, script, "--check").returncode == 0
    settings = tmp_path / "docs" / "settings.md"
    assert settings.read_text() == (ROOT / "docs" / "settings.md").read_text()
    settings.write_text(settings.read_text().replace("`50`", "`51`"))
    result = run(sys.executable, script, "--check")
    assert result.returncode == 1
    assert "docs/settings.md is not what the code makes of it: run `make generate`" in result.stderr
