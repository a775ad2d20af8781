"""What becomes of a request in the end, as the one who asked sees it.

The exchange decides it; whoever carries it (a socket, or a test's transport in the same process) only frames it.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Complete:
    """A whole HTTP message. More than one part is a stream."""

    status: int
    headers: Mapping[str, str]
    parts: tuple[bytes, ...]

    @property
    def body(self) -> bytes:
        return b"".join(self.parts)


@dataclass(frozen=True)
class Cut:
    """Status, headers and the beginning of a body; then the connection is closed hard."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reset:
    """The connection is closed hard before a byte of an answer."""


Outcome = Complete | Cut | Reset
