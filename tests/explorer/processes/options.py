"""`--seed` and `--seconds` for pytest, and at its end which histories were played."""

from datetime import UTC, datetime

import pytest

PLAYED = "histories on real processes"
"""The property of a test's report under which it says what it has played."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("explorer", "random histories on real processes")
    group.addoption("--seed", type=int, help="play this history alone; without it, those of the day")
    group.addoption("--seconds", type=float, default=60, help="how long to begin new histories (default 60)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Also with xdist, whose workers cannot print."""
    for reports in list(terminalreporter.stats.values()):
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == PLAYED and getattr(report, "when", "") == "call":
                    terminalreporter.write_line(f"{PLAYED}: {value}")


def first_of_the_day() -> int:
    """Other seeds each day: 261127000, 261127001, …"""
    return int(datetime.now(UTC).strftime("%y%m%d")) * 1000
