"""A watch of the server in memory, as an operator hears it: in order, and sometimes late, twice, or not at all.

A watch that went deaf comes back in one of two ways: from where it left off (it hears all that it missed, with the
deletions), or anew after a 410 (it hears what is there, and of nothing that has gone).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from model_operator.domain import Key
from model_operator.kube import PLURALS
from support.memory_schema import Object
from support.memory_server import Server, Told


@dataclass(slots=True)
class Watch:
    """`tell` gets the events. Start it with `open`."""

    server: Server
    tell: Told
    delay: Callable[[], float] = lambda: 0.0
    """Seconds that the next event takes; it never overtakes another."""
    repeats: bool = False
    """Every event comes twice."""
    is_deaf: bool = False
    is_open: bool = False
    _missed: list[tuple[str, Key, Object]] = field(default_factory=list)
    _last: float = 0.0

    def open(self) -> None:
        """From now on, beginning with all that is there."""
        self.is_open = True
        self.server.watchers.append(self._heard)
        self._relist()

    def close(self) -> None:
        """Nothing more is told, not even what is under way."""
        self.is_open = False
        if self._heard in self.server.watchers:
            self.server.watchers.remove(self._heard)

    def go_deaf(self) -> None:
        self.is_deaf = True

    def hear_again(self, *, anew: bool) -> None:
        """`anew`: the server no longer has what was missed (410), so only what is there is told."""
        self.is_deaf = False
        missed, self._missed = self._missed, []
        if anew:
            self._relist()
        else:
            for event in missed:
                self._send(*event)

    def _relist(self) -> None:
        for key in sorted(k for k in self.server.objects if k.kind in PLURALS):
            self._send("ADDED", key, self.server.objects[key])

    def _heard(self, type_: str, key: Key, body: Object) -> None:
        if key.kind not in PLURALS:
            return
        if self.is_deaf:
            self._missed.append((type_, key, body))
        else:
            self._send(type_, key, body)

    def _send(self, type_: str, key: Key, body: Object) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(2 if self.repeats else 1):
            # The loop keeps no order between equal times.
            self._last = max(self._last + 1e-6, loop.time() + self.delay())
            loop.call_at(self._last, self._arrive, type_, key, body)

    def _arrive(self, type_: str, key: Key, body: Object) -> None:
        if self.is_open:
            self.tell(type_, key, body)
