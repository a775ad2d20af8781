"""Draws the chart's Grafana dashboard as an SVG from what a Prometheus recorded: docs/pictures/dashboard.svg.

Grafana itself needs a browser and a container; this reads the same JSON: panels, places, queries, legends, units and colours of
thresholds. `make picture` records a story with real processes (tests/monitoring/test_picture.py) and draws it.
Text in, text out.
"""

import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Point = tuple[float, float]
Recorded = Mapping[str, Sequence[Json]]
"""For each expression of the dashboard the series of a range query, as Prometheus gives them."""

CELL_W, CELL_H, GAP = 42, 26, 6  # pixels of one unit of Grafana's grid
COLOURS = ("#73bf69", "#f2cc0c", "#5794f2", "#ff780a", "#b877d9", "#8ab8ff", "#e02f44", "#96d98d")
_NAMED = {"green": "#73bf69", "red": "#f2495c", "yellow": "#f2cc0c", "orange": "#ff9830"}
_UNITS = {"percent": "%", "s": "s", "reqps": "/s", "ops": "/s"}
_STYLE = 'font-family="Inter, Helvetica, Arial, sans-serif" font-size="11" fill="#ccccdc"'
_FRAME = 'rx="3" fill="#181b1f" stroke="#2c3235"'
_MOST_LEGENDS = 4


@dataclass(frozen=True)
class Line:
    """One series of a panel, its points in order of time."""

    legend: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Box:
    """Where a panel stands, in pixels."""

    x: float
    y: float
    width: float
    height: float


def drawn(dashboard: Json, recorded: Recorded, rows: int = 41) -> str:
    """The panels of the first `rows` of the grid, on one time axis."""
    panels = [panel for panel in dashboard["panels"] if panel["gridPos"]["y"] < rows]
    span = _span(recorded)
    width = 24 * CELL_W + GAP
    height = 40 + max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) * CELL_H
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_STYLE}>',
        f'<rect width="{width}" height="{height}" fill="#111217"/>',
        _text(GAP * 2, 24, dashboard["title"], 'font-size="16" font-weight="bold"'),
    ]
    for panel in panels:
        parts += _panel(panel, recorded, span)
    return "\n".join([*parts, "</svg>"]) + "\n"


def lines_of(target: Json, series: Sequence[Json], begin: float = 0) -> list[Line]:
    """The lines of one query from a time on, named by its legend; what is no number is left out."""
    return [
        Line(
            legend(target.get("legendFormat") or "", one["metric"]),
            [
                (float(at), float(value))
                for at, value in one["values"]
                if float(at) >= begin and math.isfinite(float(value))
            ],
        )
        for one in series
    ]


def legend(pattern: str, labels: Mapping[str, str]) -> str:
    """`{{name}} {{target}}` with the labels; one that is not there is empty."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), pattern)


def stacked(lines: Sequence[Line]) -> list[Line]:
    """Each line on top of those before it."""
    below: dict[float, float] = {}
    made = []
    for line in lines:
        points = [(at, value + below.get(at, 0)) for at, value in line.points]
        below |= dict(points)
        made.append(Line(line.legend, points))
    return made


def stepped(points: Sequence[Point]) -> list[Point]:
    """The corners alone: where the value changes, and the ends."""
    kept = [
        point
        for number, point in enumerate(points)
        if number in (0, len(points) - 1) or point[1] != points[number - 1][1]
    ]
    corners: list[Point] = []
    for at, value in kept:
        if corners and corners[-1][1] != value:
            corners.append((at, corners[-1][1]))
        corners.append((at, value))
    return corners


def figure(value: float, unit: str) -> str:
    """`12.5 %`; few digits are enough for an axis."""
    return f"{value:.3g} {_UNITS.get(unit, '')}".strip()


def _span(recorded: Recorded) -> tuple[float, float]:
    """From the first to the last point of a series with labels; `or vector(0)` has none and is always there."""
    series = [one for found in recorded.values() for one in found if one["metric"]]
    times = [float(at) for one in series for at, _ in one["values"]]
    return min(times), max(times)


def _panel(panel: Json, recorded: Recorded, span: tuple[float, float]) -> list[str]:
    place = panel["gridPos"]
    box = Box(
        GAP + place["x"] * CELL_W,
        36 + place["y"] * CELL_H,
        place["w"] * CELL_W - GAP,
        place["h"] * CELL_H - GAP,
    )
    if panel["type"] == "row":
        return [_text(box.x + 4, box.y + 15, f"▾ {panel['title']}", 'font-size="13" font-weight="bold"')]
    parts = [
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" {_FRAME}/>',
        _text(box.x + 8, box.y + 17, panel["title"], 'font-weight="bold"'),
    ]
    match panel["type"]:
        case "stat":
            return parts + _stat(panel, box, recorded)
        case "table":
            return parts + _table(panel, box, recorded, span[1])
        case _:
            return parts + _lines(panel, box, recorded, span)


def _stat(panel: Json, box: Box, recorded: Recorded) -> list[str]:
    series = recorded.get(panel["targets"][0]["expr"], ())
    value = float(series[0]["values"][-1][1]) if series else 0.0
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    colour = [step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]
    style = f'font-size="40" text-anchor="middle" fill="{_NAMED.get(colour, colour)}"'
    return [_text(box.x + box.width / 2, box.y + box.height / 2 + 22, f"{value:g}", style)]


_ASKED_WITHIN = 2.0
"""Seconds: panels are asked for one after the other, and the last of them may see a scrape more."""


def _table(panel: Json, box: Box, recorded: Recorded, end: float) -> list[str]:
    """What is there at the end of the record."""
    series = recorded.get(panel["targets"][0]["expr"], ())
    (organize,) = (one["options"] for one in panel["transformations"] if one["id"] == "organize")
    columns = sorted(organize["indexByName"], key=lambda name: int(organize["indexByName"][name]))
    heads = [str(organize["renameByName"].get(name, name)) for name in columns]
    rows = [
        [one["metric"].get(name, "") for name in columns]
        for one in series
        if end - one["values"][-1][0] < _ASKED_WITHIN
    ]
    widths = [max(map(len, cells)) + 2 for cells in zip(heads, *rows, strict=True)]
    parts = []
    for number, cells in enumerate([heads, *rows]):
        style = 'fill="#8e8ea0"' if number == 0 else ""
        for column, cell in enumerate(cells):
            at = box.x + 8 + sum(widths[:column]) * (box.width - 16) / sum(widths)
            parts.append(_text(at, box.y + 38 + number * 18, cell, style))
    return parts


def _lines(panel: Json, box: Box, recorded: Recorded, span: tuple[float, float]) -> list[str]:
    defaults = panel["fieldConfig"]["defaults"]
    lines = [
        line
        for target in panel["targets"]
        for line in lines_of(target, recorded.get(target["expr"], ()), span[0])
    ]
    lines = [line for line in lines if line.points]
    is_stacked = defaults["custom"]["stacking"]["mode"] == "normal"
    lines = stacked(lines) if is_stacked else lines
    highest = max((value for line in lines for _, value in line.points), default=1.0)
    top = defaults.get("max") or highest * 1.1 or 1.0
    columns = _columns(lines, box)
    below = 24 + 13 * math.ceil(min(len(lines), _MOST_LEGENDS) / columns)
    plot = Box(box.x + 44, box.y + 28, box.width - 54, box.height - 28 - below)
    parts = _axis(plot, top, defaults["unit"])
    order = list(enumerate(lines))
    for number, line in reversed(order) if is_stacked else order:
        colour = COLOURS[number % len(COLOURS)]
        parts.append(_path(line, plot, span, top, colour, int(defaults["custom"]["fillOpacity"])))
    return parts + _legends(lines, box, plot, columns)


def _axis(plot: Box, top: float, unit: str) -> list[str]:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = plot.y + plot.height * (1 - share)
        parts.append(f'<path d="M{plot.x} {y:.0f}h{plot.width:.0f}" stroke="#2c3235"/>')
        parts.append(_text(plot.x - 5, y + 4, figure(top * share, unit), 'text-anchor="end" fill="#8e8ea0"'))
    return parts


def _path(line: Line, plot: Box, span: tuple[float, float], top: float, colour: str, fill: int) -> str:
    scale = plot.width / ((span[1] - span[0]) or 1)
    corners = [
        (plot.x + (at - span[0]) * scale, plot.y + plot.height * (1 - min(value, top) / top))
        for at, value in stepped(line.points)
    ]
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in corners)
    floor = plot.y + plot.height
    area = (
        f'<path d="M{corners[0][0]:.1f} {floor:.1f}L{way}L{corners[-1][0]:.1f} {floor:.1f}z" fill="#181b1f"/>'
    )
    tint = area.replace('fill="#181b1f"', f'fill="{colour}" fill-opacity="{fill / 100}"')
    return (
        area + tint if fill else ""
    ) + f'<path d="M{way}" fill="none" stroke="{colour}" stroke-width="1.5"/>'


def _columns(lines: Sequence[Line], box: Box) -> int:
    """Two columns of legends where each has room."""
    return 2 if all(len(line.legend) * 6 < box.width / 2 - 24 for line in lines[:_MOST_LEGENDS]) else 1


def _legends(lines: Sequence[Line], box: Box, plot: Box, columns: int) -> list[str]:
    parts = []
    for number, line in enumerate(lines[:_MOST_LEGENDS]):
        x = box.x + 10 + (number % columns) * (box.width - 10) / columns
        y = plot.y + plot.height + 18 + (number // columns) * 13
        more = f" (+{len(lines) - _MOST_LEGENDS})" if number == _MOST_LEGENDS - 1 < len(lines) - 1 else ""
        parts.append(f'<rect x="{x:.0f}" y="{y - 6:.0f}" width="9" height="3" fill="{COLOURS[number]}"/>')
        parts.append(_text(x + 13, y, f"{line.legend}{more}", 'font-size="10"'))
    return parts


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" {style}>{html.escape(text)}</text>'
