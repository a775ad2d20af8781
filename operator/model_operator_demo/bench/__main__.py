"""`python -m model_operator_demo.bench`: what `make bench` runs."""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import aiohttp
from rich.console import Console
from rich.table import Table

from model_operator_demo import programs, shipped
from model_operator_demo.bench import api
from model_operator_demo.bench.contenders import Contender, other, ours
from model_operator_demo.bench.figures import OURS, SCALE_FOR, TARGETS_FOR, Round, rows_of
from model_operator_demo.bench.profile import NoSampler, find_sampler, profile
from model_operator_demo.bench.rounds import Size, measure
from model_operator_demo.bench.rows import Report, check_marks
from model_operator_demo.bench.scale import measure_scale
from model_operator_demo.bench.shards import measure_shards
from model_operator_demo.bench.stage import TooSlow
from model_operator_demo.controlplane import ControlPlaneFailed
from model_operator_demo.controlplane_access import KubectlFailed
from model_operator_demo.controlplane_binaries import NoControlPlane
from model_operator_demo.controlplane_build import BuildFailed
from model_operator_demo.processes import ProcessFailed

_ABOUT = "Measures the operator with many deployments, on a real API server, against the simulator."
ACCOUNTS = 10
_EXPECTED = (
    ControlPlaneFailed,
    KubectlFailed,
    NoControlPlane,
    ProcessFailed,
    NoSampler,
    TooSlow,
    aiohttp.ClientError,
    api.ApiRefused,
    programs.NotUp,
    shipped.NoManifests,
)


def main(argv: Sequence[str] | None = None) -> int:
    """0 if everything was measured and no promise broken; a missed target is no error."""
    given = _parse(argv)
    try:
        if given.profile is not None:
            find_sampler()  # better missed before the rounds than after
        report = _measure(given)
        if given.profile is not None:
            profile(given.count, given.profile, _say)
    except KeyboardInterrupt:
        return 130
    except _EXPECTED as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    _print(report.table())
    if given.json is not None:
        report.write_json(given.json)
    if given.update is not None:
        report.write_into(given.update)
    return 1 if any(row.is_met is False for row in report.rows if row.name.startswith("storm")) else 0


def _print(table: Table) -> None:
    """In full width, also where there is no terminal: a line may wrap, a cell is never cut."""
    console = Console()
    needed = console.measure(table, options=console.options.update(width=1000)).maximum
    Console(width=max(console.width, needed)).print(table)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=_ABOUT)
    parser.add_argument(
        "--count", type=int, default=TARGETS_FOR, help="ModelDeployments (default %(default)s)"
    )
    parser.add_argument(
        "--edits", type=int, default=200, help="edits whose way is timed (default %(default)s)"
    )
    parser.add_argument("--steady", type=float, default=60, help="seconds of quiet (default %(default)s)")
    parser.add_argument(
        "--storm", type=int, default=100, help="deployments in the storm (default %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often all is done (default %(default)s)")
    parser.add_argument(
        "--accounts",
        type=int,
        metavar="N",
        help=f"ours alone, in so many accounts (default {ACCOUNTS} from {SCALE_FOR:,} deployments on, else one)",
    )
    parser.add_argument(
        "--shards",
        type=int,
        metavar="N",
        help="ours alone: so many processes that share the namespaces, compared with one",
    )
    parser.add_argument(
        "--against",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="measure this operator, too: a Python script, or a folder with a Go module; may be repeated",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help="replace the figures in this Markdown file"
    )
    parser.add_argument(
        "--profile",
        type=Path,
        nargs="?",
        const=Path("build/profile"),
        metavar="FOLDER",
        help="after the rounds, profile operator and API server; without a folder, into %(const)s",
    )
    given = parser.parse_args(argv)
    if min(given.count, given.edits, given.storm, given.rounds) < 1 or given.steady <= 0:
        parser.error("--count, --edits, --storm, --steady and --rounds must be more than 0")
    for path in given.against:
        if not path.is_file() and not (path / "go.mod").is_file():
            parser.error(f"--against: {path} is neither a script nor a folder with go.mod")
    if given.shards is not None and given.shards < 2:
        parser.error("--shards must be at least 2")
    if given.update is not None:
        try:
            check_marks(given.update)
        except ValueError as error:
            parser.error(str(error))
    return given


def _measure(given: argparse.Namespace) -> Report:
    if given.shards is not None:
        loads = [os.getloadavg()[0]]
        return _report(given.count, [OURS], [{OURS: measure_shards(given.count, given.shards, _say)}], loads)
    accounts = given.accounts or (ACCOUNTS if given.count >= SCALE_FOR else 1)
    if accounts > 1:
        loads = [os.getloadavg()[0]]
        return _report(given.count, [OURS], [{OURS: measure_scale(given.count, accounts, _say)}], loads)
    contenders = [ours(), *_others(given.against)]
    size = Size(given.count, given.edits, given.steady, given.storm, given.rounds)
    rounds, loads = measure(contenders, size, _say)
    return _report(given.count, [each.name for each in contenders], rounds, loads)


def _report(count: int, names: Sequence[str], rounds: Sequence[Round], loads: Sequence[float]) -> Report:
    return Report(version("model-operator"), count, names, rows_of(rounds, names, count), loads)


def _others(paths: Sequence[Path]) -> list[Contender]:
    """Those that can be had: without Go there is no Go peer, and that is said."""
    found = []
    for path in paths:
        try:
            found.append(other(path, os.environ, _say))
        except (BuildFailed, ProcessFailed, OSError) as error:
            _say(f"{path.name} is left out: {error}")
    return found


_STARTED = time.monotonic()


def _say(line: str) -> None:
    sys.stderr.write(f"{time.monotonic() - _STARTED:6.1f} s  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
