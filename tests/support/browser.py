"""A real browser without a window that opens one HTML file, as somebody does who gets it by mail."""

import re
from dataclasses import dataclass
from pathlib import Path

from support.debian import Program
from support.png import Picture

_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # where the tests run as root there is none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--v=0",
)
_CONSOLE = re.compile(r":CONSOLE[:(]\d+\)?\] (.*)")


@dataclass(frozen=True)
class Rendered:
    """What became of a page."""

    dom: str
    console: list[str]
    """What the page's console says: errors of scripts, and what could not be loaded."""


def rendered(chromium: Program, page: Path, profile: Path, *, is_dark: bool = False) -> Rendered:
    """The page after its load. `profile` is an empty folder; no host but this machine can be reached."""
    dark = ("--force-dark-mode",) if is_dark else ()
    done = chromium(*_FLAGS, *dark, f"--user-data-dir={profile}", "--dump-dom", page.as_uri())
    assert done.returncode == 0, done.stderr
    return Rendered(done.stdout, _CONSOLE.findall(done.stderr))


def printed(chromium: Program, page: Path, profile: Path, pdf: Path) -> None:
    """As a printer would get it."""
    done = chromium(*_FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={pdf}", page.as_uri())
    assert done.returncode == 0, done.stderr
    assert pdf.read_bytes().startswith(b"%PDF"), done.stderr


def pictured(chromium: Program, page: Path, profile: Path, png: Path, *, is_dark: bool = False) -> Picture:
    """As a window of 1000 by 1000 shows it."""
    dark = ("--force-dark-mode",) if is_dark else ()
    shown = ("--hide-scrollbars", "--window-size=1000,1000", f"--screenshot={png}")
    done = chromium(*_FLAGS, *dark, *shown, f"--user-data-dir={profile}", page.as_uri())
    assert done.returncode == 0, done.stderr
    return Picture.read(png.read_bytes())
