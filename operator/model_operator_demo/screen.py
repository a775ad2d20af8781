"""What the demo shows: steps, the commands a user would type, what came of them, and a table that lives.

On a terminal the table is redrawn in place; elsewhere each change is one line, as `kubectl get --watch` prints it.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.control import Control
from rich.live import Live
from rich.padding import Padding
from rich.segment import ControlType
from rich.table import Table
from rich.text import Text

from model_operator_demo.drawing import folded_command, folded_text

Row = tuple[str, ...]
Column = tuple[str, int]
"""A headline and how many characters a cell of it takes, where the table is not redrawn."""
_WORDS = {
    "green": ("True", "Ready", "Completed", "Pass"),
    "yellow": ("False", "Unknown", "Inconclusive", "Waiting", "Holding", "Blocked", "Pending", "Edited"),
    "cyan": (
        "Creating",
        "Starting",
        "Updating",
        "Pausing",
        "Resuming",
        "Deleting",
        "Applying",
        "Progressing",
    ),
    "blue": ("Paused", "ScaledDown", "Stopped", "Expired"),
    "red": ("Failed", "Fail", "Error", "Missing", "RollingBack", "RolledBack"),
}
COLOURS: Mapping[str, str] = {word: colour for colour, words in _WORDS.items() for word in words}
"""Of every phase, verdict and condition status that a table may show."""
_PAUSE = 0.4  # seconds between two looks; each is one run of kubectl


class Screen:
    """Writes to standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._steps = 0
        self._shown = 0
        self._progress_of = ""

    @property
    def is_live(self) -> bool:
        """Whether somebody watches a terminal."""
        return self._console.is_terminal

    def step(self, title: str) -> None:
        """A headline."""
        self._progress_of = ""
        self._steps += 1
        seconds = time.monotonic() - self._started
        self._console.print()
        self._console.print(
            Text(f"{self._steps}. {title}", style="bold"), Text(f"({seconds:.0f} s)", style="dim")
        )

    def progress(self, line: str) -> None:
        """A part is coming up. What is said of the same (`go build: …`) is redrawn in its place on a terminal."""
        of, _, rest = line.partition(": ")
        if rest and of == self._progress_of and self.is_live:
            self._console.control(Control((ControlType.CURSOR_UP, 1), (ControlType.ERASE_IN_LINE, 2)))
        self._progress_of = of
        self._console.print(Text(f"   {line}", style="dim"))

    def command(self, text: str) -> None:
        """What a user would type."""
        first, *rest = folded_command(text, self._width(5)) if self.is_live else [text]
        for line in (f"$ {first}", *(f"  {line}" for line in rest)):
            self._console.print(Text(f"   {line}", style="cyan"))

    def outcome(self, text: str) -> None:
        """What came of it, as it was printed."""
        for line in text.strip().splitlines():
            for part in folded_text(line, self._width(5)) if self.is_live else [line]:
                self._console.print(Text(f"     {part}"))

    def say(self, text: str) -> None:
        """A sentence to the reader."""
        self._console.print(Text(text))

    def good(self, text: str) -> None:
        """Something that was to be shown is true."""
        self._shown += 1
        self._console.print(Text(f"   ✓ {text}", style="green"))

    def summary(self, facts: Sequence[tuple[str, str]]) -> None:
        """The end of the story: how much was shown, in how long, and these facts."""
        seconds = time.monotonic() - self._started
        self._console.print()
        self._console.print(Text("Summary", style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 3, 0, 0))
        rows = (("shown", f"{self._shown} facts in {self._steps} steps"), ("took", f"{seconds:.0f} s"))
        for name, value in (*rows, *facts):
            table.add_row(Text(name, style="dim"), Text(value))
        self._console.print(Padding(table, (0, 0, 0, 3)))

    def _width(self, indent: int) -> int:
        return max(40, self._console.width - indent)

    def failed(self, error: Exception) -> None:
        """The end, and why; to standard error."""
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(Text(f"\ndemo: {error}", style="red"))

    def follow(
        self,
        columns: Sequence[Column],
        look: Callable[[], Sequence[Row]],
        until: Callable[[Sequence[Row]], bool],
        within: timedelta,
        trail: Callable[[Row], Row] = lambda _: (),
    ) -> Sequence[Row] | None:
        """Show the rows until they are as wanted; None if they are not `within` that time.

        On a terminal, what `trail` makes of a row stays above the table each time it changes.
        """
        deadline = time.monotonic() + within.total_seconds()
        shown_as = _LiveTable if self.is_live else _Lines
        with shown_as(self._console, columns, trail) as shown:
            while True:
                rows = look()
                shown.show(rows)
                if until(rows):
                    return rows
                if time.monotonic() > deadline:
                    return None
                time.sleep(_PAUSE)


class _LiveTable:
    def __init__(self, console: Console, columns: Sequence[Column], trail: Callable[[Row], Row]) -> None:
        self._titles = [title for title, _ in columns]
        self._trail = trail
        self._left: Row = ()
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._leave(self._trail(row))
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
        for title in self._titles:  # where the terminal is too narrow, the last column folds
            table.add_column(title, no_wrap=title != self._titles[-1], overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell, style=COLOURS.get(cell, "")) for cell in row))
        self._live.update(Padding(table, (0, 0, 0, 5)), refresh=True)

    def _leave(self, cells: Row) -> None:
        if cells and cells != self._left:
            self._left = cells
            words = (Text(cell, style=COLOURS.get(cell, "")) for cell in cells)
            self._live.console.print(Text("     ").append_text(Text("  ").join(words)))


class _Lines:
    def __init__(self, console: Console, columns: Sequence[Column], _trail: Callable[[Row], Row]) -> None:
        self._console = console
        self._columns = columns
        self._shown: dict[str, Row] = {}

    def __enter__(self) -> Self:
        self._print(tuple(title for title, _ in self._columns))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout.flush()

    def show(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._shown.get(row[0]) != row:
                self._shown[row[0]] = row
                self._print(row)

    def _print(self, row: Row) -> None:
        cells = (cell.ljust(width) for cell, (_, width) in zip(row, self._columns, strict=True))
        self._console.print(Text(f"     {' '.join(cells)}".rstrip()))
        sys.stdout.flush()
