"""What the benchmark found: rows beside their targets, as a table, as JSON and as the table in a Markdown file.

Targets hold for 1,000 deployments on two cores, with a provider that answers in 20 ms.
"""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

TARGETS_FOR = 1000
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Row:
    """One figure; `at_most` is its target, None where there is none."""

    name: str
    value: float
    unit: str
    at_most: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None without one."""
        return None if self.at_most is None else self.value <= self.at_most

    @property
    def cells(self) -> tuple[str, str, str]:
        """Name, value and target with their unit, as people read them."""
        target = "" if self.at_most is None else f"≤ {_number(self.at_most)} {self.unit}".strip()
        return self.name, f"{_number(self.value)} {self.unit}".strip(), target


@dataclass(frozen=True)
class Report:
    """All rows of one run, and where it was made."""

    version: str
    deployments: int
    rows: Sequence[Row]

    def table(self) -> Table:
        """For a terminal."""
        table = Table("", "here", "target", "", title=self._title(), title_justify="left")
        for row in self.rows:
            mark = {True: "[green]✓[/]", False: "[red]missed[/]", None: ""}[row.is_met]
            table.add_row(*row.cells, mark)
        return table

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "version": self.version,
            "deployments": self.deployments,
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": machine(),
            "rows": [{**asdict(row), "is_met": row.is_met} for row in self.rows],
        }

    def markdown(self) -> str:
        """A table and a line on where it was made."""
        lines = ["| | here | target |", "|---|---|---|"]
        lines += [f"| {' | '.join(row.cells)} |" for row in self.rows]
        made = ", ".join(str(part) for part in machine().values())
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        return "\n".join([*lines, "", f"{self._title()}, {today}. Machine: {made}.", ""])

    def write_json(self, path: Path) -> None:
        """The JSON form, as a file."""
        path.write_text(json.dumps(self.as_json(), indent=2) + "\n", encoding="utf-8")

    def write_into(self, path: Path) -> None:
        """Replace what is between the two marks of a Markdown file. Raises `ValueError` where they are missing."""
        before, begin, end, after = _around(path)
        path.write_text(f"{before}{begin}\n{self.markdown()}{end}{after}", encoding="utf-8")

    def _title(self) -> str:
        return f"model-operator {self.version}, {self.deployments:,} deployments"


def machine() -> dict[str, str | int]:
    """What the figures depend on."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.release()}",
        "python": f"Python {platform.python_version()}",
    }


def check_marks(path: Path) -> None:
    """Raises `ValueError` for a file that figures cannot be written into: better before the run than after."""
    _around(path)


def _around(path: Path) -> tuple[str, str, str, str]:
    try:
        before, begin, rest = path.read_text(encoding="utf-8").partition(_BEGIN)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    _, end, after = rest.partition(_END)
    if not (begin and end):
        raise ValueError(f"{path} has no {_BEGIN} and {_END}")
    return before, begin, end, after


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _number(value: float) -> str:
    if 0 < value < 1:
        return f"{value:.3g}"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"
