"""A report of the benchmark: a table for a terminal, rows for programs, and the table in a Markdown file."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from model_operator_demo.bench.figures import OURS, UNITS, Row, name_of, ratio_name

_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Report:
    """All rows of one run, and where it was made. `loads` are load averages, one before each round."""

    version: str
    deployments: int
    operators: Sequence[str]
    rows: Sequence[Row]
    loads: Sequence[float] = ()

    def table(self) -> Table:
        """For a terminal."""
        head, *lines = self._lines()
        table = Table(*head, "", title=self._title(), title_justify="left", caption=self._made())
        for name, *cells in lines:
            table.add_row(name, *cells, _mark(self._is_met(name)))
        return table

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {
            "version": self.version,
            "deployments": self.deployments,
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": machine(),
            "loads": list(self.loads),
            "rows": [_as_json(row) for row in self.rows],
        }

    def markdown(self) -> str:
        """A table and a line on where it was made."""
        head, *lines = self._lines()
        text = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        text += [f"| {' | '.join(cells)} |" for cells in lines]
        return "\n".join([*text, "", f"{self._title()}. {self._made()}", ""])

    def write_json(self, path: Path) -> None:
        """The JSON form, as a file."""
        path.write_text(json.dumps(self.as_json(), indent=2) + "\n", encoding="utf-8")

    def write_into(self, path: Path) -> None:
        """Replace what is between the two marks of a Markdown file. Raises `ValueError` where they are missing."""
        before, begin, end, after = _around(path)
        path.write_text(f"{before}{begin}\n{self.markdown()}{end}{after}", encoding="utf-8")

    def _lines(self) -> list[list[str]]:
        """The head, then a line for each figure that was measured of anybody."""
        rows = {row.name: row for row in self.rows}
        others = [name for name in self.operators if name != OURS]
        compared = [*(f"ours / {name}" for name in others), "target"] if others else []
        lines = [["", *self.operators, "target", *compared]]
        for name in UNITS:
            own = [rows.get(name_of(operator, name)) for operator in self.operators]
            ratios = [rows.get(ratio_name(name, other)) for other in others]
            if any(own):
                compared = [*map(_value, ratios), _target(ratios[0])] if ratios else []
                lines.append([name, *map(_value, own), _target(rows.get(name)), *compared])
        return lines

    def _is_met(self, name: str) -> bool | None:
        """Whether the figure of ours and its ratios reach what they have for targets."""
        names = {name, *(ratio_name(name, other) for other in self.operators)}
        met = [row.is_met for row in self.rows if row.name in names and row.is_met is not None]
        return all(met) if met else None

    def _title(self) -> str:
        return f"model-operator {self.version}, {self.deployments:,} deployments"

    def _made(self) -> str:
        parts = [f"{datetime.now(UTC):%Y-%m-%d}", *map(str, machine().values())]
        if self.loads:
            parts.append("load average before each round " + ", ".join(f"{load:.1f}" for load in self.loads))
        return "; ".join(parts) + "."


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


def _value(row: Row | None) -> str:
    """The median with its unit, and the spread where there is one."""
    if row is None:
        return "–"
    spread = row.spread
    number = _ratio if _is_ratio(row) else _number
    around = "" if spread.low == spread.high else f" ({number(spread.low)}–{number(spread.high)})"
    return f"{number(spread.median)} {row.unit}".strip() + around


def _target(row: Row | None) -> str:
    if row is None or row.at_most is None:
        return ""
    return f"≤ {(_ratio if _is_ratio(row) else _number)(row.at_most)} {row.unit}".strip()


def _is_ratio(row: Row) -> bool:
    return ", ours / " in row.name


def _ratio(value: float) -> str:
    return f"{value:.2f}"


def _mark(is_met: bool | None) -> str:
    return {True: "[green]✓[/]", False: "[red]missed[/]", None: ""}[is_met]


def _as_json(row: Row) -> Mapping[str, object]:
    spread = row.spread
    return {
        "name": row.name,
        "value": spread.median,
        "low": spread.low,
        "high": spread.high,
        "unit": row.unit,
        "at_most": row.at_most,
        "is_met": row.is_met,
    }
