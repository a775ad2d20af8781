"""docs/new-provider.md is true: a provider made as it says works, and needs no place that it does not name."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.acme import make_acme
from support.markdown import ROOT

PAGE = ROOT / "docs" / "new-provider.md"
GENERATED = ("crds/", "helm/", "manifests/install.yaml", "docs/api.md")
FOLDERS = (".github", "operator", "tests", "tools", "docs", "crds", "helm", "manifests")
KNOW_ALL_PROVIDERS = re.compile(r"\b(ROWS|PROVIDERS|VENDORS|EACH|BOTH|vendors?)\b")
"""In a test of these folders: it is about each provider, whichever they are."""
FOLDERS_OF_PROVIDERS = ("tests/models", "tests/providers", "tests/reconcile")
OTHERS_THAT_KNOW_PROVIDERS = (
    *("tests/cli/test_simulator_command.py", "tests/simulator/test_control.py"),
    *("tests/simulator/test_docs.py", "tests/simulator/test_knobs.py", "tests/simulator/test_process.py"),
    *("tests/docs/test_links.py", "tests/docs/test_reference.py"),
)
NOT_OF_THE_OTHERS = "not parasail and not paitient"
"""What runs for each provider in turn runs for the others elsewhere."""


@dataclass(frozen=True)
class Tree:
    """A copy of the repository with one provider more."""

    root: Path

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of this Python in the tree; what it prints is the story of a failure."""
        environment = {**os.environ, "PYTHONPATH": str(self.root / "operator")}
        command = [str(Path(sys.executable).parent / program), *arguments]
        done = subprocess.run(
            command, check=False, cwd=self.root, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-8000:]}{done.stderr[-2000:]}"

    def changed(self) -> set[str]:
        """Files that are new or other than here."""
        return {
            name
            for name in files(self.root)
            if not (ROOT / name).exists() or (ROOT / name).read_bytes() != (self.root / name).read_bytes()
        }


def files(root: Path) -> list[str]:
    """Files of a tree, but for what tools leave behind."""
    found = [path for path in root.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (root / folder).rglob("*") if path.is_file()]
    return [path.relative_to(root).as_posix() for path in found if "__pycache__" not in path.parts]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    root = tmp_path_factory.mktemp("acme")
    for name in files(ROOT):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    make_acme(root)
    made = Tree(root)
    made.run("ruff", "check", "--quiet", "--fix", ".")  # `make fmt`: the order of imports
    made.run("ruff", "format", "--quiet", ".")
    return made


def places(*tables: int) -> list[str]:
    """What the first columns of those tables of "The places" name."""
    section = PAGE.read_text("utf-8").split("## The places\n", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE)
    rows = [row for table in tables for row in found[table].splitlines()[2:]]
    return [place for row in rows for place in re.findall(r"`([^`]+)`", row.split("|")[1])]


def all_that_know_providers(root: Path) -> list[str]:
    """What no provider's row touches runs in the tree without it."""
    found = [file for folder in FOLDERS_OF_PROVIDERS for file in (root / folder).rglob("test_*.py")]
    knowing = [file for file in found if KNOW_ALL_PROVIDERS.search(file.read_text("utf-8"))]
    return [*sorted(file.relative_to(root).as_posix() for file in knowing), *OTHERS_THAT_KNOW_PROVIDERS]


def is_below(name: str, place: str) -> bool:
    return name.startswith(place) if place.endswith("/") else name == place


def test_only_the_places_of_the_page_are_changed_and_all_of_them(tree: Tree) -> None:
    changed, listed = tree.changed(), places(0, 1)
    assert [name for name in sorted(changed) if not any(is_below(name, place) for place in listed)] == []
    by_hand = [place for place in listed if not place.startswith(GENERATED)]
    assert [place for place in by_hand if not any(is_below(name, place) for name in changed)] == []


def test_the_other_places_of_the_page_exist_or_are_the_new_providers() -> None:
    assert [place for place in places(2) if "acme" not in place and not (ROOT / place).exists()] == []


def test_its_layers_are_those_of_the_others(tree: Tree) -> None:
    tree.run("lint-imports", "--no-cache")


@pytest.mark.long
@pytest.mark.slow(350)
@pytest.mark.timeout(1800)
def test_types_generated_files_and_all_tests_that_know_providers_pass(tree: Tree) -> None:
    tree.run("python", "tools/generate.py")
    tree.run("python", "tools/generate.py", "--check")
    tree.run("mypy")
    tree.run("mypy", "tools")
    tree.run(
        "pytest", "-q", "-p", "no:cacheprovider", "-k", NOT_OF_THE_OTHERS, *all_that_know_providers(tree.root)
    )
    test_only_the_places_of_the_page_are_changed_and_all_of_them(tree)
