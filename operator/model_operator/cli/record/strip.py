"""The rollouts before as small pictures in a row: from where, how far, and where it ended. The oldest on the left."""

from collections.abc import Iterator, Sequence
from typing import Final

from model_operator.cli.record.chart import HATCH, WIDTH, Box, Lanes, ribbons, short
from model_operator.cli.record.markup import Markup, element
from model_operator.cli.record.model import Past
from model_operator.cli.record.times import day

_HEIGHT: Final = 132
_LEAST, _MOST = 6, 10
"""Places in a row."""
_GAP: Final = 10
SIGNS: Final = {"Completed": "✓", "RolledBack": "↩", "Aborted": "✕", "Superseded": "⤳"}
"""So that no outcome is told by its colour alone."""


def strip(history: Sequence[Past], lanes: Lanes) -> Markup:
    """`history` has the newest first."""
    shown = tuple(reversed(history[:_MOST]))
    slot = WIDTH / max(len(shown), _LEAST)
    parts = [part for index, one in enumerate(shown) for part in _one(one, lanes, index * slot, slot - _GAP)]
    return element(
        "svg",
        element("title", "The rollouts before, the oldest on the left. The table below has them as text."),
        *parts,
        viewBox=f"0 0 {WIDTH} {_HEIGHT}",
        role="img",
        class_="chart",
    )


def _one(past: Past, lanes: Lanes, left: float, width: float) -> Iterator[Markup]:
    box = Box(left, 4, width, 72)
    before, peak, end = past.splits
    splits = (before, before, peak, peak, end, end)
    places = [left + width * part for part in (0, 0.18, 0.6, 0.72, 0.78, 1)]
    yield element("rect", class_="empty", x=f"{left:.1f}", y=box.top, width=f"{width:.1f}", height=box.height)
    yield from ribbons(box, lanes, list(zip(places, splits, strict=True)))
    climb = {"x": f"{places[1]:.1f}", "width": f"{places[2] - places[1]:.1f}"}
    yield element("rect", fill=HATCH, y=box.top, height=box.height, **climb)
    middle = f"{left + width / 2:.1f}"
    sign = SIGNS.get(past.result, "•")
    word = f"{sign} {short(past.result, 10)}"
    yield element("text", word, x=middle, y=box.bottom + 18, class_=f"result middle {tone(past.result)}")
    yield element(
        "text", day(past.started).rpartition(" ")[0], x=middle, y=box.bottom + 34, class_="tick middle"
    )
    yield element("text", f"{past.started:%H:%M}", x=middle, y=box.bottom + 48, class_="tick middle")


def tone(result: str) -> str:
    """A class of the style sheet."""
    return {"Completed": "good", "RolledBack": "bad", "Aborted": "bad"}.get(result, "quiet")
