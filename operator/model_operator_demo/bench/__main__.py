"""`python -m model_operator_demo.bench`: what `make bench` runs."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import aiohttp
from rich.console import Console

from model_operator_demo import programs, shipped
from model_operator_demo.bench import api, baseline, phases
from model_operator_demo.bench.phases import Targets
from model_operator_demo.bench.rows import TARGETS_FOR, Report, Row, check_marks
from model_operator_demo.bench.stage import Ground, TooSlow, stage
from model_operator_demo.bench.storm import storm
from model_operator_demo.controlplane import ControlPlane, ControlPlaneFailed
from model_operator_demo.controlplane_access import KubectlFailed
from model_operator_demo.controlplane_binaries import NoControlPlane
from model_operator_demo.processes import Processes, ProcessFailed

_ABOUT = "Measures the operator with many deployments, on a real API server, against the simulator."
_EXPECTED = (
    ControlPlaneFailed,
    KubectlFailed,
    NoControlPlane,
    ProcessFailed,
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
        report = _measure(given)
    except KeyboardInterrupt:
        return 130
    except _EXPECTED as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    Console().print(report.table())
    if given.json is not None:
        report.write_json(given.json)
    if given.update is not None:
        report.write_into(given.update)
    return 1 if any(row.is_met is False for row in report.rows if row.name.startswith("storm")) else 0


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
    parser.add_argument(
        "--baseline", type=Path, metavar="FILE", help="compare with the operator that this script is"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    parser.add_argument(
        "--update", type=Path, metavar="FILE", help="replace the figures in this Markdown file"
    )
    given = parser.parse_args(argv)
    if min(given.count, given.edits, given.storm) < 1 or given.steady <= 0:
        parser.error("--count, --edits, --storm and --steady must be more than 0")
    if given.baseline is not None and not given.baseline.is_file():
        parser.error(f"--baseline: there is no file {given.baseline}")
    if given.update is not None:
        try:
            check_marks(given.update)
        except ValueError as error:
            parser.error(str(error))
    return given


def _measure(given: argparse.Namespace) -> Report:
    folder = Path(tempfile.mkdtemp(prefix="model-operator-bench-"))
    with Processes(remove=[folder]) as processes, ControlPlane.start(progress=_say) as cluster:
        programs.install(cluster, shipped.manifests() / "rbac.yaml")
        rows = asyncio.run(_phases(given, processes, cluster, folder))
    return Report(version("model-operator"), given.count, rows)


async def _phases(
    given: argparse.Namespace, processes: Processes, cluster: ControlPlane, folder: Path
) -> list[Row]:
    target = Targets(counts=given.count == TARGETS_FOR)
    rows: list[Row] = []
    async with api.connect(cluster) as kube:
        ground = Ground(processes, cluster, kube, folder)
        async with stage(ground, "bench", phases.CREATION) as made:
            _say(f"creating {given.count:,} deployments")
            rows += await phases.all_ready(made, given.count, target)
            _say(f"quiet for {given.steady:g} s")
            rows += await phases.steady(made, given.steady, target)
            _say("editing, one after the other")
            rows += await phases.reaction(made, min(given.edits, given.count), target)
            _say("kill -9")
            rows += await phases.restart(made, given.count, target)
        _say("creates that land late, and kill -9 again and again")
        rows += await storm(ground, given.storm)
        if given.baseline is not None:
            _say(f"the same with {given.baseline.name}")
            rows += await baseline.compare(ground, given.baseline, given.count, rows, target)
    return rows


_STARTED = time.monotonic()


def _say(line: str) -> None:
    sys.stderr.write(f"{time.monotonic() - _STARTED:6.1f} s  {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
