"""The safety lines, each taken out in turn: some test notices. A part of them each day here, all of them in test-long."""

import os
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from _pytest.mark import KeywordMatcher, MarkMatcher
from _pytest.mark.expression import Expression

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from mutate import Row, read_rows  # noqa: E402

USUAL_MARKS = "not long"
"""What pytest goes by where a row has no `-m`."""
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


def test_every_row_chooses_tests_with_each_of_its_words(collected):
    """Of the files that this run has collected: all of them in `make test`."""
    by_file = defaultdict(list)
    for item in collected:
        by_file[item.path.relative_to(ROOT).as_posix()].append(item)
    assert [text for row in read_rows() for text in idle_words(row, by_file)] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param((), [], id="a whole file"),
        pytest.param(("-k", "chooses or found"), [], id="two words that choose"),
        pytest.param(("-k", "chooses or choses"), ["choses"], id="a word that chooses nothing"),
        pytest.param(("-k", "chooses and every"), ["chooses and every"], id="no test has both words"),
        pytest.param(("-k", "chooses", "-m", "long"), ["chooses"], id="none with the mark"),
        pytest.param(("-m", "long"), ["tests/a.py -m long"], id="none in the file with the mark"),
    ],
)
def test_a_word_that_chooses_nothing_is_found(request, arguments, expected):
    row = Row(name="a row", file="app.py", takes="", puts="", tests=("tests/a.py", *arguments))
    found = list(idle_words(row, {"tests/a.py": [request.node]}))
    assert found == [f'"a row": no test for {word}' for word in expected]


def idle_words(row: Row, items: Mapping[str, Sequence[pytest.Item]]) -> Iterator[str]:
    """The alternatives of the row's `-k` that choose nothing: tests have been renamed, or have moved to another file."""
    files = [argument for argument in row.tests if argument.startswith("tests/")]
    if not all(items.get(file) for file in files):
        return
    marks = Expression.compile(option(row, "-m", USUAL_MARKS))
    here = [item for file in files for item in items[file]]
    keywords = [
        KeywordMatcher.from_item(item)
        for item in here
        if marks.evaluate(MarkMatcher.from_markers(item.iter_markers()))
    ]
    words = option(row, "-k", "")
    for word in [words] if "(" in words else words.split(" or "):
        chooses = Expression.compile(word).evaluate if word else bool
        if not any(map(chooses, keywords)):
            yield f'"{row.name}": no test for {word or shlex.join(row.tests)}'


def option(row: Row, name: str, default: str) -> str:
    return row.tests[row.tests.index(name) + 1] if name in row.tests else default


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_part_of_the_mutants_is_noticed():
    """That their tests are green without a mutant, `make test` shows as well."""
    mutate("--trust", "--seed", "0", "--seconds", str(SECONDS))


@pytest.mark.long
@pytest.mark.slow(900)
@pytest.mark.timeout(3600)
def test_every_mutant_is_noticed():
    mutate("--trust", "--jobs", "2")
