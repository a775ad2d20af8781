"""`--seed` and `--seconds` for pytest, and at its end which histories were played."""

from argparse import Namespace
from datetime import UTC, datetime

import pytest

from explorer.processes.known import KNOWN

_SECONDS = 24  # a history takes some fifteen seconds: half a minute all in all
PLAYED = "histories on real processes"
"""The property of a test's report under which it says what it has played."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("explorer", "random histories on real processes")
    group.addoption("--seed", type=int, help="play this history; without it, those of the day")
    group.addoption(
        "--with-known", action="append", choices=list(KNOWN), help="also the moves that show this known fault"
    )
    group.addoption(
        "--seconds", type=float, help="how long to begin another (default: 24, with --seed only that one)"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Also with xdist, whose workers cannot print."""
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == PLAYED and getattr(report, "when", "") == "call":
                    terminalreporter.write_line(f"{PLAYED}: {value}")


def pytest_configure(config: pytest.Config) -> None:
    for name in config.option.with_known or ():
        del KNOWN[name]


def which(option: Namespace) -> tuple[int, float]:
    """The first seed, and for how many seconds another one is begun. Other seeds each day: 261127000, 261127001, …"""
    of_the_day = int(datetime.now(UTC).strftime("%y%m%d")) * 1000
    first = of_the_day if option.seed is None else option.seed
    if option.seconds is not None:
        return first, option.seconds
    return first, _SECONDS if option.seed is None else 0
