"""What the demo shows: steps, the commands a user would type, what came of them, and a table that lives.

On a terminal the table is redrawn in place; elsewhere each change is one line, as `kubectl get --watch` prints it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

Row = tuple[str, ...]
Column = tuple[str, int]
"""A headline and how many characters a cell of it takes, where the table is not redrawn."""
_COLOURS = {
    "True": "green",
    "False": "yellow",
    "Ready": "green",
    "Completed": "green",
    "Pass": "green",
    "Paused": "blue",
    "Failed": "red",
    "Fail": "red",
    "RollingBack": "red",
    "RolledBack": "red",
}
_PAUSE = 0.4  # seconds between two looks; each is one run of kubectl


class Screen:
    """Writes to standard output."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._steps = 0

    @property
    def is_live(self) -> bool:
        """Whether somebody watches a terminal."""
        return self._console.is_terminal

    def step(self, title: str) -> None:
        """A headline."""
        self._steps += 1
        seconds = time.monotonic() - self._started
        self._console.print()
        self._console.print(
            Text(f"{self._steps}. {title}", style="bold"), Text(f"({seconds:.0f} s)", style="dim")
        )

    def progress(self, line: str) -> None:
        """A part is coming up."""
        self._console.print(Text(f"   {line}", style="dim"))

    def command(self, text: str) -> None:
        """What a user would type."""
        self._console.print(Text(f"   $ {text}", style="cyan"))

    def outcome(self, text: str) -> None:
        """What came of it, as it was printed."""
        for line in text.strip().splitlines():
            self._console.print(Text(f"     {line}"))

    def say(self, text: str) -> None:
        """A sentence to the reader."""
        self._console.print(Text(text))

    def good(self, text: str) -> None:
        """Something that was to be shown is true."""
        self._console.print(Text(f"   ✓ {text}", style="green"))

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
    ) -> Sequence[Row] | None:
        """Show the rows until they are as wanted; None if they are not `within` that time."""
        deadline = time.monotonic() + within.total_seconds()
        shown_as = _LiveTable if self.is_live else _Lines
        with shown_as(self._console, columns) as shown:
            while True:
                rows = look()
                shown.show(rows)
                if until(rows):
                    return rows
                if time.monotonic() > deadline:
                    return None
                time.sleep(_PAUSE)


class _LiveTable:
    def __init__(self, console: Console, columns: Sequence[Column]) -> None:
        self._titles = [title for title, _ in columns]
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, rows: Sequence[Row]) -> None:
        table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
        for title in self._titles:  # where the terminal is too narrow, the last column folds
            table.add_column(title, no_wrap=title != self._titles[-1], overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in row))
        grid = Table.grid(padding=(0, 0, 0, 5))
        grid.add_row(table)
        self._live.update(grid, refresh=True)


class _Lines:
    def __init__(self, console: Console, columns: Sequence[Column]) -> None:
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
