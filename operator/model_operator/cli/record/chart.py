"""The split over time as a picture: a band for each target, a column for each leg. SVG whose colours are the page's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from model_operator.cli.record.markup import Markup, element
from model_operator.cli.record.model import Leg, Move, Split
from model_operator.cli.record.times import moment, ticks

WIDTH: Final = 960
_HEIGHT: Final = 344
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 132, 30, 62
_LINE: Final = 19
"""Between two labels on the right."""
_LETTER: Final = 6.6
"""Width of one, about."""
HATCH: Final = "url(#hatch)"
_X = Callable[[datetime], float]
"""Where a moment lies."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a plot lies."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    def y(self, percent: float) -> float:
        return self.bottom - self.height * min(max(percent, 0), 100) / 100


Lanes = Mapping[str, int]
"""Labels of targets, from below, and the number of each one's colour."""


def bands(split: Split, lanes: Lanes) -> Mapping[str, tuple[int, int]]:
    """From where to where each lane reaches, the first one from 0."""
    found, base = {}, 0
    for lane in lanes:
        percent = split.get(lane, 0)
        found[lane] = (base, base + percent)
        base += percent
    return found


def ribbons(box: Box, lanes: Lanes, points: Sequence[tuple[float, Split]]) -> Iterator[Markup]:
    """One band for each lane through all points, straight between two of them. A point is a place from the left."""
    stacked = [(x, bands(split, lanes)) for x, split in points]
    is_level = all(split == points[0][1] for _, split in points)
    crisp = "crispEdges" if is_level else None  # no seams between columns
    for lane, colour in lanes.items():
        lower = [(x, band[lane][0]) for x, band in stacked]
        upper = [(x, band[lane][1]) for x, band in stacked]
        if lower == upper:
            continue
        corners = " ".join(f"{x:.1f},{box.y(percent):.1f}" for x, percent in (*upper, *reversed(lower)))
        yield element("polygon", class_=f"t{colour % 8}", points=corners, shape_rendering=crisp)


def defs() -> Markup:
    """What says that times are not known. Once in a page."""
    line = element("line", x1=0, x2=0, y1=0, y2=6, class_="hatch")
    turned = {"patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)"}
    pattern = element("pattern", line, id="hatch", width=6, height=6, **turned)
    return element("svg", element("defs", pattern), width=0, height=0, class_="defs", aria_hidden="true")


def chart(legs: Sequence[Leg], moves: Sequence[Move], lanes: Lanes) -> Markup:
    """`moves` are marked by their numbers; the lanes are stacked in their order, from below."""
    box = Box(_LEFT, _TOP, WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM)
    start, end = legs[0].start, legs[-1].end
    length = end - start

    def x(at: datetime) -> float:
        return box.left + box.width * ((min(max(at, start), end) - start) / length)

    inside = [(number, x(move.at)) for number, move in enumerate(moves, start=1) if start <= move.at <= end]
    words = (
        f"Split over time from {moment(start)} to {moment(end)} UTC. The tables below have all of it as text."
    )
    return element(
        "svg",
        element("title", words),
        *_columns(box, legs, lanes, x),
        *_scale(box, start, end, x),
        *_labels(box, legs, x),
        *_marks(box, inside),
        *_names(box, legs, lanes),
        viewBox=f"0 0 {WIDTH} {_HEIGHT}",
        role="img",
        class_="chart",
    )


def _columns(box: Box, legs: Sequence[Leg], lanes: Lanes, x: _X) -> Iterator[Markup]:
    for leg in legs:
        sides = (x(leg.start), x(leg.end))
        yield from ribbons(box, lanes, [(sides[0], leg.split), (sides[1], leg.until or leg.split)])
        if not leg.is_known:
            width = f"{sides[1] - sides[0]:.1f}"
            place = {"x": f"{sides[0]:.1f}", "y": box.top, "width": width, "height": box.height}
            yield element("rect", fill=HATCH, **place)


def _scale(box: Box, start: datetime, end: datetime, x: _X) -> Iterator[Markup]:
    for percent in (0, 25, 50, 75, 100):
        y = f"{box.y(percent):.1f}"
        yield element("line", class_="grid", x1=box.left, x2=box.right, y1=y, y2=y)
        yield element("text", f"{percent} %", x=box.left - 8, y=y, class_="tick end", dy="0.35em")
    for at, word in ticks(start, end, 7):
        place = f"{x(at):.1f}"
        yield element("line", class_="axis", x1=place, x2=place, y1=box.bottom, y2=box.bottom + 5)
        yield element("text", word, x=place, y=box.bottom + 19, class_="tick middle")
    yield element("text", "UTC", x=box.right + 10, y=box.bottom + 19, class_="tick")


def _labels(box: Box, legs: Sequence[Leg], x: _X) -> Iterator[Markup]:
    """Above the plot, where there is room for them; a line where each begins."""
    free = box.left
    for leg in legs:
        left, right = x(leg.start), x(leg.end)
        if leg is not legs[0]:
            yield element(
                "line", class_="edge", x1=f"{left:.1f}", x2=f"{left:.1f}", y1=box.top, y2=box.bottom
            )
        half, middle = len(leg.label) * _LETTER / 2, (left + right) / 2
        if leg.label and middle - half >= free:
            kind = "step middle" if leg.is_known else "step middle unsure"
            yield element("text", leg.label, x=f"{middle:.1f}", y=box.top - 11, class_=kind)
            free = middle + half + 6


def _marks(box: Box, numbers: Sequence[tuple[int, float]]) -> Iterator[Markup]:
    """Numbers of moves below the axis; those too near to each other together."""
    groups: list[list[tuple[int, float]]] = []
    for number, place in sorted(numbers):
        if groups and place - groups[-1][0][1] < 24:
            groups[-1].append((number, place))
        else:
            groups.append([(number, place)])
    for group in groups:
        first, last = group[0][0], group[-1][0]
        word = f"{first}" if first == last else f"{first}–{last}"
        middle, half = group[0][1], 9 + (len(word) - 1) * 3.4
        y = box.bottom + 42
        side = f"{middle - half:.1f}"
        for _, place in group:
            at = f"{place:.1f}"
            yield element("line", class_="move", x1=at, x2=at, y1=box.top, y2=box.bottom)
        yield element("rect", class_="mark", x=side, y=y - 9, width=f"{2 * half:.1f}", height=18, rx=9)
        yield element("text", word, x=f"{middle:.1f}", y=y, dy="0.35em", class_="number middle")


def _names(box: Box, legs: Sequence[Leg], lanes: Lanes) -> Iterator[Markup]:
    """What the bands are, beside their ends; those that have ended, too."""
    split = legs[-1].until or legs[-1].split
    lowest = box.bottom + _LINE / 2
    for lane, band in bands(split, lanes).items():
        if not any(lane in part for leg in legs for part in (leg.split, leg.until or {})):
            continue
        y = lowest = min(box.y(sum(band) / 2), lowest - _LINE)
        at = f"{y - 5:.1f}"
        yield element("rect", class_=f"t{lanes[lane] % 8}", x=box.right + 10, y=at, width=10, height=10, rx=2)
        words = (element("tspan", short(lane, 11), class_="strong"), f"  {split.get(lane, 0)} %")
        yield element(
            "text", element("title", lane), *words, x=box.right + 26, y=f"{y:.1f}", dy="0.35em", class_="name"
        )


def short(text: str, most: int) -> str:
    """With an ellipsis where it is longer."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
