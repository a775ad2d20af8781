"""CPU time and memory of another process, from /proc or, where there is none, from `ps`."""

import os
import subprocess
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """CPU time that the process has used so far, in user and in system mode."""
    try:
        # The name in parentheses may hold spaces; utime and stime are the 12th and 13th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return _clock(_ps(pid, "time"))
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """Memory that the process occupies now, in units of 1,000,000 bytes."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    except OSError:
        return int(_ps(pid, "rss")) * 1024 / 1e6
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _ps(pid: int, column: str) -> str:
    command = ["ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603


def _clock(text: str) -> float:
    """`1-02:03:04.5` → seconds."""
    days, _, rest = text.rpartition("-")
    seconds = 0.0
    for part in rest.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0)
