"""The journal: what was asked and answered, with everything secret blacked out before it is kept.

Tests read it through ``/__sim/requests``; it is bounded, so a long benchmark does not fill the memory.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

REDACTED = "***"
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-client-id", "x-api-key", "cookie"})
SECRET_KEY = re.compile(r"(?i)access_?key(?!from)|api_?key|client_?id|secret|password|authorization|bearer")
KEPT_BODY = 65_536


@dataclass
class Entry:
    """One request. ``status`` is what the client saw; ``None`` if it saw no reply."""

    seq: int
    at: float
    vendor: str
    method: str
    path: str
    operation: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any
    account: str = ""
    status: int | None = None
    outcome: str = "open"
    committed_at: float | None = None
    faults: list[str] = field(default_factory=list)
    duration_ms: float | None = None


class Redactor:
    """Blacks out secret headers, secret keys of a body or query, and any known key wherever it stands.

    Args:
        known: every API key and client id that ever was; read at each use, so later ones count too.
    """

    def __init__(self, known: set[str]) -> None:
        self._known = known

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers by their names as sent; the secret ones keep their scheme (``Bearer ***``)."""
        return {name: self._header(name, value) for name, value in headers.items()}

    def query(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Query parameters."""
        return [
            (self.text(name), REDACTED if SECRET_KEY.search(name) else self.text(value))
            for name, value in pairs
        ]

    def body(self, raw: bytes) -> Any:
        """The body as JSON if it is JSON, else as text, else ``None`` for an empty one."""
        if not raw:
            return None
        kept = raw[:KEPT_BODY]
        try:
            return self._value(json.loads(kept))
        except (ValueError, RecursionError):
            return self.text(kept.decode("utf-8", "replace"))

    def text(self, text: str) -> str:
        """Text without any known key."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, REDACTED)
        return text

    def _header(self, name: str, value: str) -> str:
        if name.lower() not in SECRET_HEADERS:
            return self.text(value)
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {REDACTED}" if space and scheme.lower() in ("bearer", "basic") else REDACTED

    def _value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {self.text(key): self._value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, name) for item in value]
        if isinstance(value, str):
            return REDACTED if SECRET_KEY.search(name) else self.text(value)
        return value


class Journal:
    """The last requests in the order of their arrival."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._last = 0

    def resize(self, size: int) -> None:
        """Keep the last ``size`` entries from now on."""
        if size != self._entries.maxlen:
            self._entries = deque(self._entries, maxlen=size)

    def open(self, **facts: Any) -> Entry:
        """Note a request; the caller fills in the outcome when there is one."""
        self._last += 1
        entry = Entry(seq=self._last, **facts)
        self._entries.append(entry)
        return entry

    def clear(self) -> None:
        """Forget all entries; sequence numbers go on."""
        self._entries.clear()

    @property
    def last(self) -> int:
        """Sequence number of the newest request, 0 before the first."""
        return self._last

    def find(self, since: int = 0, **wanted: str) -> Iterator[dict[str, Any]]:
        """Entries after sequence number ``since`` whose fields match.

        Args:
            since: only entries with a greater ``seq``.
            wanted: ``path`` is searched as a regular expression, all other fields are compared as text.

        Raises:
            re.error: ``path`` is not a regular expression.
        """
        path = re.compile(wanted.pop("path", ""))
        for entry in self._entries:
            if entry.seq <= since or not path.search(entry.path):
                continue
            if all(str(getattr(entry, name)) == value for name, value in wanted.items()):
                yield asdict(entry)
