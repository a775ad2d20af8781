"""One metric as a bar: the canary's figure, what it is at least, the baseline's, and the limit."""

import math
from typing import Final

from model_operator.cli.record.markup import Markup, element
from model_operator.cli.record.model import CheckRow

_WIDTH, _HEIGHT = 190, 26
_ROOM: Final = 1.18
"""How far the scale goes beyond the greatest figure."""


def gauge(check: CheckRow) -> Markup | None:
    """None where there is nothing to draw."""
    canary, baseline = _number(check.canary), _number(check.baseline)
    limit, bound = _number(check.limit), _number(check.bound)
    found = [value for value in (canary, baseline, limit, bound) if value is not None]
    if canary is None or not found or max(found) <= 0:
        return None
    scale = _WIDTH / (max(found) * _ROOM)
    parts = [element("rect", class_="track", x=0, y=6, width=_WIDTH, height=14, rx=2)]
    if limit is not None:
        parts.append(element("rect", class_="allowed", x=0, y=6, width=_at(limit * scale), height=14, rx=2))
    parts.append(element("rect", class_="bar", x=0, y=9, width=_at(canary * scale), height=8))
    if bound is not None:
        at = _at(bound * scale)
        parts.append(element("line", class_="bound", x1=at, x2=at, y1=6, y2=20))
    if baseline is not None:
        x = baseline * scale
        points = f"{x:.1f},8 {x + 5:.1f},13 {x:.1f},18 {x - 5:.1f},13"
        parts.append(element("polygon", class_="baseline", points=points))
    if limit is not None:
        at = _at(limit * scale)
        parts.append(element("line", class_="limit", x1=at, x2=at, y1=1, y2=25))
    return element("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", class_="gauge", aria_hidden="true")


def _at(x: float) -> str:
    return f"{x:.1f}"


def _number(text: str) -> float | None:
    """What no scale has is nothing."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 1e15 else None
