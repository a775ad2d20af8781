"""Takes one safety line out of the operator at a time, and looks whether a test notices.

`tests/mutations.toml` has a row for each line: where it stands, what stands there instead, and the tests that must turn
red. A mutant that survives is a line that nobody tests. Run by `make mutate`, in part by every `make test`.
"""

import argparse
import multiprocessing
import os
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from textwrap import indent
from typing import Any, Final

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "model_operator"
ROWS = ROOT / "tests" / "mutations.toml"

TEST_LIMIT = 60
"""Seconds for one test: a mutant may wait for ever, and that is a failure like any other."""
RUN_LIMIT = 240
"""Seconds for all tests of one mutant. Nobody learns anything from a run that takes longer."""
GREEN_LIMIT = 1800
"""Seconds for all tests of all mutants, without any."""

_FAILED = 1
"""pytest's exit code for tests that failed; any other but 0 is about tests that could not be run."""

PROCESSES: Final = multiprocessing.get_context("forkserver")
"""Each run is a fork of one process that has these: half of a test's time is to import them."""
_LIBRARIES: Final = (
    "pytest",
    "aiohttp.web",
    "httpx_aiohttp",
    "kubernetes.aio.client",
    "pydantic_settings",
    "yaml",
)


class BadRow(Exception):
    """A row that does not apply (any more); `str()` says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One safety line."""

    name: str
    file: str
    """Below `operator/model_operator`."""
    takes: str
    """Stands in the file exactly once."""
    puts: str
    """Stands there instead."""
    tests: tuple[str, ...]
    """Arguments of pytest, one of them at least a file below `tests`."""

    def mutated(self, source: str) -> str:
        """The file's text without the safety line. Raises `BadRow`."""
        count = source.count(self.takes)
        if count != 1:
            raise BadRow(f'"{self.name}": its text stands {count} times in {self.file}, not once')
        text = source.replace(self.takes, self.puts)
        try:
            compile(text, self.file, "exec")
        except SyntaxError as error:
            raise BadRow(f'"{self.name}": what it makes of {self.file} is no Python: {error}') from None
        return text


@dataclass(frozen=True, slots=True)
class Outcome:
    row: Row
    problem: str | None
    """None: the mutant was noticed."""
    seconds: float


def read_rows(path: Path = ROWS) -> tuple[Row, ...]:
    """Raises `BadRow`."""
    rows = tuple(_row(table) for table in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"])
    names = [row.name for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRow(f"two rows of one name: {', '.join(twice)}")
    return rows


def _row(table: dict[str, Any]) -> Row:
    known = {"name", "file", "takes", "puts", "tests"}
    if table.keys() != known:
        raise BadRow(f"{table.get('name', 'a row')}: it has {sorted(table)}, not {sorted(known)}")
    return Row(**{**table, "tests": tuple(table["tests"])})


def check(rows: Sequence[Row], operator: Path) -> None:
    """Every row applies to the code as it is. Raises `BadRow` that names all that do not."""
    problems = []
    for row in rows:
        try:
            row.mutated((operator / PACKAGE / row.file).read_text(encoding="utf-8"))
        except (BadRow, FileNotFoundError) as error:
            problems.append(str(error))
        problems += [f'"{row.name}": there is no {test}' for test in row.tests if _is_missing(test)]
    if problems:
        raise BadRow("\n".join(problems))


def _is_missing(test: str) -> bool:
    return test.startswith("tests/") and not (ROOT / test.partition("::")[0]).exists()


class Workshop:
    """Copies of the package, one for each job, in which one line at a time is changed and put back."""

    def __init__(self, folder: Path, operator: Path, jobs: int) -> None:
        self._operator = operator
        self._folder = folder
        self._free: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copy = folder / str(number)
            shutil.copytree(operator / PACKAGE, copy / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
            self._free.put(copy)

    def test(self, row: Row) -> Outcome:
        """Whether the row's tests notice that its line is gone."""
        began = time.monotonic()
        copy = self._free.get()
        path = copy / PACKAGE / row.file
        source = path.read_text(encoding="utf-8")
        _write(path, row.mutated(source))
        try:
            problem = self._problem(row, copy)
        finally:
            _write(path, source)
            self._free.put(copy)
        return Outcome(row, problem, time.monotonic() - began)

    def _problem(self, row: Row, copy: Path) -> str | None:
        code, said = self.run(row.tests, copy)
        if code == _FAILED:
            return None
        if code == 0:
            return "SURVIVED: no test notices"
        return f"its tests could not be run (exit code {code}):\n{said}"

    def run(
        self, tests: Sequence[str], copy: Path | None = None, limit: float = RUN_LIMIT
    ) -> tuple[int, str]:
        """pytest's exit code and the end of its output, with the package as it is or as a copy has it."""
        path = [str(copy)] if copy is not None else []
        # What hypothesis finds in a mutant is no example for the next run of the real thing.
        environment = {
            "PYTHONPATH": os.pathsep.join([*path, str(self._operator)]),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self._folder / "hypothesis"),
        }
        with tempfile.NamedTemporaryFile(dir=self._folder) as said:
            process = PROCESSES.Process(target=_run_pytest, args=(tests, environment, said.name))
            process.start()
            process.join(limit)
            if process.exitcode is None:
                process.kill()
                process.join()
                return -1, f"more than {limit:.0f} seconds"
            lines = said.read().decode(errors="replace").splitlines()
        return process.exitcode, "\n".join(lines[-15:])


def _run_pytest(tests: Sequence[str], environment: Mapping[str, str], said: str) -> None:
    """In a process that has imported the libraries already, and nothing of ours."""
    for file in (1, 2):
        os.dup2(os.open(said, os.O_WRONLY | os.O_APPEND), file)
    os.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith(("PYTEST_", "MAKE", "MFLAGS"))]:
        del os.environ[name]
    os.environ |= environment
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    usual = ("-q", "-x", "-n0", "-pno:cacheprovider", "--no-header", "--tb=line", f"--timeout={TEST_LIMIT}")
    sys.exit(int(pytest.main([*usual, *tests])))


def _write(path: Path, text: str) -> None:
    """Python may take what it compiled from a file of the same length and second for this one's."""
    path.write_text(text, encoding="utf-8")
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()


def is_green(workshop: Workshop, rows: Sequence[Row]) -> bool:
    """Whether the files whose tests are to turn red are green without a mutant. In one run, so that it is cheap."""
    files = sorted(
        {test.partition("::")[0] for row in rows for test in row.tests if test.startswith("tests/")}
    )
    code, said = workshop.run(files, limit=GREEN_LIMIT)
    if code != 0:
        tell(f"Without a mutant these do not pass: {shlex.join(files)}\n{said}")
    return code == 0


def outcomes(workshop: Workshop, rows: Sequence[Row], jobs: int, until: float) -> Iterator[Outcome]:
    """In the order in which they end; none is begun after `until`."""

    def one(row: Row) -> Outcome | None:
        return workshop.test(row) if time.monotonic() < until else None

    with ThreadPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(one, row) for row in rows]):
            outcome = future.result()
            if outcome is not None:
                yield outcome


def tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say(outcome: Outcome) -> None:
    row = outcome.row
    tell(f"{'ok  ' if outcome.problem is None else 'FAIL'} {outcome.seconds:5.1f} s  {row.name}")
    if outcome.problem is None:
        return
    tell(f"  {outcome.problem}\n  in {row.file}, in place of:")
    tell(f"{indent(row.takes.rstrip(), '    - ')}\n{indent(row.puts.rstrip(), '    + ')}".rstrip())
    again = shlex.quote(f'--only "{re.escape(row.name)}"'.replace("\\ ", " "))
    tell(f"  tests: {shlex.join(row.tests)}\n  again: make mutate ARGS={again}")


def chosen(rows: Sequence[Row], only: str, seed: int | None) -> list[Row]:
    found = [row for row in rows if re.search(only, f"{row.name}\n{row.file}")]
    if seed is not None:
        random.Random(seed).shuffle(found)  # noqa: S311
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--only", default="", metavar="REGEX", help="rows in whose name or file this is found"
    )
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time")
    parser.add_argument("--seconds", type=float, default=None, help="begin no mutant after so long")
    parser.add_argument("--seed", type=int, default=None, help="shuffle the rows; 0: by the day")
    parser.add_argument("--trust", action="store_true", help="do not run the tests without a mutant first")
    parser.add_argument(
        "--list", action="store_true", help="check that every row applies, and print their names"
    )
    return parser.parse_args()


def main() -> int:
    asked = arguments()
    seed = int(f"{datetime.now(UTC):%Y%m%d}") if asked.seed == 0 else asked.seed
    operator = ROOT / "operator"
    try:
        rows = read_rows()
        check(rows, operator)
    except BadRow as error:
        tell(str(error))
        return 1
    rows_here = chosen(rows, asked.only, seed)
    if asked.list:
        tell("\n".join(row.name for row in rows_here))
        return 0
    began = time.monotonic()
    until = began + asked.seconds if asked.seconds is not None else float("inf")
    if seed is not None:
        tell(f"seed {seed}")
    PROCESSES.set_forkserver_preload(list(_LIBRARIES))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        workshop = Workshop(Path(folder), operator, asked.jobs)
        if not asked.trust and not is_green(workshop, rows_here):
            return 1
        started, done = time.monotonic(), []
        for outcome in outcomes(workshop, rows_here, asked.jobs, until):
            say(outcome)
            done.append(outcome)
    minutes = (time.monotonic() - started) / 60
    failed = sum(outcome.problem is not None for outcome in done)
    tell(f"{len(done)} of {len(rows)} mutants, {failed} not noticed, {len(done) / minutes:.0f} per minute")
    return 1 if failed or not done else 0


if __name__ == "__main__":
    sys.exit(main())
