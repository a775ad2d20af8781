"""Records the demo: `docs/pictures/demo.cast` (asciinema's format) and `demo.svg`, a still of its two rollouts.

`make recording` runs it. The programs have to be in the cache already, or the recording shows how they are built.
"""

import argparse
import codecs
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
COLUMNS, ROWS = 110, 32
Event = tuple[float, str]
_CURSOR = re.compile(r"\x1b\[(?P<count>\d*)(?P<what>[AK])|\x1b\[\?25[lh]|(?P<break>\r?\n)|(?P<return>\r)")
_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
_HOME = re.compile(r"(/[\w.-]+)+/(?=operator\.|model-operator-demo-)")


def played(command: list[str]) -> tuple[int, list[Event]]:
    """Exit code of a command on a terminal of its own, and what it wrote when."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environ)  # noqa: S603
    os.close(terminal)
    started, events, decoder = time.monotonic(), [], codecs.getincrementaldecoder("utf-8")("replace")
    while chunk := _read(main):
        events.append((time.monotonic() - started, decoder.decode(chunk)))
    os.close(main)
    return process.wait(), events


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux says so when the last writer has gone
        return b""


def without_paths(text: str) -> str:
    """Without folders of this machine."""
    return _HOME.sub("", text).replace(f"{Path.home()}/", "~/")


def cast(events: Iterable[Event], title: str) -> str:
    """The second version of asciinema's format: a header, and one line per event."""
    header = {"version": 2, "width": COLUMNS, "height": ROWS, "title": title}
    lines = [json.dumps(header)]
    lines += [json.dumps([round(when, 3), "o", text], ensure_ascii=False) for when, text in events]
    return "\n".join(lines) + "\n"


def scrollback(text: str) -> list[str]:
    """The lines that stay on a terminal that moves its cursor up and erases lines, and does nothing else of the kind."""
    lines, row, at = [""], 0, 0
    for found in _CURSOR.finditer(text):
        lines[row] += text[at : found.start()]
        at = found.end()
        if found["break"]:
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif found["what"] == "A":
            row = max(0, row - int(found["count"] or 1))
        elif found["what"] == "K":
            lines[row] = ""
    lines[row] += text[at:]
    return lines


def still(lines: list[str], title: str) -> str:
    """An SVG of these lines, which asks no other host for anything."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop")
    return _FONTS.sub("", console.export_svg(title=title, unique_id="demo"))


def act(lines: list[str], first: str, last: str) -> list[str]:
    """From the first line with the one text to the last before the other."""
    begin = next(number for number, line in enumerate(lines) if first in line)
    end = next(number for number, line in enumerate(lines) if last in line and number > begin)
    return lines[begin:end]


def main() -> int:
    """The demo's exit code; nothing is written unless it is 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "pictures")
    folder = parser.parse_args().into
    code, events = played([sys.executable, "-m", "model_operator", "demo", "--once"])
    events = [(when, without_paths(text)) for when, text in events]
    text = "".join(text for _, text in events)
    if code:
        sys.stderr.write(text)
        return code
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "demo.cast").write_text(cast(events, "make demo"), encoding="utf-8")
    lines = scrollback(text)
    lines = [
        *act(lines, "v2 takes over step by step", "of whose requests"),
        *act(lines, "v3 is tried", "The CanaryEndpoint deleted"),
    ]
    (folder / "demo.svg").write_text(still(lines, "make demo"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
